//! New messages: small plain ones in the request, all others uploaded before it; many in one request.

use futures_util::FutureExt;
use mailmove_core::{
    Alteration, Body, Error, ErrorKind, FolderId, ItemFlags, ItemId, Kind, Loss, Recovery, Result, Written,
};

use super::New;
use crate::batch::{self, Ranges, side_by_side};
use crate::capabilities::ADD;
use crate::endpoint::ZimbraMailbox;
use crate::map;
use crate::wire::add_msg::{AddMsg, Content};
use crate::wire::item::ItemData;

/// Up to here a message goes in the request, in octets: an upload is another round trip, and servers cut long texts.
const SMALL: u64 = 128 << 10;

/// How many messages one request carries at most, and how many octets of them. Servers take 15 MB.
const TOGETHER: usize = 50;
const REQUEST: u64 = 3 << 20;

/// A message that is ready to go.
struct Parcel {
    message: AddMsg,
    losses: Vec<Loss>,
}

impl ZimbraMailbox {
    pub(super) async fn create_messages(&self, folder: &FolderId, items: &[New<'_>]) -> Vec<Result<Written>> {
        let together = if self.bulk { TOGETHER } else { 1 };
        let carried: Vec<u64> = items.iter().map(|new| new.item.body.len().min(SMALL)).collect();
        let mut verdicts = Vec::with_capacity(items.len());
        for range in batch::split(&carried, together, REQUEST) {
            let part = &items[range];
            // Uploads wait at the server for hours, and nobody sees them.
            let packed = part.iter().map(|new| self.pack(folder, *new).boxed()).collect();
            let packed = side_by_side(packed, self.connections).await;
            verdicts.extend(self.store(part, packed).await);
        }
        verdicts
    }

    async fn pack(&self, folder: &FolderId, new: New<'_>) -> Result<Parcel> {
        let item = new.item;
        let mut losses = map::flags::losses(item.flags.state, Kind::Mail);
        let (tags, more) = self.tags.labels(&self.client, &item.flags).await?;
        losses.extend(more);
        let sent = folder.as_str() == map::kind::SENT && !item.flags.state.contains(ItemFlags::DRAFT);
        let from_me = if sent { map::flags::FROM_ME.to_string() } else { String::new() };
        let content = match inline(&item.body)? {
            Some(text) => Content::Inline(text),
            None => Content::Uploaded(self.client.upload(&item.body).await?),
        };
        let message = AddMsg {
            folder: folder.to_string(),
            flags: map::flags::letters(item.flags.state, &from_me),
            tags,
            received: item.received,
            content,
        };
        Ok(Parcel { message, losses })
    }

    /// One request for these, and smaller ones only where it was refused as a whole.
    async fn store(&self, items: &[New<'_>], packed: Vec<Result<Parcel>>) -> Vec<Result<Written>> {
        let mut verdicts: Vec<Result<Written>> = Vec::with_capacity(items.len());
        let (mut messages, mut losses, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (at, parcel) in packed.into_iter().enumerate() {
            verdicts.push(match parcel {
                Ok(parcel) => {
                    messages.push(parcel.message);
                    losses.push(parcel.losses);
                    places.push(at);
                    Err(Error::new(ErrorKind::Bug, "a write was left out"))
                }
                Err(error) => Err(error),
            });
        }
        let mut due = Ranges::new(messages.len());
        while let Some(range) = due.next() {
            match self.client.perform_each(&messages[range.clone()]).await {
                Ok(answers) => {
                    for (at, answer) in range.zip(answers) {
                        let lost = losses[at].clone();
                        verdicts[places[at]] = answer.and_then(|data| written(data, items[places[at]], lost));
                    }
                }
                Err(error) if range.len() > 1 && is_refusal(&error) => due.halve(range),
                Err(error) => range.for_each(|at| verdicts[places[at]] = Err(error.clone())),
            }
        }
        verdicts
    }

    /// The new version is there before the old one goes.
    pub(super) async fn replace_message(&self, folder: &FolderId, old: &ItemData, new: New<'_>) -> Result<Written> {
        let written = self.create_messages(folder, &[new]).await.swap_remove(0)?;
        self.remove_old(old.id, written).await
    }
}

fn written(data: Option<ItemData>, new: New<'_>, losses: Vec<Loss>) -> Result<Written> {
    let unnamed = || {
        Error::new(ErrorKind::Protocol, "the server does not name the message that it stored")
            .with_recovery(Recovery::Locate)
    };
    let data = data.ok_or_else(unnamed)?;
    let mut written = Written::new(ADD).with_id(ItemId::new(data.id.to_string()));
    written.revision = Some(map::item::revision(&data));
    written.losses = losses;
    if let Some(size) = data.size.filter(|size| *size != new.item.body.len()) {
        let text = format!("the server stored {size} octets of {}", new.item.body.len());
        written.altered.push(Alteration::new("rewritten", text));
    }
    Ok(written)
}

/// Whether a request was certainly not done, and one of several messages may be why.
fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::TooLarge | ErrorKind::Refused) && error.recovery() != Recovery::Locate
}

/// The text of a message that survives a request as it is: short, in ASCII, with whole line ends.
fn inline(body: &Body) -> Result<Option<String>> {
    if body.is_empty() || body.len() > SMALL {
        return Ok(None);
    }
    let octets = body.bytes()?;
    Ok(is_plain(&octets).then(|| String::from_utf8_lossy(&octets).into_owned()))
}

fn is_plain(octets: &[u8]) -> bool {
    let mut before = 0;
    let plain = octets.iter().all(|octet| {
        let fits = match octet {
            b'\n' => before == b'\r',
            _ if before == b'\r' => false,
            b'\r' | b'\t' => true,
            octet => (b' '..=b'~').contains(octet),
        };
        before = *octet;
        fits
    });
    plain && before != b'\r'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_survives_goes_in_the_request() {
        let plain = |octets: &[u8]| inline(&Body::unpooled(octets.to_vec())).unwrap().is_some();
        assert!(plain(b"Subject: x\r\n\r\ntext\twith\r\n"));
        for odd in [&b""[..], b"a\nb", b"a\rb", b"a\r", b"a\0b", b"caf\xe9\r\n", "gr\u{fc}n\r\n".as_bytes()] {
            assert!(!plain(odd), "{odd:?}");
        }
        assert!(!plain(&vec![b'x'; SMALL as usize + 1]));
    }
}
