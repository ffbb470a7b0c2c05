//! Appointments and tasks as elements.

use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::zimbra::element::Element;
use crate::zimbra::ical::{Component, parameter, unescaped};
use crate::zimbra::show::Shower;
use crate::zimbra::state::{Content, Invite, Item, ItemKind};

/// An item with its invites.
pub(crate) fn item(shower: &Shower<'_>, item: &Item, content: bool) -> Element {
    let Content::Calendar { uid, invites } = &item.content else { return shower.changed(item, false) };
    let mut element = shower.changed(item, false).set("uid", uid).set("s", item.size());
    for one in invites {
        element = element.child(invite(shower, item, one, content));
    }
    element
}

fn invite(shower: &Shower<'_>, item: &Item, invite: &Invite, content: bool) -> Element {
    let kind = if item.kind == ItemKind::Task { "task" } else { "appt" };
    let mut element = Element::new("inv").set("type", kind).set("seq", 0).set("id", invite.id).set("compNum", 0);
    if let Some(id) = &invite.recurrence {
        element = element.set("recurId", id);
    }
    element = element.children(invite.calendar.zones.iter().map(zone));
    let Some(component) = invite.calendar.component() else { return element };
    element.child(comp(shower, item, invite, component, content))
}

/// A time zone by its offsets, with the rules of its changes.
fn zone(zone: &Component) -> Element {
    let part = |name: &str| zone.children.iter().find(|child| child.name == name);
    let offset = |part: Option<&Component>| {
        let text = part.and_then(|part| part.value("TZOFFSETTO")).unwrap_or("+0000");
        let number =
            |range: std::ops::Range<usize>| text.get(range).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
        let minutes = number(1..3) * 60 + number(3..5);
        if text.starts_with('-') { -minutes } else { minutes }
    };
    let (standard, daylight) = (part("STANDARD"), part("DAYLIGHT"));
    let mut element = Element::new("tz").set("id", zone.value("TZID").unwrap_or_default());
    element = element.set("stdoff", offset(standard.or(daylight)));
    if let (Some(standard), Some(daylight)) = (standard, daylight) {
        element = element.set("dayoff", offset(Some(daylight)));
        for (name, part) in [("standard", standard), ("daylight", daylight)] {
            element = element.child(onset(name, part));
        }
    }
    element
}

/// When a part of a zone begins.
fn onset(name: &str, part: &Component) -> Element {
    let start = part.value("DTSTART").unwrap_or("19700101T000000");
    let number =
        |range: std::ops::Range<usize>| start.get(range).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    let rule = part.value("RRULE").unwrap_or_default();
    let of = |name: &str| rule.split(';').find_map(|one| one.strip_prefix(name)?.strip_prefix('='));
    let month = of("BYMONTH").and_then(|month| month.parse().ok()).unwrap_or_else(|| number(4..6));
    let element = Element::single(name).set("mon", month).set("hour", number(9..11)).set("min", number(11..13));
    let element = element.set("sec", number(13..15));
    let day = of("BYDAY").and_then(|day| {
        let (week, day) = day.split_at(day.len().checked_sub(2)?);
        let days = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
        Some((week.parse::<i64>().ok()?, days.iter().position(|known| *known == day)? + 1))
    });
    match day {
        Some((week, day)) => element.set("week", week).set("wkday", day),
        None => element.set("mday", number(6..8)),
    }
}

fn comp(shower: &Shower<'_>, item: &Item, invite: &Invite, component: &Component, content: bool) -> Element {
    let text = |name: &str| component.value(name).map(unescaped);
    let all_day = component
        .property("DTSTART")
        .is_some_and(|(parameters, value)| parameter(parameters, "VALUE") == Some("DATE") || value.len() == 8);
    let status = match component.value("STATUS") {
        Some("TENTATIVE") => "TENT",
        Some("CANCELLED") => "CANC",
        Some("NEEDS-ACTION") => "NEED",
        Some("COMPLETED") => "COMP",
        Some("IN-PROCESS") => "INPR",
        None if item.kind == ItemKind::Task => "NEED",
        _ => "CONF",
    };
    let class = match component.value("CLASS") {
        Some("PRIVATE") => "PRI",
        Some("CONFIDENTIAL") => "CON",
        _ => "PUB",
    };
    let id = shower.ids.show(item.id);
    let method = invite.calendar.method.as_deref().unwrap_or("PUBLISH");
    let mut element = Element::new("comp").set("method", method).set("compNum", 0).set("rsvp", false);
    element = element.set("name", text("SUMMARY").unwrap_or_default()).set("loc", text("LOCATION").unwrap_or_default());
    element = element
        .set("uid", component.value("UID").unwrap_or_default())
        .set("x_uid", component.value("UID").unwrap_or_default());
    element = element.set("status", status).set("class", class).set("calItemId", &id).set("apptId", &id);
    element = element.set("ciFolder", shower.ids.show(item.folder)).set("isOrg", true);
    element = element.set("seq", component.value("SEQUENCE").and_then(|text| text.parse::<i64>().ok()).unwrap_or(0));
    if item.kind == ItemKind::Appointment {
        let free = component.value("TRANSP") == Some("TRANSPARENT");
        element = element.set("transp", if free { "T" } else { "O" }).set("fb", if free { "F" } else { "B" });
    } else {
        element = element.set("percentComplete", component.value("PERCENT-COMPLETE").unwrap_or("0"));
        element = element.set_if("completed", component.value("COMPLETED"));
    }
    element = element.set_if("priority", component.value("PRIORITY")).set_if("url", component.value("URL"));
    if all_day {
        element = element.set("allDay", true);
    }
    if invite.recurrence.is_some() {
        element = element.set("ex", true);
    }
    let categories = component.value("CATEGORIES").map(|text| text.split(',').map(str::to_owned).collect::<Vec<_>>());
    for category in categories.into_iter().flatten() {
        element = element.child(Element::new("category").text(unescaped(&category)));
    }
    for (name, property) in [("s", "DTSTART"), ("e", "DTEND"), ("exceptId", "RECURRENCE-ID")] {
        element = element.children(moment(name, component.property(property)));
    }
    if item.kind == ItemKind::Task {
        element = element.children(moment("e", component.property("DUE")));
    }
    let organizer = component.property("ORGANIZER").map(|(parameters, value)| person("or", parameters, value));
    let attendees = component.properties("ATTENDEE").map(|(parameters, value)| {
        let role = match parameter(parameters, "ROLE") {
            Some("OPT-PARTICIPANT") => "OPT",
            Some("NON-PARTICIPANT") => "NON",
            Some("CHAIR") => "CHA",
            _ => "REQ",
        };
        let answer = match parameter(parameters, "PARTSTAT") {
            Some("ACCEPTED") => "AC",
            Some("DECLINED") => "DE",
            Some("TENTATIVE") => "TE",
            Some("DELEGATED") => "DG",
            _ => "NE",
        };
        let shown = person("at", parameters, value).set("role", role).set("ptst", answer);
        shown.set("rsvp", parameter(parameters, "RSVP") == Some("TRUE"))
    });
    element = element.children(organizer).children(attendees);
    element = element.children(recurrence(component)).children(component.children.iter().filter_map(alarm));
    for line in component.lines.iter().filter(|line| line.starts_with("X-")) {
        let (left, value) = line.split_once(':').unwrap_or((line, ""));
        let mut words = left.split(';');
        let mut shown =
            Element::new("xprop").set("name", words.next().unwrap_or_default()).set("value", unescaped(value));
        for (name, value) in words.filter_map(|word| word.split_once('=')) {
            shown = shown.child(Element::new("xparam").set("name", name).set("value", value));
        }
        element = element.child(shown);
    }
    let description = text("DESCRIPTION").unwrap_or_default();
    element = element.child(Element::new("fr").text(description.chars().take(120).collect::<String>()));
    if content { element.child(Element::new("desc").text(description)) } else { element }
}

/// A date, or a date and time with its zone.
fn moment(name: &str, property: Option<(&str, &str)>) -> Option<Element> {
    let (parameters, value) = property?;
    let mut element = Element::new(name).set("d", value);
    if let Some(zone) = parameter(parameters, "TZID") {
        element = element.set("tz", zone);
    }
    let utc = value.strip_suffix('Z').and_then(milliseconds);
    Some(if name == "exceptId" { element } else { element.set_if("u", utc) })
}

/// Milliseconds of `20261120T100000`, as UTC.
fn milliseconds(text: &str) -> Option<i64> {
    let format = format_description!("[year][month][day]T[hour][minute][second]");
    let date = PrimitiveDateTime::parse(text, format).ok()?.assume_utc();
    Some((date - OffsetDateTime::UNIX_EPOCH).whole_seconds() * 1000)
}

fn person(name: &str, parameters: &str, value: &str) -> Element {
    let address = value.get(..7).filter(|start| start.eq_ignore_ascii_case("mailto:")).map_or(value, |_| &value[7..]);
    let element = Element::new(name).set("a", address).set("url", address);
    element.set_if("d", parameter(parameters, "CN"))
}

fn recurrence(component: &Component) -> Option<Element> {
    let mut add = Element::new("add");
    for (_, rule) in component.properties("RRULE") {
        add = add.child(self::rule(rule));
    }
    for (parameters, dates) in component.properties("RDATE") {
        add = add.child(self::dates(parameters, dates));
    }
    let mut all = Element::new("recur");
    if !add.children.is_empty() {
        all = all.child(add);
    }
    let mut exclude = Element::new("exclude");
    for (parameters, dates) in component.properties("EXDATE") {
        exclude = exclude.child(self::dates(parameters, dates));
    }
    if !exclude.children.is_empty() {
        all = all.child(exclude);
    }
    (!all.children.is_empty()).then_some(all)
}

fn dates(parameters: &str, dates: &str) -> Element {
    let all = Element::new("dates").set_if("tz", parameter(parameters, "TZID"));
    all.children(dates.split(',').map(|date| Element::new("dtval").child(Element::new("s").set("d", date))))
}

fn rule(rule: &str) -> Element {
    let parts: Vec<(&str, &str)> = rule.split(';').filter_map(|part| part.split_once('=')).collect();
    let of = |name: &str| parts.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let frequency = match of("FREQ") {
        Some("DAILY") => "DAI",
        Some("WEEKLY") => "WEE",
        Some("MONTHLY") => "MON",
        Some("YEARLY") => "YEA",
        Some("HOURLY") => "HOU",
        Some("MINUTELY") => "MIN",
        _ => "SEC",
    };
    let mut element = Element::new("rule").set("freq", frequency);
    for (name, element_name, attribute) in [
        ("UNTIL", "until", "d"),
        ("COUNT", "count", "num"),
        ("INTERVAL", "interval", "ival"),
        ("BYMONTHDAY", "bymonthday", "modaylist"),
        ("BYYEARDAY", "byyearday", "yrdaylist"),
        ("BYWEEKNO", "byweekno", "wklist"),
        ("BYMONTH", "bymonth", "molist"),
        ("BYSETPOS", "bysetpos", "poslist"),
        ("WKST", "wkst", "day"),
    ] {
        if let Some(value) = of(name) {
            element = element.child(Element::new(element_name).set(attribute, value));
        }
    }
    if let Some(days) = of("BYDAY") {
        let day = |day: &str| {
            let (number, day) = day.split_at(day.len().saturating_sub(2));
            Element::new("wkday").set("day", day).set_if("ordwk", (!number.is_empty()).then_some(number))
        };
        element = element.child(Element::new("byday").children(days.split(',').map(day)));
    }
    element
}

fn alarm(alarm: &Component) -> Option<Element> {
    let (parameters, trigger) = alarm.property("TRIGGER")?;
    let shown = Element::new("alarm").set("action", alarm.value("ACTION").unwrap_or("DISPLAY"));
    let when = if parameter(parameters, "VALUE") == Some("DATE-TIME") {
        Element::new("abs").set("d", trigger)
    } else {
        let related = parameter(parameters, "RELATED").unwrap_or("START");
        duration("rel", trigger).set("related", related)
    };
    let shown = shown.child(Element::new("trigger").child(when));
    Some(match alarm.value("DESCRIPTION") {
        Some(text) => shown.child(Element::new("desc").text(unescaped(text))),
        None => shown,
    })
}

/// `-PT15M` by its parts.
fn duration(name: &str, text: &str) -> Element {
    let mut element = Element::new(name);
    if text.starts_with('-') {
        element = element.set("neg", true);
    }
    let mut number = String::new();
    for character in text.chars() {
        match character {
            '0'..='9' => number.push(character),
            'W' | 'D' | 'H' | 'M' | 'S' => {
                let amount = std::mem::take(&mut number).parse::<i64>().unwrap_or(0);
                element = element.set(&character.to_ascii_lowercase().to_string(), amount);
            }
            _ => {}
        }
    }
    element
}
