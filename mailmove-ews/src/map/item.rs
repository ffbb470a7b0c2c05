//! Items: from an answer to a reference or a whole item, and from a whole item to a request.

use mailmove_core::{
    Body, Error, ErrorKind, Fingerprint, FolderId, Format, Item, ItemId, ItemRef, Kind, Loss, Mark, Result,
    content_line,
};
use mailmove_exchange::opening::{beginning, header};

use super::{contact, flags, journal, kind, revision, task};
use crate::wire::create_item::{Content, NewItem};
use crate::wire::item::{ItemData, date_text};
use crate::wire::property::Property;

/// As a listing names it.
pub(crate) fn reference(item: &ItemData, folder: &FolderId) -> ItemRef {
    let mut found = ItemRef::new(ItemId::new(item.key.id.as_str()), folder.clone(), item.size.unwrap_or(1).max(1));
    found.kind = kind_of(item);
    found.content = revision::of(item);
    found.flags = flags::of_kind(item, found.kind);
    match found.kind {
        Kind::Mail => found.received = item.received,
        Kind::Event => found.dated = item.start,
        _ => found.dated = item.time(Property::LastModified),
    }
    found.identity = item.property(Property::SearchKey).map(str::to_owned);
    found
}

/// A whole item with this body.
pub(crate) fn whole(data: &ItemData, asked: &ItemId, format: &Format, body: Body) -> Result<Item> {
    let kind = kind_of(data);
    let mut item = Item::new(asked.clone(), kind, format.clone(), body);
    if *format == Format::RFC5322 {
        let (uid, key) = Fingerprint::mail_key(&header(&item.body)?);
        (item.fingerprint.uid, item.fingerprint.key) = (uid, key);
    } else if *format == Format::ICALENDAR || *format == Format::VCARD {
        item.fingerprint.uid = content_line(&beginning(&item.body)?, "UID");
    } else {
        item.fingerprint.uid = uid(data);
    }
    item.flags = flags::of_kind(data, kind);
    item.received = data.received.filter(|_| kind == Kind::Mail);
    item.created = data.created;
    item.modified = data.time(Property::LastModified);
    item.class.clone_from(&data.class);
    Ok(item)
}

/// A new item from its standard format, and what it will not keep.
pub(crate) fn new(item: &Item, mark: &Mark) -> Result<(NewItem, Vec<Loss>)> {
    let mut losses = flags::losses(item.flags.state, item.kind);
    let new = match item.kind {
        Kind::Mail => new_message(item, mark),
        Kind::Note => NewItem {
            class: Some("IPM.StickyNote".to_owned()),
            read: Some(true),
            ..described(item, mark, Content::Mime(item.body.clone()))
        },
        Kind::Event => described(item, mark, Content::Mime(item.body.clone())),
        Kind::Contact => {
            let parts = contact::read(&String::from_utf8_lossy(&item.body.bytes()?))?;
            let element = if parts.group { "t:DistributionList" } else { kind::element(item.kind) };
            losses.push(Loss::new("rendered-anew", "the vCard is made of the fields that Exchange keeps"));
            losses.extend(parts.losses);
            let content = Content::Fields { head: parts.head, middle: Vec::new(), tail: parts.tail };
            let mut new = NewItem { element, ..described(item, mark, content) };
            add_categories(&mut new, parts.categories);
            new
        }
        Kind::Task | Kind::Journal => {
            let text = String::from_utf8_lossy(&item.body.bytes()?).into_owned();
            let (mut parts, class) = match item.kind {
                Kind::Task => (task::read(&text)?, None),
                _ => (journal::read(&text)?, Some(journal::CLASS.to_owned())),
            };
            losses.append(&mut parts.losses);
            let mut new = NewItem { class, ..described(item, mark, parts.content()) };
            add_categories(&mut new, parts.categories);
            new.properties.extend(parts.properties);
            new
        }
    };
    Ok((new, losses))
}

/// What a text says of categories, beside what flags say.
fn add_categories(new: &mut NewItem, more: Vec<String>) {
    for name in more {
        if !name.is_empty() && !new.categories.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            new.categories.push(name);
        }
    }
}

/// An item that is no message.
fn described(item: &Item, mark: &Mark, content: Content) -> NewItem {
    let uid = item.fingerprint.uid.clone().map(|uid| (Property::Uid, uid));
    let mark = Some((Property::Mark, mark.as_str().to_owned())).filter(|(_, mark)| !mark.is_empty());
    NewItem {
        element: kind::element(item.kind),
        content,
        class: None,
        categories: item.flags.categories().map(str::to_owned).collect(),
        properties: uid.into_iter().chain(mark).collect(),
        read: None,
    }
}

/// The text of an item that is read by its fields, and what it does not carry.
pub(crate) fn text_of(data: &ItemData) -> (String, Vec<Loss>) {
    match kind_of(data) {
        Kind::Task => task::write(data),
        Kind::Journal => journal::write(data),
        _ => (contact::write(data), Vec::new()),
    }
}

/// Whether items of a kind are read by their fields. Others come as MIME.
pub(crate) fn by_fields(kind: Kind) -> bool {
    matches!(kind, Kind::Contact | Kind::Task | Kind::Journal)
}

/// A day as vCard has it.
pub(super) fn day(text: &str) -> Option<calcard::common::PartialDateTime> {
    let date = crate::wire::item::date(text)?.date();
    let (year, month) = (u16::try_from(date.year()).ok()?, u8::from(date.month()));
    Some(calcard::common::PartialDateTime {
        year: Some(year),
        month: Some(month),
        day: Some(date.day()),
        ..Default::default()
    })
}

fn new_message(item: &Item, mark: &Mark) -> NewItem {
    let mut properties = flags::new_properties(item.flags.state);
    let mut dated = |property, when: Option<time::OffsetDateTime>| {
        properties.extend(when.and_then(date_text).map(|text| (property, text)));
    };
    dated(Property::DeliveryTime, item.received);
    dated(Property::SubmitTime, submitted(item));
    if !mark.as_str().is_empty() {
        properties.push((Property::Mark, mark.as_str().to_owned()));
    }
    NewItem {
        element: kind::element(item.kind),
        content: Content::Mime(item.body.clone()),
        class: item.class.clone().filter(|class| is_plain_note(class)),
        categories: item.flags.categories().map(str::to_owned).collect(),
        properties,
        read: Some(item.flags.state.contains(mailmove_core::ItemFlags::SEEN)),
    }
}

/// By what an item is known elsewhere, as an answer tells it.
pub(crate) fn uid(item: &ItemData) -> Option<String> {
    match kind_of(item) {
        Kind::Mail => item.internet_message_id().map(normal_uid),
        Kind::Note => {
            let own = item.property(Property::Uid).map(str::to_owned);
            let message_id = || item.internet_message_id().map(normal_uid).filter(|id| !id.is_empty());
            own.or_else(message_id).or_else(|| item.property(Property::SearchKey).map(str::to_owned))
        }
        Kind::Event => item.property(Property::Uid).or(item.uid.as_deref()).map(str::to_owned),
        // What Exchange made has no identifier but the key that stays with it.
        _ => item.property(Property::Uid).or(item.property(Property::SearchKey)).map(str::to_owned),
    }
}

/// The standard format in which items of a kind are read and written.
pub(crate) fn standard_format(kind: Kind) -> Format {
    match kind {
        Kind::Mail | Kind::Note => Format::RFC5322,
        Kind::Event | Kind::Task | Kind::Journal => Format::ICALENDAR,
        Kind::Contact => Format::VCARD,
    }
}

/// A Message-ID in the form in which [`Fingerprint::mail_key`] has it.
pub(crate) fn normal_uid(id: &str) -> String {
    id.chars().filter(|char| char.is_ascii_graphic() && *char != 'X').collect()
}

/// What an item without content is.
pub(crate) fn without_content() -> Error {
    Error::new(ErrorKind::Refused, "the server gave the item without its content")
        .with_recovery(mailmove_core::Recovery::OtherRoute)
}

pub(crate) fn kind_of(item: &ItemData) -> Kind {
    kind::of_item(item.class.as_deref().unwrap_or_default())
}

/// When it was sent, by its own header. Exchange takes the date of a message that comes in from elsewhere from here.
fn submitted(item: &Item) -> Option<time::OffsetDateTime> {
    let header = header(&item.body).ok()?;
    let line = header
        .split(|byte| *byte == b'\n')
        .find(|line| line.get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"date:")))?;
    let text = std::str::from_utf8(&line[5..]).ok()?.trim();
    let text = text.split_once('(').map_or(text, |(date, _)| date.trim_end());
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc2822).ok()
}

/// Other classes would be given a life of their own: a meeting request comes by its MIME.
fn is_plain_note(class: &str) -> bool {
    let class = class.to_ascii_lowercase();
    class.starts_with("ipm.note") || class.starts_with("report.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(octets: &[u8]) -> Item {
        Item::new("1", Kind::Mail, Format::RFC5322, Body::unpooled(octets.to_vec()))
    }

    #[test]
    fn a_new_message_carries_its_dates_and_its_mark() {
        let mut item = mail(b"Date: Mon, 1 Jan 2024 01:00:00 +0100 (CET)\r\nSubject: x\r\n\r\n");
        item.received = time::OffsetDateTime::from_unix_timestamp(1_000_000_000).ok();
        item.class = Some("IPM.Schedule.Meeting.Request".to_owned());
        let (new, losses) = new(&item, &Mark::new("mm-1")).unwrap();
        let value = |property| new.properties.iter().find(|(known, _)| *known == property).map(|(_, value)| &value[..]);
        assert_eq!(value(Property::DeliveryTime), Some("2001-09-09T01:46:40Z"));
        assert_eq!(value(Property::SubmitTime), Some("2024-01-01T00:00:00Z"));
        assert_eq!(value(Property::MessageFlags), Some("0"));
        assert_eq!(value(Property::Mark), Some("mm-1"));
        assert_eq!((new.class, losses.len()), (None, 0));
    }

    #[test]
    fn message_ids_are_compared_as_the_contract_compares_them() {
        let (uid, _) = Fingerprint::mail_key(b"Message-ID:\r\n <aXb@example.org>\r\n");
        assert_eq!(uid, Some(normal_uid("<aXb@example.org>")));
    }
}
