//! Items as streams of the import and export API: frames around a property stream of [MS-OXCFXICS].
//!
//! A frame is an opcode and a length, 32 bits each, little-endian, then so many octets: 1 is the way of transfer, 3 the
//! kind of object, 4 the server's version, 2 a buffer of the property stream, of which there may be many.

mod appointment;
mod load;
mod people;
mod read;
mod recurrence;
mod rest;
mod value;
mod write;

pub(crate) use load::load;
pub(crate) use write::write;

/// Markers between the properties.
mod marker {
    pub(super) const NEW_ATTACH: u32 = 0x4000_0003;
    pub(super) const START_EMBED: u32 = 0x4001_0003;
    pub(super) const END_EMBED: u32 = 0x4002_0003;
    pub(super) const START_RECIPIENT: u32 = 0x4003_0003;
    pub(super) const END_RECIPIENT: u32 = 0x4004_0003;
    pub(super) const END_ATTACH: u32 = 0x400E_0003;

    pub(super) const ALL: [u32; 6] = [NEW_ATTACH, START_EMBED, END_EMBED, START_RECIPIENT, END_RECIPIENT, END_ATTACH];
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;
    use crate::graph::date;
    use crate::graph::state::{Attachment, Content, Item};

    fn item() -> Item {
        let mut item = Item::new("IPM.Note");
        (item.draft, item.read) = (false, true);
        item.received = date::parse("2020-01-02T03:04:05.678Z").unwrap();
        item.sent = date::parse("2020-01-02T03:04:04Z");
        item.set("subject", "Hi \u{1f600}");
        item.set("body", json!({"contentType": "html", "content": "<b>ä</b>"}));
        let recipient = |address: &str| json!({"emailAddress": {"name": "Ä", "address": address}});
        item.set("toRecipients", json!([recipient("a@x.test")]));
        item.set("bccRecipients", json!([recipient("b@x.test")]));
        item.set("from", recipient("f@x.test"));
        item.set("sender", recipient("s@x.test"));
        item.set("internetMessageId", "<1@x>");
        item.set("categories", json!(["red", "blau"]));
        item.set("flag", json!({"flagStatus": "flagged"}));
        let mut picture = Attachment::file("i.png", Bytes::from_static(&[0, 1, 255]));
        (picture.inline, picture.content_id) = (true, Some("i@x".to_owned()));
        item.attach(picture);
        let mut inner = Item::new("IPM.Note");
        inner.set("subject", "inner");
        inner.attach(Attachment::file("deep.bin", vec![9; 3].into()));
        item.attach(Attachment::new("inner", Content::Item(Box::new(inner))));
        item
    }

    #[test]
    fn an_item_comes_out_of_its_stream_as_it_went_in() {
        let item = item();
        let back = load(&write(&item)).unwrap();
        assert_eq!((back.draft, back.read, back.received, back.sent), (false, true, item.received, item.sent));
        for (name, value) in &item.fields {
            assert_eq!(back.fields.get(name), Some(value), "{name}");
        }
        let [picture, inner] = &back.attachments[..] else { panic!("two attachments") };
        assert_eq!((picture.inline, picture.content_id.as_deref(), picture.size()), (true, Some("i@x"), 3));
        let Content::Item(inner) = &inner.content else { panic!("an item") };
        assert_eq!((inner.text("subject"), inner.attachments.len()), ("inner", 1));
        assert_eq!(write(&back), write(&item));
    }

    #[test]
    fn a_series_keeps_what_differs_in_it() {
        let mut series = Item::new("IPM.Appointment");
        let at = |hour: &str| json!({"dateTime": format!("2026-05-01T{hour}:00:00"), "timeZone": "UTC"});
        (series.fields, series.draft) =
            (json!({"start": at("10"), "end": at("11")}).as_object().cloned().unwrap(), false);
        let day = date::parse_date("2026-05-08").unwrap();
        let mut changed = series.clone();
        changed.set("subject", "changed");
        series.exceptions.insert(day, changed);
        series.cancelled.insert(day);
        let back = load(&write(&series)).unwrap();
        assert_eq!((&back.fields, &back.cancelled), (&series.fields, &series.cancelled));
        assert_eq!(back.exceptions[&day].text("subject"), "changed");
    }

    #[test]
    fn broken_streams_are_refused() {
        let stream = write(&item());
        for length in [0, 7, 20, stream.len() / 2, stream.len() - 1] {
            assert!(load(&stream.slice(..length)).is_err(), "{length}");
        }
        let mut other = stream.to_vec();
        other[0] = 9;
        assert!(load(&other.into()).is_err());
    }
}
