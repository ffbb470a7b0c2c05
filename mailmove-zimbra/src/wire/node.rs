//! JSON as Zimbra writes it, read without insisting on how.
//!
//! An attribute is a text, a number or a truth value depending on the release; what may repeat is an array, and what may
//! not is an object in some places and an array of one in others.

use std::borrow::Cow;

use serde_json::Value;

/// An element of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'a>(&'a Value);

impl<'a> Node<'a> {
    pub(crate) fn new(value: &'a Value) -> Self {
        Self(value)
    }

    /// The text of an attribute, whatever its type.
    pub(crate) fn text(self, name: &str) -> Option<Cow<'a, str>> {
        scalar(self.0.get(name)?)
    }

    /// The same, owned; empty when it is missing.
    pub(crate) fn string(self, name: &str) -> String {
        self.text(name).unwrap_or_default().into_owned()
    }

    /// An attribute as a whole number.
    pub(crate) fn number(self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// An attribute as an amount: what is negative is none.
    pub(crate) fn amount(self, name: &str) -> Option<u64> {
        self.number(name).and_then(|number| u64::try_from(number).ok())
    }

    /// Whether an attribute is set.
    pub(crate) fn is(self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(truth)) => *truth,
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            Some(Value::String(text)) => matches!(text.as_str(), "1" | "true" | "TRUE"),
            _ => false,
        }
    }

    /// The elements of this name.
    pub(crate) fn children(self, name: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let all = match self.0.get(name) {
            Some(Value::Array(many)) => many.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        all.iter().map(Node)
    }

    /// The first element of this name.
    pub(crate) fn child(self, name: &str) -> Option<Node<'a>> {
        self.children(name).next()
    }

    /// The text between the tags.
    pub(crate) fn content(self) -> Option<Cow<'a, str>> {
        match self.0 {
            Value::Object(fields) => scalar(fields.get("_content")?),
            plain => scalar(plain),
        }
    }

    /// The text of the first element of this name.
    pub(crate) fn child_text(self, name: &str) -> Option<Cow<'a, str>> {
        self.child(name)?.content()
    }

    /// Pairs of name and value below `_attrs`, one for each value.
    pub(crate) fn attributes(self) -> Vec<(String, String)> {
        let Some(Value::Object(fields)) = self.0.get("_attrs") else { return Vec::new() };
        let mut pairs = Vec::new();
        for (name, value) in fields {
            match value {
                Value::Array(many) => {
                    pairs.extend(many.iter().filter_map(|one| Some((name.clone(), Node(one).content()?.into_owned()))));
                }
                one => pairs.extend(Node(one).content().map(|text| (name.clone(), text.into_owned()))),
            }
        }
        pairs
    }
}

fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(truth) => Some(Cow::Borrowed(if *truth { "1" } else { "0" })),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_do_not_matter() {
        let value = json!({ "id": "257", "s": 12, "n": "7", "more": true, "sync": "1", "t": [{ "_content": "a" }] });
        let node = Node::new(&value);
        assert_eq!((node.string("id"), node.string("s"), node.number("n")), ("257".into(), "12".into(), Some(7)));
        assert!(node.is("more") && node.is("sync") && !node.is("id") && !node.is("none"));
        assert_eq!(node.child_text("t").as_deref(), Some("a"));
        let one = json!({ "t": { "_content": "a" }, "plain": "b" });
        assert_eq!(Node::new(&one).child_text("t").as_deref(), Some("a"));
        assert_eq!(Node::new(&one).child_text("plain").as_deref(), Some("b"));
    }

    #[test]
    fn repeated_attributes_are_pairs() {
        let value = json!({ "_attrs": { "a": "1", "b": ["2", { "_content": "3" }] } });
        let pairs = Node::new(&value).attributes();
        assert_eq!(pairs, [("a".into(), "1".into()), ("b".into(), "2".into()), ("b".into(), "3".into())]);
    }
}
