use mailmove_core::Result;
use serde_json::{Map, Value, json};

use super::node::Node;
use super::soap::{Operation, fields};

/// How many hits one answer holds at most, by the server's own bound.
const LIMIT: u32 = 1_000;

/// Messages of a folder that carry one of these Message-IDs, as far as the server's index goes.
pub(crate) struct SearchMessageIds {
    pub(crate) folder: String,
    pub(crate) message_ids: Vec<String>,
}

impl Operation for SearchMessageIds {
    const NAME: &'static str = "Search";
    type Answer = Vec<u64>;

    fn write(&self) -> Map<String, Value> {
        let ids: Vec<String> = self.message_ids.iter().map(|id| format!("msgid:\"{id}\"")).collect();
        let query = format!("inid:{} ({})", self.folder, ids.join(" OR "));
        fields(json!({
            "types": "message", "sortBy": "idAsc", "limit": LIMIT, "resultMode": "IDS", "includeTagDeleted": "1",
            "query": { "_content": query },
        }))
    }

    fn read(&self, answer: Node<'_>) -> Result<Self::Answer> {
        let hits = answer.children("hit").chain(answer.children("m"));
        Ok(hits.filter_map(|hit| hit.amount("id")).collect())
    }
}

/// Whether a search can ask for this Message-ID as it is.
pub(crate) fn can_be_asked(id: &str) -> bool {
    !id.is_empty() && id.len() <= 200 && id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}
