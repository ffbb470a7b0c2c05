use mailmove_core::Result;
use serde_json::{Map, Value, json};

use super::auth::{Granted, granted};
use super::node::Node;
use super::soap::{ADMIN, Operation, fields};

/// A token of a mailbox for an administrator. Wants the right `adminLoginAs`; no second factor is asked for.
///
/// The lifetime that the answer names is the one that was asked for, not the one that was given.
pub(crate) struct DelegateAuth {
    pub(crate) account: String,
    /// How long it shall be good, in seconds.
    pub(crate) duration: u32,
}

impl Operation for DelegateAuth {
    const NAME: &'static str = "DelegateAuth";
    const NAMESPACE: &'static str = ADMIN;
    type Answer = Granted;

    fn write(&self) -> Map<String, Value> {
        let account = json!({ "by": "name", "_content": self.account });
        fields(json!({ "duration": self.duration, "account": account }))
    }

    fn read(&self, answer: Node<'_>) -> Result<Granted> {
        granted(answer)
    }
}
