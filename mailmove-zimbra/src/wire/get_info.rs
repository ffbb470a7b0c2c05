use mailmove_core::Result;
use serde_json::{Map, Value, json};

use super::node::Node;
use super::soap::{ACCOUNT, Operation, fields};

/// What an account says of itself.
pub(crate) struct GetInfo;

/// See [`GetInfo`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Info {
    /// `10.1.0_GA_4655 20240815 ...`
    pub(crate) version: String,
    pub(crate) id: String,
    /// Bytes in use.
    pub(crate) used: Option<u64>,
    /// The largest upload, in bytes.
    pub(crate) largest_upload: Option<u64>,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) preferences: Vec<(String, String)>,
    pub(crate) identities: usize,
    pub(crate) signatures: usize,
    pub(crate) data_sources: usize,
}

impl Info {
    /// The first attribute of this name.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        first(&self.attributes, name)
    }

    /// An attribute as an amount; what is not above zero is no limit.
    pub(crate) fn limit(&self, name: &str) -> Option<u64> {
        self.attribute(name)?.trim().parse().ok().filter(|amount| *amount > 0)
    }

    /// The first preference of this name.
    pub(crate) fn preference(&self, name: &str) -> Option<&str> {
        first(&self.preferences, name)
    }
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

impl Operation for GetInfo {
    const NAME: &'static str = "GetInfo";
    const NAMESPACE: &'static str = ACCOUNT;
    type Answer = Info;

    fn write(&self) -> Map<String, Value> {
        fields(json!({ "sections": "mbox,attrs,prefs,idents,sigs,dsrcs" }))
    }

    fn read(&self, answer: Node<'_>) -> Result<Info> {
        let text = |name: &str| answer.child_text(name).unwrap_or_default().into_owned();
        let pairs = |name: &str| answer.child(name).map(Node::attributes).unwrap_or_default();
        let count = |of: &str, name: &str| answer.child(of).map_or(0, |all| all.children(name).count());
        let sources = ["imap", "pop3", "caldav", "yab", "rss", "gal", "cal", "unknown"];
        Ok(Info {
            version: text("version"),
            id: text("id"),
            used: answer.child_text("used").and_then(|text| text.parse().ok()),
            largest_upload: answer.amount("attSizeLimit").filter(|most| *most > 0),
            attributes: pairs("attrs"),
            preferences: pairs("prefs"),
            identities: count("identities", "identity"),
            signatures: count("signatures", "signature"),
            data_sources: sources.into_iter().map(|kind| count("dataSources", kind)).sum(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_told_and_zero_is_none() {
        let answer = json!({
            "version": "10.1.0_GA_4655", "name": "ann@example.org", "used": 42, "attSizeLimit": 1000,
            "attrs": { "_attrs": { "zimbraMailQuota": "0", "zimbraMtaMaxMessageSize": "10240000" } },
            "signatures": { "signature": [{}, {}] },
        });
        let info = GetInfo.read(Node::new(&answer)).unwrap();
        assert_eq!((info.limit("zimbraMailQuota"), info.limit("zimbraMtaMaxMessageSize")), (None, Some(10_240_000)));
        assert_eq!((info.used, info.largest_upload, info.signatures), (Some(42), Some(1000), 2));
    }
}
