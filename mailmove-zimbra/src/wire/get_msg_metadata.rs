use mailmove_core::Result;
use serde_json::{Map, Value, json};

use super::item::{ItemData, Sort};
use super::node::Node;
use super::soap::{Operation, fields};

/// Messages without their content.
pub(crate) struct GetMsgMetadata {
    pub(crate) ids: Vec<u64>,
}

impl Operation for GetMsgMetadata {
    const NAME: &'static str = "GetMsgMetadata";
    type Answer = Vec<ItemData>;

    fn write(&self) -> Map<String, Value> {
        fields(json!({ "m": { "ids": join(&self.ids) } }))
    }

    fn read(&self, answer: Node<'_>) -> Result<Self::Answer> {
        Ok(answer.children("m").filter_map(|node| ItemData::read(node, Sort::Message)).collect())
    }
}

/// Numbers with commas between them.
pub(crate) fn join(ids: &[u64]) -> String {
    ids.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}
