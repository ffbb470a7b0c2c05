//! Contacts and tasks: things that are kept as they came.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::{done, folders};
use crate::graph::call::{Answer, Call, Entity};
use crate::graph::mapi;
use crate::graph::refusal::Refusal;
use crate::graph::show;
use crate::graph::state::{Id, Item, Kind, Mailbox};

/// What clients say about an item and the server decides.
const OWN: [&str; 8] = [
    "id",
    "changeKey",
    "createdDateTime",
    "lastModifiedDateTime",
    "parentFolderId",
    "hasAttachments",
    "bodyLastModifiedDateTime",
    "attachments",
];

fn folder(call: &Call<'_>, mailbox: &Mailbox, standard: &str) -> Result<u64, Refusal> {
    match call.target.key(0) {
        "" => Ok(mailbox.standard(standard)),
        _ => folders::target(call, mailbox),
    }
}

pub(super) fn list(call: &Call<'_>, kind: &str, standard: &str) -> Answer {
    call.with(|mailbox| {
        let folder = folder(call, mailbox, standard)?;
        show::items(call, mailbox, kind, mailbox.items_of(folder).collect(), 10)
    })
}

/// The item that the last key names.
fn find<'m>(call: &Call<'_>, mailbox: &'m Mailbox, kind: &str) -> Result<&'m Item, Refusal> {
    let key = if kind == "todoTask" { call.target.key(1) } else { call.target.key(0) };
    mailbox.item(key).and_then(|item| if item.shape().kind() == kind { Ok(item) } else { Err(Refusal::missing()) })
}

pub(super) fn show(call: &Call<'_>, kind: &str) -> Answer {
    call.query.check(kind, call.beta)?;
    call.with(|mailbox| {
        let item = find(call, mailbox, kind)?;
        let mut shown = show::item(call, mailbox, item)?;
        expand_parts(call, item, &mut shown);
        Ok(call.one(StatusCode::OK, shown))
    })
}

pub(super) fn create(call: &Call<'_>, kind: &str, class: &str, standard: &str) -> Answer {
    let mut entity = call.entity(kind)?;
    let mut item = Item::new(class);
    fill(&mut item, &mut entity, true)?;
    if kind == "contact" && item.text("displayName").is_empty() {
        let names = [item.text("givenName"), item.text("surname")];
        let name = names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ");
        item.set("displayName", name);
    }
    call.with(|mailbox| {
        let folder = folder(call, mailbox, standard)?;
        let key = mailbox.insert_item(folder, item)?;
        Ok(call.one(StatusCode::CREATED, show::item(call, mailbox, &mailbox.items[&key])?))
    })
}

fn fill(item: &mut Item, entity: &mut Entity, new: bool) -> Result<(), Refusal> {
    let properties = folders::extended(entity)?;
    for part in [CHECKLIST, LINKS] {
        for one in entity.remove(part).as_ref().and_then(Value::as_array).into_iter().flatten() {
            let number = item.number();
            item.parts.entry(part).or_default().push((number, one.as_object().cloned().unwrap_or_default()));
        }
    }
    for (name, value) in entity.iter().filter(|(name, _)| !name.contains('@') && !OWN.contains(&name.as_str())) {
        match value {
            Value::Null => item.fields.remove(name),
            value => item.fields.insert(name.clone(), value.clone()),
        };
    }
    for (id, property) in properties {
        mapi::set_item(item, id.name, property, new);
    }
    Ok(())
}

pub(super) fn update(call: &Call<'_>, kind: &str) -> Answer {
    let mut entity = call.entity(kind)?;
    call.with(|mailbox| {
        let mut item = find(call, mailbox, kind)?.clone();
        let key = item.key;
        fill(&mut item, &mut entity, false)?;
        mailbox.change_item(key, |old| *old = item);
        Ok(call.one(StatusCode::OK, show::item(call, mailbox, &mailbox.items[&key])?))
    })
}

/// Removes a task for good; contacts go where deleted things go.
pub(super) fn delete_task(call: &Call<'_>) -> Answer {
    call.with(|mailbox| {
        let key = find(call, mailbox, "todoTask")?.key;
        mailbox.remove_item(key);
        Ok(())
    })?;
    done()
}

/// What a task holds besides itself.
pub(super) const CHECKLIST: &str = "checklistItems";
pub(super) const LINKS: &str = "linkedResources";

fn part(item: &Item, (number, entity): &(u32, Map<String, Value>)) -> Entity {
    let mut shown = entity.clone();
    let id = Id { kind: Kind::Other, part: *number, ..item.id(false) };
    shown.insert("id".to_owned(), id.text().into());
    shown
}

fn expand_parts(call: &Call<'_>, item: &Item, shown: &mut Entity) {
    let empty: &BTreeMap<_, _> = &item.parts;
    for name in [CHECKLIST, LINKS] {
        if call.query.expands(name).is_some() {
            let parts = empty.get(name).into_iter().flatten().map(|one| Value::Object(part(item, one)));
            shown.insert(name.to_owned(), parts.collect());
        }
    }
}

pub(super) fn list_parts(call: &Call<'_>, name: &'static str) -> Answer {
    let shown = call.with(|mailbox| {
        let item = find(call, mailbox, "todoTask")?;
        Ok(item.parts.get(name).into_iter().flatten().map(|one| part(item, one)).collect())
    })?;
    show::entities(call, shown, 100)
}

pub(super) fn create_part(call: &Call<'_>, name: &'static str, kind: &str) -> Answer {
    let mut entity = call.entity(kind)?;
    if name == CHECKLIST {
        entity.entry("isChecked").or_insert(json!(false));
    }
    call.with(|mailbox| {
        let key = find(call, mailbox, "todoTask")?.key;
        let number = mailbox.change_item(key, |item| {
            let number = item.number();
            item.parts.entry(name).or_default().push((number, entity.clone()));
            number
        });
        let made = (number.unwrap_or_default(), entity);
        Ok(call.one(StatusCode::CREATED, part(&mailbox.items[&key], &made)))
    })
}

/// Which of a task's parts the path means.
fn part_number(call: &Call<'_>, item: &Item, name: &str) -> Result<u32, Refusal> {
    let id = Id::read(call.target.key(2), call.mailbox)?;
    let there = item.parts.get(name).into_iter().flatten().any(|(number, _)| *number == id.part);
    if there && id.kind == Kind::Other && id.key == item.key { Ok(id.part) } else { Err(Refusal::missing()) }
}

pub(super) fn update_part(call: &Call<'_>, name: &'static str, kind: &str) -> Answer {
    let entity = call.entity(kind)?;
    call.with(|mailbox| {
        let item = find(call, mailbox, "todoTask")?;
        let (key, number) = (item.key, part_number(call, item, name)?);
        let changed = mailbox.change_item(key, |item| {
            let one = item.parts.get_mut(name)?.iter_mut().find(|(own, _)| *own == number)?;
            one.1.extend(entity);
            Some(one.clone())
        });
        let changed = changed.flatten().ok_or_else(Refusal::missing)?;
        Ok(call.one(StatusCode::OK, part(&mailbox.items[&key], &changed)))
    })
}

pub(super) fn delete_part(call: &Call<'_>, name: &'static str) -> Answer {
    call.with(|mailbox| {
        let item = find(call, mailbox, "todoTask")?;
        let (key, number) = (item.key, part_number(call, item, name)?);
        mailbox.change_item(key, |item| item.parts.entry(name).or_default().retain(|(own, _)| *own != number));
        Ok(())
    })?;
    done()
}
