//! Calendars and events.

use hyper::StatusCode;
use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

use super::{actions, done, folders};
use crate::graph::calendar::{self, Occurrence};
use crate::graph::call::{Answer, Call, Entity};
use crate::graph::date;
use crate::graph::mapi;
use crate::graph::query::Query;
use crate::graph::refusal::Refusal;
use crate::graph::show;
use crate::graph::state::{Id, Item, Mailbox, Shape, guid};

/// What clients say about an event and the server decides.
const OWN: [&str; 22] = [
    "id",
    "changeKey",
    "createdDateTime",
    "lastModifiedDateTime",
    "iCalUId",
    "organizer",
    "isOrganizer",
    "responseStatus",
    "webLink",
    "bodyPreview",
    "hasAttachments",
    "type",
    "seriesMasterId",
    "originalStart",
    "originalStartTimeZone",
    "originalEndTimeZone",
    "onlineMeeting",
    "onlineMeetingUrl",
    "isCancelled",
    "isDraft",
    "cancelledOccurrences",
    "exceptionOccurrences",
];

/// An event or one occurrence of a series.
enum Found {
    Whole(u64),
    One(u64, Date),
}

fn calendar(call: &Call<'_>, mailbox: &Mailbox) -> Result<u64, Refusal> {
    let wanted = call.target.template.starts_with("calendars/") || call.target.template.starts_with("calendarGroups/");
    match call.target.keys.last().filter(|_| wanted) {
        Some(id) => mailbox.folder(id).map(|folder| folder.key),
        None => Ok(mailbox.standard("calendar")),
    }
}

fn find(call: &Call<'_>, mailbox: &Mailbox) -> Result<Found, Refusal> {
    let text = call.target.key(0);
    let item = mailbox.item(text)?;
    if item.shape() != Shape::Event {
        return Err(Refusal::missing());
    }
    let id = Id::read(text, mailbox.number)?;
    if id.part == 0 {
        return Ok(Found::Whole(item.key));
    }
    let day = Date::from_julian_day(id.part as i32).map_err(|_| Refusal::malformed_id())?;
    calendar::occurrence(item, day).map(|_| Found::One(item.key, day)).ok_or_else(Refusal::missing)
}

fn shown(call: &Call<'_>, mailbox: &Mailbox, found: &Found) -> Result<Entity, Refusal> {
    match found {
        Found::Whole(key) => show::item(call, mailbox, &mailbox.items[key]),
        Found::One(key, day) => {
            let series = &mailbox.items[key];
            let one = calendar::occurrence(series, *day).ok_or_else(Refusal::missing)?;
            of_series(call, mailbox, series, &one)
        }
    }
}

fn of_series(call: &Call<'_>, mailbox: &Mailbox, series: &Item, one: &Occurrence) -> Result<Entity, Refusal> {
    let plain = show::item(call, mailbox, &one.item)?;
    Ok(calendar::show_occurrence(call, &mailbox.address, series, one, plain))
}

pub(super) fn list(call: &Call<'_>) -> Answer {
    call.with(|mailbox| {
        let folder = calendar(call, mailbox)?;
        show::items(call, mailbox, "event", mailbox.items_of(folder).collect(), 10)
    })
}

pub(super) fn show(call: &Call<'_>) -> Answer {
    call.query.check("event", call.beta)?;
    call.with(|mailbox| {
        let found = find(call, mailbox)?;
        Ok(call.one(StatusCode::OK, shown(call, mailbox, &found)?))
    })
}

pub(super) fn create(call: &Call<'_>) -> Answer {
    let mut entity = call.entity("event")?;
    call.with(|mailbox| {
        let folder = calendar(call, mailbox)?;
        if let Some(transaction) = entity.get("transactionId").and_then(Value::as_str)
            && let Some(item) = mailbox.transactions.get(transaction).and_then(|key| mailbox.items.get(key))
        {
            if item.folder != folder {
                let message = "The event that was made with this transactionId is not there any more.";
                return Err(Refusal::new(StatusCode::CONFLICT, "ErrorDuplicateTransactionId", message));
            }
            // Asked for again: it is there already.
            return Ok(call.one(StatusCode::CREATED, show::item(call, mailbox, item)?));
        }
        let mut item = Item::new("IPM.Appointment");
        fill(&mut item, &mut entity, true)?;
        for name in ["start", "end"] {
            if !item.fields.contains_key(name) {
                let message = format!("Required property is missing: {name}.");
                return Err(Refusal::bad("ErrorRequiredPropertyMissing", message));
            }
        }
        check(&item)?;
        let number = mailbox.key();
        let uid: String = guid(0xca1e_4da5, number).chars().filter(|digit| *digit != '-').collect();
        item.set("iCalUId", format!("040000008200E00074C5B7101A82E008{}", uid.to_uppercase()));
        invite(call, &item);
        let key = mailbox.insert_item(folder, item)?;
        if let Some(transaction) = entity.get("transactionId").and_then(Value::as_str) {
            mailbox.transactions.insert(transaction.to_owned(), key);
        }
        Ok(call.one(StatusCode::CREATED, show::item(call, mailbox, &mailbox.items[&key])?))
    })
}

/// Whoever is invited is told so: there is no way to keep the server from it.
fn invite(call: &Call<'_>, item: &Item) {
    let attendees = item.fields.get("attendees").and_then(Value::as_array).map_or(0, Vec::len);
    call.shared.hub.log.sent(attendees as u64);
}

fn fill(item: &mut Item, entity: &mut Entity, new: bool) -> Result<(), Refusal> {
    let properties = folders::extended(entity)?;
    for (name, value) in entity.iter().filter(|(name, _)| !name.contains('@') && !OWN.contains(&name.as_str())) {
        match value {
            Value::Null => item.fields.remove(name),
            value => item.fields.insert(name.clone(), value.clone()),
        };
    }
    // How somebody has answered is known from the answers only.
    if let Some(attendees) = item.fields.get_mut("attendees").and_then(Value::as_array_mut) {
        for attendee in attendees {
            attendee["status"] = json!({"response": "none", "time": "0001-01-01T00:00:00Z"});
            if attendee["type"].is_null() {
                attendee["type"] = "required".into();
            }
        }
    }
    let zone = item.fields.get("start").map(|start| start["timeZone"].clone());
    if let Some(range) = item.fields.get_mut("recurrence").and_then(|recurrence| recurrence.get_mut("range"))
        && range["recurrenceTimeZone"].is_null()
    {
        range["recurrenceTimeZone"] = zone.unwrap_or_default();
    }
    for (id, property) in properties {
        mapi::set_item(item, id.name, property, new);
    }
    Ok(())
}

/// Whether an event's times make sense.
fn check(item: &Item) -> Result<(), Refusal> {
    let bad = |message: &str| Err(Refusal::bad("ErrorPropertyValidationFailure", message));
    for name in ["start", "end"] {
        let value = item.fields.get(name).cloned().unwrap_or_default();
        let zone = value["timeZone"].as_str().unwrap_or_default();
        if !calendar::known(zone) {
            let message = format!(
                "A valid TimeZone value must be specified. The following TimeZone value is not supported: '{zone}'."
            );
            return Err(Refusal::bad("TimeZoneNotSupportedException", message));
        }
        let Some(time) = value["dateTime"].as_str().and_then(date::parse_local) else {
            return bad("A time of the event cannot be read.");
        };
        let all_day = item.fields.get("isAllDay") == Some(&Value::Bool(true));
        if all_day && time.time() != time::Time::MIDNIGHT {
            return bad("The start and the end of an all-day event need to be set to midnight.");
        }
    }
    let (start, end) = calendar::times(item);
    if end < start {
        let message = "The end of the event is earlier than its start.";
        return Err(Refusal::bad("ErrorCalendarEndDateIsEarlierThanStartDate", message));
    }
    match item.fields.get("recurrence") {
        Some(recurrence) if !recurrence.is_null() => calendar::check(recurrence),
        _ => Ok(()),
    }
}

pub(super) fn update(call: &Call<'_>) -> Answer {
    let mut entity = call.entity("event")?;
    call.with(|mailbox| {
        let found = find(call, mailbox)?;
        let (key, mut changed) = match &found {
            Found::Whole(key) => (*key, mailbox.items[key].clone()),
            Found::One(key, day) => {
                if entity.contains_key("recurrence") {
                    return Err(Refusal::bad("ErrorInvalidPropertySet", "An occurrence has no recurrence of its own."));
                }
                let one = calendar::occurrence(&mailbox.items[key], *day).ok_or_else(Refusal::missing)?;
                (*key, one.item)
            }
        };
        let moved = entity.get("recurrence").is_some_and(|new| Some(new) != changed.fields.get("recurrence"));
        fill(&mut changed, &mut entity, false)?;
        check(&changed)?;
        invite(call, &changed);
        mailbox.change_item(key, |item| match &found {
            Found::Whole(_) => {
                *item = changed;
                if moved {
                    // What was different in the old series is forgotten with it.
                    item.exceptions.clear();
                    item.cancelled.clear();
                }
            }
            Found::One(_, day) => {
                item.exceptions.insert(*day, changed);
            }
        });
        Ok(call.one(StatusCode::OK, shown(call, mailbox, &found)?))
    })
}

pub(super) fn delete(call: &Call<'_>) -> Answer {
    let found = call.with(|mailbox| {
        let found = find(call, mailbox)?;
        let (Found::Whole(key) | Found::One(key, _)) = &found;
        invite(call, &mailbox.items[key]);
        if let Found::One(key, day) = &found {
            mailbox.change_item(*key, |item| {
                item.exceptions.remove(day);
                item.cancelled.insert(*day);
            });
        }
        Ok::<_, Refusal>(found)
    })?;
    match found {
        Found::Whole(_) => actions::delete(call),
        Found::One(..) => done(),
    }
}

/// The span of time that a query has to name.
pub(super) fn span(query: &Query) -> Result<(OffsetDateTime, OffsetDateTime), Refusal> {
    let at = |name: &str| {
        let text = query.other(name).unwrap_or_default();
        // Without a zone it is UTC.
        let moment = date::parse(text).or_else(|| date::parse_local(text).map(|local| calendar::to_utc(local, "UTC")));
        moment.ok_or_else(|| Refusal::bad("ErrorInvalidParameter", format!("This request requires a valid {name}.")))
    };
    Ok((at("startDateTime")?, at("endDateTime")?))
}

pub(super) fn instances(call: &Call<'_>) -> Answer {
    call.query.check("event", call.beta)?;
    let (from, to) = span(&call.query)?;
    call.with(|mailbox| {
        let Found::Whole(key) = find(call, mailbox)? else {
            return Err(Refusal::bad("ErrorInvalidParameter", "Only a series has instances."));
        };
        let series = &mailbox.items[&key];
        let all = calendar::between(series, from, to);
        let all = all.iter().map(|one| of_series(call, mailbox, series, one)).collect::<Result<Vec<_>, _>>()?;
        show::entities(call, all, 10)
    })
}

pub(super) fn exceptions(call: &Call<'_>) -> Answer {
    call.query.check("event", call.beta)?;
    call.with(|mailbox| {
        let Found::Whole(key) = find(call, mailbox)? else { return Err(Refusal::missing()) };
        let series = &mailbox.items[&key];
        let all = series.exceptions.keys().filter_map(|day| calendar::occurrence(series, *day));
        let all = all.map(|one| of_series(call, mailbox, series, &one)).collect::<Result<Vec<_>, _>>()?;
        show::entities(call, all, 10)
    })
}

/// What takes place in a span of time, series taken apart.
pub(super) fn view(call: &Call<'_>) -> Answer {
    call.query.check("event", call.beta)?;
    let (from, to) = span(&call.query)?;
    call.with(|mailbox| {
        let folder = calendar(call, mailbox)?;
        let mut all = Vec::new();
        for item in mailbox.items_of(folder).filter(|item| item.shape() == Shape::Event) {
            all.extend(within(call, mailbox, item, from, to)?);
        }
        all.sort_by_key(|entity| entity["start"]["dateTime"].as_str().map(str::to_owned));
        show::entities(call, all, 10)
    })
}

/// What of an event takes place in a span of time.
pub(super) fn within(
    call: &Call<'_>,
    mailbox: &Mailbox,
    item: &Item,
    from: OffsetDateTime,
    to: OffsetDateTime,
) -> Result<Vec<Entity>, Refusal> {
    if item.fields.get("recurrence").is_some_and(|recurrence| !recurrence.is_null()) {
        let all = calendar::between(item, from, to);
        return all.iter().map(|one| of_series(call, mailbox, item, one)).collect();
    }
    let (start, end) = calendar::times(item);
    let inside = start < to && (end > from || start >= from);
    Ok(if inside { vec![show::item(call, mailbox, item)?] } else { Vec::new() })
}
