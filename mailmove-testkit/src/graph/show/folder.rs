//! Folders.

use serde_json::{Map, Value, json};

use crate::graph::call::{Call, Entity};
use crate::graph::extended::{Id, Name, Property};
use crate::graph::mapi;
use crate::graph::query::{Expand, Filter};
use crate::graph::refusal::Refusal;
use crate::graph::state::{Folder, Mailbox, Purpose, Shape};

/// A folder as the type that is asked for: mailFolder, contactFolder, calendar, todoTaskList, mailboxFolder.
pub(crate) fn folder(call: &Call<'_>, mailbox: &Mailbox, folder: &Folder, kind: &str) -> Result<Entity, Refusal> {
    let mut out = Map::new();
    let mut set = |name: &str, value: Value| {
        out.insert(name.to_owned(), value);
    };
    set("id", mailbox.folder_id(folder.key).into());
    let parent = folder.parent.map_or_else(|| mailbox.folder_id(folder.key), |parent| mailbox.folder_id(parent));
    let items = || mailbox.items_of(folder.key).filter(|item| !item.associated);
    match kind {
        "mailFolder" => {
            set("displayName", folder.name.as_str().into());
            set("parentFolderId", parent.into());
            set("childFolderCount", mail_children(mailbox, folder).into());
            set("unreadItemCount", items().filter(|item| item.shape().is_mail() && !item.read).count().into());
            set("totalItemCount", items().count().into());
            set("isHidden", folder.hidden.into());
            if call.beta {
                set("sizeInBytes", items().map(|item| item.size() as u64).sum::<u64>().into());
                set("wellKnownName", folder.well_known.filter(|known| *known != "root").into());
            }
        }
        "contactFolder" => {
            set("displayName", folder.name.as_str().into());
            set("parentFolderId", parent.into());
        }
        "mailboxFolder" => {
            set("displayName", folder.name.as_str().into());
            set("parentFolderId", parent.into());
            set("type", folder.class.as_str().into());
            set("childFolderCount", mailbox.children(folder.key).count().into());
            set("totalItemCount", items().count().into());
        }
        "todoTaskList" => {
            set("displayName", folder.name.as_str().into());
            set("isOwner", true.into());
            set("isShared", false.into());
            let known = if folder.well_known.is_some() { "defaultList" } else { "none" };
            set("wellknownListName", known.into());
        }
        _ => {
            set("name", folder.name.as_str().into());
            let owner = json!({"name": mailbox.address, "address": mailbox.address});
            set("owner", owner);
            set("canEdit", true.into());
            set("canShare", true.into());
            set("canViewPrivateItems", true.into());
            set("changeKey", format!("CK{:08}", folder.changed).into());
            set("color", "auto".into());
            set("hexColor", "".into());
            set("isDefaultCalendar", (folder.well_known == Some("calendar")).into());
            set("isRemovable", folder.well_known.is_none().into());
            set("isTallyingResponses", true.into());
            set("allowedOnlineMeetingProviders", json!(["teamsForBusiness"]));
            set("defaultOnlineMeetingProvider", "teamsForBusiness".into());
        }
    }
    out.extend(folder.fields.clone());
    for name in ["singleValueExtendedProperties", "multiValueExtendedProperties"] {
        if let Some(expand) = call.query.expands(name) {
            let values = folder_properties(mailbox, folder, expand)?;
            if !values.is_empty() {
                out.insert(name.to_owned(), values.into());
            }
        }
    }
    Ok(out)
}

fn mail_children(mailbox: &Mailbox, folder: &Folder) -> usize {
    mailbox.children(folder.key).filter(|child| child.purpose() == Purpose::Mail && !child.hidden).count()
}

/// The extended properties of a folder that an expansion asks for.
fn folder_properties(mailbox: &Mailbox, folder: &Folder, expand: &Expand) -> Result<Vec<Value>, Refusal> {
    let filter = expand.filter.as_deref().map(Filter::read).transpose()?;
    let ids = filter.iter().flat_map(Filter::ids).map(Id::read).collect::<Result<Vec<_>, _>>()?;
    let many = expand.name.starts_with("multi");
    Ok(ids
        .into_iter()
        .filter(|id| id.many == many)
        .filter_map(|id| {
            let property = match id.name {
                Name::Tag(0x0E08) => {
                    let items = mailbox.items_of(folder.key).filter(|item| !item.associated);
                    Property::one("Long", items.map(|item| item.size() as u64).sum::<u64>())
                }
                _ => mapi::of_folder(folder, &id.name)?,
            };
            Some(super::item::property_value(&id, &property))
        })
        .collect())
}

/// Whether an item is one that a folder of this kind shows.
pub(super) fn shows(kind: &str, shape: Shape) -> bool {
    match kind {
        "message" => shape.is_mail(),
        "event" => shape == Shape::Event,
        "contact" => shape == Shape::Contact,
        "todoTask" => shape == Shape::Task,
        _ => true,
    }
}
