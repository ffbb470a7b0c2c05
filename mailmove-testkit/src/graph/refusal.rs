//! Errors as the service tells them.

use hyper::StatusCode;
use serde_json::{Value, json};

/// An error: a status, a code and a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into() }
    }

    /// 400, whatever is wrong.
    pub(crate) fn bad(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// The body is no JSON of the expected type.
    pub(crate) fn body(why: &str) -> Self {
        Self::bad("RequestBodyRead", why)
    }

    /// A query option that cannot be understood.
    pub(crate) fn query(why: impl Into<String>) -> Self {
        Self::bad("BadRequest", why)
    }

    /// A property that $select or its like names and that does not exist.
    pub(crate) fn unknown(kind: &str, name: &str) -> Self {
        let why = format!("Could not find a property named '{name}' on type 'microsoft.graph.{kind}'.");
        Self::bad("RequestBroker--ParseUri", why)
    }

    /// A path that leads nowhere.
    pub(crate) fn segment(name: &str) -> Self {
        Self::bad("BadRequest", format!("Resource not found for the segment '{name}'."))
    }

    pub(crate) fn missing() -> Self {
        Self::new(StatusCode::NOT_FOUND, "ErrorItemNotFound", "The specified object was not found in the store.")
    }

    pub(crate) fn malformed_id() -> Self {
        Self::bad("ErrorInvalidIdMalformed", "Id is malformed.")
    }

    pub(crate) fn denied() -> Self {
        let message = "Access is denied. Check credentials and try again.";
        Self::new(StatusCode::FORBIDDEN, "ErrorAccessDenied", message)
    }

    pub(crate) fn method() -> Self {
        let message = "The OData request is not supported.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Request_BadRequest", message)
    }

    /// The sync state of a delta token is not known any more.
    pub(crate) fn sync_state() -> Self {
        let message = "The sync state generation is not found; start a new synchronization without a token.";
        Self::new(StatusCode::GONE, "SyncStateNotFound", message)
    }

    pub(crate) fn json(&self) -> Value {
        json!({"error": {"code": self.code, "message": self.message}})
    }
}
