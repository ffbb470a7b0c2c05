//! iCalendar and vCard, as far as Exchange takes and gives them as MimeContent.

use bytes::Bytes;

use super::date;
use super::refusal::Refusal;
use super::state::Item;
use super::xml::Node;

/// Reads an appointment or a contact.
pub(crate) fn store(item: &mut Item, bytes: &[u8]) -> Result<(), Refusal> {
    let text = String::from_utf8_lossy(bytes);
    let lines = unfolded(&text);
    let broken = || Refusal::new("ErrorMimeContentInvalid", "The MIME content is no iCalendar and no vCard.");
    match lines.first().map(|line| line.to_ascii_uppercase()).as_deref() {
        Some("BEGIN:VCALENDAR") => calendar(item, &lines),
        Some("BEGIN:VCARD") => contact(item, &lines),
        _ => return Err(broken()),
    }
    item.mime = Some(Bytes::copy_from_slice(bytes));
    Ok(())
}

fn calendar(item: &mut Item, lines: &[String]) {
    let mut inside: Vec<String> = Vec::new();
    for line in lines {
        let Some((head, value)) = line.split_once(':') else { continue };
        let (name, _) = head.split_once(';').unwrap_or((head, ""));
        match name.to_ascii_uppercase().as_str() {
            "BEGIN" => inside.push(value.to_ascii_uppercase()),
            "END" => {
                inside.pop();
            }
            // The first event is the series, what follows are its exceptions.
            _ if inside.last().map(String::as_str) != Some("VEVENT") => {}
            "SUMMARY" if item.text("Subject").is_none() => item.set_text("Subject", unescaped(value)),
            "LOCATION" if item.text("Location").is_none() => item.set_text("Location", unescaped(value)),
            "UID" if item.text("UID").is_none() => item.set_text("UID", value),
            "DTSTART" if item.text("Start").is_none() => {
                if value.len() == 8 {
                    item.set_text("IsAllDayEvent", true);
                }
                moment(value).into_iter().for_each(|date| item.set_text("Start", date));
            }
            "DTEND" if item.text("End").is_none() => {
                moment(value).into_iter().for_each(|date| item.set_text("End", date));
            }
            "DESCRIPTION" => {
                let body = Node::t("Body").attr("BodyType", "Text").text(unescaped(value));
                item.fields.entry("Body".to_owned()).or_insert(body);
            }
            _ => {}
        }
    }
}

fn contact(item: &mut Item, lines: &[String]) {
    let mut mails = 0;
    for line in lines {
        let Some((head, value)) = line.split_once(':') else { continue };
        let (name, _) = head.split_once(';').unwrap_or((head, ""));
        match name.to_ascii_uppercase().as_str() {
            "FN" => {
                item.set_text("DisplayName", unescaped(value));
                item.set_text("FileAs", unescaped(value));
                item.set_text("Subject", unescaped(value));
            }
            "N" => {
                let mut parts = value.split(';').map(unescaped);
                parts.next().into_iter().for_each(|surname| item.set_text("Surname", surname));
                parts.next().into_iter().for_each(|given| item.set_text("GivenName", given));
            }
            "ORG" => item.set_text("CompanyName", unescaped(value.split(';').next().unwrap_or_default())),
            "EMAIL" if mails < 3 => {
                mails += 1;
                let entry = Node::t("Entry").attr("Key", format!("EmailAddress{mails}")).text(value);
                let entries =
                    item.fields.entry("EmailAddresses".to_owned()).or_insert_with(|| Node::t("EmailAddresses"));
                entries.children.push(entry);
            }
            _ => {}
        }
    }
}

/// What an item of a calendar or of contacts looks like in iCalendar or vCard.
pub(crate) fn compose(item: &Item) -> Bytes {
    if let Some(mime) = &item.mime {
        return mime.clone();
    }
    match item.element() {
        "CalendarItem" => event(item).into(),
        _ => card(item).into(),
    }
}

fn event(item: &Item) -> String {
    let zone = item.fields.get("StartTimeZone").and_then(|zone| zone.attribute("Id")).unwrap_or("UTC").to_owned();
    let stamp = |name: &str| {
        let date = item.text(name).and_then(date::parse)?;
        let digits: String = date::exact(date).chars().take(19).filter(|c| !"-:".contains(*c)).collect();
        Some(format!("{digits}Z"))
    };
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "METHOD:PUBLISH".to_owned(),
        "PRODID:Simulator".to_owned(),
        "VERSION:2.0".to_owned(),
    ];
    let standard =
        ["BEGIN:STANDARD", "DTSTART:16010101T000000", "TZOFFSETFROM:+0000", "TZOFFSETTO:+0000", "END:STANDARD"];
    lines.push("BEGIN:VTIMEZONE".to_owned());
    lines.push(format!("TZID:{zone}"));
    lines.extend(standard.map(str::to_owned));
    lines.push("END:VTIMEZONE".to_owned());
    lines.push("BEGIN:VEVENT".to_owned());
    let uid = item.text("UID").map_or_else(|| item.search_key_text(), str::to_owned);
    lines.push(format!("UID:{uid}"));
    lines.push(format!("SUMMARY:{}", escaped(item.text("Subject").unwrap_or_default())));
    lines.extend(stamp("Start").map(|date| format!("DTSTART:{date}")));
    lines.extend(stamp("End").map(|date| format!("DTEND:{date}")));
    lines.extend(item.text("Location").map(|place| format!("LOCATION:{}", escaped(place))));
    lines.push("END:VEVENT".to_owned());
    lines.push("END:VCALENDAR".to_owned());
    folded(&lines)
}

fn card(item: &Item) -> String {
    let text = |name: &str| escaped(item.text(name).unwrap_or_default());
    let mut lines = vec!["BEGIN:VCARD".to_owned(), "PROFILE:VCARD".to_owned(), "VERSION:3.0".to_owned()];
    lines.push(format!("FN:{}", text("DisplayName")));
    lines.push(format!("N:{};{};;;", text("Surname"), text("GivenName")));
    lines.extend(item.text("CompanyName").map(|name| format!("ORG:{}", escaped(name))));
    let mails = item.fields.get("EmailAddresses").into_iter().flat_map(|entries| &entries.children);
    lines.extend(mails.map(|entry| format!("EMAIL;TYPE=INTERNET:{}", entry.text)));
    lines.push("END:VCARD".to_owned());
    folded(&lines)
}

/// Lines of at most 75 octets.
fn folded(lines: &[String]) -> String {
    let mut out = String::new();
    for line in lines {
        let mut width = 0;
        for character in line.chars() {
            if width + character.len_utf8() > 75 {
                out.push_str("\r\n ");
                width = 1;
            }
            out.push(character);
            width += character.len_utf8();
        }
        out.push_str("\r\n");
    }
    out
}

fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\N", "\n").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
}

/// `20261120T100000Z` as EWS writes it. Local times count as UTC: no time zone is computed here.
fn moment(value: &str) -> Option<String> {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let digits = match digits.len() {
        8 => format!("{digits}000000"),
        14 => digits,
        _ => return None,
    };
    let part = |range: std::ops::Range<usize>| &digits[range];
    let text =
        format!("{}-{}-{}T{}:{}:{}Z", part(0..4), part(4..6), part(6..8), part(8..10), part(10..12), part(12..14));
    date::parse(&text).map(date::exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_appointment_is_read_and_written() {
        let mut item = Item::new("IPM.Appointment");
        let text = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:A\\, b\r\n c\r\nDTSTART:20261120T100000Z\r\n\
                    DTEND:20261120T110000Z\r\nUID:u1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        store(&mut item, text.as_bytes()).unwrap();
        assert_eq!(item.text("Subject"), Some("A, bc"));
        assert_eq!(item.text("Start"), Some("2026-11-20T10:00:00.000Z"));
        assert_eq!(compose(&item), text);
        item.mime = None;
        let made = String::from_utf8(compose(&item).to_vec()).unwrap();
        assert!(made.contains("\r\nDTSTART:20261120T100000Z\r\n"), "{made}");
        assert!(store(&mut item, b"hello").is_err());
    }

    #[test]
    fn a_contact_is_read_and_written() {
        let mut item = Item::new("IPM.Contact");
        let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Lee\r\nN:Lee;Ann;;;\r\nEMAIL:a@x.test\r\nEND:VCARD\r\n";
        store(&mut item, text.as_bytes()).unwrap();
        assert_eq!((item.text("Surname"), item.text("GivenName")), (Some("Lee"), Some("Ann")));
        item.mime = None;
        let made = String::from_utf8(compose(&item).to_vec()).unwrap();
        assert!(made.contains("EMAIL;TYPE=INTERNET:a@x.test\r\n"), "{made}");
    }
}
