//! Why the server does not do something: the faults of Zimbra.

use super::element::Element;

pub(crate) const SOAP12: &str = "http://www.w3.org/2003/05/soap-envelope";
pub(crate) const SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// `mail.NO_SUCH_MSG`.
    pub(crate) code: String,
    pub(crate) reason: String,
    /// Name, type and text of what the fault is about.
    pub(crate) arguments: Vec<(&'static str, &'static str, String)>,
    /// The server's fault, not the client's.
    pub(crate) receiver: bool,
}

impl Refusal {
    pub(crate) fn new(code: &str, reason: impl Into<String>) -> Self {
        Self { code: code.to_owned(), reason: reason.into(), arguments: Vec::new(), receiver: false }
    }

    pub(crate) fn argument(mut self, name: &'static str, kind: &'static str, text: impl ToString) -> Self {
        self.arguments.push((name, kind, text.to_string()));
        self
    }

    pub(crate) fn invalid(why: impl std::fmt::Display) -> Self {
        Self::new("service.INVALID_REQUEST", format!("invalid request: {why}"))
    }

    /// A folder, an item, a tag ... that is not there: `NO_SUCH_MSG` with the id that was asked for.
    pub(crate) fn missing(what: &str, id: impl ToString) -> Self {
        let id = id.to_string();
        let code = format!("mail.NO_SUCH_{what}");
        Self::new(&code, format!("no such {}: {id}", what.to_lowercase())).argument("itemId", "IID", id)
    }

    pub(crate) fn denied(why: impl std::fmt::Display) -> Self {
        Self::new("service.PERM_DENIED", format!("permission denied: {why}"))
    }

    pub(crate) fn unknown(operation: &str) -> Self {
        Self::new("service.UNKNOWN_DOCUMENT", format!("unknown document: {operation}"))
    }

    pub(crate) fn auth_failed(account: &str) -> Self {
        Self::new("account.AUTH_FAILED", format!("authentication failed for [{account}]"))
    }

    pub(crate) fn auth_required() -> Self {
        Self::new("service.AUTH_REQUIRED", "no valid authtoken present")
    }

    pub(crate) fn auth_expired() -> Self {
        Self::new("service.AUTH_EXPIRED", "auth credentials have expired")
    }

    /// The Fault element, in the form of this version of SOAP; the JSON form has no namespaces in it.
    pub(crate) fn fault(&self, soap: &str) -> Element {
        let code = if self.receiver { "soap:Receiver" } else { "soap:Sender" };
        let mut error = Element::of("urn:zimbra", "Error").content("Code", &self.code);
        error = error.content("Trace", format!("trace:{}", self.code));
        error = error.children(
            self.arguments
                .iter()
                .map(|(name, kind, text)| Element::new("a").set("t", *kind).set("n", *name).text(text.as_str())),
        );
        let element = |name: &str| Element::of(soap, name);
        if soap == SOAP11 {
            let code = if self.receiver { "soap:Server" } else { "soap:Client" };
            return element("Fault")
                .child(Element::single("faultcode").text(code))
                .child(Element::single("faultstring").text(self.reason.as_str()))
                .child(Element::single("detail").child(error));
        }
        let (value, text) = if soap.is_empty() {
            let code = Element::single("Code").content("Value", code);
            (code, Element::single("Reason").content("Text", &self.reason))
        } else {
            let code = element("Code").child(element("Value").text(code));
            (code, element("Reason").child(element("Text").text(self.reason.as_str())))
        };
        element("Fault").child(value).child(text).child(element("Detail").child(error))
    }
}
