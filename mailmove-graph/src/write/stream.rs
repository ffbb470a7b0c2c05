//! Items as FastTransfer streams.

use mailmove_core::{Body, Error, ErrorKind, Format, ItemId, Kind, Loss, Result, Via, Written};
use mailmove_exchange::fts::{FtsError, Options, summarize, write};
use mailmove_exchange::zone::Zone;
use serde_json::Value;

use super::New;
use super::entries::NO_MARK;
use crate::capabilities::{IMPORT, IMPORT_FOREIGN, rendered_anew};
use crate::endpoint::GraphMailbox;
use crate::map;
use crate::place::{Area, Place};
use crate::wire::stream;

/// A stream that is ready to be sent.
struct Made {
    stream: Body,
    via: Via,
    losses: Vec<Loss>,
}

impl GraphMailbox {
    /// Whether an item is written as a stream.
    pub(super) fn by_stream(&self, new: &New<'_>) -> bool {
        new.item.format == Format::FASTTRANSFER || self.found.makes_streams(new.item.kind)
    }

    /// Puts a stream into a folder.
    pub(super) async fn create_stream(&self, place: &Place, new: &New<'_>) -> Result<Written> {
        let made = self.made(new).await?;
        let id = self.import(place, None, &made.stream).await?;
        Ok(self.imported(place, id, made).await)
    }

    /// Puts a stream in the place of an item.
    pub(super) async fn replace_stream(&self, place: &Place, id: &ItemId, new: &New<'_>) -> Result<Written> {
        let made = self.made(new).await?;
        let change_key = self.change_key(place, id).await?;
        let id = self.import(place, Some((id.as_str(), &change_key)), &made.stream).await?;
        Ok(self.imported(place, id, made).await)
    }

    /// The stream of an item: as it came, or made of what it is.
    async fn made(&self, new: &New<'_>) -> Result<Made> {
        if new.item.format == Format::FASTTRANSFER {
            check_whole(&new.item.body)?;
            return Ok(Made { stream: new.item.body.clone(), via: IMPORT, losses: Vec::new() });
        }
        // What is whole has a mark, and be it one that says nothing else.
        let mark = if new.mark.as_str().is_empty() { NO_MARK } else { new.mark.as_str() };
        let mut options = Options::marked(mark).owned_by(self.address());
        if new.item.kind == Kind::Event {
            options.zone = self.zone().await;
        }
        let (stream, mut losses) = write(new.item, &options, &self.spool)?;
        losses.extend(map::flags::losses(new.item.flags.state, new.item.kind));
        losses.push(rendered_anew(new.item.kind));
        Ok(Made { stream, via: IMPORT_FOREIGN, losses })
    }

    /// The zone of the mailbox, by whose clocks whole days begin; none where it may not be read, or is not known.
    async fn zone(&self) -> Option<Zone> {
        let ask = async || {
            let answer = self.client.ask::<Value>(&stream::zone(&self.user)).await;
            Zone::find(answer.ok()?["timeZone"].as_str()?)
        };
        self.door.zone.get_or_init(ask).await.clone()
    }

    async fn change_key(&self, place: &Place, id: &ItemId) -> Result<String> {
        let key = match place.area {
            Area::Mail => self.described(&[id]).await.swap_remove(0)?.change_key,
            area if self.by_class(area) => {
                self.items_of(place, &[id]).await.swap_remove(0)?.text("changeKey").map(str::to_owned)
            }
            _ => self.entries(place, &[id]).await.swap_remove(0)?.text("changeKey").map(str::to_owned),
        };
        key.ok_or_else(|| Error::new(ErrorKind::Unsupported, "the item has no version that could be replaced"))
    }

    /// The verdict, with id and revision as a listing will tell them: an import answers with ids of its own sort. An item
    /// that cannot be described was stored all the same.
    async fn imported(&self, place: &Place, id: Option<String>, made: Made) -> Written {
        let mut written = Written::new(made.via);
        written.losses = made.losses;
        let Some(id) = id.map(ItemId::new) else { return written };
        match place.area {
            Area::Mail => {
                if let Ok(message) = self.described(&[&id]).await.swap_remove(0) {
                    written.revision = Some(map::revision::of(&message));
                    written.id = Some(ItemId::new(message.id));
                }
            }
            area => {
                let ids = [&id];
                let mut records = match self.by_class(area) {
                    true => self.items_of(place, &ids).await,
                    false => self.entries(place, &ids).await,
                };
                if let Ok(record) = records.swap_remove(0) {
                    let number = map::revision::of_version(record.version());
                    written.revision = Some(map::revision::from_number(number));
                    written.id = Some(ItemId::new(record.id()));
                }
            }
        }
        written
    }
}

/// Half a stream must not be taken for an item. What is in it beyond the frames is the servers' business.
fn check_whole(stream: &Body) -> Result<()> {
    match summarize(stream.reader()) {
        Err(error @ FtsError::CutShort) => {
            Err(Error::new(ErrorKind::Refused, "the stream is not whole").because(error))
        }
        _ => Ok(()),
    }
}
