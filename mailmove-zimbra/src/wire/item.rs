use time::OffsetDateTime;

use super::node::Node;

/// The sorts of items that travel, by the names that requests and answers have for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Sort {
    Message,
    Contact,
    Appointment,
    Task,
}

impl Sort {
    pub(crate) const ALL: [Sort; 4] = [Sort::Message, Sort::Contact, Sort::Appointment, Sort::Task];

    /// The element that stands for one.
    pub(crate) fn element(self) -> &'static str {
        match self {
            Sort::Message => "m",
            Sort::Contact => "cn",
            Sort::Appointment => "appt",
            Sort::Task => "task",
        }
    }
}

/// An item as answers describe it, without its content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ItemData {
    pub(crate) id: u64,
    pub(crate) sort: Option<Sort>,
    pub(crate) folder: String,
    /// Letters, see [`map::flags`](crate::map::flags).
    pub(crate) flags: String,
    /// Names of tags, as requests have them: separated by commas.
    pub(crate) tags: String,
    /// Numbers of tags, where there are no names yet.
    pub(crate) tag_ids: String,
    /// Bytes.
    pub(crate) size: Option<u64>,
    /// When a message was received; of other things, when they changed last.
    pub(crate) date: Option<OffsetDateTime>,
    pub(crate) changed: Option<OffsetDateTime>,
    /// Grows with the content, not with flags, tags and folder.
    pub(crate) revision: Option<u64>,
    /// Of appointments and tasks.
    pub(crate) uid: Option<String>,
    /// When it begins.
    pub(crate) begins: Option<OffsetDateTime>,
    /// Attributes of a contact, in the order in which the server tells them.
    pub(crate) attributes: Vec<(String, String)>,
    /// Members of a group.
    pub(crate) members: Vec<Member>,
    /// The server does not say all of this: it is to be asked for.
    pub(crate) partial: bool,
}

/// A member of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Member {
    /// An address where the member is inline; the id of a contact or the name of an entry of the directory where it is
    /// a reference.
    pub(crate) value: String,
    /// Attributes of what a reference names; none for members inline, and for references to what is not there.
    pub(crate) attributes: Vec<(String, String)>,
}

impl Member {
    fn read(node: Node<'_>) -> Self {
        Self { value: node.string("value"), attributes: node.child("cn").map(attributes).unwrap_or_default() }
    }
}

impl ItemData {
    /// `None`, when it has no id of this mailbox.
    pub(crate) fn read(node: Node<'_>, sort: Sort) -> Option<Self> {
        let id = node.amount("id")?;
        let instance = node.child("inv").and_then(|invite| invite.child("comp"));
        let starts = instance.and_then(|instance| instance.child("s")).and_then(|start| start.number("u"));
        Some(Self {
            id,
            sort: Some(sort),
            folder: node.string("l"),
            flags: node.string("f"),
            tags: node.string("tn"),
            tag_ids: node.string("t"),
            size: node.amount("s"),
            date: node.number("d").and_then(millis),
            changed: node.number("md").and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok()),
            revision: node.amount("rev"),
            uid: node.text("uid").map(std::borrow::Cow::into_owned).filter(|uid| !uid.is_empty()),
            begins: starts.and_then(millis),
            attributes: attributes(node),
            members: node.children("m").map(Member::read).collect(),
            partial: false,
        })
    }

    /// The first attribute of this name.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Attributes in either form.
fn attributes(node: Node<'_>) -> Vec<(String, String)> {
    let attributes = node.attributes();
    if attributes.is_empty() { named(node) } else { attributes }
}

/// Attributes that are elements with a name.
fn named(node: Node<'_>) -> Vec<(String, String)> {
    let pair = |one: Node<'_>| Some((one.text("n")?.into_owned(), one.content().unwrap_or_default().into_owned()));
    node.children("a").filter_map(pair).collect()
}

/// A moment in milliseconds since 1970.
pub(crate) fn millis(at: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_is_read_from_either_form_of_its_attributes() {
        let one = json!({ "id": "300", "l": "7", "rev": 12, "_attrs": { "email": "a@x" } });
        let two = json!({ "id": 300, "l": 7, "rev": "12", "a": [{ "n": "email", "_content": "a@x" }] });
        let read = |value| ItemData::read(Node::new(value), Sort::Contact).unwrap();
        assert_eq!(read(&one), read(&two));
        assert_eq!((read(&one).attribute("email"), read(&one).revision), (Some("a@x"), Some(12)));
        assert_eq!(ItemData::read(Node::new(&json!({ "id": "other-account:300" })), Sort::Message), None);
    }

    #[test]
    fn a_member_comes_with_what_it_names() {
        let entry = json!({ "id": "uid=bob,ou=people,dc=x", "_attrs": { "email": ["bob@x", "b@x"] } });
        let value = json!({ "id": "300", "m": [
            { "type": "I", "value": "a@x" },
            { "type": "G", "value": "uid=bob,ou=people,dc=x", "cn": [entry] },
        ] });
        let members = ItemData::read(Node::new(&value), Sort::Contact).unwrap().members;
        assert_eq!(members[0], Member { value: "a@x".to_owned(), attributes: Vec::new() });
        assert_eq!(members[1].attributes[0], ("email".to_owned(), "bob@x".to_owned()));
    }
}
