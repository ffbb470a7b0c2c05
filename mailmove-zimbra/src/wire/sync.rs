use std::collections::BTreeMap;
use std::sync::Arc;

use mailmove_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use super::item::{ItemData, Sort};
use super::node::Node;
use super::soap::{Operation, fields};

/// What changed in the whole mailbox since a token; without one, the ids of everything.
pub(crate) struct Sync {
    pub(crate) token: Option<String>,
    /// How many changes one answer tells at most. Servers cap it at 3,990, old ones do not know it.
    pub(crate) limit: u32,
}

/// See [`Sync`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Synced {
    /// Where to go on.
    pub(crate) token: String,
    /// Whether there is more right now.
    pub(crate) more: bool,
    /// Everything there is, when it began from nothing: each item's sort and folder.
    pub(crate) all: BTreeMap<u64, (Sort, Arc<str>)>,
    /// Documents, notes and what else does not travel, when it began from nothing.
    pub(crate) left_out: u64,
    /// Items that are new or changed. A new one is told by its folder and revision alone.
    pub(crate) changed: Vec<ItemData>,
    /// Items that are gone, and folders and tags as well: they share one row of numbers.
    pub(crate) gone: Vec<u64>,
}

impl Operation for Sync {
    const NAME: &'static str = "Sync";
    type Answer = Synced;

    fn write(&self) -> Map<String, Value> {
        let mut request = fields(json!({ "typed": "1", "changeLimit": self.limit, "deleteLimit": self.limit }));
        if let Some(token) = &self.token {
            request.insert("token".to_owned(), token.as_str().into());
        }
        request
    }

    fn read(&self, answer: Node<'_>) -> Result<Synced> {
        let token = answer.text("token").filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| Error::new(ErrorKind::Protocol, "the server does not say how far it told"))?;
        let mut synced = Synced { token: token.into_owned(), more: answer.is("more"), ..Synced::default() };
        if self.token.is_none() {
            list(answer, &mut synced)?;
            return Ok(synced);
        }
        for sort in Sort::ALL {
            let partial = |mut item: ItemData| {
                item.partial = true;
                item
            };
            let items = answer.children(sort.element()).filter_map(|node| ItemData::read(node, sort));
            synced.changed.extend(items.map(partial));
        }
        for deleted in answer.children("deleted") {
            ids(deleted, &mut synced.gone)?;
            for kind in Sort::ALL {
                deleted.children(kind.element()).try_for_each(|typed| ids(typed, &mut synced.gone))?;
            }
        }
        synced.gone.sort_unstable();
        synced.gone.dedup();
        Ok(synced)
    }
}

fn list(node: Node<'_>, synced: &mut Synced) -> Result<()> {
    for folder in node.children("folder") {
        let id: Arc<str> = folder.string("id").into();
        for sort in Sort::ALL {
            let mut found = Vec::new();
            folder.children(sort.element()).try_for_each(|list| ids(list, &mut found))?;
            synced.all.extend(found.into_iter().map(|item| (item, (sort, id.clone()))));
        }
        for other in ["doc", "w", "note", "notes", "chat"] {
            let mut found = Vec::new();
            folder.children(other).try_for_each(|list| ids(list, &mut found))?;
            synced.left_out += found.len() as u64;
        }
        list(folder, synced)?;
    }
    Ok(())
}

fn ids(node: Node<'_>, into: &mut Vec<u64>) -> Result<()> {
    let text = node.text("ids").unwrap_or_default();
    for id in text.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        // What belongs to another mailbox is named with its account.
        if id.contains(':') {
            continue;
        }
        into.push(id.parse().map_err(|_| Error::new(ErrorKind::Protocol, "an id is no number").with("id", id))?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_answer_names_every_item_and_counts_what_does_not_travel() {
        let answer = json!({ "token": 540, "folder": [{ "id": "11", "folder": [{ "id": "1", "folder": [
            { "id": "2", "m": [{ "ids": "300,257" }] },
            { "id": "10", "appt": [{ "ids": "301" }] },
            { "id": "16", "doc": [{ "ids": "302,303" }] },
        ] }] }] });
        let synced = Sync { token: None, limit: 10 }.read(Node::new(&answer)).unwrap();
        assert_eq!(synced.token, "540");
        let all: Vec<(u64, Sort, &str)> =
            synced.all.iter().map(|(id, (sort, folder))| (*id, *sort, &**folder)).collect();
        let expected = [(257, Sort::Message, "2"), (300, Sort::Message, "2"), (301, Sort::Appointment, "10")];
        assert_eq!((all.as_slice(), synced.left_out), (expected.as_slice(), 2));
    }

    #[test]
    fn later_answers_tell_what_changed_and_what_is_gone() {
        let answer = json!({ "token": "541-3:d5", "more": true,
            "deleted": [{ "ids": "257,258", "m": [{ "ids": "257" }], "cn": [{ "ids": "258" }] }],
            "m": [{ "id": "300", "l": "2", "f": "u", "rev": 5 }] });
        let synced = Sync { token: Some("540".into()), limit: 10 }.read(Node::new(&answer)).unwrap();
        assert_eq!((synced.gone.as_slice(), synced.more), ([257, 258].as_slice(), true));
        assert!(synced.changed[0].partial && synced.changed[0].id == 300);
    }

    #[test]
    fn an_answer_without_a_token_is_not_believed() {
        let answer = json!({ "folder": [] });
        assert!(Sync { token: None, limit: 10 }.read(Node::new(&answer)).is_err());
    }
}
