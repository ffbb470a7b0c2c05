//! One table: what a server said, and what that is.

use std::time::Duration;

use mailmove_core::{Error, ErrorKind, Recovery};

use crate::quirks::THROTTLES;
use crate::wire::{Status, StatusLine};

/// What was asked when the server refused. It decides what a refusal means that gives no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To let us in.
    SignIn,
    /// Something about the whole mailbox.
    Mailbox,
    /// Something about one folder.
    Folder,
    /// To take or to give one item.
    Item,
}

/// Why a command did not come to what it should.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The server said NO or BAD.
    Refused(StatusLine),
    /// The connection broke before the answer.
    Lost {
        /// Why it broke.
        cause: Error,
        /// Whether a part of the command had gone out: then the server may have carried it out.
        begun: bool,
    },
}

impl Fault {
    /// The fault of a command that only reads: asking again is safe.
    pub(crate) fn error(&self, asked: Asked, what: &str) -> Error {
        match self {
            Fault::Refused(line) => refused(line, asked, what),
            Fault::Lost { cause, .. } => cause.clone().with("while", what),
        }
    }

    /// The fault of a command that writes: it may have happened.
    pub(crate) fn write_error(&self, asked: Asked, what: &str) -> Error {
        match self {
            Fault::Refused(line) => refused(line, asked, what),
            Fault::Lost { cause, begun } => {
                let recovery = if *begun { Recovery::Locate } else { Recovery::Requeue };
                cause.clone().with("while", what).with_recovery(recovery)
            }
        }
    }
}

/// The error behind a NO or BAD.
pub(crate) fn refused(line: &StatusLine, asked: Asked, what: &str) -> Error {
    let rule = RULES.iter().find(|rule| rule.applies(line, asked));
    let kind = match throttle(&line.text) {
        Some(_) => ErrorKind::Throttled,
        None => rule.map_or_else(|| unexplained(line, asked), |rule| rule.kind),
    };
    let error = Error::new(kind, format!("the server refused to {what}")).with("answer", line.quote());
    let error = match rule.and_then(|rule| rule.remedy) {
        Some(remedy) => error.remedy(remedy),
        None => error,
    };
    match kind {
        ErrorKind::Throttled => error.with_recovery(Recovery::Retry { after: Some(pause(&line.text)) }),
        // One folder that is refused or missing is no reason to leave the others, and no item's fault.
        ErrorKind::Refused | ErrorKind::NotFound | ErrorKind::AccessDenied if asked == Asked::Folder => {
            error.with_recovery(Recovery::StopFolder)
        }
        ErrorKind::Refused if asked == Asked::Mailbox => error.with_recovery(Recovery::StopMailbox),
        ErrorKind::NotFound if asked == Asked::Item => error.with_recovery(Recovery::SkipItem),
        _ => error,
    }
}

/// The error behind a BYE, or behind a greeting that is one.
pub(crate) fn dismissed(line: &StatusLine) -> Error {
    let rule = RULES.iter().find(|rule| rule.applies(line, Asked::Mailbox));
    let kind = match rule.map(|rule| rule.kind).or(throttle(&line.text).map(|_| ErrorKind::Throttled)) {
        Some(kind @ (ErrorKind::Throttled | ErrorKind::Unavailable)) => kind,
        _ => ErrorKind::Network,
    };
    let error = Error::new(kind, "the server ended the connection").with("answer", line.quote());
    if kind == ErrorKind::Throttled {
        return error.with_recovery(Recovery::Retry { after: Some(pause(&line.text)) });
    }
    error
}

/// Whether a refusal means that there are too many connections, or tries, rather than a wrong credential.
pub(crate) fn is_connection_limit(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Throttled | ErrorKind::Unavailable)
}

/// A connection that broke.
pub(crate) fn network(cause: std::io::Error, what: &str) -> Error {
    let kind = if cause.kind() == std::io::ErrorKind::TimedOut { ErrorKind::Timeout } else { ErrorKind::Network };
    Error::new(kind, format!("the connection broke while {what}: {cause}")).because(cause)
}

/// A server that was silent for too long.
pub(crate) fn silent(idle: Duration) -> Error {
    Error::new(ErrorKind::Timeout, format!("the server was silent for {} seconds", idle.as_secs()))
}

/// A stream that cannot be followed.
pub(crate) fn protocol(what: impl Into<String>) -> Error {
    // The next connection is a new one, so asking again is worth a try.
    Error::new(ErrorKind::Protocol, what).with_recovery(Recovery::Retry { after: None })
}

struct Rule {
    /// A response code.
    code: Option<&'static str>,
    /// Any of these in the text, in lower case.
    texts: &'static [&'static str],
    /// Only when this was asked.
    asked: Option<Asked>,
    kind: ErrorKind,
    remedy: Option<&'static str>,
}

impl Rule {
    fn applies(&self, line: &StatusLine, asked: Asked) -> bool {
        if self.asked.is_some_and(|only| only != asked) {
            return false;
        }
        match self.code {
            Some(code) => line.is_named(code),
            None => {
                let text = line.text.to_ascii_lowercase();
                self.texts.iter().any(|part| text.contains(part))
            }
        }
    }
}

const fn code(code: &'static str, kind: ErrorKind) -> Rule {
    Rule { code: Some(code), texts: &[], asked: None, kind, remedy: None }
}

const fn text(texts: &'static [&'static str], kind: ErrorKind) -> Rule {
    Rule { code: None, texts, asked: None, kind, remedy: None }
}

impl Rule {
    const fn when(mut self, asked: Asked) -> Self {
        self.asked = Some(asked);
        self
    }

    const fn remedy(mut self, remedy: &'static str) -> Self {
        self.remedy = Some(remedy);
        self
    }
}

/// First match wins: codes say it exactly (RFC 5530, RFC 9208, RFC 7889, RFC 4978), texts are what servers without codes
/// say.
const RULES: &[Rule] = &[
    // Mail in the destination that is too full or too large.
    code("OVERQUOTA", ErrorKind::Quota),
    code("TOOBIG", ErrorKind::TooLarge),
    // Who may come in.
    code("AUTHENTICATIONFAILED", ErrorKind::Credential),
    code("AUTHORIZATIONFAILED", ErrorKind::AccessDenied)
        .remedy("grant this login the right to open the mailbox, then run again"),
    code("EXPIRED", ErrorKind::CredentialExpired),
    code("PRIVACYREQUIRED", ErrorKind::Tls).remedy("use TLS: the server takes no password without it"),
    code("NOPERM", ErrorKind::AccessDenied),
    code("WEBALERT", ErrorKind::Credential).remedy("sign in once on the provider's web page, as the answer says"),
    // What is for now only.
    code("THROTTLED", ErrorKind::Throttled),
    code("UNAVAILABLE", ErrorKind::Unavailable),
    code("INUSE", ErrorKind::Unavailable),
    code("SERVERBUG", ErrorKind::Unavailable),
    code("CONTACTADMIN", ErrorKind::Unavailable).remedy("ask the server's administrator, as the answer says"),
    code("EXPUNGEISSUED", ErrorKind::Unavailable),
    code("CORRUPTION", ErrorKind::Unavailable)
        .remedy("have the server's administrator repair the folder, then run again"),
    // What is not there, or there already.
    code("TRYCREATE", ErrorKind::NotFound),
    code("NONEXISTENT", ErrorKind::NotFound),
    code("ALREADYEXISTS", ErrorKind::Conflict),
    code("CANNOT", ErrorKind::Refused),
    code("CLIENTBUG", ErrorKind::Refused).when(Asked::Item),
    // The same without codes.
    text(
        &["throttled", "too many requests", "rate limit", "suggested backoff", "bandwidth limit"],
        ErrorKind::Throttled,
    ),
    text(
        &["too many connections", "too many simultaneous", "maximum number of connections", "too many logins"],
        ErrorKind::Throttled,
    ),
    text(
        &[
            "quota exceeded",
            "over quota",
            "overquota",
            "exceeded your quota",
            "exceeds quota",
            "exceed quota",
            "quota limit",
            "mailbox is full",
            "mailbox full",
            "not enough space",
            "no space left",
            "disk full",
            "server unavailable. 15",
        ],
        ErrorKind::Quota,
    ),
    text(
        &[
            "maximum size of appendable",
            "message too large",
            "message size exceeds",
            "message is too large",
            "message too big",
            "exceeds fixed maximum message size",
            "exceeds maximum message size",
            "size limit",
        ],
        ErrorKind::TooLarge,
    ),
    text(&["authenticated but not connected"], ErrorKind::AccessDenied)
        .remedy("check that the mailbox exists and that this login may open it"),
    text(&["application-specific password", "app password", "application password"], ErrorKind::Credential)
        .remedy("make an app password on the provider's web page and use that")
        .when(Asked::SignIn),
    text(&["plaintext authentication disallowed", "cleartext", "use starttls", "tls required"], ErrorKind::Tls)
        .remedy("use TLS: the server takes no password without it")
        .when(Asked::SignIn),
    text(
        &["imap access is disabled", "imap is disabled", "not enabled for imap", "imap access denied"],
        ErrorKind::AccessDenied,
    )
    .remedy("switch IMAP on for this mailbox, then run again"),
    text(&["token expired", "token has expired", "expired token"], ErrorKind::CredentialExpired).when(Asked::SignIn),
    text(
        &["temporar", "try again", "try later", "unavailable", "not available", "busy", "timed out", "timeout"],
        ErrorKind::Unavailable,
    ),
    text(
        &["doesn't exist", "does not exist", "no such mailbox", "nonexistent", "unknown mailbox", "mailbox not found"],
        ErrorKind::NotFound,
    ),
    text(
        &["permission denied", "access denied", "not permitted", "no permission", "insufficient rights"],
        ErrorKind::AccessDenied,
    ),
];

fn unexplained(line: &StatusLine, asked: Asked) -> ErrorKind {
    match (asked, line.status) {
        (Asked::SignIn, _) => ErrorKind::Credential,
        (Asked::Item, _) => ErrorKind::Refused,
        (_, Status::Bad) => ErrorKind::Protocol,
        _ => ErrorKind::Refused,
    }
}

/// How long the server asks to wait: `Suggested Backoff Time: 2500 milliseconds`; what its provider is known to mean, or ten
/// seconds, when it does not say.
fn pause(text: &str) -> Duration {
    let lower = text.to_ascii_lowercase();
    let named = lower.split("backoff time:").nth(1).and_then(|rest| {
        let rest = rest.trim_start();
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..digits].parse().ok()
    });
    let unnamed = || throttle(text).unwrap_or(Duration::from_secs(10));
    named.map_or_else(unnamed, Duration::from_millis)
}

/// The pause behind a text by which a provider is known to ask for one.
fn throttle(text: &str) -> Option<Duration> {
    let lower = text.to_ascii_lowercase();
    THROTTLES.iter().find(|(part, _)| lower.contains(part)).map(|(_, pause)| *pause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Code;

    fn no(code: &str, text: &str) -> StatusLine {
        let code = (!code.is_empty()).then(|| Code::Named(code.to_owned()));
        StatusLine { status: Status::No, code, text: text.to_owned() }
    }

    #[test]
    fn a_code_says_more_than_a_text_and_a_text_more_than_nothing() {
        let kind = |line: &StatusLine, asked| refused(line, asked, "x").kind();
        assert_eq!(kind(&no("OVERQUOTA", "whatever"), Asked::Item), ErrorKind::Quota);
        assert_eq!(kind(&no("", "Quota exceeded (mailbox for user is full)"), Asked::Item), ErrorKind::Quota);
        assert_eq!(kind(&no("", "Message contains NUL characters"), Asked::Item), ErrorKind::Refused);
        assert_eq!(kind(&no("", "Maximum size of appendable message is 10MB"), Asked::Item), ErrorKind::TooLarge);
        assert_eq!(kind(&no("", "LOGIN failed."), Asked::SignIn), ErrorKind::Credential);
        assert_eq!(kind(&no("UNAVAILABLE", "Temporary failure"), Asked::SignIn), ErrorKind::Unavailable);
        assert_eq!(kind(&no("", "User is authenticated but not connected."), Asked::SignIn), ErrorKind::AccessDenied);
        assert_eq!(kind(&no("", "Mailbox doesn't exist: x"), Asked::Folder), ErrorKind::NotFound);
    }

    #[test]
    fn one_folder_that_is_refused_stops_no_other() {
        assert_eq!(refused(&no("NOPERM", ""), Asked::Folder, "open it").recovery(), Recovery::StopFolder);
        assert_eq!(refused(&no("", "odd"), Asked::Folder, "open it").recovery(), Recovery::StopFolder);
        assert_eq!(refused(&no("", "odd"), Asked::Item, "take it").recovery(), Recovery::SkipItem);
    }

    #[test]
    fn a_pause_that_the_server_names_is_kept() {
        let line = no("", "Request is throttled. Suggested Backoff Time: 2500 milliseconds");
        let recovery = refused(&line, Asked::Item, "x").recovery();
        assert_eq!(recovery, Recovery::Retry { after: Some(Duration::from_millis(2500)) });
    }

    #[test]
    fn a_pause_that_is_not_named_is_the_one_that_the_provider_means() {
        let line = no("", "Account exceeded command or bandwidth limits. (Failure)");
        let error = refused(&line, Asked::Item, "x");
        assert_eq!(error.kind(), ErrorKind::Throttled);
        assert_eq!(error.recovery(), Recovery::Retry { after: Some(Duration::from_secs(900)) });
        assert_eq!(dismissed(&line).recovery(), error.recovery());
    }

    #[test]
    fn a_write_whose_answer_never_came_is_looked_for_and_one_that_never_went_is_sent_again() {
        let lost = |begun| Fault::Lost { cause: silent(Duration::from_secs(1)), begun };
        assert_eq!(lost(true).write_error(Asked::Item, "x").recovery(), Recovery::Locate);
        assert_eq!(lost(false).write_error(Asked::Item, "x").recovery(), Recovery::Requeue);
        assert_eq!(lost(true).error(Asked::Item, "x").recovery(), Recovery::Retry { after: None });
    }
}
