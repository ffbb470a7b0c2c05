//! The right of an administrator to open a mailbox: asked for and taken away, on the administrators' port.

use mailmove_core::Result;
use serde_json::{Map, Value, json};

use super::node::Node;
use super::soap::{ADMIN, Operation, fields};

/// The right without which nobody opens another's mailbox.
pub(crate) const LOGIN_AS: &str = "adminLoginAs";

/// Which rights the administrator was granted at this account.
pub(crate) struct GetGrants {
    pub(crate) account: String,
    pub(crate) administrator: String,
}

impl Operation for GetGrants {
    const NAME: &'static str = "GetGrants";
    const NAMESPACE: &'static str = ADMIN;
    /// Names of rights.
    type Answer = Vec<String>;

    fn write(&self) -> Map<String, Value> {
        fields(json!({
            "target": { "type": "account", "by": "name", "_content": self.account },
            "grantee": { "type": "usr", "by": "name", "all": "0", "_content": self.administrator },
        }))
    }

    fn read(&self, answer: Node<'_>) -> Result<Self::Answer> {
        let rights = answer.children("grant").filter_map(|grant| grant.child_text("right"));
        Ok(rights.map(std::borrow::Cow::into_owned).collect())
    }
}

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

/// Whether the right holds, from wherever it comes.
pub(crate) struct CheckRight {
    pub(crate) account: String,
    pub(crate) administrator: String,
}

impl Operation for CheckRight {
    const NAME: &'static str = "CheckRight";
    const NAMESPACE: &'static str = ADMIN;
    type Answer = bool;

    fn write(&self) -> Map<String, Value> {
        fields(json!({
            "target": { "type": "account", "by": "name", "_content": self.account },
            "grantee": { "type": "usr", "by": "name", "_content": self.administrator },
            "right": { "_content": LOGIN_AS },
        }))
    }

    fn read(&self, answer: Node<'_>) -> Result<bool> {
        Ok(answer.is("allow"))
    }
}
