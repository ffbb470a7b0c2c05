use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::guard::{Guard, Health, Latency, Limits};
use crate::{Error, ErrorKind};

/// An answer of HTTP, as the facts of an error tell it.
fn http(status: u16, challenges: &str, answer: &str) -> Evidence {
    let kind = match status {
        401 | 456 => ErrorKind::Credential,
        403 => ErrorKind::AccessDenied,
        404 => ErrorKind::NotFound,
        429 => ErrorKind::Throttled,
        _ => ErrorKind::Unavailable,
    };
    let error = Error::new(kind, "refused").on(Side::Source).with("status", status);
    let error = if challenges.is_empty() { error } else { error.with("challenges", challenges) };
    Evidence::of(&error.with("answer", answer)).at(Stage::SignIn)
}

/// A refusal of a sign-in service.
fn entra(error: &str, description: &str) -> Evidence {
    let kind = ErrorKind::Credential;
    Evidence::of(&Error::new(kind, "the sign-in service refused").with("error", error).with("answer", description))
        .with_token(true)
}

/// A tagged NO of IMAP.
fn imap(code: &str, text: &str) -> Evidence {
    let error = Error::new(ErrorKind::Credential, "the server refused the credential").with("answer", text);
    Evidence::of(&if code.is_empty() { error } else { error.with("code", code) }).at(Stage::SignIn).with_token(false)
}

/// A fault of EWS.
fn soap(kind: ErrorKind, code: &str, text: &str) -> Evidence {
    let error = Error::new(kind, "the server refused").with("status", 500).with("code", code).with("answer", text);
    Evidence::of(&error).at(Stage::Open)
}

fn tls(reason: &str) -> Evidence {
    let error = Error::new(ErrorKind::Tls, "no trustworthy connection to the server").with("reason", reason);
    Evidence::of(&error).at(Stage::Tls)
}

fn health() -> Health {
    Guard::new("server", Limits::new()).health()
}

fn strained() -> Health {
    let mut health = health();
    health.calls = 100;
    health.latency = Some(Latency::new(Duration::from_millis(200), Duration::from_secs(5)));
    health
}

const GRANT: &str = "invalid_grant";
const CLIENT: &str = "invalid_client";

/// Every cause with an exchange that shows it best.
fn exchanges() -> Vec<(Cause, Evidence)> {
    use Cause::*;
    let denied = ErrorKind::AccessDenied;
    let missing = Error::new(ErrorKind::NotFound, "no such mailbox");
    vec![
        (BadCredentials, http(401, "Basic realm=\"mail\"", "").with_token(false)),
        (BadCredentials, imap("AUTHENTICATIONFAILED", "Authentication failed.")),
        (
            BadCredentials,
            entra(GRANT, "AADSTS50126: Error validating credentials due to invalid username or password."),
        ),
        (PasswordExpired, imap("EXPIRED", "Your password is too old")),
        (PasswordExpired, entra(GRANT, "AADSTS50055: The password is expired.")),
        (PasswordExpired, soap(ErrorKind::Credential, "account.CHANGE_PASSWORD", "must change password")),
        (AccountLocked, http(456, "", "")),
        (AccountLocked, entra(GRANT, "AADSTS50053: The account is locked, you've tried too many times.")),
        (InteractiveStepRequired, entra(GRANT, "AADSTS50076: you must use multi-factor authentication to access")),
        (InteractiveStepRequired, imap("ALERT", "Application-specific password required: https://support.example.org")),
        (InteractiveStepRequired, imap("WEBALERT", "Please log in via your web browser")),
        (
            ConsentMissing,
            entra(GRANT, "AADSTS65001: The user or administrator has not consented to use the application"),
        ),
        (
            ConsentMissing,
            entra("unauthorized_client", "Client is unauthorized to retrieve access tokens using this method"),
        ),
        (
            AmbiguousAccount,
            entra("interaction_required", "AADSTS16000: User account from identity provider is ambiguous"),
        ),
        (
            BasicAuthenticationDisabled,
            http(401, "Bearer client_id=\"0-0\", trusted_issuers=\"x\"", "").with_token(false),
        ),
        (BasicAuthenticationDisabled, imap("", "LOGIN failed. BasicAuthBlocked")),
        (ModernAuthenticationNotConfigured, http(401, "Negotiate, NTLM, Basic realm=\"mail\"", "").with_token(true)),
        (SecurityPolicyChanged, entra(GRANT, "AADSTS50079: you must enroll in multi-factor").after_success()),
        (SecurityPolicyChanged, entra(GRANT, "AADSTS53003: Access has been blocked by Conditional Access policies.")),
        (
            ImpersonationMissing,
            soap(denied, "ErrorImpersonateUserDenied", "The account does not have permission to impersonate"),
        ),
        (ImpersonationMissing, soap(denied, "service.PERM_DENIED", "permission denied: can not access account")),
        (FullAccessMissing, imap("", "User is authenticated but not connected.")),
        (FullAccessMissing, soap(denied, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")),
        (RoleMissing, http(403, "", "Access is denied").with_token(true).missing(["full_access_as_app"])),
        (
            RoleMissing,
            soap(denied, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
        ),
        (AccessDenied, http(403, "", "Forbidden")),
        (PrivilegedGroupDenied, http(403, "", "").on(Platform::OnPremises)),
        (
            MailboxNotResolved,
            soap(ErrorKind::NotFound, "ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it."),
        ),
        (MailboxNotResolved, Evidence::of(&missing.with("code", "account.NO_SUCH_ACCOUNT"))),
        (NotProvisionedYet, Evidence::of(&Error::new(ErrorKind::NotProvisioned, "the mailbox is being made"))),
        (
            MailboxNotInstantiated,
            soap(
                ErrorKind::NotFound,
                "MailboxNotEnabledForRESTAPI",
                "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
            ),
        ),
        (AccountDisabledOrUnlicensed, entra(GRANT, "AADSTS50057: The user account is disabled.")),
        (AccountDisabledOrUnlicensed, soap(denied, "ErrorAccountDisabled", "The account is disabled")),
        (
            EwsRetired,
            http(403, "", "").on(Platform::Online).pointing_to(EwsRetired, Confidence::Likely, "EWS answers 403"),
        ),
        (
            MailboxDatabaseUnavailable,
            http(401, "", "Microsoft.Exchange.Data.Storage.DatabaseNotFoundException: no database"),
        ),
        (
            MailboxDatabaseUnavailable,
            soap(
                ErrorKind::Unavailable,
                "ErrorMailboxStoreUnavailable",
                "The mailbox database is temporarily unavailable.",
            ),
        ),
        (Overload, http(401, "Basic realm=\"mail\"", "").with_token(false).with_health(strained())),
        (Overload, http(429, "", "")),
        (CertificateExpired, Evidence::of(&Error::new(ErrorKind::Credential, "the certificate has expired"))),
        (
            CertificateUnknown,
            entra(
                CLIENT,
                "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered.",
            ),
        ),
        (WrongAudience, http(401, "Bearer", "Access token validation failure. Invalid audience.").with_token(true)),
        (ClientSecretWrong, entra(CLIENT, "AADSTS7000215: Invalid client secret provided.")),
        (ClientSecretExpired, entra(CLIENT, "AADSTS7000222: The provided client secret keys are expired.")),
        (ApplicationUnknown, entra("unauthorized_client", "AADSTS700016: Application was not found in the directory")),
        (TenantUnknown, entra("invalid_request", "AADSTS90002: Tenant not found.")),
        (ClockWrong, entra(CLIENT, "AADSTS700024: Client assertion is not within its valid time range.")),
        (SessionEnded, Evidence::of(&Error::new(ErrorKind::CredentialExpired, "the session is over"))),
        (SessionEnded, http(401, "Bearer", "").with_token(true).after_success()),
        (
            TlsNameMismatch,
            tls("invalid peer certificate: certificate not valid for name \"a\"; certificate is only valid for \"b\""),
        ),
        (TlsUntrusted, tls("invalid peer certificate: UnknownIssuer")),
        (
            TlsCertificateExpired,
            tls(
                "invalid peer certificate: certificate expired: verification time 2 (UNIX), but certificate is not valid after 1",
            ),
        ),
        (TlsRequired, imap("PRIVACYREQUIRED", "Plaintext authentication disallowed on non-secure connections.")),
        (Unknown, Evidence::of(&Error::new(ErrorKind::Protocol, "odd").with("answer", "418 I am a teapot"))),
    ]
}

#[test]
fn each_cause_is_found_in_an_exchange_that_shows_it() {
    for (cause, evidence) in exchanges() {
        let diagnosis = Diagnosis::from(evidence.clone());
        // An Exchange of one's own that denies access may have more than one reason.
        let found: Vec<_> = diagnosis.causes().collect();
        match cause {
            Cause::PrivilegedGroupDenied => assert!(found.contains(&cause), "{found:?}"),
            _ => assert_eq!(found.first(), Some(&cause), "{found:?} {evidence:?}"),
        }
        assert!(!diagnosis.findings[0].because.is_empty());
    }
}

#[test]
fn no_cause_is_without_an_exchange() {
    let shown: BTreeSet<_> = exchanges().into_iter().map(|(cause, _)| cause).collect();
    let missing: Vec<_> = Cause::ALL.iter().filter(|cause| !shown.contains(cause)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_cause_has_remedies_and_the_safe_ones_come_first() {
    let mut ids = BTreeSet::new();
    for cause in Cause::ALL {
        assert!(ids.insert(cause.id()), "{cause}");
        let weakening: Vec<_> = cause.remedies().iter().map(|remedy| remedy.weakens).collect();
        assert!(!weakening.is_empty() && !weakening[0], "{cause}");
        assert!(weakening.is_sorted(), "{cause}: {weakening:?}");
        for remedy in cause.remedies() {
            assert!(!remedy.text.ends_with('.') && !remedy.text.contains('\n'), "{}", remedy.text);
        }
    }
}

#[test]
fn a_remedy_means_the_same_wherever_it_stands() {
    let mut known = std::collections::BTreeMap::new();
    for remedy in Cause::ALL.iter().flat_map(|cause| cause.remedies()) {
        assert_eq!(*known.entry(remedy.id).or_insert(remedy), remedy);
    }
}

#[test]
fn an_overloaded_server_is_suspected_before_the_password() {
    let refused = || http(401, "Basic realm=\"mail\"", "").with_token(false);
    let found = |evidence| Diagnosis::from(evidence).causes().collect::<Vec<_>>();
    assert_eq!(found(refused().with_health(health())), [Cause::BadCredentials]);
    assert_eq!(found(refused().with_health(strained())), [Cause::Overload, Cause::BadCredentials]);
    let coded = imap("AUTHENTICATIONFAILED", "Authentication failed.").with_health(strained());
    let sure: Vec<_> = Diagnosis::from(coded).findings.iter().map(|finding| finding.confidence).collect();
    assert_eq!(sure, [Confidence::Likely, Confidence::Possible], "even when the server blames the password");
    let mut failing = health();
    (failing.calls, failing.unanswered, failing.unavailable) = (20, 3, 2);
    assert_eq!(found(refused().with_health(failing))[0], Cause::Overload);
}

#[test]
fn a_server_that_takes_no_passwords_says_nothing_about_this_one() {
    let diagnosis = Diagnosis::from(http(401, "Bearer", "").with_token(false));
    let found: Vec<_> = diagnosis.findings.iter().map(|finding| (finding.cause, finding.confidence)).collect();
    let expected =
        [(Cause::BasicAuthenticationDisabled, Confidence::Likely), (Cause::BadCredentials, Confidence::Possible)];
    assert_eq!(found, expected);
}

#[test]
fn an_earlier_success_makes_two_causes_fit_a_bare_refusal() {
    let diagnosis = Diagnosis::from(http(401, "Basic", "").with_token(false).after_success());
    let found: Vec<_> = diagnosis.findings.iter().map(|finding| (finding.cause, finding.confidence)).collect();
    let possible = Confidence::Possible;
    assert_eq!(found, [(Cause::SecurityPolicyChanged, possible), (Cause::BadCredentials, possible)]);
}

#[test]
fn the_directory_groups_are_never_blamed_in_the_cloud() {
    let denied = || http(403, "", "");
    let blamed = |evidence| Diagnosis::from(evidence).causes().any(|cause| cause == Cause::PrivilegedGroupDenied);
    assert!(blamed(denied().on(Platform::OnPremises)));
    assert!(!blamed(denied().on(Platform::Online)));
    assert!(!blamed(denied()));
}

#[test]
fn a_mailbox_that_is_not_ready_is_deferred_for_a_day() {
    assert_eq!(Cause::NotProvisionedYet.retry_within(), Some(Duration::from_secs(86_400)));
    assert!(Cause::ALL.iter().filter(|cause| cause.retry_within().is_some()).count() == 1);
}

#[test]
fn a_diagnosis_is_one_line_with_side_door_cause_and_remedy() {
    let diagnosis = Diagnosis::from(http(401, "Basic", "").with_token(false));
    assert_eq!(
        diagnosis.to_string(),
        "source, sign-in: the user name or the password is wrong (likely: the server refused the credential and said no \
         more); correct the user name or the password where it came from: with the side's administrator, or with the mailbox"
    );
    let unknown = Diagnosis::from(Evidence::of(&Error::new(ErrorKind::Protocol, "odd").with("answer", "418")));
    assert!(unknown.to_string().contains("the answer was \"418\""), "{unknown}");
}

#[test]
fn a_diagnosis_is_data_that_a_host_can_translate() {
    let diagnosis = Diagnosis::from(entra(CLIENT, "AADSTS7000222: expired"));
    let json = serde_json::to_value(&diagnosis).unwrap();
    assert_eq!(json["findings"][0]["cause"], "client-secret-expired");
    assert_eq!(json["findings"][0]["confidence"], "certain");
    assert_eq!(json["findings"][0]["remedies"][0]["id"], "new-client-secret");
}

#[test]
fn numbers_are_known_once_and_found_in_texts() {
    let numbers: BTreeSet<_> = aadsts::KNOWN.iter().map(|known| known.number).collect();
    assert_eq!(numbers.len(), aadsts::KNOWN.len());
    assert_eq!(aadsts::number("AADSTS50076: Due to"), Some(50_076));
    assert_eq!(aadsts::number("error AADSTS90002"), Some(90_002));
    for text in ["", "AADSTS", "AADSTS: x", "50076", "AADSTS99999999999999"] {
        assert_eq!(aadsts::number(text), None, "{text}");
    }
    assert_eq!(aadsts::lookup(1), None);
}

#[test]
fn the_catalogue_in_the_documents_is_the_one_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/causes.md");
    if std::env::var_os("MAILMOVE_WRITE_DOCS").is_some() {
        std::fs::write(path, catalogue()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == catalogue(), "docs/causes.md is stale: run this test with MAILMOVE_WRITE_DOCS=1");
}

#[test]
fn what_a_connector_notes_of_a_sign_in_is_evidence() {
    use Cause::*;
    let refused = |kind, mechanism: &str, mechanisms: &str| {
        let error = Error::new(kind, "no").with("mechanism", mechanism).with("mechanisms", mechanisms);
        Diagnosis::from(Evidence::of(&error).at(Stage::SignIn)).cause()
    };
    assert_eq!(refused(ErrorKind::Credential, "PLAIN", "PLAIN LOGIN"), BadCredentials);
    assert_eq!(refused(ErrorKind::Credential, "XOAUTH2", "XOAUTH2"), WrongAudience);
    assert_eq!(refused(ErrorKind::Tls, "", "LOGINDISABLED"), TlsRequired);
    // No password is even tried where none is taken.
    let tokens_only = Error::new(ErrorKind::Unsupported, "no").with("mechanisms", "XOAUTH2 OAUTHBEARER");
    assert_eq!(Diagnosis::from(Evidence::of(&tokens_only)).cause(), BasicAuthenticationDisabled);
    let before = Error::new(ErrorKind::Credential, "no").with("before", "the same credential signed in");
    assert!(Diagnosis::from(Evidence::of(&before)).causes().any(|cause| cause == SecurityPolicyChanged));
}
