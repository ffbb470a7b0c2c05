//! The picture of a contact: an attachment of a name that all programs know.

use bytes::Bytes;
use hyper::StatusCode;

use super::done;
use crate::graph::call::{Answer, Call};
use crate::graph::extended::{Name, Property};
use crate::graph::refusal::Refusal;
use crate::graph::state::{Attachment, Content, Item, Shape};
use crate::http::Reply;

/// What the attachment is called.
const NAME: &str = "ContactPicture.jpg";
/// The largest picture, in octets.
const LARGEST: usize = 4 << 20;
/// PidLidHasPicture.
const HAS: (&str, u32) = ("00062004-0000-0000-c000-000000000046", 0x8015);

pub(super) fn show(call: &Call<'_>) -> Answer {
    let octets = call.with(|mailbox| {
        let item = mailbox.item(call.target.key(0))?;
        of(item).cloned().ok_or_else(Refusal::missing)
    })?;
    Ok(Reply::of(StatusCode::OK, kind(&octets).unwrap_or("image/jpeg"), octets))
}

pub(super) fn set(call: &Call<'_>) -> Answer {
    let octets = call.request.body.clone();
    if kind(&octets).is_none() || octets.len() > LARGEST {
        return Err(Refusal::bad("ErrorInvalidImage", "This is no picture of a kind and size that can be kept."));
    }
    call.with(|mailbox| {
        let key = mailbox.item(call.target.key(0)).map(|item| (item.key, item.shape()))?;
        let (key, Shape::Contact) = key else { return Err(Refusal::missing()) };
        mailbox.change_item(key, |item| {
            item.attachments.retain(|one| one.name != NAME);
            item.attach(Attachment::file(NAME, octets));
            item.properties.insert(Name::Number(HAS.0.to_owned(), HAS.1), Property::one("Boolean", true));
        });
        Ok(())
    })?;
    done()
}

fn of(item: &Item) -> Option<&Bytes> {
    let named = item.attachments.iter().find(|one| one.name.eq_ignore_ascii_case(NAME))?;
    match &named.content {
        Content::File(octets) => Some(octets),
        _ => None,
    }
}

/// What a picture is, by its first octets.
fn kind(octets: &[u8]) -> Option<&'static str> {
    let kinds = [(&b"\xff\xd8\xff"[..], "image/jpeg"), (b"\x89PNG", "image/png"), (b"GIF8", "image/gif")];
    kinds.into_iter().find(|(begin, _)| octets.starts_with(begin)).map(|(_, kind)| kind)
}
