//! SearchRequest: pages by offset, or by a cursor that stands still when the mailbox changes.

use std::cmp::Ordering;

use super::query::Query;
use super::{Context, answer};
use crate::zimbra::element::Element;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::show::{Shower, file_as};
use crate::zimbra::state::{Content, Item, ItemKind};
use crate::zimbra::{calendar, mail};

pub(super) fn search(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let query = Query::parse(&request.value("query").unwrap_or_default())?;
    let types =
        request.value("types").or_else(|| request.value("groupBy")).unwrap_or_else(|| "conversation".to_owned());
    let kinds = kinds(&types)?;
    let sort = request.value("sortBy").unwrap_or_else(|| "dateDesc".to_owned());
    let known = ["dateDesc", "dateAsc", "idDesc", "idAsc", "subjDesc", "subjAsc", "nameDesc", "nameAsc", "none"];
    if !known.contains(&sort.as_str()) {
        return Err(Refusal::invalid(format_args!("invalid sortBy: {sort}")));
    }
    let limit = request.number("limit").filter(|limit| *limit > 0).unwrap_or(10).min(1000);
    let limit = usize::try_from(limit).unwrap_or(1000);
    let cursor = request.find("cursor").map(|cursor| (cursor.value("id"), cursor.value("sortVal")));
    if cursor.is_some() && sort == "none" {
        return Err(Refusal::invalid("cursor cannot be used with sortBy none"));
    }
    let offset = request.number("offset").and_then(|offset| usize::try_from(offset).ok()).unwrap_or(0);
    let cursor = match cursor {
        Some((Some(id), value)) => Some((context.id(&id)?, value)),
        _ => None,
    };
    let deleted = request.flag("includeTagDeleted");
    let shower = context.shower(context.target()?);
    let mailbox = shower.mailbox;
    let everywhere = query.places();
    let mut found: Vec<&Item> = mailbox
        .items
        .values()
        .filter(|item| {
            kinds.contains(&item.kind)
                && (everywhere || !matches!(item.folder, 3 | 4))
                && (deleted || !item.has_flag('x'))
                && query.fits(mailbox, item)
        })
        .collect();
    found.sort_by_cached_key(|item| place(item, &sort));
    let down = sort.ends_with("Desc");
    if down {
        found.reverse();
    }
    let start = match cursor {
        Some((id, value)) => {
            let value = value.or_else(|| mailbox.item(id).map(|item| key(item, &sort))).unwrap_or_default();
            let cursor = (Key::of(value), id);
            found.partition_point(|item| match place(item, &sort).cmp(&cursor) {
                Ordering::Equal => true,
                order => (order == Ordering::Greater) == down,
            })
        }
        None => offset.min(found.len()),
    };
    let page = &found[start..(start + limit).min(found.len())];
    let more = start + page.len() < found.len();
    let ids = request.value("resultMode").as_deref() == Some("IDS");
    let fields: Vec<String> = Vec::new();
    let shown = page.iter().map(|item| {
        let element =
            if ids { Element::new("hit").set("id", shower.ids.show(item.id)) } else { hit(&shower, item, &fields) };
        element.set("sf", key(item, &sort))
    });
    let all = answer().set("sortBy", &sort).set("offset", start).set("more", more);
    Ok(all.children(shown))
}

fn kinds(types: &str) -> Result<Vec<ItemKind>, Refusal> {
    let kind = |one: &str| match one.trim() {
        "message" | "conversation" => Ok(ItemKind::Message),
        "contact" => Ok(ItemKind::Contact),
        "appointment" => Ok(ItemKind::Appointment),
        "task" => Ok(ItemKind::Task),
        "document" | "briefcase" | "wiki" => Ok(ItemKind::Document),
        other => Err(Refusal::invalid(format_args!("invalid item type: {other}"))),
    };
    types.split(',').map(kind).collect()
}

/// What an item is sorted by.
fn key(item: &Item, sort: &str) -> String {
    match sort.trim_end_matches("Asc").trim_end_matches("Desc") {
        "date" => item.date.to_string(),
        "subj" | "name" => match &item.content {
            Content::Message { blob } => mail::bare_subject(&mail::subject(blob)),
            Content::Contact { attributes, .. } => file_as(attributes).to_lowercase(),
            Content::Document { name, .. } => name.to_lowercase(),
            Content::Calendar { invites, .. } => {
                let first = invites.first().and_then(|invite| invite.calendar.component());
                first.and_then(|one| one.value("SUMMARY")).unwrap_or_default().to_lowercase()
            }
        },
        _ => item.id.to_string(),
    }
}

/// Numbers by value, everything else by letters.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(String),
}

impl Key {
    fn of(text: String) -> Self {
        text.parse().map_or(Self::Text(text), Self::Number)
    }
}

/// What is sorted by; what is equal, by id.
fn place(item: &Item, sort: &str) -> (Key, i64) {
    (Key::of(key(item, sort)), item.id)
}

fn hit(shower: &Shower<'_>, item: &Item, fields: &[String]) -> Element {
    match &item.content {
        Content::Message { .. } => shower.message(item),
        Content::Contact { .. } => shower.contact(item, fields),
        Content::Calendar { uid, .. } => {
            let element = shower.changed(item, false).set("uid", uid).set("s", item.size());
            element.set_if("name", calendar::name(item))
        }
        Content::Document { .. } => shower.document(item),
    }
}
