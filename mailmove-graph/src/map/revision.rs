use mailmove_core::Revision;
pub(crate) use mailmove_exchange::index::{hash, revision as from_number};

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
