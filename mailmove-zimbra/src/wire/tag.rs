//! Tags: by their names from 8.0 on, by numbers before.

use mailmove_core::Result;
use serde_json::{Map, Value, json};

use super::node::Node;
use super::soap::{Operation, fields};

/// The tags of an item as a request names them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Labels {
    /// By names, separated by commas.
    Names(String),
    /// By numbers, separated by commas.
    Numbers(String),
}

impl Labels {
    /// Puts them into the element of an item, where there are any.
    pub(super) fn write(&self, into: &mut Value) {
        match self {
            Labels::Names(text) if !text.is_empty() => into["tn"] = text.as_str().into(),
            Labels::Numbers(text) if !text.is_empty() => into["t"] = text.as_str().into(),
            _ => {}
        }
    }

    /// Puts the one that it is into the element of an action.
    pub(super) fn act(&self, into: &mut Value) {
        match self {
            Labels::Names(name) => into["tn"] = name.as_str().into(),
            Labels::Numbers(number) => into["tag"] = number.as_str().into(),
        }
    }
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TagData {
    pub(crate) number: String,
    pub(crate) name: String,
}

impl TagData {
    fn read(tag: Node<'_>) -> Self {
        Self { number: tag.string("id"), name: tag.string("name") }
    }
}

/// Every tag of the mailbox.
pub(crate) struct GetTag;

impl Operation for GetTag {
    const NAME: &'static str = "GetTag";
    type Answer = Vec<TagData>;

    fn write(&self) -> Map<String, Value> {
        Map::new()
    }

    fn read(&self, answer: Node<'_>) -> Result<Self::Answer> {
        Ok(answer.children("tag").map(TagData::read).collect())
    }
}

/// A new tag.
pub(crate) struct CreateTag {
    pub(crate) name: String,
}

impl Operation for CreateTag {
    const NAME: &'static str = "CreateTag";
    type Answer = Option<TagData>;

    fn write(&self) -> Map<String, Value> {
        fields(json!({ "tag": { "name": self.name } }))
    }

    fn read(&self, answer: Node<'_>) -> Result<Self::Answer> {
        Ok(answer.child("tag").map(TagData::read))
    }
}
