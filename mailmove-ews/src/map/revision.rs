use mailmove_core::{Digest, Kind, Revision};

use super::kind;
use crate::wire::item::ItemData;
use crate::wire::property::Property;

/// Listings cut texts off at 255 characters, single items do not.
const COMPARED: usize = 200;

/// The revision of an item's content.
///
/// Exchange has no number that follows the content alone: change key and modification time move with flags and
/// categories as well. Mail that was sent or received is known by what identifies it: class, subject, Message-ID, sent
/// date, and whether it has attachments. Everything that people edit, drafts included, is known by its modification time.
pub(crate) fn of(item: &ItemData) -> Revision {
    let class = item.class.as_deref().unwrap_or_default();
    let head = |text: Option<&str>| text.unwrap_or_default().chars().take(COMPARED).collect::<String>();
    let draft = super::flags::is_draft(item);
    let edited = (draft || kind::of_item(class) != Kind::Mail).then(|| item.property(Property::LastModified));
    let text = [
        class.to_owned(),
        head(item.subject.as_deref()),
        head(item.internet_message_id()),
        item.sent.map(|when| when.unix_timestamp().to_string()).unwrap_or_default(),
        item.has_attachments.map(|has| has.to_string()).unwrap_or_default(),
        edited.flatten().unwrap_or_default().to_owned(),
    ]
    .join("\0");
    Revision::new(&Digest::of(text.as_bytes()).to_string()[..32])
}
