//! The mailbox as the import and export API shows it: folders of every sort, items of every class.

use serde_json::json;

use super::ask::{Ask, Path};
use super::property::{self, Property};
use super::stream::mailbox;

/// How many entries a page shall have.
const PAGE: usize = 200;

/// By what items are known.
const PROPERTIES: [Property; 4] = [Property::Mark, Property::Uid, Property::MessageId, Property::SearchKey];

fn folders(name: &str) -> Path {
    mailbox(name).to("folders")
}

fn items(name: &str, folder: &str) -> Path {
    folders(name).to(folder).to("items")
}

/// One folder, by its id or by what it is for.
pub(crate) fn folder(name: &str, folder: &str) -> Ask {
    Ask::get("mailbox folder", &folders(name).to(folder))
}

/// Every folder, in no order.
pub(crate) fn tree(name: &str) -> Ask {
    Ask::get("mailbox folders", &folders(name).to("delta")).paged(PAGE)
}

/// A new folder of a class, at the top when there is no parent.
pub(crate) fn new_folder(name: &str, parent: Option<&str>, shown: &str, class: &str) -> Ask {
    let top = folders(name);
    let path = parent.map_or(top.clone(), |parent| top.to(parent).to("childFolders"));
    Ask::post("create mailbox folder", &path, json!({ "displayName": shown, "type": class }))
}

/// What is in a folder, and later what changed in it.
pub(crate) fn list(name: &str, folder: &str) -> Ask {
    Ask::get("item delta", &items(name, folder).to("delta")).paged(PAGE)
}

/// What everything in a folder is known by.
pub(crate) fn known(name: &str, folder: &str) -> Ask {
    let path = items(name, folder).with("$top", "200");
    Ask::get("what is known", &path.with("$expand", &property::expand(&PROPERTIES)))
}

/// One item of a folder.
pub(crate) fn item(name: &str, folder: &str, id: &str) -> Ask {
    Ask::get("item", &items(name, folder).to(id).with("$expand", &property::expand(&PROPERTIES)))
}

/// Removes an item for good.
pub(crate) fn remove(name: &str, folder: &str, id: &str) -> Ask {
    Ask::delete("remove item", &items(name, folder).to(id).with("disposalType", "hardDelete"))
}
