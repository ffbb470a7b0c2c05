//! New items, and new versions of items.

use mailmove_core::{
    Body, Error, ErrorKind, FolderId, Format, Item, ItemId, Loss, Mark, Recovery, Result, Revision, Written,
};

use crate::batch::{self, Ranges};
use crate::capabilities::{BATCH_BYTES, CREATE, UPLOAD};
use crate::endpoint::EwsMailbox;
use crate::map;
use crate::wire::create_item::{CreateItem, NewItem};
use crate::wire::delete_item::DeleteItem;
use crate::wire::ids::ItemKey;
use crate::wire::upload_items::{Upload, UploadItems};

/// A new item and its mark.
#[derive(Debug, Clone, Copy)]
pub(super) struct New<'a> {
    pub(super) item: &'a Item,
    pub(super) mark: &'a Mark,
}

impl New<'_> {
    fn is_stream(&self) -> bool {
        self.item.format == Format::FASTTRANSFER
    }
}

/// What goes to the server for one item.
#[derive(Debug, Clone)]
enum Parcel {
    Stream(Body),
    Item(Box<NewItem>, Vec<Loss>),
}

/// What the server made of one item: its key, and what was not kept.
type Stored = Result<(ItemKey, Vec<Loss>)>;

impl EwsMailbox {
    /// Stores new items in their order, in as few requests as they fit into.
    pub(super) async fn create(&self, folder: &FolderId, items: &[New<'_>]) -> Vec<Result<Written>> {
        let parcels: Vec<Result<Parcel>> = items.iter().map(|new| self.pack(new)).collect();
        let due: Vec<usize> = (0..items.len()).filter(|at| parcels[*at].is_ok()).collect();
        let mut stored: Vec<Stored> = parcels.iter().map(|parcel| Err(left_out(parcel))).collect();
        for run in due.chunk_by(|one, next| items[*one].is_stream() == items[*next].is_stream()) {
            let sizes: Vec<u64> = run.iter().map(|at| items[*at].item.body.len()).collect();
            for range in batch::split(&sizes, self.writes.items(), BATCH_BYTES) {
                self.store(folder, &parcels, &run[range], &mut stored).await;
            }
        }
        self.written(items, stored).await
    }

    fn pack(&self, new: &New<'_>) -> Result<Parcel> {
        if let Some(error) = self.refusal(new.item) {
            return Err(error);
        }
        if new.is_stream() {
            return Ok(Parcel::Stream(new.item.body.clone()));
        }
        let (item, losses) = map::item::new(new.item, new.mark)?;
        Ok(Parcel::Item(Box::new(item), losses))
    }

    /// One request for these, and more only where it was refused as a whole.
    async fn store(&self, folder: &FolderId, parcels: &[Result<Parcel>], run: &[usize], stored: &mut [Stored]) {
        let mut ranges = Ranges::new(run.len());
        while let Some(range) = ranges.next() {
            let part = &run[range.clone()];
            let sent: Vec<&Parcel> = part.iter().filter_map(|at| parcels[*at].as_ref().ok()).collect();
            let answered = self.send(folder, &sent).await;
            self.writes.judge(range.len(), &answered);
            match answered {
                Ok(answers) => part.iter().zip(answers).for_each(|(at, answer)| stored[*at] = answer),
                Err(error) if range.len() > 1 && is_refusal(&error) => ranges.halve(range),
                Err(error) => part.iter().for_each(|at| stored[*at] = Err(error.clone())),
            }
        }
    }

    /// Streams alone or items alone: one request.
    async fn send(&self, folder: &FolderId, parcels: &[&Parcel]) -> Result<Vec<Stored>> {
        let (mut streams, mut items, mut losses) = (Vec::new(), Vec::new(), Vec::new());
        for parcel in parcels {
            match parcel {
                Parcel::Stream(data) => streams.push(Upload { replaces: None, data: data.clone() }),
                Parcel::Item(item, lost) => {
                    items.push((**item).clone());
                    losses.push(lost.clone());
                }
            }
        }
        let answers = if items.is_empty() {
            losses.resize(streams.len(), Vec::new());
            let upload = UploadItems { folder: folder.as_str().to_owned(), items: streams };
            self.client.perform(&upload, parcels.len()).await?
        } else {
            self.client.perform(&CreateItem { folder: self.existing(folder)?, items }, parcels.len()).await?
        };
        let stored =
            |(answer, losses): (Result<Option<ItemKey>>, Vec<Loss>)| Ok((answer?.ok_or_else(unnamed)?, losses));
        Ok(answers.into_iter().zip(losses).map(stored).collect())
    }

    /// The verdicts, with ids and revisions as the server tells them of what it stored: what a write answers as an id
    /// need not be the text by which a listing knows the item.
    async fn written(&self, items: &[New<'_>], stored: Vec<Stored>) -> Vec<Result<Written>> {
        let ids: Vec<ItemId> = stored.iter().flatten().map(|(key, _)| ItemId::new(key.id.as_str())).collect();
        let described = match ids.is_empty() {
            true => Vec::new(),
            false => self.described(&ids.iter().collect::<Vec<_>>()).await.unwrap_or_default(),
        };
        let mut described = described.into_iter();
        let verdict = |(new, one): (&New<'_>, Stored)| {
            let (key, losses) = one?;
            let via = if new.is_stream() { UPLOAD } else { CREATE };
            let mut written = Written::new(via);
            // An item that cannot be described was stored all the same.
            match described.next() {
                Some(Ok(data)) => {
                    written.revision = Some(map::revision::of(&data));
                    written.id = Some(ItemId::new(data.key.id));
                }
                _ => written.id = Some(ItemId::new(key.id)),
            }
            written.losses = losses;
            Ok(written)
        };
        items.iter().zip(stored).map(verdict).collect()
    }

    /// Puts a new version in the place of an old one. A stream goes into the very item; MIME becomes a new item before
    /// the old one goes.
    pub(super) async fn replace(
        &self,
        folder: &FolderId,
        id: &ItemId,
        expect: Option<&Revision>,
        new: New<'_>,
    ) -> Result<Written> {
        if let Some(error) = self.refusal(new.item) {
            return Err(error);
        }
        let old = self.described(&[id]).await?.swap_remove(0)?;
        super::check(&old, folder, expect)?;
        if new.is_stream() {
            let items = vec![Upload { replaces: Some(old.key), data: new.item.body.clone() }];
            let upload = UploadItems { folder: folder.as_str().to_owned(), items };
            let key = self.client.perform(&upload, 1).await?.swap_remove(0)?.ok_or_else(unnamed)?;
            return self.written(&[new], vec![Ok((key, Vec::new()))]).await.swap_remove(0);
        }
        let written = self.create(folder, &[new]).await.swap_remove(0)?;
        let removed = self.client.perform(&DeleteItem { items: vec![old.key] }, 1).await;
        match removed.and_then(|mut verdicts| verdicts.swap_remove(0)) {
            Ok(()) => Ok(written),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(written),
            Err(error) => Err(error.with_recovery(Recovery::Locate)),
        }
    }
}

/// Whether a request was certainly not done, and one of several items may be why.
fn is_refusal(error: &Error) -> bool {
    batch::may_be_one_items(error)
        && !matches!(error.recovery(), Recovery::Locate)
        && error.kind() != ErrorKind::NotFound
}

/// Why an item was not sent; what is sent has its verdict put in this place.
fn left_out(parcel: &Result<Parcel>) -> Error {
    parcel.as_ref().err().cloned().unwrap_or_else(|| Error::new(ErrorKind::Bug, "a write was left out"))
}

fn unnamed() -> Error {
    Error::new(ErrorKind::Protocol, "the server does not name the item that it stored").with_recovery(Recovery::Locate)
}
