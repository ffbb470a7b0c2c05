//! The protocol without I/O: one operation per file, its request written in the order of the schema, its answer read
//! event by event.

mod base64;
pub(crate) mod create_folder;
pub(crate) mod create_item;
pub(crate) mod delete_item;
pub(crate) mod envelope;
pub(crate) mod export_items;
pub(crate) mod find_changed;
pub(crate) mod find_folder;
pub(crate) mod find_item;
pub(crate) mod folder;
pub(crate) mod get_folder;
pub(crate) mod get_item;
pub(crate) mod ids;
pub(crate) mod item;
pub(crate) mod move_item;
pub(crate) mod property;
mod sanitize;
pub(crate) mod shape;
pub(crate) mod sync_folder_items;
pub(crate) mod tree;
pub(crate) mod update_item;
pub(crate) mod upload_items;
pub(crate) mod version;
pub(crate) mod writer;
pub(crate) mod xml;

#[cfg(test)]
mod tests;
