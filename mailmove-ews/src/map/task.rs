//! Tasks, between VTODO and the fields of Exchange.

use calcard::icalendar::{ICalendarComponentType, ICalendarProperty, ICalendarValue};
use mailmove_core::{Loss, Result};

use super::calendar::{self, Parts, add_day, date_text, moment, texts};
use crate::wire::item::{ItemData, date};
use crate::wire::tree::Field;

/// The word of iCalendar, the word of Exchange.
const STATES: [(&str, &str); 5] = [
    ("NEEDS-ACTION", "NotStarted"),
    ("IN-PROCESS", "InProgress"),
    ("COMPLETED", "Completed"),
    ("CANCELLED", "Deferred"),
    ("NEEDS-ACTION", "WaitingOnOthers"),
];

/// The fields of a task in the order of the schema, by the property that they come from.
const FIELDS: [(ICalendarProperty, &str); 4] = [
    (ICalendarProperty::Due, "t:DueDate"),
    (ICalendarProperty::PercentComplete, "t:PercentComplete"),
    (ICalendarProperty::Dtstart, "t:StartDate"),
    (ICalendarProperty::Status, "t:Status"),
];

/// Takes a VTODO apart.
pub(super) fn read(text: &str) -> Result<Parts> {
    let mut values: Vec<(ICalendarProperty, String)> = Vec::new();
    let mut parts = calendar::read(text, &ICalendarComponentType::VTodo, |entry, parts| {
        let first = texts(entry).into_iter().next().unwrap_or_default();
        let value = match &entry.name {
            ICalendarProperty::Due | ICalendarProperty::Dtstart | ICalendarProperty::Completed => date_text(entry),
            ICalendarProperty::PercentComplete => Some(first).filter(|text| text.parse::<u8>().is_ok_and(|n| n <= 100)),
            ICalendarProperty::Status => {
                let known = STATES.iter().find(|(word, _)| first.eq_ignore_ascii_case(word));
                known.map(|(_, word)| (*word).to_owned())
            }
            ICalendarProperty::Priority => {
                let word = match first.parse() {
                    Ok(1..=4) => Some("High"),
                    Ok(6..=9_u8) => Some("Low"),
                    _ => None,
                };
                parts.middle.extend(word.map(|word| Field::text("t:Importance", word)));
                return true;
            }
            _ => return false,
        };
        let Some(value) = value else { return false };
        values.push((entry.name.clone(), value));
        true
    })?;
    let value =
        |name: &ICalendarProperty| values.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let completed = value(&ICalendarProperty::Completed);
    parts.tail.extend(completed.clone().map(|day| Field::text("t:CompleteDate", day)));
    for (property, field) in &FIELDS {
        // A day of completion makes a task complete, whatever else it says.
        let said = match property {
            ICalendarProperty::Status if completed.is_some() => Some("Completed".to_owned()),
            ICalendarProperty::PercentComplete if completed.is_some() => Some("100".to_owned()),
            property => value(property),
        };
        parts.tail.extend(said.map(|text| Field::text(field, text)));
    }
    Ok(parts)
}

/// The VTODO of a task, and what it does not carry.
pub(super) fn write(item: &ItemData) -> (String, Vec<Loss>) {
    let text = calendar::write(item, ICalendarComponentType::VTodo, |todo| {
        add_day(todo, ICalendarProperty::Dtstart, item.field_text("StartDate"));
        add_day(todo, ICalendarProperty::Due, item.field_text("DueDate"));
        if let Some(when) = item.field_text("CompleteDate").and_then(date) {
            todo.add_property(ICalendarProperty::Completed, moment(when));
        }
        let percent = item.field_text("PercentComplete").and_then(|text| text.trim().parse::<f64>().ok());
        if let Some(percent) = percent.filter(|percent| *percent > 0.0) {
            todo.add_property(ICalendarProperty::PercentComplete, ICalendarValue::Integer(percent.round() as i64));
        }
        let state = item.field_text("Status").and_then(|is| STATES.iter().find(|(_, word)| *word == is));
        if let Some((word, _)) = state {
            todo.add_property(ICalendarProperty::Status, (*word).to_owned());
        }
        let priority = match item.field_text("Importance") {
            Some("High") => Some(1),
            Some("Low") => Some(9),
            _ => None,
        };
        if let Some(priority) = priority {
            todo.add_property(ICalendarProperty::Priority, ICalendarValue::Integer(priority));
        }
    });
    let mut losses = Vec::new();
    if item.field_text("IsRecurring") == Some("true") || item.field("Recurrence").is_some() {
        losses.push(Loss::new("recurrence", "how the task repeats stands in its stream alone"));
    }
    if item.has_attachments == Some(true) {
        losses.push(Loss::new("attachments", "what hangs on a task stands in its stream alone"));
    }
    (text, losses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::writer::{Writer, text_of};

    fn todo(lines: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:1@x\r\n{lines}END:VTODO\r\nEND:VCALENDAR\r\n")
    }

    /// As the server would give it back.
    fn stored(parts: &Parts) -> ItemData {
        let mut out = Writer::new();
        out.open("t:Task");
        parts.head.iter().chain(&parts.middle).chain(&parts.tail).for_each(|field| field.write(&mut out));
        crate::wire::property::Property::Uid.write_value(&mut out, "1@x");
        crate::wire::create_item::write_categories(&mut out, &parts.categories);
        let text = text_of(&out.finish());
        let mut item = ItemData::parse(text.split_once("?>").unwrap().1);
        item.class = Some("IPM.Task".to_owned());
        item
    }

    #[test]
    fn a_task_comes_back_with_everything_that_exchange_has_a_place_for() {
        let text = todo(
            "SUMMARY:Buy\\, now\r\nDESCRIPTION:milk\\nbread\r\nDTSTART;VALUE=DATE:20240301\r\nDUE;VALUE=DATE:20240302\r\n\
             PERCENT-COMPLETE:50\r\nSTATUS:IN-PROCESS\r\nPRIORITY:1\r\nCLASS:PRIVATE\r\nCATEGORIES:Red,Blue\r\n",
        );
        let parts = read(&text).unwrap();
        assert_eq!(parts.losses.len(), 1, "{:?}", parts.losses);
        let (written, losses) = write(&stored(&parts));
        assert!(losses.is_empty());
        for line in [
            "UID:1@x",
            "SUMMARY:Buy\\, now",
            "DESCRIPTION:milk\\nbread",
            "DTSTART;VALUE=DATE:20240301",
            "DUE;VALUE=DATE:20240302",
            "PERCENT-COMPLETE:50",
            "STATUS:IN-PROCESS",
            "PRIORITY:1",
            "CLASS:PRIVATE",
            "CATEGORIES:Red,Blue",
        ] {
            assert!(written.contains(&format!("\r\n{line}\r\n")), "{line} is missing in\n{written}");
        }
        let again = read(&written).unwrap();
        assert_eq!((again.head, again.middle, again.tail), (parts.head, parts.middle, parts.tail));
    }

    #[test]
    fn a_day_of_completion_makes_a_task_complete() {
        let parts = read(&todo("COMPLETED:20240101T101112Z\r\nSTATUS:IN-PROCESS\r\nPERCENT-COMPLETE:10\r\n")).unwrap();
        let (written, _) = write(&stored(&parts));
        assert!(written.contains("COMPLETED:20240101T101112Z") && written.contains("STATUS:COMPLETED"), "{written}");
        assert!(written.contains("PERCENT-COMPLETE:100"));
    }

    #[test]
    fn what_has_no_place_is_named() {
        let losses = read(&todo("RRULE:FREQ=DAILY\r\nBEGIN:VALARM\r\nEND:VALARM\r\n")).unwrap().losses;
        assert!(losses[1].text.contains("RRULE") && losses[1].text.contains("VALARM"), "{losses:?}");
        assert!(read("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").is_err());
    }
}
