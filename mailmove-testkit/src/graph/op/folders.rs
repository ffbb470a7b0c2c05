//! Folders of mail, contacts, calendars and tasks.

use hyper::StatusCode;
use serde_json::Value;

use super::done;
use crate::graph::call::{Answer, Call, Entity};
use crate::graph::extended::Id;
use crate::graph::mapi;
use crate::graph::refusal::Refusal;
use crate::graph::show;
use crate::graph::state::{Folder, Mailbox, Purpose};

/// The type under which folders of a purpose are shown.
pub(super) fn kind(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Mail => "mailFolder",
        Purpose::Contacts => "contactFolder",
        Purpose::Calendar => "calendar",
        Purpose::Tasks => "todoTaskList",
        Purpose::Other => "mailboxFolder",
    }
}

/// The class of new folders of a purpose.
fn class(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Mail | Purpose::Other => "IPF.Note",
        Purpose::Contacts => "IPF.Contact",
        Purpose::Calendar => "IPF.Appointment",
        Purpose::Tasks => "IPF.Task",
    }
}

/// The folder that the path means.
pub(super) fn target(call: &Call<'_>, mailbox: &Mailbox) -> Result<u64, Refusal> {
    mailbox.folder(call.target.key(0)).map(|folder| folder.key)
}

pub(super) fn list(call: &Call<'_>, purpose: Purpose) -> Answer {
    call.query.check(kind(purpose), call.beta)?;
    let hidden = call.query.other("includeHiddenFolders").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    call.with(|mailbox| {
        let parent = match call.target.key(0) {
            "" => mailbox.standard("msgfolderroot"),
            _ => target(call, mailbox)?,
        };
        let everywhere = matches!(purpose, Purpose::Calendar | Purpose::Tasks);
        let all = mailbox.folders.values().filter(|folder| {
            folder.purpose() == purpose
                && (everywhere || folder.parent == Some(parent))
                && (hidden || !folder.hidden)
                // The standard folder of contacts is not among its siblings.
                && !(purpose == Purpose::Contacts && folder.well_known.is_some())
        });
        let mut all: Vec<&Folder> = all.collect();
        all.sort_by_key(|folder| (folder.well_known.is_none(), folder.name.to_lowercase()));
        let shown = all.into_iter().map(|folder| show::folder(call, mailbox, folder, kind(purpose)));
        let shown = shown.collect::<Result<Vec<_>, _>>()?;
        show::entities(call, shown, 10)
    })
}

pub(super) fn show(call: &Call<'_>, purpose: Purpose) -> Answer {
    call.query.check(kind(purpose), call.beta)?;
    call.with(|mailbox| {
        let name = call.target.keys.first().map_or("calendar", String::as_str);
        let folder = mailbox.folder(name)?;
        Ok(call.one(StatusCode::OK, show::folder(call, mailbox, folder, kind(purpose))?))
    })
}

pub(super) fn create(call: &Call<'_>, purpose: Purpose) -> Answer {
    let mut entity = call.entity(kind(purpose))?;
    let properties = extended(&mut entity)?;
    let name = if purpose == Purpose::Calendar { "name" } else { "displayName" };
    let name = entity.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err(Refusal::bad("ErrorInvalidParameter", "The folder has no name."));
    }
    call.with(|mailbox| {
        let parent = match call.target.key(0) {
            "" => mailbox.standard("msgfolderroot"),
            _ => target(call, mailbox)?,
        };
        refuse_twin(mailbox, parent, &name, None)?;
        let class = entity.get("type").and_then(Value::as_str).unwrap_or(class(purpose)).to_owned();
        let key = mailbox.insert_folder(Some(parent), &name, &class);
        mailbox.change_folder(key, |folder| {
            folder.hidden = entity.get("isHidden").and_then(Value::as_bool).unwrap_or_default();
            for (id, property) in properties {
                mapi::set_folder(folder, id.name, property);
            }
            for name in ["color", "hexColor"] {
                folder.fields.extend(entity.get(name).map(|value| (name.to_owned(), value.clone())));
            }
        });
        let shown = show::folder(call, mailbox, &mailbox.folders[&key], kind(purpose))?;
        Ok(call.one(StatusCode::CREATED, shown))
    })
}

/// Two folders of one name cannot lie side by side, whatever the case of their letters.
fn refuse_twin(mailbox: &Mailbox, parent: u64, name: &str, but: Option<u64>) -> Result<(), Refusal> {
    let twin = |folder: &Folder| Some(folder.key) != but && folder.name.to_lowercase() == name.to_lowercase();
    if mailbox.children(parent).any(twin) {
        let message = "A folder with the specified name already exists.";
        return Err(Refusal::new(StatusCode::CONFLICT, "ErrorFolderExists", message));
    }
    Ok(())
}

pub(super) fn update(call: &Call<'_>, purpose: Purpose) -> Answer {
    let mut entity = call.entity(kind(purpose))?;
    let properties = extended(&mut entity)?;
    if entity.contains_key("isHidden") && purpose == Purpose::Mail {
        return Err(Refusal::bad("ErrorInvalidPropertySet", "isHidden can only be set while a folder is made."));
    }
    call.with(|mailbox| {
        let key = target(call, mailbox)?;
        let name = entity.get("displayName").or(entity.get("name")).and_then(Value::as_str).map(str::to_owned);
        if let (Some(name), Some(parent)) = (&name, mailbox.folders[&key].parent) {
            refuse_twin(mailbox, parent, name, Some(key))?;
            if purpose == Purpose::Mail && mailbox.folders[&key].well_known.is_some() {
                let message = "Distinguished folders cannot be renamed.";
                return Err(Refusal::bad("ErrorInvalidOperation", message));
            }
        }
        mailbox.change_folder(key, |folder| {
            folder.name = name.unwrap_or_else(|| folder.name.clone());
            for (id, property) in properties {
                mapi::set_folder(folder, id.name, property);
            }
            for name in ["color", "hexColor"] {
                folder.fields.extend(entity.get(name).map(|value| (name.to_owned(), value.clone())));
            }
        });
        Ok(call.one(StatusCode::OK, show::folder(call, mailbox, &mailbox.folders[&key], kind(purpose))?))
    })
}

/// Moves a folder to where deleted ones go, or removes it when it is there already.
pub(super) fn delete(call: &Call<'_>) -> Answer {
    call.with(|mailbox| {
        let key = removable(call, mailbox)?;
        let bin = mailbox.standard("deleteditems");
        if mailbox.is_below(key, bin) || mailbox.folders[&key].purpose() == Purpose::Tasks {
            mailbox.remove_folder(key);
        } else {
            mailbox.change_folder(key, |folder| folder.parent = Some(bin));
        }
        Ok(())
    })?;
    done()
}

/// Removes a folder for good.
pub(super) fn purge(call: &Call<'_>) -> Answer {
    call.with(|mailbox| {
        let key = removable(call, mailbox)?;
        mailbox.remove_folder(key);
        Ok(())
    })?;
    done()
}

fn removable(call: &Call<'_>, mailbox: &Mailbox) -> Result<u64, Refusal> {
    let key = target(call, mailbox)?;
    match mailbox.folders[&key].well_known {
        Some(_) => Err(Refusal::bad("ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")),
        None => Ok(key),
    }
}

pub(super) fn relocate(call: &Call<'_>) -> Answer {
    let parameters = call.json()?;
    let to = call.parameter(&parameters, "destinationId").unwrap_or_default();
    call.with(|mailbox| {
        let key = removable(call, mailbox)?;
        let to = mailbox.folder(to.as_str().unwrap_or_default())?.key;
        if mailbox.is_below(to, key) {
            return Err(Refusal::bad("ErrorMoveCopyFailed", "A folder cannot lie in itself."));
        }
        let name = mailbox.folders[&key].name.clone();
        refuse_twin(mailbox, to, &name, Some(key))?;
        mailbox.change_folder(key, |folder| folder.parent = Some(to));
        Ok(call.one(StatusCode::CREATED, show::folder(call, mailbox, &mailbox.folders[&key], "mailFolder")?))
    })
}

/// Takes the extended properties out of a body.
pub(super) fn extended(entity: &mut Entity) -> Result<Vec<(Id, crate::graph::extended::Property)>, Refusal> {
    let mut found = Vec::new();
    for (field, many) in [("singleValueExtendedProperties", false), ("multiValueExtendedProperties", true)] {
        let Some(Value::Array(entries)) = entity.remove(field) else { continue };
        for entry in entries {
            let id = Id::read(entry["id"].as_str().unwrap_or_default())?;
            if id.many != many {
                let message = format!("'{}' does not belong to {field}.", id.text());
                return Err(Refusal::bad("ErrorInvalidExtendedProperty", message));
            }
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let values = match &entry["value"] {
                Value::Array(values) => values.iter().map(text).collect(),
                value => vec![text(value)],
            };
            let property = id.with(values)?;
            found.push((id, property));
        }
    }
    Ok(found)
}
