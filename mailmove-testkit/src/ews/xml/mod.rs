//! A tree of elements: small, with the namespaces of Exchange Web Services built in.

mod read;
mod write;

pub(crate) use read::parse;
pub(crate) use write::document;

/// A namespace. Elements of others than these are read, so that they can be refused by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Ns {
    Soap,
    Types,
    Messages,
    Errors,
    Other,
    None,
}

impl Ns {
    pub(crate) const ALL: [Self; 4] = [Self::Soap, Self::Types, Self::Messages, Self::Errors];

    pub(crate) fn uri(self) -> &'static str {
        match self {
            Self::Soap => "http://schemas.xmlsoap.org/soap/envelope/",
            Self::Types => "http://schemas.microsoft.com/exchange/services/2006/types",
            Self::Messages => "http://schemas.microsoft.com/exchange/services/2006/messages",
            Self::Errors => "http://schemas.microsoft.com/exchange/services/2006/errors",
            Self::Other | Self::None => "",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Soap => "s:",
            Self::Types => "t:",
            Self::Messages => "m:",
            Self::Errors => "e:",
            Self::Other | Self::None => "",
        }
    }
}

/// An element. Text between child elements is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) ns: Ns,
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Node>,
}

impl Node {
    pub(crate) fn new(ns: Ns, name: &str) -> Self {
        Self { ns, name: name.to_owned(), attributes: Vec::new(), text: String::new(), children: Vec::new() }
    }

    /// An element of the types namespace.
    pub(crate) fn t(name: &str) -> Self {
        Self::new(Ns::Types, name)
    }

    /// An element of the messages namespace.
    pub(crate) fn m(name: &str) -> Self {
        Self::new(Ns::Messages, name)
    }

    pub(crate) fn text(mut self, text: impl ToString) -> Self {
        self.text = text.to_string();
        self
    }

    pub(crate) fn attr(mut self, name: &str, value: impl ToString) -> Self {
        self.attributes.push((name.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn child(mut self, child: impl Into<Option<Self>>) -> Self {
        self.children.extend(child.into());
        self
    }

    pub(crate) fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// The first child of this name, of whatever namespace.
    pub(crate) fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The descendant at this path of first children.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, name| node.find(name))
    }

    /// The text of the first child of this name.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.find(name).map(|child| child.text.as_str())
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}
