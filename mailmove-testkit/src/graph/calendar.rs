//! Events as clients see them.

use serde_json::{Value, json};

use super::call::{Call, Entity};
use super::state::Item;

/// An event's own properties.
pub(crate) fn show(_call: &Call<'_>, item: &Item, out: &mut Entity) {
    out.extend(item.fields.iter().map(|(name, value): (&String, &Value)| (name.clone(), value.clone())));
    out.entry("attendees").or_insert_with(|| json!([]));
}
