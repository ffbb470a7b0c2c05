//! The contract of an opened mailbox. Each method lists its behaviour; the conformance suite executes the list.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::{
    Capabilities, Cursor, Detail, EnsuredFolder, FeedId, Folder, FolderId, Forecast, Format, Item, ItemRef, Load,
    Match, NewFolder, Page, Position, Result, Spool, Storage, Wanted, Write, Written,
};

/// One opened mailbox.
#[async_trait]
pub trait Endpoint: Debug + Send + Sync + 'static {
    /// What people call it: connector and mailbox. Never holds a secret.
    fn name(&self) -> &str;

    /// What it can do. Fixed once opened.
    fn capabilities(&self) -> &Capabilities;

    /// The whole folder tree.
    ///
    /// - Parents come before children; a parent that holds no items has no [`kinds`](Folder::kinds).
    /// - Two calls with nothing changed in between give the same folders, ids, epochs and states.
    /// - Any change to an item of a folder, flags included, gives the folder another [`state`](Folder::state), when it
    ///   has one at all.
    async fn folders(&self) -> Result<Vec<Folder>>;

    /// How full the mailbox is. What the server does not say stays `None`.
    async fn storage(&self) -> Result<Storage>;

    /// How long it takes by the provider's limit alone to move all of this from now on. `None`, unless an endpoint says
    /// otherwise: no limit is known. Asks nobody.
    fn forecast(&self, loads: &[Load]) -> Option<Forecast> {
        let _ = loads;
        None
    }

    /// How long nothing is asked of the server: it wanted a pause, or its limit is reached. `None`: it is not waited for.
    fn paused(&self) -> Option<Duration> {
        None
    }
}

/// A mailbox that can be read. Reading changes nothing in it, read state included.
#[async_trait]
pub trait Source: Endpoint {
    /// One page of what changed in `feed` after `after`; of everything when `after` is `None`.
    ///
    /// - Asking twice with the same cursor loses nothing. An id may come twice; the last one wins.
    /// - `more` is false only when the server said so; a broken connection is an error, never a short page.
    /// - [`ErrorKind::CursorExpired`](crate::ErrorKind::CursorExpired): list again from `None`; ids stay valid within the
    ///   folder's epoch.
    /// - A feed that does not exist is [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    async fn changes(&self, feed: &FeedId, after: Option<&Cursor>, detail: Detail) -> Result<Page>;

    /// The whole items, in this format, their bodies in this spool.
    ///
    /// - One verdict per reference, same order, same length, always; an empty request gives an empty answer.
    /// - A missing item is [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) in its place, and fails nobody else.
    /// - The same reference twice is answered twice.
    /// - Flags and dates are those of the moment of reading.
    /// - Calls for one folder take effect in the order in which they are first polled, so several may be in flight.
    async fn fetch(&self, items: &[ItemRef], format: &Format, spool: &Spool) -> Vec<Result<Item>>;
}

/// A mailbox that can be written.
#[async_trait]
pub trait Destination: Endpoint {
    /// Makes sure that these folders exist.
    ///
    /// - One verdict per folder, same order, same length, always. A missing parent is created as well.
    /// - A folder that exists is no error and is left as it is, but for the subscription when that was asked.
    /// - `created` is true only when this call created it.
    async fn ensure_folders(&self, folders: &[NewFolder]) -> Vec<Result<EnsuredFolder>>;

    /// For each thing wanted, every match in the folder; only behind `after`, when given.
    ///
    /// - One answer per question, same order, same length.
    /// - Every item that answers is named, twins included, in the order in which they were written.
    /// - An item is named to every question it answers; who takes it is the caller's business.
    /// - What a match tells of flags and date is the item's own, as it was when it was first looked at.
    /// - Everything that a completed [`write`](Destination::write) stored is found at once; what a write without an answer
    ///   stored is found at the latest after [`Capabilities::settle`].
    async fn locate(&self, folder: &FolderId, wanted: &[Wanted], after: Option<&Position>) -> Result<Vec<Vec<Match>>>;

    /// Writes a batch into one folder.
    ///
    /// - One verdict per write, same order, same length, always; a refused item fails nobody else.
    /// - A write becomes visible whole or not at all. A create of several steps is built where no user looks, or carries
    ///   our mark only with its last step; `locate` reports an unfinished one as not complete.
    /// - A write whose answer never came is [`Recovery::Locate`](crate::Recovery::Locate). One that the server did not
    ///   touch is [`Recovery::Requeue`](crate::Recovery::Requeue).
    /// - No write ever sends mail to anybody.
    /// - Created items keep their bytes, flags and received date, but for what the verdict names as lost or altered.
    /// - `expect` that differs is [`ErrorKind::Conflict`](crate::ErrorKind::Conflict), and nothing was written.
    /// - Calls for one folder take effect in the order in which they are first polled, so several may be in flight; items
    ///   of one batch are stored in their order.
    async fn write(&self, folder: &FolderId, batch: &[Write]) -> Vec<Result<Written>>;

    /// Puts the connections away. Called once, when nothing is in flight; dropping without it is safe.
    async fn close(&self) {}
}
