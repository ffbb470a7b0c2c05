//! A connector and an endpoint that are right but for one mistake.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use mailmove_core::{
    Capabilities, Connector, Destination, Endpoint, Epoch, Error, ErrorKind, Flags, Folder, FolderId, Format, ItemId,
    Kind, Mailbox, Result, Source, Stage, StateToken, Storage, Verification, async_trait,
};
use mailmove_testkit::conformance::{Harness, MemoryHarness, Subject, User};
use mailmove_testkit::memory::{Feeds, MemoryEndpoint};
use mailmove_testkit::{MemoryMailbox, Options};

use crate::mistake::Mistake::{self, *};

const SECRET: &str = "correct horse";

/// Everything can be done here, and one thing is done wrong.
pub(crate) struct WrongHarness(pub(crate) Mistake);

#[async_trait]
impl Harness for WrongHarness {
    async fn mailbox(&self) -> Result<Subject> {
        let options = MemoryHarness::default().options().clone().with(|options: &mut Options| {
            options.stable_folder_ids = self.0 != HasOneEpoch;
            options.replaces_in_place = self.0 == WritesInPieces;
            if self.0 == EndsTooEarly {
                options.page = 100;
            }
            if self.0 == ReadsOneAtATime {
                options.feeds = Feeds::PerFolder;
            }
        });
        let mailbox = MemoryMailbox::with_options(options);
        let sent = Arc::new(AtomicU64::new(0));
        let user = Arc::new(Owner(MemoryHarness::user(&mailbox), sent.clone()));
        let connector = WrongConnector { mailbox, mistake: self.0, sent };
        Ok(Subject::new(Arc::new(connector), "wrong@example.org").with_user(user).with_secret(SECRET))
    }
}

struct WrongConnector {
    mailbox: MemoryMailbox,
    mistake: Mistake,
    sent: Arc<AtomicU64>,
}

impl WrongConnector {
    fn open(&self) -> Arc<Wrong> {
        let inner = self.mailbox.destination();
        let mut capabilities = inner.capabilities().clone();
        match self.mistake {
            TakesNoBatch => capabilities.batch_items = 0,
            OffersTooMuch => {
                let mut route = capabilities.offers[0].clone();
                route.format = Format::new("application/x-not-really");
                capabilities.offers.push(route);
            }
            TellsASmallLimit => capabilities.accepts[0].max_bytes = Some(1000),
            _ => {}
        }
        let (mailbox, mistake, sent) = (self.mailbox.clone(), self.mistake, self.sent.clone());
        Arc::new(Wrong {
            inner,
            mailbox,
            mistake,
            capabilities,
            sent,
            calls: 0.into(),
            busy: 0.into(),
            turn: Default::default(),
        })
    }
}

impl fmt::Debug for WrongConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.mistake == PrintsItsSecret { SECRET } else { "wrong" })
    }
}

#[async_trait]
impl Connector for WrongConnector {
    fn name(&self) -> &str {
        "wrong:"
    }

    async fn verify(&self, mailbox: &Mailbox) -> Verification {
        let verification = self.mailbox.verify(mailbox).await;
        match self.mistake {
            ShutsADoor => verification.failed(Stage::Write, Error::new(ErrorKind::AccessDenied, "no")),
            _ => verification,
        }
    }

    async fn source(&self, _: &Mailbox) -> Result<Arc<dyn Source>> {
        Ok(self.open())
    }

    async fn destination(&self, _: &Mailbox) -> Result<Arc<dyn Destination>> {
        Ok(self.open())
    }
}

pub(crate) struct Wrong {
    pub(crate) inner: Arc<MemoryEndpoint>,
    pub(crate) mailbox: MemoryMailbox,
    pub(crate) mistake: Mistake,
    capabilities: Capabilities,
    pub(crate) sent: Arc<AtomicU64>,
    /// Calls of anything that counts, for mistakes that depend on it.
    pub(crate) calls: AtomicUsize,
    /// Whether something is under way, or was just written.
    pub(crate) busy: AtomicUsize,
    /// Keeps writes in the order of their first polls.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wrong {:?}", self.mistake)
    }
}

#[async_trait]
impl Endpoint for Wrong {
    fn name(&self) -> &str {
        "wrong"
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn folders(&self) -> Result<Vec<Folder>> {
        let mut folders = self.inner.folders().await?;
        let look = self.calls.fetch_add(1, Ordering::Relaxed);
        match self.mistake {
            ListsChildrenFirst => folders.reverse(),
            ListsAFolderTwice => folders.extend_from_within(..1),
            _ => {}
        }
        for folder in &mut folders {
            match self.mistake {
                ChangesEpochsAtEveryLook => folder.epoch = Epoch::new(look.to_string()),
                KeepsItsState => folder.state = Some(StateToken::new("calm")),
                HoldsItemsEverywhere => folder.kinds = Kind::ALL.to_vec(),
                HasOneEpoch => folder.epoch = Epoch::new("1"),
                _ => {}
            }
        }
        Ok(folders)
    }

    async fn storage(&self) -> Result<Storage> {
        let mut storage = self.inner.storage().await?;
        if self.mistake == CountsNothing {
            (storage.items, storage.used) = (Some(0), Some(0));
        }
        Ok(storage)
    }
}

/// The mailbox's owner, who also counts the mail that went out.
struct Owner(Arc<dyn User>, Arc<AtomicU64>);

#[async_trait]
impl User for Owner {
    async fn create_folder(&self, path: &[String], kinds: &[Kind]) -> Result<()> {
        self.0.create_folder(path, kinds).await
    }

    async fn edit(&self, folder: &FolderId, id: &ItemId, bytes: bytes::Bytes) -> Result<()> {
        self.0.edit(folder, id, bytes).await
    }

    async fn set_flags(&self, folder: &FolderId, id: &ItemId, flags: &Flags) -> Result<()> {
        self.0.set_flags(folder, id, flags).await
    }

    async fn label(&self, folder: &FolderId, id: &ItemId, also: &FolderId) -> Result<()> {
        self.0.label(folder, id, also).await
    }

    async fn recreate_folder(&self, folder: &FolderId) -> Result<()> {
        self.0.recreate_folder(folder).await
    }

    async fn expire_cursors(&self) -> Result<()> {
        self.0.expire_cursors().await
    }

    async fn sent_mails(&self) -> Result<u64> {
        Ok(self.1.load(Ordering::Relaxed))
    }
}
