//! Contacts and groups: all their attributes, in and out.

use mailmove_core::Result;
use serde_json::{Map, Value, json};

use super::get_msg_metadata::join;
use super::item::{ItemData, Sort};
use super::node::Node;
use super::soap::{Operation, fields};
use super::tag::Labels;

/// Contacts with their attributes. Where all are asked for, members of groups that are references come with the contact
/// or the entry of the directory that they name.
pub(crate) struct GetContacts {
    pub(crate) ids: Vec<u64>,
    /// Only these attributes; none: all.
    pub(crate) attributes: &'static [&'static str],
}

impl Operation for GetContacts {
    const NAME: &'static str = "GetContacts";
    type Answer = Vec<ItemData>;

    fn write(&self) -> Map<String, Value> {
        let mut request = fields(json!({ "sync": "1", "cn": [{ "id": join(&self.ids) }] }));
        let names: Vec<Value> = self.attributes.iter().map(|name| json!({ "n": name })).collect();
        if names.is_empty() {
            request.insert("returnHiddenAttrs".to_owned(), "1".into());
            request.insert("derefGroupMember".to_owned(), "1".into());
        } else {
            request.insert("a".to_owned(), names.into());
        }
        request
    }

    fn read(&self, answer: Node<'_>) -> Result<Self::Answer> {
        Ok(answer.children("cn").filter_map(|node| ItemData::read(node, Sort::Contact)).collect())
    }
}

/// A contact in the making.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NewContact {
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) members: Vec<(String, String)>,
}

impl NewContact {
    fn write(&self, into: &mut Value) {
        let attribute = |(name, value): &(String, String)| json!({ "n": name, "_content": value });
        into["a"] = self.attributes.iter().map(attribute).collect::<Vec<_>>().into();
        if !self.members.is_empty() {
            let member = |(sort, value): &(String, String)| json!({ "type": sort, "value": value });
            into["m"] = self.members.iter().map(member).collect::<Vec<_>>().into();
        }
    }
}

/// A new contact.
pub(crate) struct CreateContact {
    pub(crate) folder: String,
    pub(crate) tags: Labels,
    pub(crate) contact: NewContact,
}

impl Operation for CreateContact {
    const NAME: &'static str = "CreateContact";
    type Answer = Option<ItemData>;

    fn write(&self) -> Map<String, Value> {
        let mut contact = json!({ "l": self.folder });
        self.tags.write(&mut contact);
        self.contact.write(&mut contact);
        fields(json!({ "verbose": "0", "cn": contact }))
    }

    fn read(&self, answer: Node<'_>) -> Result<Self::Answer> {
        Ok(answer.child("cn").and_then(|node| ItemData::read(node, Sort::Contact)))
    }
}

/// Puts other attributes in the place of all that a contact has.
pub(crate) struct ReplaceContact {
    pub(crate) id: u64,
    pub(crate) contact: NewContact,
}

impl Operation for ReplaceContact {
    const NAME: &'static str = "ModifyContact";
    type Answer = ();

    fn write(&self) -> Map<String, Value> {
        let mut contact = json!({ "id": self.id.to_string() });
        self.contact.write(&mut contact);
        fields(json!({ "replace": "1", "verbose": "0", "cn": contact }))
    }

    fn read(&self, _: Node<'_>) -> Result<()> {
        Ok(())
    }
}
