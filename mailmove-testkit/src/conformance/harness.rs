use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use mailmove_core::{
    Connector, Error, ErrorKind, Flags, FolderId, Item, ItemId, Kind, Mailbox, Result, Side, async_trait,
};

/// What the author of an endpoint brings to the conformance suite.
#[async_trait]
pub trait Harness: Send + Sync {
    /// A fresh mailbox, empty but for the folders that every mailbox has. Every case opens one of its own.
    async fn mailbox(&self) -> Result<Subject>;
}

/// A mailbox under test.
///
/// A connector that cannot open it as a source, or as a destination, says so with
/// [`ErrorKind::Unsupported`]; the cases that need it are then skipped.
#[non_exhaustive]
pub struct Subject {
    /// Opens the mailbox.
    pub connector: Arc<dyn Connector>,
    /// The mailbox, as a destination; as a source it is opened with [`Side::Source`].
    pub mailbox: Mailbox,
    /// Its owner, who does things by other means than the endpoint.
    pub user: Option<Arc<dyn User>>,
    /// Texts that must not turn up in any output.
    pub secrets: Vec<String>,
    /// Lives as long as the case: a server, a temporary folder.
    pub keep: Option<Box<dyn Any + Send + Sync>>,
}

impl Subject {
    /// The mailbox of this address, without owner, secrets and anything to keep.
    pub fn new(connector: Arc<dyn Connector>, address: impl Into<String>) -> Self {
        let mailbox = Mailbox::new(Side::Destination, address);
        Self { connector, mailbox, user: None, secrets: Vec::new(), keep: None }
    }

    /// The same with its owner.
    pub fn with_user(mut self, user: Arc<dyn User>) -> Self {
        self.user = Some(user);
        self
    }

    /// The same with a text that must not turn up in any output.
    pub fn with_secret(mut self, secret: impl Into<String>) -> Self {
        self.secrets.push(secret.into());
        self
    }

    /// The same with something that lives as long as the case.
    pub fn keeping(mut self, keep: impl Any + Send + Sync) -> Self {
        self.keep = Some(Box::new(keep));
        self
    }
}

/// The owner of a mailbox under test. Folders and items are named by the endpoint's own ids.
///
/// Everything here is optional: what stays [`ErrorKind::Unsupported`] skips the cases that need it. A source without a
/// destination needs [`create_folder`](User::create_folder) and [`add`](User::add) to have anything to read.
#[async_trait]
#[allow(unused_variables)]
pub trait User: Send + Sync {
    /// Makes a folder for these kinds; with no kinds, one that holds only folders.
    async fn create_folder(&self, path: &[String], kinds: &[Kind]) -> Result<()> {
        Err(cannot("create folders"))
    }

    /// Adds an item.
    async fn add(&self, folder: &FolderId, item: &Item) -> Result<()> {
        Err(cannot("add items"))
    }

    /// Gives an item other bytes, in place: it keeps its id.
    async fn edit(&self, folder: &FolderId, id: &ItemId, bytes: Bytes) -> Result<()> {
        Err(cannot("edit items"))
    }

    /// Gives an item these flags.
    async fn set_flags(&self, folder: &FolderId, id: &ItemId, flags: &Flags) -> Result<()> {
        Err(cannot("set flags"))
    }

    /// Deletes an item for good.
    async fn delete(&self, folder: &FolderId, id: &ItemId) -> Result<()> {
        Err(cannot("delete items"))
    }

    /// Moves an item into another folder.
    async fn move_item(&self, folder: &FolderId, id: &ItemId, to: &FolderId) -> Result<()> {
        Err(cannot("move items"))
    }

    /// Puts an item into one more folder, as the same item.
    async fn label(&self, folder: &FolderId, id: &ItemId, also: &FolderId) -> Result<()> {
        Err(cannot("put an item into two folders"))
    }

    /// Deletes a folder and makes one of the same path.
    async fn recreate_folder(&self, folder: &FolderId) -> Result<()> {
        Err(cannot("recreate folders"))
    }

    /// Lets every cursor handed out so far expire.
    async fn expire_cursors(&self) -> Result<()> {
        Err(cannot("let cursors expire"))
    }

    /// How many mails the server sent out for this mailbox.
    async fn sent_mails(&self) -> Result<u64> {
        Err(cannot("count sent mail"))
    }
}

pub(super) fn cannot(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("the harness cannot {what}"))
}
