//! Items as streams of ExportItems and UploadItems: the framing of Exchange around a property stream of [MS-OXCFXICS].
//!
//! A frame is an opcode and a length, 32 bits each, little-endian, then so many octets: 1 is the way of transfer, 3 the
//! kind of object, 4 the server's version, 2 a buffer of the property stream, of which there may be many.

mod properties;
mod read;
mod write;

pub(crate) use read::read;
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

/// The whole message in MIME.
const MIME_SKELETON: u16 = 0x64F0;
/// The elements of an item that have no MAPI name here, as XML in a public string.
const FIELDS: &str = "x-simulator-fields";

#[cfg(test)]
mod tests {
    use crate::ews::state::NewItem;
    use crate::ews::{date, mapi};

    use super::*;

    #[test]
    fn an_item_comes_out_of_its_stream_as_it_went_in() {
        let item = NewItem::message("Subject: Hi \u{1f600}\r\nTo: a@x.test\r\nMessage-ID: <1@x>\r\n\r\nbody\r\n")
            .received(date::parse("2020-01-02T03:04:05.678Z").unwrap())
            .categories(["red", "blau"])
            .read(true)
            .flagged()
            .property(0x1081, "Integer", "102")
            .property(0x4321, "Binary", "AAEC")
            .named("X-Mark", "ü")
            .attachment("a.bin", vec![0, 1, 255])
            .into_item();
        let stream = write(&item, [15, 1, 2507, 6]);
        let back = read(&stream).unwrap();
        assert_eq!(write(&back, [15, 1, 2507, 6]), stream);
        assert_eq!((&back.mime, &back.class, back.read, back.received), (&item.mime, &item.class, true, item.received));
        assert_eq!(back.fields, item.fields);
        assert_eq!(back.properties, item.properties);
        assert_eq!(mapi::flags(&back), mapi::flags(&item));
        assert_eq!(back.attachments.len(), 1);
    }

    #[test]
    fn an_appointment_keeps_what_has_no_mapi_name() {
        let item = NewItem::xml(
            "<t:CalendarItem><t:Subject>S</t:Subject><t:Start>2026-01-01T10:00:00Z</t:Start>\
             <t:End>2026-01-01T11:00:00Z</t:End><t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>a@x.test\
             </t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees></t:CalendarItem>",
        )
        .into_item();
        assert_eq!(read(&write(&item, [15, 1, 2507, 6])).unwrap().fields, item.fields);
    }

    #[test]
    fn broken_streams_are_refused() {
        let stream = write(&NewItem::from("Subject: x\r\n\r\n").into_item(), [15, 1, 2507, 6]);
        for length in [0, 7, 20, stream.len() / 2, stream.len() - 1] {
            assert!(read(&stream[..length]).is_err(), "{length}");
        }
        let mut other = stream.to_vec();
        other[0] = 9;
        assert!(read(&other).is_err());
    }
}
