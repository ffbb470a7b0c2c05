use mailmove_core::Result;
use serde_json::{Map, Value, json};

use super::get_msg_metadata::join;
use super::node::Node;
use super::soap::{Operation, fields};
use super::tag::Labels;

/// Does the same to many items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemAction {
    pub(crate) ids: Vec<u64>,
    pub(crate) act: Act,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Act {
    Read(bool),
    Flag(bool),
    /// Sets or clears one tag.
    Tag(Labels, bool),
    /// Sets all letters at once.
    Letters(String),
    /// Into the folder of this id.
    Move(String),
    /// For good, not into the trash.
    Delete,
}

impl Operation for ItemAction {
    const NAME: &'static str = "ItemAction";
    type Answer = ();

    fn write(&self) -> Map<String, Value> {
        let mut action = json!({ "id": join(&self.ids), "op": self.act.name() });
        match &self.act {
            Act::Tag(tag, _) => tag.act(&mut action),
            Act::Letters(letters) => action["f"] = letters.as_str().into(),
            Act::Move(folder) => action["l"] = folder.as_str().into(),
            Act::Read(_) | Act::Flag(_) | Act::Delete => {}
        }
        fields(json!({ "action": action }))
    }

    fn read(&self, _: Node<'_>) -> Result<()> {
        Ok(())
    }
}

impl Act {
    fn name(&self) -> &'static str {
        match self {
            Act::Read(true) => "read",
            Act::Read(false) => "!read",
            Act::Flag(true) => "flag",
            Act::Flag(false) => "!flag",
            Act::Tag(_, true) => "tag",
            Act::Tag(_, false) => "!tag",
            Act::Letters(_) => "update",
            Act::Move(_) => "move",
            Act::Delete => "delete",
        }
    }
}
