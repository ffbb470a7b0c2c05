//! Journal entries, between VJOURNAL and a message of a class of its own.

use calcard::icalendar::{ICalendarComponentType, ICalendarProperty};
use mailmove_core::{Loss, Result};

use super::calendar::{self, Parts, date_text, moment};
use crate::wire::item::{ItemData, date};
use crate::wire::property::Property;

/// The class of journal entries.
pub(super) const CLASS: &str = "IPM.Activity";

/// Takes a VJOURNAL apart.
pub(super) fn read(text: &str) -> Result<Parts> {
    calendar::read(text, &ICalendarComponentType::VJournal, |entry, parts| match &entry.name {
        ICalendarProperty::Dtstart => {
            let start = date_text(entry).map(|start| (Property::JournalStart, start));
            let kept = start.is_some();
            parts.properties.extend(start);
            kept
        }
        _ => false,
    })
}

/// The VJOURNAL of an entry, and what it does not carry.
pub(super) fn write(item: &ItemData) -> (String, Vec<Loss>) {
    let text = calendar::write(item, ICalendarComponentType::VJournal, |journal| {
        if let Some(when) = item.property(Property::JournalStart).and_then(date) {
            journal.add_property(ICalendarProperty::Dtstart, moment(when));
        }
    });
    let lost = Loss::new("journal-fields", "duration, type and contacts of a journal entry stand in its stream alone");
    (text, vec![lost])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_keeps_its_texts_and_when_it_began() {
        let text = "BEGIN:VCALENDAR\r\nBEGIN:VJOURNAL\r\nUID:1@x\r\nSUMMARY:Call\r\nDTSTART:20240229T101112Z\r\n\
                    DESCRIPTION:one\r\nDESCRIPTION:two\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n";
        let parts = read(text).unwrap();
        assert_eq!(parts.properties, [(Property::JournalStart, "2024-02-29T10:11:12Z".to_owned())]);
        let item = ItemData::parse(
            "<Message><ItemClass>IPM.Activity</ItemClass><Subject>Call</Subject><Body>one</Body><ExtendedProperty>\
             <ExtendedFieldURI PropertySetId='0006200A-0000-0000-C000-000000000046' PropertyId='34566' \
             PropertyType='SystemTime'/><Value>2024-02-29T10:11:12Z</Value></ExtendedProperty></Message>",
        );
        let (written, _) = write(&item);
        for line in ["BEGIN:VJOURNAL", "SUMMARY:Call", "DESCRIPTION:one", "DTSTART:20240229T101112Z"] {
            assert!(written.contains(&format!("{line}\r\n")), "{line} is missing in\n{written}");
        }
    }
}
