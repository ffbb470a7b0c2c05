use mailmove_core::{Kind, Revision};
use mailmove_exchange::index::{hash, revision};

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
///
/// So an edit of the text alone of a mail that was received is not seen. Whatever moves with it in a listing (change key,
/// modification time, size) moves with categories and follow-up as well, and a revision that follows those would carry
/// each mail again that somebody files. The text itself cannot be asked of a listing.
pub(crate) fn of(item: &ItemData) -> Revision {
    revision(number_of(item))
}

/// A number that stands for the revision of an item's content.
pub(crate) fn number_of(item: &ItemData) -> u128 {
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
    hash(&text)
}
