//! Pages of collections, and of what changed in them.

use serde::{Deserialize, Deserializer};

/// A page of a collection.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) value: Vec<T>,
    /// Where it goes on now.
    #[serde(rename = "@odata.nextLink")]
    pub(crate) next: Option<String>,
    /// Where it goes on when something has changed.
    #[serde(rename = "@odata.deltaLink")]
    pub(crate) delta: Option<String>,
}

/// Why an entry of a delta is no entry any more.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Removed {}

/// A field that is absent, or null, is its default.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
