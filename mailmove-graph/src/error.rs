//! What Graph's error codes mean: one table.

use std::time::Duration;

use mailmove_core::http::Response;
use mailmove_core::{Error, ErrorKind, Recovery};
use serde_json::Value;

/// How much of a message is shown.
const SHOWN: usize = 300;

/// How long a mailbox is left alone that is over its limit and does not say for how long.
const USUAL_WAIT: Duration = Duration::from_secs(10);

/// What a server said is wrong.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fault {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) text: String,
    /// The server's name of the request.
    pub(crate) request: String,
    pub(crate) wait: Option<Duration>,
    /// Whether a credential was challenged because it is no longer good enough.
    pub(crate) challenged: bool,
}

impl Fault {
    /// What an answer says, secrets left out.
    pub(crate) fn of(response: &Response) -> Self {
        let body = serde_json::from_str(&response.blotted()).unwrap_or(Value::Null);
        let mut fault = Self::in_body(response.status().as_u16(), &body);
        if fault.text.is_empty() {
            fault.text = response.excerpt();
        }
        if let Some(request) = response.header("request-id") {
            request.clone_into(&mut fault.request);
        }
        fault.wait = response.retry_after();
        fault.challenged = response.headers("www-authenticate").any(|text| text.contains("insufficient_claims"));
        fault
    }

    /// What a part of a batch says.
    pub(crate) fn in_body(status: u16, body: &Value) -> Self {
        let error = &body["error"];
        let text = |value: &Value| value.as_str().unwrap_or_default().chars().take(SHOWN).collect::<String>();
        let inner = error.get("innerError").or_else(|| error.get("innererror")).unwrap_or(&Value::Null);
        Self {
            status,
            code: text(&error["code"]),
            text: text(&error["message"]),
            request: text(&inner["request-id"]),
            ..Self::default()
        }
    }

    /// The error that this is.
    pub(crate) fn error(&self) -> Error {
        let (kind, message) = self.kind();
        let mut error = Error::new(kind, message).with("status", self.status);
        for (name, value) in [("code", &self.code), ("answer", &self.text), ("request", &self.request)] {
            if !value.is_empty() {
                error = error.with(name, value);
            }
        }
        if let Some(recovery) = self.recovery(kind) {
            error = error.with_recovery(recovery);
        }
        match self.remedy(kind) {
            Some(remedy) => error.remedy(remedy),
            None => error,
        }
    }

    fn kind(&self) -> (ErrorKind, &'static str) {
        if let Some(known) = self.by_code() {
            return known;
        }
        match self.status {
            400 => (ErrorKind::Refused, "the server refused the request"),
            401 if self.has_run_out() => (ErrorKind::CredentialExpired, "the token ran out"),
            401 => (ErrorKind::Credential, "the server refused the token"),
            403 => (ErrorKind::AccessDenied, "the server denied access"),
            404 => (ErrorKind::NotFound, "there is no such thing in this mailbox"),
            405 | 501 => (ErrorKind::Unsupported, "the server cannot do this"),
            409 => (ErrorKind::Conflict, "it is there already, or somebody else changed it"),
            412 => (ErrorKind::Conflict, "somebody else changed it"),
            410 => (ErrorKind::CursorExpired, "the server has forgotten how far the listing went"),
            413 => (ErrorKind::TooLarge, "the request is larger than the server takes"),
            429 => (ErrorKind::Throttled, "the mailbox is over the provider's limit"),
            507 => (ErrorKind::Quota, "the mailbox is full"),
            408 | 425 | 500..=599 => (ErrorKind::Unavailable, "the server cannot do it now"),
            _ => (ErrorKind::Refused, "the server refused"),
        }
    }

    fn by_code(&self) -> Option<(ErrorKind, &'static str)> {
        let is = |codes: &[&str]| codes.iter().any(|code| self.code.eq_ignore_ascii_case(code));
        Some(match () {
            () if is(&[
                "ApplicationThrottled",
                "TooManyRequests",
                "activityLimitReached",
                "ErrorExceededConnectionCount",
            ]) =>
            {
                (ErrorKind::Throttled, "the mailbox is over the provider's limit")
            }
            () if is(&["SyncStateNotFound", "SyncStateInvalid", "ResyncRequired", "ErrorInvalidSyncStateData"]) => {
                (ErrorKind::CursorExpired, "the server has forgotten how far the listing went")
            }
            () if is(&[
                "MailboxNotEnabledForRESTAPI",
                "MailboxNotSupportedForRESTAPI",
                "RESTAPINotEnabledForComponentSharedMailbox",
            ]) =>
            {
                (ErrorKind::NotProvisioned, "the mailbox cannot be reached by Graph")
            }
            () if is(&["ErrorInvalidUser", "Request_ResourceNotFound", "ErrorNonExistentMailbox"]) => {
                (ErrorKind::NotFound, "there is no such mailbox in this tenant")
            }
            () if is(&[
                "ErrorInvalidIdMalformed",
                "ErrorItemNotFound",
                "ErrorInvalidId",
                "ErrorFolderNotFound",
                "ErrorInvalidFolderId",
                "itemNotFound",
            ]) =>
            {
                (ErrorKind::NotFound, "there is no such thing in this mailbox")
            }
            () if is(&["ErrorQuotaExceeded", "ErrorSendQuotaExceeded", "quotaLimitReached"]) => {
                (ErrorKind::Quota, "the mailbox is full")
            }
            () if is(&["ErrorMessageSizeExceeded", "ErrorAttachmentSizeLimitExceeded", "RequestEntityTooLarge"]) => {
                (ErrorKind::TooLarge, "the item is larger than the server takes")
            }
            () if is(&[
                "ErrorIrresolvableConflict",
                "PreconditionFailed",
                "ErrorChangeKeyRequiredForWriteOperations",
            ]) =>
            {
                (ErrorKind::Conflict, "somebody else changed it")
            }
            () if is(&["ErrorFolderExists", "ErrorCalendarNameAlreadyExists", "ErrorFolderExistsInDestination"]) => {
                (ErrorKind::Conflict, "there is a folder of this name already")
            }
            () if is(&["ErrorDuplicateTransactionId"]) => (ErrorKind::Conflict, "the event was created already"),
            () if is(&["ErrorAccessDenied", "Authorization_RequestDenied", "AccessDenied"]) => {
                (ErrorKind::AccessDenied, "the server denied access")
            }
            () if is(&[
                "ErrorItemCorrupt",
                "ErrorCorruptData",
                "ErrorContentConversionFailed",
                "ErrorMimeContentConversionFailed",
            ]) =>
            {
                (ErrorKind::Refused, "the server cannot handle this item")
            }
            () if is(&[
                "ErrorServerBusy",
                "ErrorTooManyObjectsOpened",
                "ErrorMailboxStoreUnavailable",
                "ErrorMailboxMoveInProgress",
                "ErrorInternalServerTransientError",
                "ErrorTimeoutExpired",
            ]) =>
            {
                (ErrorKind::Unavailable, "the server cannot do it now")
            }
            () => return None,
        })
    }

    fn recovery(&self, kind: ErrorKind) -> Option<Recovery> {
        match kind {
            ErrorKind::Throttled => Some(Recovery::Retry { after: Some(self.wait.unwrap_or(USUAL_WAIT)) }),
            // It was turned away at the door, or it failed somewhere inside.
            ErrorKind::Unavailable if self.status == 503 || self.wait.is_some() => {
                Some(Recovery::Retry { after: self.wait })
            }
            ErrorKind::Unavailable if matches!(self.status, 408 | 425) => None,
            ErrorKind::Unavailable => Some(Recovery::Locate),
            ErrorKind::NotFound if self.message_is_about_a_mailbox() => Some(Recovery::StopMailbox),
            ErrorKind::Refused if self.code.to_ascii_lowercase().contains("corrupt") => Some(Recovery::OtherRoute),
            _ => None,
        }
    }

    fn message_is_about_a_mailbox(&self) -> bool {
        ["ErrorInvalidUser", "Request_ResourceNotFound", "ErrorNonExistentMailbox"]
            .iter()
            .any(|code| self.code.eq_ignore_ascii_case(code))
    }

    fn has_run_out(&self) -> bool {
        let text = self.text.to_ascii_lowercase();
        self.challenged || text.contains("expired") || text.contains("lifetime validation failed")
    }

    fn remedy(&self, kind: ErrorKind) -> Option<&'static str> {
        Some(match kind {
            ErrorKind::NotProvisioned => {
                "check that the mailbox is in Exchange Online, licensed and active; a new one takes up to 24 hours"
            }
            ErrorKind::NotFound if self.message_is_about_a_mailbox() => {
                "check the mailbox's address, and that it lives in this tenant"
            }
            ErrorKind::AccessDenied if self.text.contains("Access to OData is disabled") => {
                "let the application into this mailbox: extend its access policy or management scope, then run again"
            }
            ErrorKind::AccessDenied => {
                "grant the application the right that is missing, with an administrator's consent, then run again"
            }
            ErrorKind::Quota => "raise the mailbox's quota, then run again: the work goes on where it was",
            _ => return None,
        })
    }
}

/// The status of an error.
pub(crate) fn status(error: &Error) -> Option<u16> {
    error.context().find(|(name, _)| *name == "status").and_then(|(_, value)| value.parse().ok())
}

/// An answer of success that cannot be read: cut off on its way.
pub(crate) fn cut_short(once: bool) -> Error {
    let recovery = if once { Recovery::Locate } else { Recovery::Retry { after: None } };
    Error::new(ErrorKind::Protocol, "the answer is not whole").with_recovery(recovery)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(status: u16, code: &str, text: &str) -> Error {
        Fault::in_body(status, &json!({ "error": { "code": code, "message": text } })).error()
    }

    #[test]
    fn codes_mean_what_the_engine_decides_by() {
        let wait = Recovery::Retry { after: Some(USUAL_WAIT) };
        for (status, code, kind, recovery) in [
            (404, "ErrorItemNotFound", ErrorKind::NotFound, Recovery::SkipItem),
            (400, "ErrorInvalidIdMalformed", ErrorKind::NotFound, Recovery::SkipItem),
            (404, "ErrorInvalidUser", ErrorKind::NotFound, Recovery::StopMailbox),
            (404, "MailboxNotEnabledForRESTAPI", ErrorKind::NotProvisioned, Recovery::Pause { until: None }),
            (410, "", ErrorKind::CursorExpired, Recovery::Relist),
            (400, "syncStateInvalid", ErrorKind::CursorExpired, Recovery::Relist),
            (412, "ErrorIrresolvableConflict", ErrorKind::Conflict, Recovery::KeepTheirs),
            (413, "", ErrorKind::TooLarge, Recovery::OtherRoute),
            (409, "ErrorDuplicateTransactionId", ErrorKind::Conflict, Recovery::KeepTheirs),
            (429, "ApplicationThrottled", ErrorKind::Throttled, wait),
            (503, "", ErrorKind::Unavailable, Recovery::Retry { after: None }),
            (504, "", ErrorKind::Unavailable, Recovery::Locate),
            (500, "ErrorCorruptData", ErrorKind::Refused, Recovery::OtherRoute),
            (507, "ErrorQuotaExceeded", ErrorKind::Quota, Recovery::StopMailbox),
            (403, "ErrorAccessDenied", ErrorKind::AccessDenied, Recovery::StopMailbox),
            (400, "NobodyEverSawThis", ErrorKind::Refused, Recovery::SkipItem),
        ] {
            let error = fault(status, code, "");
            assert_eq!((error.kind(), error.recovery()), (kind, recovery), "{status} {code}");
        }
    }

    #[test]
    fn a_token_that_ran_out_is_not_a_token_that_is_wrong() {
        let code = "InvalidAuthenticationToken";
        let expired = fault(401, code, "Lifetime validation failed, the token is expired.");
        assert_eq!(expired.kind(), ErrorKind::CredentialExpired);
        assert_eq!(fault(401, code, "CompactToken parsing failed").kind(), ErrorKind::Credential);
    }

    #[test]
    fn the_server_says_how_long_to_wait() {
        let fault = Fault { status: 429, wait: Some(Duration::from_millis(2128)), ..Fault::default() };
        assert_eq!(fault.error().recovery(), Recovery::Retry { after: Some(Duration::from_millis(2128)) });
    }
}
