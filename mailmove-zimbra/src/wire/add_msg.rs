use mailmove_core::Result;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::item::{ItemData, Sort};
use super::node::Node;
use super::soap::{Operation, fields};
use super::tag::Labels;

/// Stores a message as it is: nobody is told, no filter runs, and an invitation in it makes no appointment.
#[derive(Debug, Clone)]
pub(crate) struct AddMsg {
    pub(crate) folder: String,
    pub(crate) flags: String,
    pub(crate) tags: Labels,
    pub(crate) received: Option<OffsetDateTime>,
    pub(crate) content: Content,
}

/// Where the message is.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// In the request. The server turns bare line feeds into line ends.
    Inline(String),
    /// Uploaded before, under this name.
    Uploaded(String),
}

impl Operation for AddMsg {
    const NAME: &'static str = "AddMsg";
    type Answer = Option<ItemData>;

    fn write(&self) -> Map<String, Value> {
        let mut message = json!({ "l": self.folder, "f": self.flags, "noICal": "1" });
        self.tags.write(&mut message);
        if let Some(received) = self.received {
            message["d"] = milliseconds(received).to_string().into();
        }
        match &self.content {
            Content::Inline(text) => message["content"] = json!({ "_content": text }),
            Content::Uploaded(name) => message["aid"] = name.as_str().into(),
        }
        fields(json!({ "filterSent": "0", "m": message }))
    }

    fn read(&self, answer: Node<'_>) -> Result<Self::Answer> {
        Ok(answer.child("m").and_then(|node| ItemData::read(node, Sort::Message)))
    }
}

fn milliseconds(when: OffsetDateTime) -> i64 {
    i64::try_from(when.unix_timestamp_nanos() / 1_000_000).unwrap_or_default()
}
