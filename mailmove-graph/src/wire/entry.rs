//! Contacts, events and tasks: where they are, and what is asked for.

use serde_json::{Value, json};

use super::ask::{Ask, Path};
use super::property::{self, Property};
use crate::place::{Area, Place};

/// How many entries a page shall have.
const PAGE: usize = 200;

/// How many of them the provider gives at most where they are small.
const LARGEST_PAGE: usize = 999;

/// What is asked for beside the fields.
const PROPERTIES: [Property; 3] = [Property::Mark, Property::Uid, Property::Kept];

/// The same of contacts.
const OF_CONTACTS: [Property; 4] = [Property::Mark, Property::Uid, Property::Kept, Property::HasPicture];

/// What is asked for of a task beside where it comes from. Its version comes along unasked.
const OF_TASKS: &str = "id,createdDateTime,lastModifiedDateTime";

/// Tasks have no properties; what they come from is named by a linked resource of this application.
pub(crate) const APPLICATION: &str = "mailmove";

/// Everything in a folder.
fn all(user: &Path, place: &Place) -> Path {
    match place.area {
        // What is told by its class alone is not asked for here.
        Area::Mail | Area::Notes | Area::Journal => user.to("mailFolders").to(&place.id).to("messages"),
        Area::Contacts => user.to("contactFolders").to(&place.id).to("contacts"),
        Area::Calendars => user.to("calendars").to(&place.id).to("events"),
        Area::Tasks => user.to("todo").to("lists").to(&place.id).to("tasks"),
    }
}

/// One entry of a folder.
fn one(user: &Path, place: &Place, id: &str) -> Path {
    all(user, place).to(id)
}

fn expanded(path: &Path, area: Area) -> Path {
    match area {
        Area::Tasks => path.with("$expand", "linkedResources"),
        Area::Contacts => path.with("$expand", &property::expand(&OF_CONTACTS)),
        _ => path.with("$expand", &property::expand(&PROPERTIES)),
    }
}

/// How many entries are in a folder.
pub(crate) fn count(user: &Path, place: &Place) -> Ask {
    Ask::get("count", &all(user, place).with("$count", "true").with("$top", "1").with("$select", "id"))
}

/// What is in a folder, and later what changed in it. Of events Graph tells that of a stretch of time alone, so they are
/// listed whole.
pub(crate) fn list(user: &Path, place: &Place) -> Ask {
    let all = all(user, place);
    let (name, path) = match place.area {
        Area::Calendars => {
            let fields = "id,changeKey,categories,start";
            return Ask::get("events", &all.with("$select", fields).with("$top", "999")).paged(LARGEST_PAGE);
        }
        Area::Tasks => ("task delta", all.to("delta")),
        _ => {
            let fields = "id,changeKey,parentFolderId,createdDateTime,lastModifiedDateTime,categories,displayName";
            ("contact delta", all.to("delta").with("$select", fields))
        }
    };
    Ask::get(name, &path).paged(PAGE)
}

/// What everything in a folder is known by.
pub(crate) fn known(user: &Path, place: &Place) -> Ask {
    let all = all(user, place).with("$top", "200");
    let path = match place.area {
        Area::Tasks => return Ask::get("what is known", &all.with("$select", OF_TASKS)),
        Area::Calendars => all.with("$select", "id,changeKey,createdDateTime,iCalUId"),
        _ => all.with("$select", "id,changeKey,createdDateTime"),
    };
    Ask::get("what is known", &expanded(&path, place.area))
}

/// What one task is known by: lists do not say where tasks come from.
pub(crate) fn known_task(user: &Path, place: &Place, id: &str) -> Ask {
    Ask::get("what is known", &expanded(&one(user, place, id).with("$select", OF_TASKS), place.area))
}

/// One entry with everything in it.
pub(crate) fn get(user: &Path, place: &Place, id: &str) -> Ask {
    let path = one(user, place, id);
    let path = match place.area {
        Area::Tasks => path.with("$expand", "linkedResources,checklistItems"),
        _ => expanded(&path, place.area),
    };
    Ask::get("entry", &path)
}

/// What of a series is not like the rest. The days that are no more are told only when they are asked for.
pub(crate) fn exceptions(user: &Path, id: &str) -> Ask {
    let path =
        user.to("events").to(id).with("$select", "id,cancelledOccurrences").with("$expand", "exceptionOccurrences");
    Ask::get("exceptions", &path)
}

/// The occurrences of a series between two moments.
pub(crate) fn instances(user: &Path, id: &str, from: &str, to: &str) -> Ask {
    let path = user.to("events").to(id).to("instances").with("startDateTime", from).with("endDateTime", to);
    Ask::get("instances", &path.with("$select", "id,start,isAllDay,type,originalStart").with("$top", "200"))
}

/// Where a task comes from, and what it leads to.
pub(crate) fn links(user: &Path, place: &Place, id: &str) -> Ask {
    Ask::get("linked resources", &one(user, place, id).to("linkedResources"))
}

/// Gives one of them other words.
pub(crate) fn name_link(user: &Path, place: &Place, id: &str, link: &str, name: &str) -> Ask {
    let path = one(user, place, id).to("linkedResources").to(link);
    Ask::patch("name linked resource", &path, json!({ "displayName": name }))
}

/// A new entry.
pub(crate) fn create(user: &Path, place: &Place, entry: &Value) -> Ask {
    Ask::post("create entry", &all(user, place), entry.clone())
}

/// Changes an entry, unless somebody else did.
pub(crate) fn update(user: &Path, place: &Place, id: &str, etag: Option<String>, fields: &Value) -> Ask {
    Ask::patch("update entry", &one(user, place, id), fields.clone()).unless_changed(etag)
}

/// Removes an entry for good. Removed otherwise, it would stand among the deleted items of its owner.
pub(crate) fn purge(user: &Path, place: &Place, id: &str) -> Ask {
    let of = match place.area {
        Area::Contacts => user.to("contacts"),
        Area::Calendars => user.to("events"),
        _ => return remove(user, place, id),
    };
    Ask::post_nothing("remove entry", &of.to(id).to("permanentDelete"))
}

/// Removes an entry, or an occurrence of a series.
pub(crate) fn remove(user: &Path, place: &Place, id: &str) -> Ask {
    Ask::delete("remove entry", &one(user, place, id))
}

/// Where the picture of a contact is.
pub(crate) fn photo(user: &Path, id: &str) -> Ask {
    Ask::get("photo", &user.to("contacts").to(id).to("photo").to("$value"))
}
