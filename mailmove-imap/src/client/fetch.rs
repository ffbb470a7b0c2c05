//! Whole messages.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use mailmove_core::{Error, ErrorKind, FolderId, Format, Item, ItemRef, Result, Spool};

use super::known::KnownFolder;
use super::{Client, Way, burst};
use crate::capabilities::BATCH_ITEMS;
use crate::error::{Asked, Fault, refused};
use crate::map::message;
use crate::pool::Use;
use crate::wire::{BodyTarget, FetchBodies, FetchData, Fetched, Literal, MAX_LINE, StatusLine, UidSet};

/// What came of one message.
type Found = Result<FetchData>;

impl Client {
    /// One verdict per reference, in their order.
    pub(crate) async fn fetch(&self, items: &[ItemRef], format: &Format, spool: &Spool) -> Vec<Result<Item>> {
        let mut verdicts: Vec<Option<Result<Item>>> = Vec::new();
        verdicts.resize_with(items.len(), || None);
        let map = self.label_map();
        let mut folders: Vec<(FolderId, BTreeMap<u32, Vec<usize>>, u64)> = Vec::new();
        for (at, item) in items.iter().enumerate() {
            if *format != Format::RFC5322 {
                let error = Error::new(ErrorKind::Unsupported, format!("IMAP gives no mail as {format}"));
                verdicts[at] = Some(Err(error));
                continue;
            }
            match (message::uid_of(&item.id), item.folders.first()) {
                (Some(uid), Some(folder)) => {
                    let folder = map.as_ref().map_or_else(|| folder.clone(), |map| map.home(folder));
                    let place = folders.iter().position(|(known, ..)| *known == folder).unwrap_or_else(|| {
                        folders.push((folder, BTreeMap::new(), 0));
                        folders.len() - 1
                    });
                    folders[place].1.entry(uid).or_default().push(at);
                    folders[place].2 += item.size;
                }
                _ => verdicts[at] = Some(Err(missing(item))),
            }
        }
        for (folder, uids, bytes) in folders {
            let folder = self.folder(&folder);
            let wanted: Vec<u32> = uids.keys().copied().collect();
            let target = BodyTarget::Spool(spool.clone());
            let found = match self.spend(Way::Down, bytes) {
                Ok(()) => self.reading("fetch", || self.bodies(&folder, &wanted, &target, bytes)).await,
                Err(error) => Err(error),
            };
            let mut found = match found {
                Ok(found) => found,
                Err(error) => {
                    let places = uids.into_values().flatten();
                    places.for_each(|at| verdicts[at] = Some(Err(error.clone().with("folder", folder.display()))));
                    continue;
                }
            };
            for (uid, places) in uids {
                let first = &items[places[0]];
                let item = match found.remove(&uid) {
                    Some(data) => data.and_then(|data| whole(data, first, spool)).map(|mut item| {
                        if map.as_ref().is_some_and(|map| map.is_first_only()) {
                            first.flags.categories().for_each(|label| item.flags.add_category(label));
                        }
                        item
                    }),
                    None => Err(missing(first)),
                };
                for at in places {
                    verdicts[at] = Some(item.clone());
                }
            }
        }
        let answered = verdicts
            .into_iter()
            .map(|verdict| verdict.unwrap_or_else(|| Err(Error::new(ErrorKind::Bug, "a reference was not answered"))));
        answered.map(|verdict| verdict.map_err(|error| self.here(error))).collect()
    }

    /// The bodies behind these UIDs, which ascend. What is not in the answer is not in the folder.
    pub(super) async fn bodies(
        &self,
        folder: &Arc<KnownFolder>,
        uids: &[u32],
        target: &BodyTarget,
        bytes: u64,
    ) -> Result<HashMap<u32, Found>> {
        let large = folder.facts().messages.is_some_and(|messages| messages > BATCH_ITEMS as u64);
        let what = if large { Use::ReadLarge } else { Use::ReadSmall };
        let order = folder.order.lock().await;
        let ticket = self.lane(folder, bytes, what).await?;
        let pieces = UidSet::ascending(uids.iter().copied()).pieces(MAX_LINE);
        let fetch = |piece: &UidSet| FetchBodies::new(piece.iter().collect(), target.clone());
        let (commands, answers) = burst(|burst| pieces.iter().map(|piece| burst.add(fetch(piece))).collect::<Vec<_>>());
        let opened = ticket.connection().send_in(self.to_read(folder, false), commands);
        drop(order);
        self.selected(folder, opened).await?;
        let mut found = HashMap::with_capacity(uids.len());
        let mut missing = Vec::new();
        for (piece, answer) in pieces.iter().zip(answers) {
            let messages = match answer.await {
                Ok(Fetched { messages, refused: None }) => messages,
                Ok(Fetched { messages, refused: Some(line) }) => {
                    unless_throttled(&line)?;
                    messages
                }
                Err(Fault::Refused(line)) => {
                    unless_throttled(&line)?;
                    Vec::new()
                }
                Err(fault) => return Err(self.in_folder(folder, &fault, "read messages")),
            };
            for (uid, message) in piece.iter().zip(messages.into_iter().chain(std::iter::repeat_with(|| None))) {
                match message {
                    Some(data) => drop(found.insert(uid, Ok(data))),
                    None => missing.push(uid),
                }
            }
        }
        // One bad message makes some servers refuse the whole command, or end it early; and what is said to be gone shall
        // be gone. Each is asked for alone.
        let (commands, answers) = burst(|burst| {
            let alone = missing.iter().map(|uid| (*uid, burst.add(FetchBodies::new(vec![*uid], target.clone()))));
            alone.collect::<Vec<_>>()
        });
        if !answers.is_empty() {
            let opened = ticket.connection().send_in(self.to_read(folder, false), commands);
            self.selected(folder, opened).await?;
        }
        for (uid, answer) in answers {
            let refusal = match answer.await {
                Ok(mut fetched) => {
                    if let Some(data) = fetched.messages.pop().flatten() {
                        found.insert(uid, Ok(data));
                        continue;
                    }
                    fetched.refused
                }
                Err(Fault::Refused(line)) => Some(line),
                Err(fault) => return Err(self.in_folder(folder, &fault, "read messages")),
            };
            if let Some(line) = refusal {
                unless_throttled(&line)?;
                found.insert(uid, Err(refused(&line, Asked::Item, "give the message")));
            }
        }
        Ok(found)
    }
}

fn whole(mut data: FetchData, reference: &ItemRef, spool: &Spool) -> Result<Item> {
    let body = match data.body.take() {
        // So servers answer for an empty message, for one that was expunged meanwhile (RFC 2180 §4.1.3), and for one that
        // they cannot read. Only of the first it is sure that nothing would be lost.
        Some(Literal::Nil) if reference.size > 0 => {
            return Err(Error::new(ErrorKind::Refused, "the server names the message and gives nothing of it")
                .with("item", &reference.id)
                .remedy("open it with another mail program; if it is damaged there too, it is damaged on the server"));
        }
        Some(Literal::Nil) => spool.body("")?,
        Some(literal) => literal.into_body(spool).ok_or_else(|| missing(reference))??,
        None => return Err(missing(reference)),
    };
    let item = message::item(data, reference.id.clone(), body)?;
    Ok(item)
}

/// A server that wants a pause gets one, and is asked again; every other refusal is about single messages.
fn unless_throttled(line: &StatusLine) -> Result<()> {
    let error = refused(line, Asked::Item, "give the messages");
    if error.kind() == ErrorKind::Throttled { Err(error) } else { Ok(()) }
}

fn missing(item: &ItemRef) -> Error {
    Error::new(ErrorKind::NotFound, "the message is not there").with("item", &item.id)
}
