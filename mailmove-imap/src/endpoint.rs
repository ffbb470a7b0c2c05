//! One opened mailbox, as the contract sees it.

use std::time::Duration;

use async_trait::async_trait;
use mailmove_core::{
    Capabilities, Cursor, Destination, Detail, Endpoint, EnsuredFolder, FeedId, Folder, FolderId, Format, Item,
    ItemRef, Match, NewFolder, Page, Position, Result, Source, Spool, Storage, Wanted, Write, Written,
};

use crate::client::Client;

/// One opened mailbox. Feeds are folders, ids are UIDs, epochs are UIDVALIDITY, positions are UIDNEXT.
#[derive(Debug)]
pub(crate) struct ImapMailbox(pub(crate) Client);

#[async_trait]
impl Endpoint for ImapMailbox {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }

    async fn folders(&self) -> Result<Vec<Folder>> {
        self.0.folders().await
    }

    async fn storage(&self) -> Result<Storage> {
        self.0.storage().await
    }

    fn paused(&self) -> Option<Duration> {
        self.0.paused()
    }
}

#[async_trait]
impl Source for ImapMailbox {
    async fn changes(&self, feed: &FeedId, after: Option<&Cursor>, _detail: Detail) -> Result<Page> {
        self.0.changes(feed, after).await
    }

    async fn fetch(&self, items: &[ItemRef], format: &Format, spool: &Spool) -> Vec<Result<Item>> {
        self.0.fetch(items, format, spool).await
    }
}

#[async_trait]
impl Destination for ImapMailbox {
    async fn ensure_folders(&self, folders: &[NewFolder]) -> Vec<Result<EnsuredFolder>> {
        self.0.ensure_folders(folders).await
    }

    async fn locate(&self, folder: &FolderId, wanted: &[Wanted], after: Option<&Position>) -> Result<Vec<Vec<Match>>> {
        self.0.locate(folder, wanted, after).await
    }

    async fn write(&self, folder: &FolderId, batch: &[Write]) -> Vec<Result<Written>> {
        self.0.write(folder, batch).await
    }

    async fn close(&self) {
        self.0.close();
    }
}
