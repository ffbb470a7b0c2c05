use mailmove_core::Result;
use serde_json::{Map, Value, json};

use super::node::Node;
use super::soap::{ACCOUNT, Operation, fields};

/// Sets preferences. An empty value takes one away.
pub(crate) struct ModifyPrefs {
    pub(crate) preferences: Vec<(&'static str, String)>,
}

impl Operation for ModifyPrefs {
    const NAME: &'static str = "ModifyPrefs";
    const NAMESPACE: &'static str = ACCOUNT;
    type Answer = ();

    fn write(&self) -> Map<String, Value> {
        let one = |(name, value): &(&str, String)| json!({ "name": name, "_content": value });
        fields(json!({ "pref": self.preferences.iter().map(one).collect::<Vec<_>>() }))
    }

    fn read(&self, _: Node<'_>) -> Result<()> {
        Ok(())
    }
}
