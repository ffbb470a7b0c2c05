//! What Exchange's response codes mean: one table.

use std::time::Duration;

use mailmove_core::{Error, ErrorKind, Recovery};

use crate::wire::envelope::Verdict;

/// The codes that say: speak an older version.
const VERSION_CODES: [&str; 3] =
    ["ErrorInvalidServerVersion", "ErrorIncorrectSchemaVersion", "ErrorInvalidSchemaVersionForMailboxVersion"];

/// The error that a verdict is.
pub(crate) fn of(verdict: &Verdict) -> Error {
    let code = verdict.code.as_str();
    let (kind, message) = kind(code);
    let mut error = Error::new(kind, message).with("code", code);
    if !verdict.text.is_empty() {
        error = error.with("answer", shorten(&verdict.text));
    }
    if let Some(inner) = verdict.value("InnerErrorResponseCode") {
        error = error.with("inner", inner);
    }
    if let Some(recovery) = recovery(code, verdict.back_off()) {
        error = error.with_recovery(recovery);
    }
    match remedy(code) {
        Some(remedy) => error.remedy(remedy),
        None => error,
    }
}

/// The same for one item of a batch whose other items were answered: nothing is waited for here, the item is asked for
/// again later.
pub(crate) fn of_item(verdict: &Verdict) -> Error {
    let error = of(verdict);
    match error.recovery() {
        Recovery::Retry { .. } => error.with_recovery(Recovery::Requeue),
        _ => error,
    }
}

/// Whether the server wants to be spoken to in an older version.
pub(crate) fn is_about_version(error: &Error) -> bool {
    code(error).is_some_and(|code| VERSION_CODES.contains(&code))
}

/// The response code that an error came from.
pub(crate) fn code(error: &Error) -> Option<&str> {
    error.context().find(|(name, _)| *name == "code").map(|(_, value)| value)
}

fn kind(code: &str) -> (ErrorKind, &'static str) {
    match code {
        "ErrorServerBusy" | "ErrorExceededConnectionCount" | "ErrorTooManyObjectsOpened" => {
            (ErrorKind::Throttled, "the server asks to slow down")
        }
        "ErrorInternalServerTransientError"
        | "ErrorMailboxMoveInProgress"
        | "ErrorMailboxStoreUnavailable"
        | "ErrorMailboxFailover"
        | "ErrorConnectionFailed"
        | "ErrorConnectionFailedTransientError"
        | "ErrorInsufficientResources"
        | "ErrorADUnavailable"
        | "ErrorADOperation"
        | "ErrorTimeoutExpired" => (ErrorKind::Unavailable, "the server cannot do it now"),
        "ErrorBatchProcessingStopped" => (ErrorKind::Unavailable, "the server stopped in the middle of a batch"),
        "ErrorItemNotFound"
        | "ErrorFolderNotFound"
        | "ErrorParentFolderNotFound"
        | "ErrorToFolderNotFound"
        | "ErrorSyncFolderNotFound"
        | "ErrorObjectTypeChanged"
        | "ErrorInvalidFolderId" => (ErrorKind::NotFound, "it is not there"),
        code if code.starts_with("ErrorInvalidId") => (ErrorKind::NotFound, "nothing has this id"),
        "ErrorInvalidSyncStateData" => (ErrorKind::CursorExpired, "the server does not know this sync state any more"),
        "ErrorIrresolvableConflict"
        | "ErrorStaleObject"
        | "ErrorChangeKeyRequired"
        | "ErrorChangeKeyRequiredForWriteOperations"
        | "ErrorInvalidChangeKey" => (ErrorKind::Conflict, "somebody else changed it"),
        "ErrorMessageSizeExceeded" | "ErrorAttachmentSizeLimitExceeded" | "ErrorDataSizeLimitExceeded" => {
            (ErrorKind::TooLarge, "it is larger than the server takes")
        }
        "ErrorQuotaExceeded" => (ErrorKind::Quota, "the mailbox is full"),
        "ErrorAccessDenied" | "ErrorCreateItemAccessDenied" => (ErrorKind::AccessDenied, "the server denied access"),
        code if code.starts_with("ErrorImpersonat") => {
            (ErrorKind::AccessDenied, "this account may not act as the owner of the mailbox")
        }
        "ErrorNonExistentMailbox" | "ErrorMissingEmailAddress" | "ErrorMailboxConfiguration" => {
            (ErrorKind::NotFound, "there is no such mailbox here")
        }
        "ErrorAccountDisabled" | "ErrorPasswordExpired" | "ErrorPasswordChangeRequired" => {
            (ErrorKind::Credential, "the account cannot sign in")
        }
        "ErrorExpiredToken" | "ErrorTokenExpired" => (ErrorKind::CredentialExpired, "the token ran out"),
        code if VERSION_CODES.contains(&code) => (ErrorKind::Unsupported, "the server speaks an older version"),
        "ErrorFolderExists" => (ErrorKind::Conflict, "there is a folder of this name already"),
        "ErrorItemCorrupt"
        | "ErrorCorruptData"
        | "ErrorContentConversionFailed"
        | "ErrorMimeContentConversionFailed"
        | "ErrorItemPropertyRequestFailed"
        | "ErrorInternalServerError" => (ErrorKind::Refused, "the server cannot handle this item"),
        _ => (ErrorKind::Refused, "the server refused"),
    }
}

fn recovery(code: &str, back_off: Option<Duration>) -> Option<Recovery> {
    match code {
        "ErrorServerBusy" => back_off.map(|after| Recovery::Retry { after: Some(after) }),
        "ErrorBatchProcessingStopped" => Some(Recovery::Requeue),
        // It ran out of time while it worked.
        "ErrorTimeoutExpired" => Some(Recovery::Locate),
        "ErrorNonExistentMailbox" | "ErrorMissingEmailAddress" | "ErrorMailboxConfiguration" => {
            Some(Recovery::StopMailbox)
        }
        "ErrorItemCorrupt"
        | "ErrorCorruptData"
        | "ErrorContentConversionFailed"
        | "ErrorMimeContentConversionFailed"
        | "ErrorItemPropertyRequestFailed"
        | "ErrorInternalServerError" => Some(Recovery::OtherRoute),
        _ => None,
    }
}

fn remedy(code: &str) -> Option<&'static str> {
    Some(match code {
        "ErrorNonExistentMailbox" | "ErrorMissingEmailAddress" => {
            "check the mailbox's primary address, and that it lives on this server"
        }
        "ErrorQuotaExceeded" => "raise the mailbox's quota, then run again: the work goes on where it was",
        "ErrorAccessDenied" => "grant full access to the mailbox, or the role ApplicationImpersonation, then run again",
        code if code.starts_with("ErrorImpersonat") => {
            "assign the role ApplicationImpersonation to the account that signs in, then run again"
        }
        "ErrorMessageSizeExceeded" => "raise the server's message size limit, then remigrate failed items",
        "ErrorSchemaValidation" | "ErrorInvalidRequest" => "report it with the server's version",
        _ => return None,
    })
}

fn shorten(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(code: &str) -> Verdict {
        Verdict { class: "Error".into(), code: code.into(), ..Verdict::default() }
    }

    #[test]
    fn a_busy_server_says_how_long_to_wait() {
        let mut busy = verdict("ErrorServerBusy");
        busy.values.push(("BackOffMilliseconds".into(), "5000".into()));
        let error = of(&busy);
        assert_eq!(error.kind(), ErrorKind::Throttled);
        assert_eq!(error.recovery(), Recovery::Retry { after: Some(Duration::from_secs(5)) });
        assert_eq!(of_item(&busy).recovery(), Recovery::Requeue);
    }

    #[test]
    fn codes_mean_what_the_engine_decides_by() {
        for (code, kind, recovery) in [
            ("ErrorItemNotFound", ErrorKind::NotFound, Recovery::SkipItem),
            ("ErrorInvalidIdMalformed", ErrorKind::NotFound, Recovery::SkipItem),
            ("ErrorInvalidSyncStateData", ErrorKind::CursorExpired, Recovery::Relist),
            ("ErrorIrresolvableConflict", ErrorKind::Conflict, Recovery::KeepTheirs),
            ("ErrorBatchProcessingStopped", ErrorKind::Unavailable, Recovery::Requeue),
            ("ErrorImpersonateUserDenied", ErrorKind::AccessDenied, Recovery::StopMailbox),
            ("ErrorNonExistentMailbox", ErrorKind::NotFound, Recovery::StopMailbox),
            ("ErrorQuotaExceeded", ErrorKind::Quota, Recovery::StopMailbox),
            ("ErrorMimeContentConversionFailed", ErrorKind::Refused, Recovery::OtherRoute),
            ("ErrorNobodyEverSawThis", ErrorKind::Refused, Recovery::SkipItem),
        ] {
            let error = of(&verdict(code));
            assert_eq!((error.kind(), error.recovery()), (kind, recovery), "{code}");
            assert!(error.to_string().contains(code));
        }
        assert!(is_about_version(&of(&verdict("ErrorInvalidServerVersion"))));
        assert!(!is_about_version(&of(&verdict("ErrorServerBusy"))));
    }
}
