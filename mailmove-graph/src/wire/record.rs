//! Entries that are read by their fields: contacts, events, tasks.

use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;

use super::message::moment;
use super::property::{self, Property, PropertyValue};

/// An entry, as far as it was asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Record(pub(crate) Value);

impl Record {
    pub(crate) fn id(&self) -> &str {
        self.text("id").unwrap_or_default()
    }

    /// A field that is text, when there is something in it.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0[name].as_str().filter(|text| !text.is_empty())
    }

    /// The texts in a field.
    pub(crate) fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0[name].as_array().into_iter().flatten().filter_map(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The entries in a field.
    pub(crate) fn records(&self, name: &str) -> impl Iterator<Item = Record> {
        self.0[name].as_array().into_iter().flatten().cloned().map(Record)
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.0[name] == Value::Bool(true)
    }

    pub(crate) fn when(&self, name: &str) -> Option<OffsetDateTime> {
        moment(self.text(name)?)
    }

    pub(crate) fn categories(&self) -> Vec<String> {
        self.texts("categories").map(str::to_owned).collect()
    }

    pub(crate) fn property(&self, wanted: Property) -> Option<String> {
        let values: Vec<PropertyValue> =
            serde_json::from_value(self.0["singleValueExtendedProperties"].clone()).ok()?;
        property::find(&values, wanted).map(str::to_owned)
    }

    /// What a condition on its version names.
    pub(crate) fn etag(&self) -> Option<String> {
        self.text("@odata.etag").map(str::to_owned)
    }

    /// The server's own name of its version.
    pub(crate) fn version(&self) -> Option<&str> {
        self.text("changeKey").or_else(|| self.text("@odata.etag")).or_else(|| self.text("lastModifiedDateTime"))
    }

    /// Whether it is gone.
    pub(crate) fn is_removed(&self) -> bool {
        self.0.get("@removed").is_some()
    }
}
