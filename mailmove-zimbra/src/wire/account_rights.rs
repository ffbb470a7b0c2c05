//! The right of an administrator to open a mailbox: taken away, on the administrators' port.

use mailmove_core::Result;
use serde_json::{Map, Value, json};

use super::node::Node;
use super::soap::{ADMIN, Operation, fields};

/// The right without which nobody opens another's mailbox.
pub(crate) const LOGIN_AS: &str = "adminLoginAs";

/// Takes the right away.
pub(crate) struct RevokeRight {
    pub(crate) account: String,
    pub(crate) administrator: String,
}

impl Operation for RevokeRight {
    const NAME: &'static str = "RevokeRight";
    const NAMESPACE: &'static str = ADMIN;
    type Answer = ();

    fn write(&self) -> Map<String, Value> {
        fields(json!({
            "target": { "type": "account", "by": "name", "_content": self.account },
            "grantee": { "type": "usr", "by": "name", "_content": self.administrator },
            "right": { "_content": LOGIN_AS },
        }))
    }

    fn read(&self, _: Node<'_>) -> Result<()> {
        Ok(())
    }
}
