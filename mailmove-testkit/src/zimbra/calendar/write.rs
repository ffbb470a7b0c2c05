//! Invitations in the words of SOAP, as iCalendar.

use crate::zimbra::element::Element;
use crate::zimbra::ical::{Calendar, Component, escaped};
use crate::zimbra::refusal::Refusal;
use crate::zimbra::state::ItemKind;

/// Zimbra's word for something, and that of iCalendar.
type Words = &'static [(&'static str, &'static str)];

/// The calendar that an invitation describes, with the zones that the message around it defines.
pub(crate) fn calendar(
    message: &Element,
    invitation: &Element,
    kind: ItemKind,
    uid: &str,
) -> Result<Calendar, Refusal> {
    if let Some(raw) = invitation.find("content") {
        let parsed = Calendar::parse(raw.own_text().as_bytes());
        return parsed.map_err(|why| Refusal::new("mail.ICALENDAR_PARSE_ERROR", why));
    }
    let comp = invitation.find("comp").unwrap_or(invitation);
    let zones = message.all("tz").chain(invitation.all("tz")).map(zone);
    let name = if kind == ItemKind::Task { "VTODO" } else { "VEVENT" };
    let mut component = Component::new(name);
    let mut line = |text: String| component.lines.push(text);
    let uid = comp.value("uid").filter(|uid| !uid.is_empty()).unwrap_or_else(|| uid.to_owned());
    line(format!("UID:{uid}"));
    let all_day = comp.flag("allDay");
    let text = |name: &str| comp.value(name).filter(|text| !text.is_empty());
    for (attribute, property) in [("name", "SUMMARY"), ("loc", "LOCATION"), ("desc", "DESCRIPTION"), ("url", "URL")] {
        if let Some(text) = text(attribute) {
            line(format!("{property}:{}", escaped(&text)));
        }
    }
    if let (None, Some(body)) = (text("desc"), body(message)) {
        line(format!("DESCRIPTION:{}", escaped(&body)));
    }
    let end = if kind == ItemKind::Task { "DUE" } else { "DTEND" };
    for (element, property) in [("s", "DTSTART"), ("e", end), ("exceptId", "RECURRENCE-ID")] {
        if let Some(moment) = comp.find(element) {
            line(self::moment(property, moment, all_day)?);
        } else if element == "s" && kind == ItemKind::Appointment {
            return Err(Refusal::invalid("missing required element: s"));
        }
    }
    if let Some(duration) = comp.find("dur") {
        line(format!("DURATION:{}", self::duration(duration)));
    }
    let words: [(&str, &str, Words); 3] = [
        (
            "status",
            "STATUS",
            &[
                ("TENT", "TENTATIVE"),
                ("CONF", "CONFIRMED"),
                ("CANC", "CANCELLED"),
                ("NEED", "NEEDS-ACTION"),
                ("COMP", "COMPLETED"),
                ("INPR", "IN-PROCESS"),
                ("WAITING", "NEEDS-ACTION"),
                ("DEFERRED", "NEEDS-ACTION"),
            ],
        ),
        ("class", "CLASS", &[("PUB", "PUBLIC"), ("PRI", "PRIVATE"), ("CON", "CONFIDENTIAL")]),
        ("transp", "TRANSP", &[("O", "OPAQUE"), ("T", "TRANSPARENT")]),
    ];
    for (attribute, property, known) in words {
        let Some(value) = text(attribute) else { continue };
        let word = known.iter().find(|(short, _)| *short == value).map(|(_, word)| *word);
        line(format!(
            "{property}:{}",
            word.ok_or_else(|| Refusal::invalid(format_args!("invalid {attribute}: {value}")))?
        ));
    }
    for (attribute, property) in [
        ("priority", "PRIORITY"),
        ("percentComplete", "PERCENT-COMPLETE"),
        ("completed", "COMPLETED"),
        ("seq", "SEQUENCE"),
    ] {
        text(attribute).into_iter().for_each(|value| line(format!("{property}:{value}")));
    }
    if let Some(organizer) = comp.find("or") {
        line(person("ORGANIZER", organizer));
    }
    comp.all("at").for_each(|attendee| line(person("ATTENDEE", attendee)));
    let categories: Vec<String> = comp.all("category").map(|one| escaped(one.own_text())).collect();
    if !categories.is_empty() {
        line(format!("CATEGORIES:{}", categories.join(",")));
    }
    if let Some(recurrence) = comp.find("recur") {
        recurring(recurrence, all_day)?.into_iter().for_each(&mut line);
    }
    for property in comp.all("xprop") {
        let parameters: String = property
            .all("xparam")
            .map(|one| format!(";{}={}", one.value("name").unwrap_or_default(), one.value("value").unwrap_or_default()))
            .collect();
        let (name, value) = (property.value("name").unwrap_or_default(), property.value("value").unwrap_or_default());
        line(format!("{name}{parameters}:{}", escaped(&value)));
    }
    line("DTSTAMP:20261120T100000Z".to_owned());
    component.children = comp.all("alarm").map(alarm).collect();
    let method = invitation.value("method").or_else(|| comp.value("method"));
    Ok(Calendar { method, zones: zones.collect(), components: vec![component] })
}

/// The plain text of a message.
fn body(message: &Element) -> Option<String> {
    fn plain(part: &Element) -> Option<String> {
        if part.value("ct").as_deref() == Some("text/plain") {
            return part.value("content");
        }
        part.all("mp").find_map(plain)
    }
    message.all("mp").find_map(plain)
}

fn moment(property: &str, moment: &Element, all_day: bool) -> Result<String, Refusal> {
    let value = moment.value("d").ok_or_else(|| Refusal::invalid("missing required attribute: d"))?;
    let digits = value.chars().filter(char::is_ascii_digit).count();
    if digits != 8 && digits != 14 {
        return Err(Refusal::invalid(format_args!("invalid date: {value}")));
    }
    if all_day || value.len() == 8 {
        return Ok(format!("{property};VALUE=DATE:{}", value.get(..8).unwrap_or(&value)));
    }
    Ok(match moment.value("tz").filter(|_| !value.ends_with('Z')) {
        Some(zone) => format!("{property};TZID=\"{zone}\":{value}"),
        None => format!("{property}:{value}"),
    })
}

fn person(property: &str, person: &Element) -> String {
    let mut line = property.to_owned();
    let mut put = |name: &str, value: Option<&str>| {
        value.into_iter().for_each(|value| line.push_str(&format!(";{name}={value}")));
    };
    let name = person.value("d").map(|name| format!("\"{}\"", name.replace('"', "'")));
    put("CN", name.as_deref());
    put(
        "ROLE",
        match person.value("role").as_deref() {
            Some("OPT") => Some("OPT-PARTICIPANT"),
            Some("NON") => Some("NON-PARTICIPANT"),
            Some("CHA") => Some("CHAIR"),
            Some(_) => Some("REQ-PARTICIPANT"),
            None => None,
        },
    );
    put(
        "PARTSTAT",
        match person.value("ptst").as_deref() {
            Some("AC") => Some("ACCEPTED"),
            Some("DE") => Some("DECLINED"),
            Some("TE") => Some("TENTATIVE"),
            Some("DG") => Some("DELEGATED"),
            Some(_) => Some("NEEDS-ACTION"),
            None => None,
        },
    );
    put("RSVP", person.flag("rsvp").then_some("TRUE"));
    format!("{line}:mailto:{}", person.value("a").unwrap_or_default())
}

fn recurring(recurrence: &Element, all_day: bool) -> Result<Vec<String>, Refusal> {
    let mut lines = Vec::new();
    for (name, add) in [("add", true), ("exclude", false)] {
        for part in recurrence.all(name) {
            for rule in part.all("rule") {
                lines.push(format!("{}:{}", if add { "RRULE" } else { "EXRULE" }, self::rule(rule)?));
            }
            for dates in part.all("dates") {
                let days = dates.all("dtval").filter_map(|value| value.find("s")?.value("d"));
                let days: Vec<String> = days.collect();
                let property = if add { "RDATE" } else { "EXDATE" };
                lines.push(match (dates.value("tz"), all_day) {
                    (_, true) => format!("{property};VALUE=DATE:{}", days.join(",")),
                    (Some(zone), _) => format!("{property};TZID=\"{zone}\":{}", days.join(",")),
                    (None, _) => format!("{property}:{}", days.join(",")),
                });
            }
        }
    }
    Ok(lines)
}

fn rule(rule: &Element) -> Result<String, Refusal> {
    let frequencies = [
        ("SEC", "SECONDLY"),
        ("MIN", "MINUTELY"),
        ("HOU", "HOURLY"),
        ("DAI", "DAILY"),
        ("WEE", "WEEKLY"),
        ("MON", "MONTHLY"),
        ("YEA", "YEARLY"),
    ];
    let wanted = rule.value("freq").unwrap_or_default();
    let frequency = frequencies.iter().find(|(short, _)| *short == wanted).map(|(_, word)| *word);
    let frequency = frequency.ok_or_else(|| Refusal::invalid(format_args!("invalid freq: {wanted}")))?;
    let mut parts = vec![format!("FREQ={frequency}")];
    for (element, attribute, name) in [
        ("until", "d", "UNTIL"),
        ("count", "num", "COUNT"),
        ("interval", "ival", "INTERVAL"),
        ("bymonthday", "modaylist", "BYMONTHDAY"),
        ("byyearday", "yrdaylist", "BYYEARDAY"),
        ("byweekno", "wklist", "BYWEEKNO"),
        ("bymonth", "molist", "BYMONTH"),
        ("bysetpos", "poslist", "BYSETPOS"),
        ("wkst", "day", "WKST"),
    ] {
        let value = rule.find(element).and_then(|one| one.value(attribute));
        value.into_iter().for_each(|value| parts.push(format!("{name}={value}")));
    }
    if let Some(days) = rule.find("byday") {
        let days = days
            .all("wkday")
            .map(|day| format!("{}{}", day.value("ordwk").unwrap_or_default(), day.value("day").unwrap_or_default()));
        parts.push(format!("BYDAY={}", days.collect::<Vec<_>>().join(",")));
    }
    Ok(parts.join(";"))
}

fn alarm(alarm: &Element) -> Component {
    let mut component = Component::new("VALARM");
    component.lines.push(format!("ACTION:{}", alarm.value("action").unwrap_or_else(|| "DISPLAY".to_owned())));
    let trigger = alarm.find("trigger");
    if let Some(relative) = trigger.and_then(|trigger| trigger.find("rel")) {
        let related = relative.value("related").unwrap_or_else(|| "START".to_owned());
        component.lines.push(format!("TRIGGER;RELATED={related}:{}", duration(relative)));
    } else if let Some(date) = trigger.and_then(|trigger| trigger.find("abs")).and_then(|one| one.value("d")) {
        component.lines.push(format!("TRIGGER;VALUE=DATE-TIME:{date}"));
    }
    let text = alarm.value("desc").unwrap_or_default();
    component.lines.push(format!("DESCRIPTION:{}", escaped(&text)));
    component
}

fn duration(element: &Element) -> String {
    let part = |name: &str, letter: char| {
        element.number(name).filter(|number| *number > 0).map(|number| format!("{number}{letter}")).unwrap_or_default()
    };
    let time = [part("h", 'H'), part("m", 'M'), part("s", 'S')].concat();
    let days = [part("w", 'W'), part("d", 'D')].concat();
    let sign = if element.flag("neg") { "-" } else { "" };
    match (days.is_empty(), time.is_empty()) {
        (true, true) => "PT0S".to_owned(),
        (false, true) => format!("{sign}P{days}"),
        _ => format!("{sign}P{days}T{time}"),
    }
}

/// A time zone from its offsets and onsets.
fn zone(element: &Element) -> Component {
    let mut zone = Component::new("VTIMEZONE");
    zone.lines.push(format!("TZID:{}", element.value("id").unwrap_or_default()));
    let offset = |minutes: i64| {
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}{:02}", minutes.abs() / 60, minutes.abs() % 60)
    };
    let standard = element.number("stdoff").unwrap_or(0);
    let daylight = element.number("dayoff").unwrap_or(standard);
    let mut part = |name: &str, onset: Option<&Element>, from: i64, to: i64| {
        let mut part = Component::new(name);
        let number = |name: &str| onset.and_then(|onset| onset.number(name)).unwrap_or(0);
        let day = number("mday").max(1);
        let time = format!("{:02}{:02}{:02}", number("hour"), number("min"), number("sec"));
        part.lines.push(format!("DTSTART:1971{:02}{day:02}T{time}", number("mon").max(1)));
        part.lines.push(format!("TZOFFSETFROM:{}", offset(from)));
        part.lines.push(format!("TZOFFSETTO:{}", offset(to)));
        if number("week") != 0 {
            let days = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
            let day = usize::try_from(number("wkday") - 1).ok().and_then(|at| days.get(at)).unwrap_or(&"SU");
            let (month, week) = (number("mon"), number("week"));
            part.lines.push(format!("RRULE:FREQ=YEARLY;BYMONTH={month};BYDAY={week}{day}"));
        }
        zone.children.push(part);
    };
    part("STANDARD", element.find("standard"), daylight, standard);
    if element.find("daylight").is_some() {
        part("DAYLIGHT", element.find("daylight"), standard, daylight);
    }
    zone
}
