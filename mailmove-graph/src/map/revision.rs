use mailmove_core::{Digest, Revision};

use crate::wire::message::Message;

/// Listings cut texts off at 255 characters, single items do not.
const COMPARED: usize = 200;

/// The revision of a message's content.
///
/// Graph has no number that follows the content alone: change key and modification time move with flags and categories as
/// well. Mail that was sent or received is known by what identifies it: subject, Message-ID, sent date, and whether it has
/// attachments. Drafts are known by their modification time.
pub(crate) fn of(message: &Message) -> Revision {
    from_number(number_of(message))
}

/// The revision that this number stands for.
pub(crate) fn from_number(number: u128) -> Revision {
    Revision::new(format!("{number:032x}"))
}

/// A number that stands for the revision of a message's content.
pub(crate) fn number_of(message: &Message) -> u128 {
    let head = |text: &Option<String>| text.as_deref().unwrap_or_default().chars().take(COMPARED).collect::<String>();
    let edited = message.last_modified_date_time.clone().filter(|_| message.is_draft == Some(true));
    let sent = crate::wire::message::moment_of(message.sent_date_time.as_ref());
    let text = [
        head(&message.subject),
        head(&message.internet_message_id),
        sent.map(|when| when.unix_timestamp().to_string()).unwrap_or_default(),
        message.has_attachments.map(|has| has.to_string()).unwrap_or_default(),
        edited.unwrap_or_default(),
    ]
    .join("\0");
    hash(&text)
}

/// Of what people edit, by the server's own name of its version.
pub(crate) fn of_version(version: Option<&str>) -> u128 {
    hash(version.unwrap_or_default())
}

/// Stands for a text: 128 bits of its digest.
pub(crate) fn hash(text: &str) -> u128 {
    let mut bits = [0; 16];
    bits.copy_from_slice(&Digest::of(text.as_bytes()).as_bytes()[..16]);
    u128::from_be_bytes(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_no_content_and_the_text_of_a_draft_is() {
        let sent = Message { subject: Some("x".into()), is_read: Some(false), ..Message::default() };
        let read = Message { is_read: Some(true), last_modified_date_time: Some("later".into()), ..sent.clone() };
        assert_eq!(of(&sent), of(&read));
        assert_ne!(of(&sent), of(&Message { subject: Some("y".into()), ..sent.clone() }));
        let draft = Message { is_draft: Some(true), ..sent.clone() };
        let edited = Message { last_modified_date_time: Some("later".into()), ..draft.clone() };
        assert_ne!(of(&draft), of(&edited));
    }
}
