//! Lists in pages.

use serde_json::Value;

use crate::graph::call::{Answer, Call, Entity};
use crate::graph::state::{Item, Mailbox};

/// A page of items, newest first where the query does not say otherwise.
pub(crate) fn items(call: &Call<'_>, mailbox: &Mailbox, kind: &str, mut all: Vec<&Item>, page: usize) -> Answer {
    call.query.check(kind, call.beta)?;
    all.retain(|item| super::folder::shows(kind, item.shape()) && !item.associated);
    all.sort_by_key(|item| std::cmp::Reverse((item.received, item.key)));
    if call.query.filter.is_none() && call.query.order.is_empty() {
        let (from, size) = (call.query.skip, call.page(page));
        let count = all.len();
        let some = all.into_iter().skip(from).take(size);
        let shown = some.map(|item| super::item(call, mailbox, item)).collect::<Result<Vec<_>, _>>()?;
        return Ok(paged(call, shown, count, from, size));
    }
    let shown = all.into_iter().map(|item| super::item(call, mailbox, item)).collect::<Result<Vec<_>, _>>()?;
    entities(call, shown, page)
}

/// A page of entities, in the order that is asked for or in their own.
pub(crate) fn entities(call: &Call<'_>, mut all: Vec<Entity>, page: usize) -> Answer {
    if let Some(filter) = &call.query.filter {
        all.retain(|entity| filter.holds(&seen(entity)));
    }
    for entity in &mut all {
        entity.retain(|name, _| !name.starts_with("@filter."));
    }
    call.query.sort(&mut all);
    let (from, size, count) = (call.query.skip, call.page(page), all.len());
    Ok(paged(call, all.into_iter().skip(from).take(size).collect(), count, from, size))
}

/// An entity as a filter sees it.
fn seen(entity: &Entity) -> Entity {
    let mut seen = entity.clone();
    for name in ["singleValueExtendedProperties", "multiValueExtendedProperties"] {
        if let Some(value) = seen.remove(&format!("@filter.{name}")) {
            seen.insert(name.to_owned(), value);
        }
    }
    seen
}

fn paged(call: &Call<'_>, some: Vec<Entity>, count: usize, from: usize, size: usize) -> crate::http::Reply {
    let mut more: Vec<(&str, Value)> = Vec::new();
    if call.query.count {
        more.push(("@odata.count", count.into()));
    }
    if from + some.len() < count {
        more.push(("@odata.nextLink", call.link(&[("$skip", (from + size).to_string())]).into()));
    }
    call.many(some.into_iter().map(|entity| call.query.selected(entity)).collect(), more)
}
