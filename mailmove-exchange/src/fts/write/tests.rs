//! Streams, read back token by token with the reader of this crate.

use proptest::prelude::*;
use time::macros::datetime;

use super::super::{Frames, Marker, Name, Property, Token, Tokens, Value, summarize};
use super::*;

/// A message as a stream has it.
#[derive(Debug, Default)]
struct Node {
    properties: Vec<Property>,
    recipients: Vec<Vec<Property>>,
    attachments: Vec<(Vec<Property>, Option<Node>)>,
}

impl Node {
    fn read(stream: &Body) -> Self {
        let mut tokens = Tokens::new(Frames::new(stream.reader()));
        Self::message(&mut tokens, None)
    }

    fn message<R: std::io::Read>(tokens: &mut Tokens<R>, end: Option<Marker>) -> Self {
        let mut node = Node::default();
        loop {
            match tokens.next().unwrap() {
                None => {
                    assert_eq!(end, None);
                    return node;
                }
                Some(Token::Marker(marker)) if Some(marker) == end => return node,
                Some(Token::Property(property)) => {
                    assert!(node.recipients.is_empty() && node.attachments.is_empty(), "properties come first");
                    node.properties.push(property);
                }
                Some(Token::Marker(Marker::StartRecipient)) => {
                    let mut row = Vec::new();
                    while let Some(Token::Property(property)) = tokens.next().unwrap() {
                        row.push(property);
                    }
                    node.recipients.push(row);
                }
                Some(Token::Marker(Marker::StartAttachment)) => {
                    let (mut properties, mut inner) = (Vec::new(), None);
                    loop {
                        match tokens.next().unwrap().unwrap() {
                            Token::Property(property) => properties.push(property),
                            Token::Marker(Marker::StartEmbedded) => {
                                inner = Some(Self::message(tokens, Some(Marker::EndEmbedded)));
                            }
                            Token::Marker(Marker::EndAttachment) => break,
                            other => panic!("{other:?}"),
                        }
                    }
                    node.attachments.push((properties, inner));
                }
                Some(other) => panic!("{other:?}"),
            }
        }
    }

    fn value(&self, key: Key) -> Option<&Value> {
        value(&self.properties, key)
    }

    fn text(&self, key: Key) -> &str {
        text(&self.properties, key)
    }

    fn number(&self, key: Key) -> Option<u64> {
        match self.value(key) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }
}

fn value(properties: &[Property], key: Key) -> Option<&Value> {
    let same = |property: &&Property| match (&key, &property.name) {
        (Key::Tag(id), None) => property.id == *id,
        (Key::Number(set, number), Some(Name::Number(own, known))) => (set, number) == (own, known),
        (Key::Text(set, text), Some(Name::Text(own, known))) => set == own && text == known,
        _ => false,
    };
    let found: Vec<_> = properties.iter().filter(same).collect();
    assert!(found.len() < 2, "{key:?} is there twice");
    found.first().map(|property| &property.value)
}

fn text(properties: &[Property], key: Key) -> &str {
    match value(properties, key) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

fn item(kind: Kind, format: Format, octets: impl Into<Vec<u8>>) -> Item {
    Item::new("1", kind, format, Body::unpooled(octets.into()))
}

fn mail(octets: impl Into<Vec<u8>>) -> Item {
    item(Kind::Mail, Format::RFC5322, octets)
}

fn written(item: &Item) -> (Node, Vec<String>) {
    let spool = Spool::new(1 << 20);
    let (stream, losses) = write(item, &Options::marked("mm-1"), &spool).unwrap();
    summarize(stream.reader()).unwrap();
    (Node::read(&stream), losses.into_iter().map(|loss| loss.code.into_owned()).collect())
}

const MAIL: &str = "Received: from b by c; Mon, 1 Jan 2024 00:00:09 +0000\r\n\
    From: =?utf-8?q?J=C3=B6rg?= <joerg@x.example>\r\nSender: desk@x.example\r\nReply-To: list@x.example\r\n\
    To: Ann <ann@x.example>, team: bob@x.example;\r\nCc: cy@x.example\r\nSubject: Re: =?utf-8?b?R3LDvMOfZQ==?=\r\n\
    Date: Mon, 1 Jan 2024 01:00:00 +0100\r\nMessage-ID: <1@x.example>\r\nIn-Reply-To: <0@x.example>\r\n\
    References: <-1@x.example>\r\n <0@x.example>\r\nImportance: high\r\nX-Odd: kept in the header\r\n\
    MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n\
    --m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n\
    --r\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n\
    --a\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe\r\n\
    --a\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    <p>Gr=FC=DFe <img src=3D\"cid:pic@x\">\r\n--a--\r\n\
    --r\r\nContent-Type: image/png\r\nContent-ID: <pic@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--r--\r\n\
    --m\r\nContent-Type: application/pdf; name=\"=?utf-8?q?B=C3=BCcher.pdf?=\"\r\nContent-Disposition: attachment\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n\
    --m\r\nContent-Type: message/rfc822\r\n\r\nFrom: in@x.example\r\nSubject: inner\r\nDate: Sun, 31 Dec 2023 00:00:00 +0000\r\n\
    Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nhello\r\n--i\r\nContent-Type: message/rfc822\r\n\r\n\
    Subject: innermost\r\n\r\ndeep\r\n--i--\r\n\
    --m\r\nContent-Type: text/plain\r\n\r\nfooter\r\n--m--\r\n";

#[test]
fn a_mail_is_told_in_the_properties_of_exchange() {
    let mut item = mail(MAIL);
    item.flags = Flags::new(ItemFlags::SEEN | ItemFlags::FLAGGED | ItemFlags::ANSWERED).with_category("Red");
    item.received = Some(datetime!(2024-01-01 00:00:09.5 UTC));
    let spool = Spool::new(1 << 20);
    let (stream, losses) = write(&item, &Options::marked("mm-1"), &spool).unwrap();
    assert_eq!(losses, []);
    let summary = summarize(stream.reader()).unwrap();
    assert_eq!(summary.class.as_deref(), Some("IPM.Note"));
    assert_eq!(summary.subject.as_deref(), Some("Re: Grüße"));
    assert_eq!((summary.flags, summary.recipients, summary.attachments), (Some(3), 3, 4));
    assert_eq!((summary.received, summary.sent), (item.received, Some(datetime!(2024-01-01 0:00 UTC))));
    assert_eq!(summary.message_id.as_deref(), Some("<1@x.example>"));
    let node = Node::read(&stream);
    assert_eq!((node.text(tag::SUBJECT_PREFIX), node.text(tag::NORMALIZED_SUBJECT)), ("Re: ", "Grüße"));
    assert_eq!(node.text(tag::BODY), "Grüße");
    let html = "<p>Grüße <img src=\"cid:pic@x\">".as_bytes().to_vec();
    assert_eq!(node.value(tag::HTML), Some(&Value::Binary(html)));
    assert_eq!((node.text(tag::SENDER_ADDRESS), node.text(tag::REPRESENTING_NAME)), ("desk@x.example", "Jörg"));
    assert_eq!(node.text(tag::INTERNET_REFERENCES), "<-1@x.example> <0@x.example>");
    assert!(node.text(tag::TRANSPORT_HEADERS).contains("X-Odd: kept in the header\r\n"));
    assert_eq!((node.number(tag::IMPORTANCE), node.number(tag::FLAG_STATUS)), (Some(2), Some(2)));
    assert_eq!((node.number(tag::LAST_VERB), node.text(mapi::MARK)), (Some(102), "mm-1"));
    assert_eq!(node.value(mapi::CATEGORIES), Some(&Value::Texts(vec!["Red".to_owned()])));
    assert_eq!((summary.item_flags(), summary.mark.as_deref()), (item.flags.clone(), Some("mm-1")));
    // As it would be known by its header alone.
    let (uid, key) = mailmove_core::Fingerprint::mail_key(MAIL.split("\r\n\r\n").next().unwrap().as_bytes());
    let print = summary.fingerprint(&stream);
    assert_eq!((print.uid, print.key, print.size), (uid, key, stream.len()));
    let kinds = [tag::RECIPIENT_TYPE, tag::SMTP_ADDRESS].map(|key| {
        node.recipients.iter().map(|row| format!("{:?}", value(row, key).unwrap())).collect::<Vec<_>>().join(" ")
    });
    assert_eq!(kinds[0], "Number(1) Number(1) Number(2)");
    assert_eq!(kinds[1], "Text(\"ann@x.example\") Text(\"bob@x.example\") Text(\"cy@x.example\")");
}

#[test]
fn attachments_are_those_of_the_mail_octet_by_octet() {
    let (node, _) = written(&mail(MAIL));
    let data = |at: usize| value(&node.attachments[at].0, tag::ATTACH_DATA);
    let name = |at: usize| text(&node.attachments[at].0, tag::ATTACH_LONG_FILENAME);
    assert_eq!(data(0), Some(&Value::Binary(b"\x89PNG\r\n\x1a\n".to_vec())));
    assert_eq!(text(&node.attachments[0].0, tag::ATTACH_CONTENT_ID), "pic@x");
    assert_eq!(value(&node.attachments[0].0, tag::ATTACHMENT_HIDDEN), Some(&Value::Number(1)));
    assert_eq!((name(1), data(1)), ("Bücher.pdf", Some(&Value::Binary(b"%PDF-".to_vec()))));
    assert_eq!(text(&node.attachments[1].0, tag::ATTACH_FILENAME), "Bcher.pdf");
    assert_eq!((name(3), data(3)), ("ATT00004.txt", Some(&Value::Binary(b"footer".to_vec()))));
    let inner = node.attachments[2].1.as_ref().unwrap();
    assert_eq!(value(&node.attachments[2].0, tag::ATTACH_METHOD), Some(&Value::Number(5)));
    assert_eq!((inner.text(tag::SUBJECT), inner.text(tag::BODY)), ("inner", "hello"));
    assert_eq!(inner.number(tag::MESSAGE_FLAGS), Some(3));
    let innermost = inner.attachments[0].1.as_ref().unwrap();
    assert_eq!((innermost.text(tag::SUBJECT), innermost.text(tag::BODY)), ("innermost", "deep"));
}

#[test]
fn a_draft_is_a_draft_and_nothing_else_is() {
    let flags = |state| {
        let mut item = mail("Subject: x\r\n\r\nbody");
        item.flags = Flags::new(state);
        written(&item).0.number(tag::MESSAGE_FLAGS)
    };
    assert_eq!(flags(ItemFlags::empty()), Some(2));
    assert_eq!(flags(ItemFlags::DRAFT | ItemFlags::SEEN), Some(9));
}

#[test]
fn the_first_text_is_the_text_wherever_it_stands() {
    let text = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png; name=a.png\r\n\r\nPNG\r\n\
        --b\r\n\r\nbelow\r\n--b--\r\n";
    let (node, _) = written(&mail(text));
    assert_eq!((node.text(tag::BODY), node.attachments.len()), ("below", 1));
}

#[test]
fn what_is_signed_stays_as_it_was() {
    let signed = "Subject: s\r\nContent-Type: multipart/signed;\r\n protocol=\"application/pkcs7-signature\"; boundary=s\r\n\
        MIME-Version: 1.0\r\n\r\n--s\r\n\r\ntext\r\n--s\r\nContent-Type: application/pkcs7-signature\r\n\r\nMII\r\n--s--\r\n";
    let (node, losses) = written(&mail(signed));
    assert_eq!((node.text(tag::MESSAGE_CLASS), node.text(tag::BODY)), ("IPM.Note.SMIME.MultipartSigned", "text"));
    let at = signed.find("--s\r\n").unwrap();
    let whole =
        "Content-Type: multipart/signed;\r\n protocol=\"application/pkcs7-signature\"; boundary=s\r\n\r\n".to_owned();
    let whole = Value::Binary((whole + &signed[at..]).into_bytes());
    assert_eq!((node.attachments.len(), value(&node.attachments[0].0, tag::ATTACH_DATA)), (1, Some(&whole)));
    assert_eq!(losses, Vec::<String>::new());
    let opaque = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n";
    let (node, _) = written(&mail(opaque));
    assert_eq!(node.text(tag::MESSAGE_CLASS), "IPM.Note.SMIME");
    assert_eq!(value(&node.attachments[0].0, tag::ATTACH_DATA), Some(&Value::Binary(vec![0, 1, 2])));
}

#[test]
fn what_a_stream_does_not_carry_is_named() {
    let (_, losses) = written(&mail("Disposition-Notification-To: a@x\r\nSubject: x\r\n\r\n"));
    assert_eq!(losses, ["read-receipt"]);
    let invitation = "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\n\
        Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n--b--\r\n";
    let (node, losses) = written(&mail(invitation));
    assert_eq!((node.attachments.len(), losses), (1, vec!["meeting-message".to_owned()]));
    let refused = write(&item(Kind::Journal, Format::RFC5322, ""), &Options::default(), &Spool::new(0));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn a_large_attachment_is_never_in_memory() {
    let mut octets = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\n\
        Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        .to_vec();
    (0..60_000).for_each(|_| {
        octets.extend_from_slice(b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2\r\n")
    });
    octets.extend_from_slice(b"--b--\r\n");
    let spool = Spool::new(100_000);
    let body = spool.body(octets).unwrap();
    let spilled = spool.spilled();
    let (stream, _) = write(&Item::new("1", Kind::Mail, Format::RFC5322, body), &Options::default(), &spool).unwrap();
    assert!(spool.spilled() - spilled > 2_700_000 && stream.len() > 60_000 * 48);
    let node = Node::read(&stream);
    assert_eq!(value(&node.attachments[0].0, tag::ATTACH_DATA), Some(&Value::Long(60_000 * 48)));
}

#[test]
fn a_series_has_its_exceptions_inside_of_it() {
    let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1@x\r\nSUMMARY:Weekly\r\nLOCATION:here\r\n\
        DTSTART;TZID=Europe/Berlin:20240108T100000\r\nDTEND;TZID=Europe/Berlin:20240108T110000\r\n\
        RRULE:FREQ=WEEKLY;COUNT=5\r\nEXDATE;TZID=Europe/Berlin:20240115T100000\r\nCLASS:PRIVATE\r\nCATEGORIES:Blue\r\n\
        ORGANIZER:mailto:boss@x.example\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:me@x.example\r\n\
        ATTENDEE;ROLE=OPT-PARTICIPANT:mailto:you@x.example\r\n\
        BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\n\
        BEGIN:VEVENT\r\nUID:1@x\r\nSUMMARY:Moved\r\nLOCATION:here\r\nRECURRENCE-ID;TZID=Europe/Berlin:20240122T100000\r\n\
        DTSTART;TZID=Europe/Berlin:20240123T120000\r\nDTEND;TZID=Europe/Berlin:20240123T130000\r\nEND:VEVENT\r\n\
        END:VCALENDAR\r\n";
    let item = item(Kind::Event, Format::ICALENDAR, calendar);
    let spool = Spool::new(1 << 20);
    let options = Options::default().owned_by("Me@x.example");
    let (stream, losses) = write(&item, &options, &spool).unwrap();
    assert_eq!(losses, []);
    assert_eq!(summarize(stream.reader()).unwrap().calendar_uid.as_deref(), Some("1@x"));
    let node = Node::read(&stream);
    let own = mapi::appointment;
    assert_eq!((node.text(tag::MESSAGE_CLASS), node.text(own(0x8208))), ("IPM.Appointment", "here"));
    assert_eq!(node.number(own(0x820d)), stream::ticks(datetime!(2024-01-08 9:00 UTC)));
    assert_eq!(
        (node.number(own(0x8213)), node.number(own(0x8223)), node.number(own(0x8231))),
        (Some(60), Some(1), Some(2))
    );
    assert_eq!((node.number(mapi::common(0x8501)), node.number(mapi::common(0x8506))), (Some(15), Some(1)));
    // A meeting to which this mailbox said yes.
    assert_eq!((node.number(own(0x8217)), node.number(own(0x8218))), (Some(3), Some(3)));
    assert!(matches!(node.value(own(0x8216)), Some(Value::Binary(blob)) if blob[..2] == [4, 0x30]));
    assert!(matches!(node.value(own(0x8260)), Some(Value::Binary(zone)) if zone[..2] == [2, 1]));
    assert_eq!(node.recipients.len(), 3);
    let [(attachment, Some(moved))] = &node.attachments[..] else { panic!("{:?}", node.attachments) };
    assert_eq!(value(attachment, tag::ATTACHMENT_HIDDEN), Some(&Value::Number(1)));
    assert_eq!(moved.text(tag::SUBJECT), "Moved");
    assert!(moved.text(tag::MESSAGE_CLASS).starts_with("IPM.OLE.CLASS."));
    assert_eq!(moved.number(own(0x820d)), stream::ticks(datetime!(2024-01-23 11:00 UTC)));
    assert_eq!(moved.number(own(0x8228)), stream::ticks(datetime!(2024-01-22 9:00 UTC)));
}

#[test]
fn whole_days_begin_by_the_clocks_of_the_mailbox() {
    let calendar =
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20240108\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let item = item(Kind::Event, Format::ICALENDAR, calendar);
    let start = |options: &Options| {
        let (stream, _) = write(&item, options, &Spool::new(1 << 20)).unwrap();
        Node::read(&stream).number(mapi::appointment(0x820d))
    };
    assert_eq!(start(&Options::default()), stream::ticks(datetime!(2024-01-08 0:00 UTC)));
    let tokyo = Options::default().in_zone(Zone::from_iana("Asia/Tokyo").unwrap());
    assert_eq!(start(&tokyo), stream::ticks(datetime!(2024-01-07 15:00 UTC)));
}

#[test]
fn a_task_and_a_contact_have_their_own_properties() {
    let calendar = "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:1\r\nSUMMARY:Buy\r\nDUE;VALUE=DATE:20240108\r\n\
        PERCENT-COMPLETE:50\r\nSTATUS:IN-PROCESS\r\nRRULE:FREQ=DAILY\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";
    let (node, losses) = written(&item(Kind::Task, Format::ICALENDAR, calendar));
    assert_eq!((node.text(tag::MESSAGE_CLASS), node.number(mapi::task(0x8101))), ("IPM.Task", Some(1)));
    assert_eq!(node.number(mapi::task(0x8102)), Some(0.5_f64.to_bits()));
    assert_eq!((node.number(mapi::task(0x8126)), losses.len()), (Some(1), 0));
    let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:7\r\nFN:Ann Lee\r\nN:Lee;Ann;;Dr;\r\nORG:R&D;Lab\r\nEMAIL:a@x\r\nEMAIL:b@x\r\n\
        TEL;TYPE=cell:+43 1\r\nTEL;TYPE=work:+43 2\r\nTEL;TYPE=work:+43 3\r\nADR;TYPE=work:;;Street 1;Vienna;;1010;Austria\r\n\
        BDAY:19800506\r\nNOTE:n\r\nGENDER:F\r\nEND:VCARD\r\n";
    let (node, losses) = written(&item(Kind::Contact, Format::VCARD, card));
    assert_eq!((node.text(tag::MESSAGE_CLASS), node.text(tag::DISPLAY_NAME)), ("IPM.Contact", "Ann Lee"));
    assert_eq!((node.text(mapi::address(0x8083)), node.text(mapi::address(0x8093))), ("a@x", "b@x"));
    assert_eq!([0x3a1c, 0x3a08, 0x3a1b, 0x3a16].map(|id| node.text(Key::Tag(id))), ["+43 1", "+43 2", "+43 3", "R&D"]);
    assert_eq!(node.text(mapi::address(0x801b)), "Street 1\nVienna\n1010\nAustria");
    assert_eq!((node.text(mapi::UID), losses), ("7", vec!["rendered-anew".to_owned(), "vcard-properties".to_owned()]));
    let group = "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nFN:Team\r\nMEMBER:mailto:a@x\r\nMEMBER:mailto:b@x\r\nEND:VCARD\r\n";
    let (node, _) = written(&item(Kind::Contact, Format::VCARD, group));
    assert_eq!(node.text(tag::MESSAGE_CLASS), "IPM.DistList");
    assert!(matches!(node.value(mapi::address(0x8055)), Some(Value::Binaries(members)) if members.len() == 2));
}

#[test]
fn what_hangs_on_an_event_or_a_task_hangs_on_its_item() {
    let hung = "ATTACH;FMTTYPE=text/plain;VALUE=BINARY;ENCODING=BASE64;X-FILENAME=a.txt:YWdlbmRh\r\n\
        ATTACH:https://x.example/minutes\r\n";
    for (kind, name, inside) in [(Kind::Event, "VEVENT", "DTSTART:20240101T000000Z\r\n"), (Kind::Task, "VTODO", "")] {
        let octets =
            format!("BEGIN:VCALENDAR\r\nBEGIN:{name}\r\nUID:1\r\n{inside}{hung}END:{name}\r\nEND:VCALENDAR\r\n");
        let (node, losses) = written(&item(kind, Format::ICALENDAR, octets));
        assert_eq!((node.attachments.len(), losses), (2, Vec::new()), "{kind}");
        let [(file, _), (link, _)] = &node.attachments[..] else { panic!("two hang on it") };
        assert_eq!(value(file, tag::ATTACH_DATA), Some(&Value::Binary(b"agenda".to_vec())));
        assert_eq!(
            (text(file, tag::ATTACH_LONG_FILENAME), value(file, tag::ATTACH_METHOD)),
            ("a.txt", Some(&Value::Number(1)))
        );
        assert_eq!(text(link, tag::ATTACH_LONG_PATHNAME), "https://x.example/minutes");
        assert_eq!(value(link, tag::ATTACH_METHOD), Some(&Value::Number(7)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn attachments_of_any_octets_come_back(
        files in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..9000), 0..5),
        body in crate::calendar::samples::text(),
    ) {
        use base64::Engine;
        let mut octets = format!("Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
            Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n");
        for file in &files {
            let data = base64::engine::general_purpose::STANDARD.encode(file);
            let lines: Vec<_> = data.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
            octets += "--b\r\nContent-Type: application/octet-stream; name=f.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n";
            octets += &lines.join("\r\n");
            octets += "\r\n";
        }
        octets += "--b--\r\n";
        let (node, _) = written(&mail(octets));
        prop_assert_eq!(node.text(tag::BODY), body);
        prop_assert_eq!(node.attachments.len(), files.len());
        for (file, (properties, _)) in files.iter().zip(&node.attachments) {
            match value(properties, tag::ATTACH_DATA) {
                Some(Value::Binary(found)) => prop_assert_eq!(found, file),
                Some(Value::Long(length)) => prop_assert_eq!(*length as usize, file.len()),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn every_appointment_makes_a_whole_stream(own in crate::calendar::samples::appointments()) {
        let calendar = crate::calendar::to_icalendar(&own);
        let (node, _) = written(&item(Kind::Event, Format::ICALENDAR, calendar));
        prop_assert_eq!(node.attachments.len(), own.changed.len());
        prop_assert_eq!(node.text(tag::SUBJECT), own.subject);
        prop_assert_eq!(node.number(mapi::appointment(0x8223)), Some(u64::from(own.recurrence.is_some())));
    }

    #[test]
    fn no_octets_of_mail_make_it_panic(octets in "(?s-u:[\\x00-\\x7f]{0,400})") {
        written(&mail(octets));
    }
}
