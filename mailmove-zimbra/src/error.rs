//! What Zimbra's codes mean: one table.

use std::time::Duration;

use mailmove_core::http::Response;
use mailmove_core::{Error, ErrorKind, Recovery};

use crate::wire::soap::Fault;

/// How long a server that asks too much of us is left alone when it names no time. Its filter looks at one second.
const PACE: Duration = Duration::from_secs(1);

/// The error that a fault is.
pub(crate) fn of(fault: &Fault) -> Error {
    let code = fault.code.as_str();
    let (kind, message) = kind(code);
    let mut error = Error::new(kind, message).with("code", if code.is_empty() { "none" } else { code });
    if !fault.reason.is_empty() {
        error = error.with("answer", shorten(&fault.reason));
    }
    if let Some(recovery) = recovery(code) {
        error = error.with_recovery(recovery);
    }
    match remedy(code) {
        Some(remedy) => error.remedy(remedy),
        None => error,
    }
}

/// The same for one of several that were asked for together: nothing is waited for here, it is asked for again later.
pub(crate) fn of_item(fault: &Fault) -> Error {
    let error = of(fault);
    match error.recovery() {
        Recovery::Retry { .. } => error.with_recovery(Recovery::Requeue),
        _ => error,
    }
}

/// What an answer without a fault means, when its status is not one of success.
pub(crate) fn of_response(response: &Response) -> Option<Error> {
    let error = response.error()?;
    let status = response.status().as_u16();
    Some(match status {
        // The filter against too many requests rejects before anything is done, without saying for how long.
        429 | 503 if response.retry_after().is_none() => {
            Error::new(ErrorKind::Throttled, "the server asks to slow down")
                .with("status", status)
                .with_recovery(Recovery::Retry { after: Some(PACE) })
                .remedy("add this computer to zimbraHttpThrottleSafeIPs, or lower the number of connections")
        }
        // The content servlet knows our token no more.
        401 => Error::new(ErrorKind::CredentialExpired, "the session is over").with("status", status),
        _ => error,
    })
}

fn kind(code: &str) -> (ErrorKind, &'static str) {
    match code {
        "service.AUTH_EXPIRED" | "service.AUTH_REQUIRED" => (ErrorKind::CredentialExpired, "the session is over"),
        "account.AUTH_FAILED" => (ErrorKind::Credential, "the server refused the credential"),
        "account.CHANGE_PASSWORD" => (ErrorKind::Credential, "the password must be changed first"),
        "account.PASSWORD_LOCKED" => (ErrorKind::Credential, "the account is locked after too many attempts"),
        code if code.starts_with("account.TWO_FACTOR") => (ErrorKind::Credential, "the server wants a second factor"),
        "account.ACCOUNT_INACTIVE" => (ErrorKind::AccessDenied, "the account is closed, locked or pending"),
        "account.MAINTENANCE_MODE" | "mail.MAINTENANCE" => (ErrorKind::Unavailable, "the mailbox is in maintenance"),
        "account.NO_SUCH_ACCOUNT" | "mail.NO_SUCH_MBOX" => (ErrorKind::NotFound, "there is no such mailbox here"),
        "account.NO_SUCH_DOMAIN" => (ErrorKind::NotFound, "there is no such domain here"),
        "service.PERM_DENIED" => (ErrorKind::AccessDenied, "the server denied access"),
        "service.WRONG_HOST" => (ErrorKind::Config, "the mailbox lives on another server"),
        "service.TOO_MANY_HOPS" => (ErrorKind::Config, "the servers send the request around in a circle"),
        "service.PROXY_ERROR"
        | "service.TEMPORARILY_UNAVAILABLE"
        | "service.RESOURCE_UNREACHABLE"
        | "service.INTERRUPTED"
        | "service.ALREADY_IN_PROGRESS"
        | "mail.TRY_AGAIN" => (ErrorKind::Unavailable, "the server cannot do it now"),
        "service.FAILURE" => (ErrorKind::Unavailable, "the server failed"),
        "mail.MUST_RESYNC" | "mail.INVALID_SYNC_TOKEN" => {
            (ErrorKind::CursorExpired, "the server does not know any more what changed since then")
        }
        "mail.QUOTA_EXCEEDED" => (ErrorKind::Quota, "the mailbox is full"),
        "mail.DOMAIN_QUOTA_EXCEEDED" => (ErrorKind::Quota, "the domain has no room left"),
        "mail.TOO_MANY_CONTACTS" => (ErrorKind::Quota, "the mailbox holds as many contacts as it may"),
        "mail.MESSAGE_TOO_BIG" | "mail.UPLOAD_TOO_LARGE" => (ErrorKind::TooLarge, "it is larger than the server takes"),
        "mail.TOO_MANY_UPLOADS" => (ErrorKind::Throttled, "too many uploads wait at the server"),
        "mail.NO_SUCH_UPLOAD" => (ErrorKind::Unavailable, "the server lost what was uploaded"),
        code if code.starts_with("mail.NO_SUCH_") => (ErrorKind::NotFound, "it is not there"),
        "mail.ALREADY_EXISTS" => (ErrorKind::Conflict, "there is one of this name already"),
        "mail.MODIFY_CONFLICT" => (ErrorKind::Conflict, "somebody else changed it"),
        "mail.SCAN_ERROR" | "mail.UPLOAD_REJECTED" => (ErrorKind::Refused, "the server's virus scanner stopped it"),
        "service.UNKNOWN_DOCUMENT" => (ErrorKind::Unsupported, "the server does not know this request"),
        _ => (ErrorKind::Refused, "the server refused"),
    }
}

fn recovery(code: &str) -> Option<Recovery> {
    match code {
        // It may have got as far as storing.
        "service.FAILURE" | "service.PROXY_ERROR" => Some(Recovery::Locate),
        "account.MAINTENANCE_MODE" | "mail.MAINTENANCE" => Some(Recovery::Pause { until: None }),
        "account.NO_SUCH_ACCOUNT" | "account.NO_SUCH_DOMAIN" | "mail.NO_SUCH_MBOX" => Some(Recovery::StopMailbox),
        "mail.NO_SUCH_UPLOAD" => Some(Recovery::Requeue),
        "mail.TOO_MANY_UPLOADS" => Some(Recovery::Retry { after: Some(PACE) }),
        "mail.ICALENDAR_PARSE_ERROR" | "mail.MESSAGE_PARSE_ERROR" => Some(Recovery::OtherRoute),
        _ => None,
    }
}

fn remedy(code: &str) -> Option<&'static str> {
    Some(match code {
        "account.AUTH_FAILED" => {
            "check the user name and the password; ten wrong ones close the server to this address for a quarter of an hour"
        }
        "account.CHANGE_PASSWORD" => "let the owner sign in once by hand and change the password, then run again",
        "account.PASSWORD_LOCKED" => "unlock the account (zimbraPasswordLockoutLockedTime), then run again",
        code if code.starts_with("account.TWO_FACTOR") => {
            "open the mailbox as an administrator (DelegateAuth) or with the domain's preauthentication key: neither \
             asks for a second factor"
        }
        "account.ACCOUNT_INACTIVE" => "set zimbraAccountStatus to active, then run again",
        "account.MAINTENANCE_MODE" | "mail.MAINTENANCE" => "wait until the maintenance is over, then run again",
        "account.NO_SUCH_ACCOUNT" | "mail.NO_SUCH_MBOX" => {
            "check the mailbox's address, and create the account at a destination before the migration"
        }
        "service.PERM_DENIED" => "grant the right adminLoginAs at the account or its domain, then run again",
        "service.WRONG_HOST" => "give the address of the mailbox's own server, or that of the proxy",
        "mail.QUOTA_EXCEEDED" | "mail.DOMAIN_QUOTA_EXCEEDED" => {
            "raise zimbraMailQuota or the domain's quota, then run again: the work goes on where it was"
        }
        "mail.TOO_MANY_CONTACTS" => "raise zimbraContactMaxNumEntries, then run again: the work goes on where it was",
        "mail.MESSAGE_TOO_BIG" | "mail.UPLOAD_TOO_LARGE" => {
            "raise zimbraMtaMaxMessageSize and zimbraFileUploadMaxSize, then remigrate failed items"
        }
        _ => return None,
    })
}

fn shorten(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(code: &str) -> Fault {
        Fault { code: code.into(), reason: "because".into(), arguments: Vec::new() }
    }

    #[test]
    fn codes_mean_what_the_engine_decides_by() {
        for (code, kind, recovery) in [
            ("service.AUTH_EXPIRED", ErrorKind::CredentialExpired, Recovery::Retry { after: None }),
            ("account.AUTH_FAILED", ErrorKind::Credential, Recovery::StopMailbox),
            ("account.TWO_FACTOR_AUTH_REQUIRED", ErrorKind::Credential, Recovery::StopMailbox),
            ("account.NO_SUCH_ACCOUNT", ErrorKind::NotFound, Recovery::StopMailbox),
            ("mail.NO_SUCH_MSG", ErrorKind::NotFound, Recovery::SkipItem),
            ("mail.NO_SUCH_UPLOAD", ErrorKind::Unavailable, Recovery::Requeue),
            ("mail.MUST_RESYNC", ErrorKind::CursorExpired, Recovery::Relist),
            ("mail.MODIFY_CONFLICT", ErrorKind::Conflict, Recovery::KeepTheirs),
            ("mail.QUOTA_EXCEEDED", ErrorKind::Quota, Recovery::StopMailbox),
            ("service.FAILURE", ErrorKind::Unavailable, Recovery::Locate),
            ("account.MAINTENANCE_MODE", ErrorKind::Unavailable, Recovery::Pause { until: None }),
            ("mail.NOBODY_EVER_SAW_THIS", ErrorKind::Refused, Recovery::SkipItem),
        ] {
            let error = of(&fault(code));
            assert_eq!((error.kind(), error.recovery()), (kind, recovery), "{code}");
            assert!(error.to_string().contains(code));
        }
    }

    #[test]
    fn what_may_be_asked_again_is_not_waited_for_within_a_batch() {
        assert_eq!(of_item(&fault("mail.TRY_AGAIN")).recovery(), Recovery::Requeue);
        assert_eq!(of_item(&fault("mail.NO_SUCH_ITEM")).recovery(), Recovery::SkipItem);
    }
}
