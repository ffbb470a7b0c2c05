//! Folders, calendars and lists: each sort has an interface of its own.

use serde::Deserialize;
use serde_json::{Value, json};

use super::ask::{Ask, Path};
use super::page::{Page, or_default};
use super::property::{self, Property, PropertyValue};

/// How many folders a page shall have.
const PAGE: &str = "100";

/// A folder of any sort.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FolderData {
    pub(crate) id: String,
    /// Its name, whatever its sort calls it.
    #[serde(alias = "name")]
    pub(crate) display_name: String,
    pub(crate) parent_folder_id: Option<String>,
    pub(crate) child_folder_count: Option<u64>,
    pub(crate) total_item_count: Option<u64>,
    pub(crate) is_hidden: Option<bool>,
    /// Of a calendar: whose it is.
    pub(crate) owner: Option<Owner>,
    pub(crate) is_default_calendar: Option<bool>,
    /// Of a list of tasks: `defaultList`, `flaggedEmails`, `none`.
    pub(crate) wellknown_list_name: Option<String>,
    pub(crate) is_owner: Option<bool>,
    /// The class, where folders of all sorts are told.
    #[serde(rename = "type")]
    pub(crate) class: Option<String>,
    #[serde(rename = "@odata.type")]
    pub(crate) odata_type: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) single_value_extended_properties: Vec<PropertyValue>,
}

/// Whose a calendar is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Owner {
    pub(crate) address: Option<String>,
}

/// A page of folders.
pub(crate) type Folders = Page<FolderData>;

impl FolderData {
    /// The bytes of its items.
    pub(crate) fn bytes(&self) -> Option<u64> {
        property::find(&self.single_value_extended_properties, Property::FolderSize)?.trim().parse().ok()
    }

    /// Whether it shows what stands in other folders.
    pub(crate) fn is_search(&self) -> bool {
        self.odata_type.as_deref().is_some_and(|kind| kind.ends_with("mailSearchFolder"))
    }
}

fn listed(path: &Path) -> Path {
    let path = path.with("includeHiddenFolders", "true").with("$top", PAGE);
    path.with("$expand", &property::expand(&[Property::FolderSize]))
}

/// The mail folders at the top, hidden ones included.
pub(crate) fn mail_folders(user: &Path) -> Ask {
    Ask::get("mail folders", &listed(&user.to("mailFolders")))
}

/// The mail folders directly below one.
pub(crate) fn mail_folders_below(user: &Path, id: &str) -> Ask {
    Ask::get("mail folders", &listed(&user.to("mailFolders").to(id).to("childFolders")))
}

/// One mail folder, by its id or by what it is for.
pub(crate) fn mail_folder(user: &Path, id: &str) -> Ask {
    let path = user.to("mailFolders").to(id).with("$select", "id,displayName,parentFolderId,totalItemCount,isHidden");
    Ask::get("mail folder", &path)
}

/// A new mail folder, at the top when there is no parent.
pub(crate) fn new_mail_folder(user: &Path, parent: Option<&str>, name: &str, hidden: bool) -> Ask {
    let top = user.to("mailFolders");
    let path = parent.map_or(top.clone(), |parent| top.to(parent).to("childFolders"));
    Ask::post("create mail folder", &path, json!({ "displayName": name, "isHidden": hidden }))
}

/// The contact folders beside the default one.
pub(crate) fn contact_folders(user: &Path) -> Ask {
    Ask::get("contact folders", &user.to("contactFolders").with("$top", PAGE))
}

/// The contact folders directly below one.
pub(crate) fn contact_folders_below(user: &Path, id: &str) -> Ask {
    Ask::get("contact folders", &user.to("contactFolders").to(id).to("childFolders").with("$top", PAGE))
}

/// The default contact folder.
pub(crate) fn default_contacts(user: &Path) -> Ask {
    Ask::get("default contacts", &user.to("contactFolders").to("contacts"))
}

/// A new contact folder, beside the default one when there is no parent.
pub(crate) fn new_contact_folder(user: &Path, parent: Option<&str>, name: &str) -> Ask {
    let top = user.to("contactFolders");
    let path = parent.map_or(top.clone(), |parent| top.to(parent).to("childFolders"));
    Ask::post("create contact folder", &path, json!({ "displayName": name }))
}

/// Every calendar.
pub(crate) fn calendars(user: &Path) -> Ask {
    Ask::get("calendars", &user.to("calendars").with("$top", PAGE))
}

/// A new calendar.
pub(crate) fn new_calendar(user: &Path, name: &str) -> Ask {
    Ask::post("create calendar", &user.to("calendars"), json!({ "name": name }))
}

/// Every list of tasks.
pub(crate) fn task_lists(user: &Path) -> Ask {
    Ask::get("task lists", &user.to("todo").to("lists").with("$top", PAGE))
}

/// A new list of tasks.
pub(crate) fn new_task_list(user: &Path, name: &str) -> Ask {
    Ask::post("create task list", &user.to("todo").to("lists"), json!({ "displayName": name }))
}

/// The mailbox's name in the import and export API.
pub(crate) fn exchange_settings(user: &Path) -> Ask {
    Ask::get("exchange settings", &user.to("settings").to("exchange"))
}

/// What [`exchange_settings`] answers with.
pub(crate) fn primary_mailbox(answer: &Value) -> Option<String> {
    answer["primaryMailboxId"].as_str().map(str::to_owned)
}
