//! Items: what all types share, and extended properties.

use serde_json::{Map, Value, json};

use super::message;
use crate::graph::calendar;
use crate::graph::call::{Call, Entity};
use crate::graph::date;
use crate::graph::extended::{Id, Property};
use crate::graph::mapi;
use crate::graph::query::{Expand, Filter, Query};
use crate::graph::refusal::Refusal;
use crate::graph::state::{Item, Mailbox, Shape};

/// An item with what the query expands, not yet cut to what it selects.
pub(crate) fn item(call: &Call<'_>, mailbox: &Mailbox, item: &Item) -> Result<Entity, Refusal> {
    item_with(call, mailbox, item, &call.query)
}

/// An item with what another query expands: the one with which a round of changes began.
pub(crate) fn item_with(call: &Call<'_>, mailbox: &Mailbox, item: &Item, query: &Query) -> Result<Entity, Refusal> {
    let mut out = plain(call, mailbox, item);
    if item.shape().is_mail() {
        message::hide_costly(query, &mut out);
    }
    if item.shape() == Shape::Event {
        let plain = out.clone();
        calendar::expand(call, &mailbox.address, item, query, &plain, &mut out);
    }
    if item.shape() != Shape::Task {
        expansions(call, mailbox, item, query, &mut out)?;
    }
    Ok(out)
}

/// An item without expansions.
pub(crate) fn plain(call: &Call<'_>, mailbox: &Mailbox, item: &Item) -> Entity {
    let mut out = Map::new();
    out.insert("id".to_owned(), item.id(call.immutable()).text().into());
    out.insert("@odata.etag".to_owned(), format!("W/\"{}\"", change_key(item)).into());
    out.insert("createdDateTime".to_owned(), date::seconds(item.created).into());
    out.insert("lastModifiedDateTime".to_owned(), date::seconds(item.modified).into());
    let categories = item.fields.get("categories").cloned().unwrap_or_else(|| json!([]));
    out.insert("categories".to_owned(), categories);
    if item.shape() != Shape::Task {
        out.insert("changeKey".to_owned(), change_key(item).into());
    }
    if item.shape().is_mail() || item.shape() == Shape::Contact {
        out.insert("parentFolderId".to_owned(), mailbox.folder_id(item.folder).into());
    }
    match item.shape() {
        Shape::Event => calendar::show(call, &mailbox.address, item, &mut out),
        Shape::Contact => contact(item, &mut out),
        Shape::Task => task(item, &mut out),
        _ => message::message(call, item, &mut out),
    }
    out
}

/// The version of an item.
pub(crate) fn change_key(item: &Item) -> String {
    format!("CQAAABYAAAB{:010}", item.changed)
}

fn contact(item: &Item, out: &mut Entity) {
    const TEXTS: [&str; 27] = [
        "assistantName",
        "birthday",
        "businessHomePage",
        "companyName",
        "department",
        "displayName",
        "fileAs",
        "generation",
        "givenName",
        "initials",
        "jobTitle",
        "manager",
        "middleName",
        "mobilePhone",
        "nickName",
        "officeLocation",
        "personalNotes",
        "profession",
        "spouseName",
        "surname",
        "title",
        "yomiCompanyName",
        "yomiGivenName",
        "yomiSurname",
        "primaryEmailAddress",
        "secondaryEmailAddress",
        "tertiaryEmailAddress",
    ];
    for name in TEXTS {
        out.insert(name.to_owned(), item.fields.get(name).cloned().unwrap_or_default());
    }
    for name in ["businessPhones", "homePhones", "imAddresses", "children", "emailAddresses"] {
        out.insert(name.to_owned(), item.fields.get(name).cloned().unwrap_or_else(|| json!([])));
    }
    for name in ["businessAddress", "homeAddress", "otherAddress"] {
        out.insert(name.to_owned(), item.fields.get(name).cloned().unwrap_or_else(|| json!({})));
    }
}

fn task(item: &Item, out: &mut Entity) {
    for (name, value) in [
        ("importance", "normal".into()),
        ("isReminderOn", false.into()),
        ("status", "notStarted".into()),
        ("title", "".into()),
        ("body", json!({"content": "", "contentType": "text"})),
    ] {
        out.insert(name.to_owned(), value);
    }
    out.extend(item.fields.iter().map(|(name, value)| (name.clone(), value.clone())));
    out.insert("hasAttachments".to_owned(), (!item.attachments.is_empty()).into());
    out.retain(|_, value| !value.is_null());
}

fn expansions(call: &Call<'_>, mailbox: &Mailbox, item: &Item, query: &Query, out: &mut Entity) -> Result<(), Refusal> {
    for expand in &query.expand {
        match expand.name.as_str() {
            "singleValueExtendedProperties" | "multiValueExtendedProperties" => {
                let values = properties(item, expand)?;
                if !values.is_empty() {
                    out.insert(expand.name.clone(), values.into());
                }
            }
            "attachments" => {
                let mut shown = super::attachments(call, mailbox, item, expand.select.as_deref());
                if let Some(select) = &expand.select {
                    for entity in &mut shown {
                        entity.retain(|name, _| name.contains('@') || name == "id" || select.contains(name));
                    }
                }
                out.insert("attachments".to_owned(), shown.into_iter().map(Value::Object).collect());
            }
            "extensions" => {
                out.insert("extensions".to_owned(), json!([]));
            }
            "exceptionOccurrences" | "event" | "calendar" | "instances" => {}
            other => return Err(Refusal::unknown(item.shape().kind(), other)),
        }
    }
    // A filter about extended properties sees them under the names that it uses itself.
    if let Some(filter) = &query.filter
        && filter.names().iter().any(|name| name.ends_with("ValueExtendedProperties"))
    {
        let seen = filter.ids().into_iter().filter_map(|text| {
            let id = Id::read(text).ok()?;
            let property = mapi::of_item(item, &id.name)?;
            let mut value = property_value(&id, &property);
            value["id"] = text.into();
            Some(value)
        });
        let seen: Vec<Value> = seen.collect();
        for name in ["singleValueExtendedProperties", "multiValueExtendedProperties"] {
            if query.expands(name).is_none() {
                out.insert(format!("@filter.{name}"), seen.clone().into());
            }
        }
    }
    Ok(())
}

/// The extended properties of an item that an expansion asks for.
fn properties(item: &Item, expand: &Expand) -> Result<Vec<Value>, Refusal> {
    let Some(filter) = &expand.filter else {
        let message = format!("A $filter with ids is needed to expand {}.", expand.name);
        return Err(Refusal::bad("ErrorInvalidUrlQuery", message));
    };
    let filter = Filter::read(filter)?;
    let ids = filter.ids().into_iter().map(Id::read).collect::<Result<Vec<_>, _>>()?;
    let many = expand.name.starts_with("multi");
    Ok(ids
        .into_iter()
        .filter(|id| id.many == many)
        .filter_map(|id| {
            let property = mapi::of_item(item, &id.name)?;
            (property.kind == id.kind || property.kind == "String").then(|| property_value(&id, &property))
        })
        .collect())
}

pub(super) fn property_value(id: &Id, property: &Property) -> Value {
    match id.many {
        true => json!({"id": id.text(), "value": property.values}),
        false => json!({"id": id.text(), "value": property.first()}),
    }
}
