//! How a failed item is named: its subject where the flags say so, otherwise a digest from which nobody can tell it.

use mailmove_core::{Error, Item, Kind, MailboxFlags};

use crate::pass::Pass;

/// The error with the item's subject, or with its salted digest. An item that could not be read has neither.
pub(crate) fn name(pass: &Pass, item: Option<&Item>, error: &Error) -> Error {
    let Some(subject) = item.and_then(of) else { return error.clone() };
    if pass.has(MailboxFlags::LOG_SUBJECTS) {
        return error.clone().with("subject", subject);
    }
    error.clone().with("subject digest", &blake3::keyed_hash(&pass.salt, subject.as_bytes()).to_hex()[..16])
}

/// So many characters of a subject are told.
const LENGTH: usize = 200;

/// The subject of a message, the summary of an event, the name of a contact: as it is written, unfolded.
fn of(item: &Item) -> Option<String> {
    let name = match item.kind {
        Kind::Mail | Kind::Note => "subject",
        Kind::Event | Kind::Task | Kind::Journal => "summary",
        Kind::Contact => "fn",
    };
    // What is not in the first chunk is not worth another read.
    let head = item.body.reader().next_chunk().ok()??;
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.split('\n').map(|line| line.trim_end_matches('\r'));
    let is_header = matches!(item.kind, Kind::Mail);
    let first = lines.by_ref().take_while(|line| !(is_header && line.is_empty())).find_map(|line| {
        let (field, value) = line.split_once(':')?;
        let field = field.split(';').next().unwrap_or_default();
        field.trim().eq_ignore_ascii_case(name).then(|| value.to_owned())
    })?;
    let folded = lines.take_while(|line| line.starts_with([' ', '\t']));
    let whole = folded.fold(first, |whole, line| whole + line);
    Some(whole.trim().chars().take(LENGTH).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailmove_core::{Body, Format};

    fn subject(kind: Kind, text: &'static str) -> Option<String> {
        of(&Item::new("1", kind, Format::RFC5322, Body::unpooled(text)))
    }

    #[test]
    fn subjects_are_found_and_unfolded() {
        let mail = "From: a\r\nSubject: one\r\n two\r\nTo: b\r\n\r\nSubject: body\r\n";
        assert_eq!(subject(Kind::Mail, mail).as_deref(), Some("one two"));
        assert_eq!(subject(Kind::Mail, "From: a\r\n\r\nSubject: body\r\n"), None);
        assert_eq!(subject(Kind::Event, "BEGIN:VEVENT\r\nSUMMARY;LANGUAGE=en:Lunch\r\n").as_deref(), Some("Lunch"));
    }
}
