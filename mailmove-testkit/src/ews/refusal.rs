//! What the server says when it does not do a thing.

use super::xml::{Node, Ns};

/// A response code with its words, for one item or for a whole request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) text: String,
    /// Values of MessageXml, by name.
    pub(crate) values: Vec<(String, String)>,
}

impl Refusal {
    pub(crate) fn new(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.to_owned(), text: text.into(), values: Vec::new() }
    }

    pub(crate) fn value(mut self, name: &str, value: impl ToString) -> Self {
        self.values.push((name.to_owned(), value.to_string()));
        self
    }

    /// For what this server does not do: it says so, as no client must take silence for success.
    pub(crate) fn unsupported(what: impl std::fmt::Display) -> Self {
        Self::new("ErrorInvalidRequest", format!("The request is invalid: {what} is not supported."))
    }

    pub(crate) fn not_found() -> Self {
        Self::new("ErrorItemNotFound", "The specified object was not found in the store.")
    }

    pub(crate) fn no_folder() -> Self {
        Self::new("ErrorFolderNotFound", "The specified folder could not be found in the store.")
    }

    pub(crate) fn malformed_id() -> Self {
        Self::new("ErrorInvalidIdMalformed", "Id is malformed.")
    }

    pub(crate) fn denied() -> Self {
        Self::new("ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    }

    pub(crate) fn schema(why: &str) -> Self {
        let text = format!("The request failed schema validation: {why}");
        Self::new("ErrorSchemaValidation", text).value("Violation", why)
    }

    /// The body of a SOAP fault.
    pub(crate) fn fault(&self) -> Node {
        let detail = Node::new(Ns::None, "detail")
            .child(Node::new(Ns::Errors, "ResponseCode").text(&self.code))
            .child(Node::new(Ns::Errors, "Message").text(&self.text))
            .child(self.message_xml(Ns::Types));
        Node::new(Ns::Soap, "Fault")
            .child(Node::new(Ns::None, "faultcode").text(format!("a:{}", self.code)))
            .child(Node::new(Ns::None, "faultstring").text(&self.text))
            .child(detail)
    }

    /// The children of a response message that failed.
    pub(crate) fn message(&self) -> [Option<Node>; 4] {
        [
            Some(Node::m("MessageText").text(&self.text)),
            Some(Node::m("ResponseCode").text(&self.code)),
            Some(Node::m("DescriptiveLinkKey").text(0)),
            self.message_xml(Ns::Messages),
        ]
    }

    fn message_xml(&self, ns: Ns) -> Option<Node> {
        let values = self.values.iter().map(|(name, value)| Node::t("Value").attr("Name", name).text(value));
        (!self.values.is_empty()).then(|| Node::new(ns, "MessageXml").children(values))
    }
}
