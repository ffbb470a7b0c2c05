//! What a FastTransfer stream tells of the item in it, in the words of an answer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailmove_core::{Body, Error, ErrorKind, Kind, Recovery, Result};
use mailmove_exchange::fts::{FtsError, Summary, summarize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::kind;
use crate::wire::item::ItemData;
use crate::wire::property::Property;

/// What GetItem would say of the item in a stream; `None` when the stream does not tell enough of it.
///
/// # Errors
/// `Refused` for half of a stream: it must not be taken for an item. What is in it beyond the frames is the servers'
/// business.
pub(crate) fn described(stream: &Body) -> Result<Option<ItemData>> {
    match summarize(stream.reader()) {
        Ok(summary) => Ok(of(summary)),
        Err(error @ FtsError::CutShort) => Err(Error::new(ErrorKind::Refused, "the server gave half of the item")
            .because(error)
            .with_recovery(Recovery::OtherRoute)),
        Err(_) => Ok(None),
    }
}

fn of(summary: Summary) -> Option<ItemData> {
    let kind = kind::of_item(summary.class.as_deref()?);
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let flags = number(Some(summary.flags?));
    // By what an item is known must be what a listing at the other end says.
    let known = match kind {
        Kind::Mail | Kind::Note => true,
        Kind::Event => summary.foreign_uid.is_some() || summary.calendar_uid.is_some(),
        _ => summary.foreign_uid.is_some() || summary.search_key.is_some(),
    };
    let mut item = ItemData::default();
    (item.class, item.subject, item.message_id) = (summary.class, summary.subject, summary.message_id);
    (item.received, item.sent, item.created) = (summary.received, summary.sent, summary.created);
    (item.categories, item.uid) = (summary.categories, summary.calendar_uid);
    item.has_attachments = Some(summary.attachments > 0);
    let item = item
        .with(Property::MessageFlags, flags)
        .with(Property::LastModified, summary.modified.and_then(moment))
        .with(Property::FlagStatus, number(summary.follow_up))
        .with(Property::LastVerb, number(summary.last_verb))
        .with(Property::IconIndex, number(summary.icon))
        .with(Property::ImapDeleted, summary.imap_deleted.then(|| "1".to_owned()))
        .with(Property::SearchKey, summary.search_key.map(|key| STANDARD.encode(key)))
        .with(Property::Mark, summary.mark)
        .with(Property::Uid, summary.foreign_uid);
    known.then_some(item)
}

fn moment(when: OffsetDateTime) -> Option<String> {
    when.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use mailmove_core::{Flags, Format, Item, ItemFlags, Spool};
    use mailmove_exchange::fts::{Options, write};

    use super::*;

    fn stream(kind: Kind, format: Format, text: &str, flags: Flags) -> Body {
        let mut item = Item::new("1", kind, format, Body::unpooled(text.as_bytes().to_vec()));
        item.flags = flags;
        write(&item, &Options::marked("mm-1"), &Spool::new(1 << 20)).unwrap().0
    }

    #[test]
    fn a_mail_tells_what_an_answer_would() {
        let flags = Flags::new(ItemFlags::SEEN | ItemFlags::FLAGGED | ItemFlags::ANSWERED).with_category("Red");
        let text = "Message-ID: <1@x>\r\nSubject: hi\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\n";
        let data = described(&stream(Kind::Mail, Format::RFC5322, text, flags.clone())).unwrap().unwrap();
        assert_eq!(super::super::flags::of_kind(&data, Kind::Mail), flags);
        assert_eq!((data.class.as_deref(), data.internet_message_id()), (Some("IPM.Note"), Some("<1@x>")));
        assert_eq!(data.received.map(OffsetDateTime::unix_timestamp), Some(1_704_067_200));
        assert_eq!(data.property(Property::Mark), Some("mm-1"));
    }

    #[test]
    fn an_appointment_is_known_by_its_uid() {
        let event =
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:7@x\r\nDTSTART:20240101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let data = described(&stream(Kind::Event, Format::ICALENDAR, event, Flags::default())).unwrap().unwrap();
        assert_eq!(super::super::item::uid(&data).as_deref(), Some("7@x"));
    }

    #[test]
    fn what_does_not_tell_enough_is_asked_for_and_half_is_refused() {
        assert!(described(&Body::unpooled("")).unwrap().is_none());
        let whole = stream(Kind::Mail, Format::RFC5322, "Subject: x\r\n\r\n", Flags::default()).bytes().unwrap();
        let half = described(&Body::unpooled(whole.slice(..whole.len() - 1)));
        assert_eq!(half.unwrap_err().recovery(), Recovery::OtherRoute);
    }
}
