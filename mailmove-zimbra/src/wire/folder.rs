use mailmove_core::Result;
use serde_json::{Map, Value, json};

use super::node::Node;
use super::soap::{Operation, fields};

/// A folder as the server tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FolderData {
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) name: String,
    /// What it is shown as: `message`, `appointment`; empty: anything.
    pub(crate) view: String,
    pub(crate) uuid: String,
    /// How many items it holds; conversations are not counted.
    pub(crate) items: Option<u64>,
    pub(crate) bytes: Option<u64>,
    /// The number from which the next item will be counted.
    pub(crate) next: Option<u64>,
    /// Letters: `*` subscribed, `#` checked.
    pub(crate) flags: String,
    /// Where a folder that is fed from elsewhere gets its items.
    pub(crate) url: String,
}

impl FolderData {
    pub(super) fn read(node: Node<'_>) -> Self {
        Self {
            id: node.string("id"),
            parent: node.string("l"),
            name: node.string("name"),
            view: node.string("view"),
            uuid: node.string("uuid"),
            items: node.amount("n"),
            bytes: node.amount("s"),
            next: node.amount("i4next"),
            flags: node.string("f"),
            url: node.string("url"),
        }
    }
}

/// A new folder. One of that name that is there already is the answer.
pub(crate) struct CreateFolder {
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) view: &'static str,
    pub(crate) flags: &'static str,
}

impl Operation for CreateFolder {
    const NAME: &'static str = "CreateFolder";
    type Answer = Option<FolderData>;

    fn write(&self) -> Map<String, Value> {
        let mut folder = json!({ "l": self.parent, "name": self.name, "fie": "1" });
        if !self.view.is_empty() {
            folder["view"] = self.view.into();
        }
        if !self.flags.is_empty() {
            folder["f"] = self.flags.into();
        }
        fields(json!({ "folder": folder }))
    }

    fn read(&self, answer: Node<'_>) -> Result<Self::Answer> {
        Ok(answer.child("folder").map(FolderData::read))
    }
}

/// Changes one thing about a folder.
pub(crate) struct FolderAction {
    pub(crate) id: String,
    /// `check`, `update`: what to do.
    pub(crate) op: &'static str,
    pub(crate) flags: Option<String>,
}

impl Operation for FolderAction {
    const NAME: &'static str = "FolderAction";
    type Answer = ();

    fn write(&self) -> Map<String, Value> {
        let mut action = json!({ "id": self.id, "op": self.op });
        if let Some(flags) = &self.flags {
            action["f"] = flags.as_str().into();
        }
        fields(json!({ "action": action }))
    }

    fn read(&self, _: Node<'_>) -> Result<()> {
        Ok(())
    }
}
