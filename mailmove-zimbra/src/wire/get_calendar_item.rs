use mailmove_core::Result;
use serde_json::{Map, Value, json};

use super::item::{ItemData, Sort};
use super::node::Node;
use super::soap::{Operation, fields};

/// Which one is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum By {
    Id(u64),
    /// Wherever in the mailbox it is.
    Uid(String),
}

impl By {
    fn write(&self) -> Map<String, Value> {
        fields(match self {
            By::Id(id) => json!({ "id": id.to_string(), "sync": "1" }),
            By::Uid(uid) => json!({ "uid": uid, "sync": "1" }),
        })
    }
}

/// An appointment.
pub(crate) struct GetAppointment(pub(crate) By);

/// A task.
pub(crate) struct GetTask(pub(crate) By);

impl Operation for GetAppointment {
    const NAME: &'static str = "GetAppointment";
    type Answer = Option<ItemData>;

    fn write(&self) -> Map<String, Value> {
        self.0.write()
    }

    fn read(&self, answer: Node<'_>) -> Result<Self::Answer> {
        Ok(answer.child("appt").and_then(|node| ItemData::read(node, Sort::Appointment)))
    }
}

impl Operation for GetTask {
    const NAME: &'static str = "GetTask";
    type Answer = Option<ItemData>;

    fn write(&self) -> Map<String, Value> {
        self.0.write()
    }

    fn read(&self, answer: Node<'_>) -> Result<Self::Answer> {
        Ok(answer.child("task").and_then(|node| ItemData::read(node, Sort::Task)))
    }
}
