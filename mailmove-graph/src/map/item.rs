//! Items: from an answer to a reference or a whole item.

use mailmove_core::{Body, Fingerprint, FolderId, Format, Item, ItemId, ItemRef, Kind, Result, content_line};

use mailmove_exchange::opening::header;

use super::{flags, revision};
use crate::wire::message::{Message, moment_of};
use crate::wire::property::Property;

/// A message as a listing names it.
pub(crate) fn reference(message: &Message, folder: &FolderId) -> ItemRef {
    let size = message.number(Property::Size).and_then(|size| u64::try_from(size).ok()).unwrap_or(1);
    let mut found = ItemRef::new(ItemId::new(message.id.as_str()), folder.clone(), size.max(1));
    found.content = revision::of(message);
    found.flags = flags::of(message);
    found.received = moment_of(message.received_date_time.as_ref());
    // Ids stay when an item moves within its mailbox.
    found.identity = Some(message.id.clone());
    found
}

/// A whole message with this body.
pub(crate) fn whole(message: &Message, asked: &ItemId, format: &Format, body: Body) -> Result<Item> {
    let mut item = Item::new(asked.clone(), Kind::Mail, format.clone(), body);
    if *format == Format::RFC5322 {
        let (uid, key) = Fingerprint::mail_key(&header(&item.body)?);
        (item.fingerprint.uid, item.fingerprint.key) = (uid, key);
    } else {
        item.fingerprint.uid = uid(message);
    }
    item.flags = flags::of(message);
    item.received = moment_of(message.received_date_time.as_ref());
    item.created = moment_of(message.created_date_time.as_ref());
    item.modified = moment_of(message.last_modified_date_time.as_ref());
    Ok(item)
}

/// By what a message is known elsewhere.
pub(crate) fn uid(message: &Message) -> Option<String> {
    message.internet_message_id.as_deref().map(normal_uid).filter(|uid| !uid.is_empty())
}

/// A Message-ID in the form in which [`Fingerprint::mail_key`] has it.
pub(crate) fn normal_uid(id: &str) -> String {
    id.chars().filter(|char| char.is_ascii_graphic() && *char != 'X').collect()
}

/// The identifier in an iCalendar or a vCard.
pub(crate) fn uid_in(written: &str) -> Option<String> {
    content_line(written, "UID")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_are_compared_as_the_contract_compares_them() {
        let (uid, _) = Fingerprint::mail_key(b"Message-ID:\r\n <aXb@example.org>\r\n");
        assert_eq!(uid, Some(normal_uid("<aXb@example.org>")));
    }
}
