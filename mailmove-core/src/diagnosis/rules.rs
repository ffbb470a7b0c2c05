//! From evidence to findings.

use super::Cause::{self, *};
use super::Confidence::{self, *};
use super::codes::{CODES, Sign, WORDS};
use super::{Evidence, Finding, Platform, aadsts};
use crate::ErrorKind;

/// Something that holds or does not, and what it points to.
pub(super) struct Rule {
    pub(super) cause: Cause,
    pub(super) confidence: Confidence,
    /// What speaks for the cause, as people read it.
    pub(super) sign: &'static str,
    holds: fn(&Evidence) -> bool,
}

const fn rule(cause: Cause, confidence: Confidence, sign: &'static str, holds: fn(&Evidence) -> bool) -> Rule {
    Rule { cause, confidence, sign, holds }
}

pub(super) const RULES: &[Rule] = &[
    rule(
        Overload,
        Likely,
        "the server answers several times slower than usual, breaks connections or refuses work",
        |e| e.is_strained(),
    ),
    rule(Overload, Certain, "the server says that it is asked too much", |e| e.kind == Some(ErrorKind::Throttled)),
    rule(BasicAuthenticationDisabled, Likely, "the server offers no sign-in by password", |e| {
        e.token != Some(true)
            && e.refuses_kind()
            && e.offers_no(&["basic", "plain", "login", "cram-md5", "scram", "ntlm", "negotiate", "digest"])
    }),
    rule(ModernAuthenticationNotConfigured, Likely, "the server offers no sign-in by token", |e| {
        e.token == Some(true) && e.refuses_kind() && e.offers_no(&["bearer", "xoauth2", "oauthbearer", "x-zimbra"])
    }),
    rule(
        SecurityPolicyChanged,
        Certain,
        "the same credential signed in before, and now a step on a screen is wanted",
        |e| {
            e.succeeded_before
                && e.aadsts.and_then(aadsts::lookup).is_some_and(|known| known.cause == InteractiveStepRequired)
        },
    ),
    rule(SecurityPolicyChanged, Possible, "the same credential signed in before", |e| {
        e.succeeded_before && e.refuses() && e.says_nothing()
    }),
    rule(
        BadCredentials,
        Possible,
        "the server refused, and the password may have been changed since it last worked",
        |e| e.token != Some(true) && e.refuses() && e.says_nothing() && (e.succeeded_before || e.is_strained()),
    ),
    rule(BadCredentials, Likely, "the server refused the credential and said no more", |e| {
        e.token != Some(true) && e.refuses() && e.says_nothing() && !e.succeeded_before && !e.is_strained()
    }),
    rule(SessionEnded, Certain, "the token or session ran out", |e| e.kind == Some(ErrorKind::CredentialExpired)),
    rule(SessionEnded, Likely, "a token that was good before is refused", |e| {
        e.token == Some(true) && e.refuses() && e.says_nothing() && e.succeeded_before
    }),
    rule(WrongAudience, Possible, "the server refused a fresh token and said no more", |e| {
        e.token == Some(true) && e.refuses() && e.says_nothing() && !e.succeeded_before
    }),
    rule(RoleMissing, Certain, "the token does not carry a right that this needs", |e| !e.missing_rights.is_empty()),
    rule(AccessDenied, Possible, "signed in, and denied", |e| e.kind == Some(ErrorKind::AccessDenied)),
    rule(
        PrivilegedGroupDenied,
        Possible,
        "an Exchange of your own denied an account that may be an administrator's",
        |e| e.platform == Some(Platform::OnPremises) && e.kind == Some(ErrorKind::AccessDenied),
    ),
    rule(NotProvisionedYet, Certain, "the server says that the mailbox is not there yet", |e| {
        e.kind == Some(ErrorKind::NotProvisioned)
    }),
    rule(AccountLocked, Likely, "HTTP status 456", |e| e.status == Some(456)),
    rule(CertificateExpired, Certain, "the certificate's own dates", |e| {
        e.kind == Some(ErrorKind::Credential) && e.answers("the certificate has expired")
    }),
    rule(TlsNameMismatch, Certain, "TLS: the certificate is not valid for the name", |e| {
        e.tls_says(&["not valid for name", "notvalidforname"])
    }),
    rule(TlsUntrusted, Certain, "TLS: the certificate's issuer is not trusted", |e| {
        e.tls_says(&["unknownissuer", "unknown issuer", "causedasendentity", "badsignature"])
    }),
    rule(TlsCertificateExpired, Certain, "TLS: the certificate has expired", |e| e.tls_says(&["expired"])),
    rule(TlsRequired, Likely, "the server forbids sign-in on a plain connection", |e| {
        e.offered.iter().flatten().any(|means| means.eq_ignore_ascii_case("LOGINDISABLED"))
    }),
];

/// Every cause that fits, best first.
pub(super) fn weigh(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (cause, confidence, because) in &evidence.pointed {
        add(&mut findings, *cause, *confidence, because.clone());
    }
    if let Some(known) = evidence.aadsts.and_then(aadsts::lookup) {
        add(&mut findings, known.cause, known.confidence, format!("AADSTS{}", known.number));
    }
    for (sign, seen) in evidence.signs() {
        for (cause, confidence) in sign.points_to {
            add(&mut findings, *cause, *confidence, seen.clone());
        }
    }
    for rule in RULES.iter().filter(|rule| (rule.holds)(evidence)) {
        let mut because = rule.sign.to_owned();
        if rule.cause == RoleMissing {
            because = format!("{because}: {}", evidence.missing_rights.join(", "));
        }
        add(&mut findings, rule.cause, rule.confidence, because);
    }
    qualify(&mut findings, evidence);
    // Stable: of two that are as sure, the more special was found first.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.confidence));
    if findings.is_empty() {
        add(&mut findings, Unknown, Possible, "nothing that is known fits".to_owned());
    }
    findings
}

/// What puts other findings in another light.
fn qualify(findings: &mut Vec<Finding>, evidence: &Evidence) {
    // An overloaded server refuses good passwords, and one that takes none refuses every password: they are suspected
    // before the password is.
    let no_passwords = findings.iter().any(|finding| finding.cause == BasicAuthenticationDisabled);
    if evidence.is_strained() || no_passwords {
        for finding in findings.iter_mut().filter(|finding| finding.cause == BadCredentials) {
            finding.confidence = Possible;
        }
    }
    // A step that was not wanted before is wanted because somebody said so.
    if evidence.succeeded_before {
        for finding in findings.iter_mut().filter(|finding| finding.cause == InteractiveStepRequired) {
            finding.confidence = Likely;
        }
    }
    // The general is not worth saying beside the special.
    let special = [ImpersonationMissing, FullAccessMissing, RoleMissing, EwsRetired];
    if findings.iter().any(|finding| special.contains(&finding.cause) && finding.confidence >= Likely) {
        findings.retain(|finding| finding.cause != AccessDenied);
    }
    if findings.iter().any(|finding| finding.confidence == Certain) {
        let vague = |finding: &Finding| finding.confidence == Possible && evidence.aadsts.is_some();
        findings.retain(|finding| !vague(finding));
    }
    // No administrator group is kept out of mailboxes in the cloud.
    if evidence.platform == Some(Platform::Online) {
        findings.retain(|finding| finding.cause != PrivilegedGroupDenied);
    }
}

fn add(findings: &mut Vec<Finding>, cause: Cause, confidence: Confidence, because: String) {
    match findings.iter_mut().find(|finding| finding.cause == cause) {
        Some(known) => {
            known.confidence = known.confidence.max(confidence);
            if !known.because.contains(&because) {
                known.because.push(because);
            }
        }
        None => findings.push(Finding { cause, confidence, because: vec![because], remedies: cause.remedies() }),
    }
}

impl Evidence {
    /// The known signs in codes and answer, each with how it looked.
    fn signs(&self) -> Vec<(&'static Sign, String)> {
        let answer = self.answer.as_deref().unwrap_or_default();
        let lower = answer.to_lowercase();
        let in_answer = |code: &str| {
            // A code within an answer must stand there as a whole, and in its own case.
            answer.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).any(|word| word == code)
        };
        let coded = CODES
            .iter()
            .filter(|sign| self.codes.iter().any(|code| code.eq_ignore_ascii_case(sign.text)) || in_answer(sign.text));
        let worded = WORDS.iter().filter(|sign| lower.contains(sign.text));
        let coded = coded.map(|sign| (sign, format!("the server's code {}", sign.text)));
        coded.chain(worded.map(|sign| (sign, format!("the server's words {:?}", sign.text)))).collect()
    }

    fn refuses(&self) -> bool {
        self.kind == Some(ErrorKind::Credential)
    }

    /// This credential was refused, or any of its kind.
    fn refuses_kind(&self) -> bool {
        self.refuses() || self.kind == Some(ErrorKind::Unsupported)
    }

    /// Neither a number, nor a code, nor known words: a bare refusal.
    fn says_nothing(&self) -> bool {
        self.aadsts.is_none()
            && self.status != Some(456)
            && self.pointed.is_empty()
            && self.tls.is_none()
            && self.signs().is_empty()
    }

    fn answers(&self, text: &str) -> bool {
        self.answer.as_deref().is_some_and(|answer| answer.contains(text))
    }

    fn tls_says(&self, words: &[&str]) -> bool {
        let Some(tls) = self.tls.as_deref().map(str::to_lowercase) else { return false };
        words.iter().any(|word| tls.contains(word))
    }

    fn offers_no(&self, means: &[&str]) -> bool {
        let Some(offered) = &self.offered else { return false };
        let is_one = |offer: &String| {
            !offer.eq_ignore_ascii_case("LOGINDISABLED")
                && means.iter().any(|means| offer.to_lowercase().starts_with(means))
        };
        !offered.is_empty() && !offered.iter().any(is_one)
    }

    /// The server did badly lately, for others as well.
    fn is_strained(&self) -> bool {
        let Some(health) = &self.health else { return false };
        let slower = health.latency.is_some_and(|latency| latency.recent > latency.usual.saturating_mul(3));
        let failures = health.throttled + health.unanswered + health.unavailable;
        slower || (failures >= 3 && failures * 5 >= health.calls)
    }
}
