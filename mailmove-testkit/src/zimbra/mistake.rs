//! Answers that are wrong in ways a client or a judge has to notice.

use super::element::{Element, Place, Value};

/// A planted mistake in an answer. One that finds nothing to spoil leaves the answer as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mistake {
    /// An element that no schema knows.
    InventedElement,
    /// An attribute that no schema knows, on the first folder or item.
    InventedAttribute,
    /// The number of a size or a change is a word.
    TextForNumber,
    /// A folder's view is none of those that there are.
    UnknownView,
    /// The answer is in another namespace.
    WrongNamespace,
    /// The answer is called like the answer to something else.
    WrongName,
    /// A fault has no code.
    NoCode,
    /// A fault comes with HTTP status 200.
    FaultWithStatus200,
    /// The token of a sign-in or of a synchronization is missing.
    NoToken,
    /// Ids are missing.
    NoIds,
}

impl Mistake {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::InventedElement,
        Self::InventedAttribute,
        Self::TextForNumber,
        Self::UnknownView,
        Self::WrongNamespace,
        Self::WrongName,
        Self::NoCode,
        Self::FaultWithStatus200,
        Self::NoToken,
        Self::NoIds,
    ];

    /// Spoils the answer to an operation, or a fault.
    pub(crate) fn apply(self, answer: &mut Element) {
        match self {
            Self::InventedElement => answer.children.push(Element::new("invented").text("x")),
            Self::InventedAttribute => every(answer, &mut |element| {
                if element.value("id").is_some() {
                    element.attributes.push(("colour".to_owned(), Value::from("red"), Place::Attribute));
                }
            }),
            Self::TextForNumber => every(answer, &mut |element| {
                for (name, value, _) in &mut element.attributes {
                    if matches!(name.as_str(), "s" | "ms" | "rev" | "md" | "lifetime") {
                        *value = Value::from("many");
                    }
                }
            }),
            Self::UnknownView => every(answer, &mut |element| {
                let views = element.attributes.iter_mut().filter(|(name, ..)| name == "view");
                views.for_each(|(_, value, _)| *value = Value::from("mails"));
            }),
            Self::WrongNamespace if answer.name != "Fault" => answer.namespace = "urn:zimbraOther".to_owned(),
            Self::WrongName if answer.name != "Fault" => answer.name = "GetTagResponse".to_owned(),
            Self::NoCode => every(answer, &mut |element| {
                if element.name == "Error" {
                    element.attributes.retain(|(name, ..)| name != "Code");
                }
            }),
            Self::NoToken => {
                answer.attributes.retain(|(name, ..)| name != "token");
                answer.children.retain(|child| child.name != "authToken");
            }
            Self::NoIds => every(answer, &mut |element| {
                element.attributes.retain(|(name, ..)| !matches!(name.as_str(), "id" | "ids"));
            }),
            Self::WrongNamespace | Self::WrongName | Self::FaultWithStatus200 => {}
        }
    }
}

fn every(element: &mut Element, act: &mut dyn FnMut(&mut Element)) {
    act(element);
    element.children.iter_mut().for_each(|child| every(child, act));
}
