//! What is written here is read here.

use mailmove_core::{Body, Flags, Item, Spool};
use proptest::prelude::*;

use super::*;
use crate::fts::{Options, summarize, write};

fn item(kind: Kind, format: Format, octets: impl Into<Vec<u8>>) -> Item {
    Item::new("1", kind, format, Body::unpooled(octets.into()))
}

fn stream(item: &Item) -> Body {
    write(item, &Options::marked("mm-1"), &Spool::new(1 << 20)).unwrap().0
}

fn again(item: &Item) -> Plain {
    let plain = read(stream(item).reader(), "other").unwrap();
    assert_eq!((&plain.format, plain.kind), (&item.format, item.kind));
    plain
}

fn lines(plain: &Plain) -> String {
    String::from_utf8_lossy(&plain.text).replace("\r\n ", "")
}

#[test]
fn a_note_is_a_note_and_comes_back_as_a_message() {
    let text = "Message-ID: <1@x>\r\nDate: Thu, 29 Feb 2024 10:11:12 +0000\r\nSubject: =?utf-8?q?K=C3=A4se?=\r\n\
        Content-Type: text/plain; charset=utf-8\r\n\r\nbuy chee\u{df}e";
    let mut note = item(Kind::Note, Format::RFC5322, text);
    note.flags = Flags::default().with_category("Red");
    let summary = summarize(stream(&note).reader()).unwrap();
    assert_eq!((summary.class.as_deref(), summary.icon), (Some("IPM.StickyNote"), Some(0x303)));
    assert_eq!(summary.item_flags(), note.flags);
    let plain = again(&note);
    let text = lines(&plain);
    for line in ["Message-ID: <1@x>", "Date: Thu, 29 Feb 2024 10:11:12 +0000", "Subject: =?utf-8?B?S8Okc2U=?="] {
        assert!(text.contains(&format!("{line}\r\n")), "{line} is missing in\n{text}");
    }
    assert!(text.ends_with("\r\n\r\nYnV5IGNoZWXDn2U=\r\n"), "{text}");
    assert_eq!(plain.losses.iter().map(|loss| &*loss.code).collect::<Vec<_>>(), ["note-look"]);
}

#[test]
fn a_group_has_its_members_and_its_name() {
    let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nUID:urn:1\r\nFN:The team\r\nMEMBER:mailto:a@x.example\r\n\
        MEMBER:mailto:b@x.example\r\nNOTE:ours\r\nCATEGORIES:Blue\r\nEND:VCARD\r\n";
    let group = item(Kind::Contact, Format::VCARD, card);
    assert_eq!(summarize(stream(&group).reader()).unwrap().class.as_deref(), Some("IPM.DistList"));
    let plain = again(&group);
    let text = lines(&plain);
    for line in card.lines().filter(|line| !line.starts_with("VERSION")) {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    assert_eq!(plain.losses, []);
}

#[test]
fn who_has_no_address_is_named_as_lost() {
    let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nFN:x\r\nMEMBER:mailto:nobody\r\nEND:VCARD\r\n";
    assert_eq!(again(&item(Kind::Contact, Format::VCARD, card)).losses[0].code, "members");
}

#[test]
fn other_classes_and_broken_streams_are_refused() {
    let mail = stream(&item(Kind::Mail, Format::RFC5322, "Subject: x\r\n\r\n"));
    assert_eq!(read(mail.reader(), "").unwrap_err().kind(), ErrorKind::Unsupported);
    let octets = mail.bytes().unwrap();
    assert_eq!(read(&octets[..octets.len() - 1], "").unwrap_err().kind(), ErrorKind::Refused);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_journal_entry_comes_back(
        subject in crate::calendar::samples::text(), plain in crate::calendar::samples::text(),
        seconds in 0_i64..4_000_000_000, uid in "[a-z0-9]{1,20}", categories in proptest::collection::btree_set("[A-Z]{1,9}", 0..3),
    ) {
        let own = Journal {
            uid, subject, body: Text { plain, html: None }, categories: categories.into_iter().collect(),
            start: OffsetDateTime::from_unix_timestamp(seconds).ok(), ..Journal::default()
        };
        let plain = again(&item(Kind::Journal, Format::ICALENDAR, own.to_icalendar()));
        let (back, losses) = Journal::from_icalendar(&plain.text).unwrap();
        prop_assert_eq!(back, own);
        prop_assert!(losses.is_empty());
    }

    #[test]
    fn every_note_says_what_it_said(subject in crate::calendar::samples::text(), body in crate::calendar::samples::text()) {
        let encode = |text: &str| {
            use base64::Engine;
            base64::engine::general_purpose::STANDARD.encode(text)
        };
        let text = format!("Subject: =?utf-8?B?{}?=\r\nContent-Type: text/plain; charset=utf-8\r\n\
            Content-Transfer-Encoding: base64\r\n\r\n{}\r\n", encode(&subject), encode(&body));
        let first = again(&item(Kind::Note, Format::RFC5322, text));
        let second = again(&item(Kind::Note, Format::RFC5322, first.text.clone()));
        prop_assert_eq!(first, second);
    }

    #[test]
    fn every_group_keeps_its_members(members in proptest::collection::vec("[a-z]{1,12}@[a-z]{1,12}\\.example", 0..20)) {
        let all: String = members.iter().map(|member| format!("MEMBER:mailto:{member}\r\n")).collect();
        let card = format!("BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nFN:x\r\n{all}END:VCARD\r\n");
        let text = lines(&again(&item(Kind::Contact, Format::VCARD, card)));
        let found: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("MEMBER:mailto:")).collect();
        prop_assert_eq!(found, members);
    }

    #[test]
    fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        _ = read(&octets[..], "");
    }
}
