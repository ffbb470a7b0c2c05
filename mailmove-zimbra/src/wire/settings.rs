//! What surrounds a mailbox and does not travel: only counted.

use mailmove_core::Result;
use serde_json::{Map, Value};

use super::node::Node;
use super::soap::Operation;

/// How many filters run over what comes in.
pub(crate) struct GetFilterRules;

/// How many filters run over what goes out. From 8.0 on.
pub(crate) struct GetOutgoingFilterRules;

impl Operation for GetFilterRules {
    const NAME: &'static str = "GetFilterRules";
    type Answer = usize;

    fn write(&self) -> Map<String, Value> {
        Map::new()
    }

    fn read(&self, answer: Node<'_>) -> Result<usize> {
        Ok(rules(answer))
    }
}

impl Operation for GetOutgoingFilterRules {
    const NAME: &'static str = "GetOutgoingFilterRules";
    type Answer = usize;

    fn write(&self) -> Map<String, Value> {
        Map::new()
    }

    fn read(&self, answer: Node<'_>) -> Result<usize> {
        Ok(rules(answer))
    }
}

fn rules(answer: Node<'_>) -> usize {
    answer.child("filterRules").map_or(0, |rules| rules.children("filterRule").count())
}
