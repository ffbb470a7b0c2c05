//! The little that the server reads of a message.

use bytes::Bytes;

use crate::mime::{Part, decoded, field};

/// The subject in clear; empty when there is none.
pub(crate) fn subject(message: &[u8]) -> String {
    field(message, "subject").map(|text| decoded(&text)).unwrap_or_default()
}

/// A subject without the marks of answers and forwards.
pub(crate) fn bare_subject(subject: &str) -> String {
    let mut text = subject.trim();
    loop {
        let lower = text.to_lowercase();
        let mark = ["re:", "fwd:", "fw:"].into_iter().find(|mark| lower.starts_with(mark));
        match mark.and_then(|mark| text.get(mark.len()..)) {
            Some(rest) => text = rest.trim(),
            None => return text.to_lowercase(),
        }
    }
}

/// The ids between `<` and `>`.
pub(crate) fn message_ids(text: &str) -> impl Iterator<Item = &str> {
    text.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(id, _)| id.trim()))
}

/// The parts of a message that hold iCalendar, decoded.
pub(crate) fn calendars(message: &Bytes) -> Vec<Bytes> {
    found(&Part::read(message))
}

fn found(part: &Part) -> Vec<Bytes> {
    match part.kind.as_str() {
        kind if kind.starts_with("multipart/") => part.parts.iter().flat_map(found).collect(),
        "text/calendar" | "application/ics" => vec![part.content()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_unfolded_and_decoded() {
        let message =
            b"Subject: =?utf-8?B?w7xi?=\r\n =?utf-8?Q?er_x?=\r\nReferences: <a@x>\r\n\t<b@x>\r\n\r\nSubject: no\r\n";
        assert_eq!(subject(message), "über x");
        assert_eq!(message_ids(&field(message, "references").unwrap()).collect::<Vec<_>>(), ["a@x", "b@x"]);
    }

    #[test]
    fn calendars_are_found_in_parts() {
        let message = Bytes::from_static(b"Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n\r\nhi\r\n--b\r\n\
            Content-Type: text/calendar; method=PUBLISH\r\nContent-Transfer-Encoding: base64\r\n\r\nQkVH\r\nSU4=\r\n--b--\r\n");
        assert_eq!(calendars(&message), ["BEGIN"]);
    }
}
