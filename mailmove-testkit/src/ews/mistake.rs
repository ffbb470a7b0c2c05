//! Answers that are wrong in ways a client has to notice.

use crate::ews::xml::{Node, Ns};

/// A planted mistake in an answer. One that finds nothing to spoil leaves the answer as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mistake {
    /// The children of the first item or folder stand in the opposite order.
    WrongOrder,
    /// The last response message is missing.
    MissingMessage,
    /// The response code of the first message exists nowhere.
    UnknownCode,
    /// `Size` is `1KB`.
    SizeWithUnit,
    /// `DateTimeReceived` has no time zone.
    DateWithoutZone,
    /// `Items` and `Folders` of a response message are in the types namespace.
    WrongNamespace,
    /// `SyncState` is missing.
    NoSyncState,
    /// `IncludesLastItemInRange` and `IncludesLastFolderInRange` are missing.
    NoLastInRange,
    /// `TotalItemsInView` is missing.
    NoTotal,
    /// An element that no schema knows.
    InventedElement,
    /// The header that names the server's version is missing.
    NoServerVersion,
    /// The first message says success, and its code says an error.
    SuccessWithError,
    /// `MimeContent` and `Data` are no base64.
    NoBase64,
}

impl Mistake {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::WrongOrder,
        Self::MissingMessage,
        Self::UnknownCode,
        Self::SizeWithUnit,
        Self::DateWithoutZone,
        Self::WrongNamespace,
        Self::NoSyncState,
        Self::NoLastInRange,
        Self::NoTotal,
        Self::InventedElement,
        Self::NoServerVersion,
        Self::SuccessWithError,
        Self::NoBase64,
    ];

    /// Spoils an envelope.
    pub(crate) fn apply(self, envelope: &mut Node) {
        match self {
            Self::WrongOrder => {
                let thing =
                    |node: &Node| node.find("ItemId").or(node.find("FolderId")).is_some() && node.children.len() > 1;
                first(envelope, &thing, &mut |node| node.children.reverse());
            }
            Self::MissingMessage => first(envelope, &|node| node.name == "ResponseMessages", &mut |node| {
                node.children.pop();
            }),
            Self::UnknownCode => first(envelope, &|node| node.name == "ResponseCode", &mut |node| {
                node.text = "ErrorOfAnotherKind".to_owned();
            }),
            Self::SuccessWithError => first(envelope, &|node| node.name == "ResponseCode", &mut |node| {
                node.text = "ErrorItemNotFound".to_owned();
            }),
            Self::SizeWithUnit => every(envelope, &mut |node| {
                if node.name == "Size" {
                    node.text = "1KB".to_owned();
                }
            }),
            Self::DateWithoutZone => every(envelope, &mut |node| {
                if node.name == "DateTimeReceived" {
                    node.text = node.text.trim_end_matches('Z').to_owned();
                }
            }),
            Self::WrongNamespace => every(envelope, &mut |node| {
                if node.ns == Ns::Messages && matches!(node.name.as_str(), "Items" | "Folders") {
                    node.ns = Ns::Types;
                }
            }),
            Self::NoSyncState => every(envelope, &mut |node| node.children.retain(|child| child.name != "SyncState")),
            Self::NoLastInRange => every(envelope, &mut |node| {
                let last = |name: &str| matches!(name, "IncludesLastItemInRange" | "IncludesLastFolderInRange");
                node.children.retain(|child| !last(&child.name));
                node.attributes.retain(|(name, _)| !last(name));
            }),
            Self::NoTotal => {
                every(envelope, &mut |node| node.attributes.retain(|(name, _)| name != "TotalItemsInView"))
            }
            Self::InventedElement => {
                let thing = |node: &Node| node.find("ItemId").or(node.find("FolderId")).is_some();
                first(envelope, &thing, &mut |node| node.children.push(Node::t("Invented").text("x")));
            }
            Self::NoServerVersion => {
                every(envelope, &mut |node| node.children.retain(|child| child.name != "ServerVersionInfo"));
            }
            Self::NoBase64 => every(envelope, &mut |node| {
                if matches!(node.name.as_str(), "MimeContent" | "Data") {
                    node.text = "#!no base64!#".to_owned();
                }
            }),
        }
    }
}

/// Acts on the first element that fits; whether there was one.
fn first(node: &mut Node, fits: &dyn Fn(&Node) -> bool, act: &mut dyn FnMut(&mut Node)) {
    fn search(node: &mut Node, fits: &dyn Fn(&Node) -> bool, act: &mut dyn FnMut(&mut Node)) -> bool {
        if fits(node) {
            act(node);
            return true;
        }
        node.children.iter_mut().any(|child| search(child, fits, act))
    }
    search(node, fits, act);
}

fn every(node: &mut Node, act: &mut dyn FnMut(&mut Node)) {
    act(node);
    node.children.iter_mut().for_each(|child| every(child, act));
}
