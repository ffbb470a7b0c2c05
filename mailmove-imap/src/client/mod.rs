//! One opened mailbox: what the contract asks, put together from commands on connections.

mod append;
mod budget;
mod changes;
mod cursor;
mod ensure;
mod fetch;
mod flags;
mod folders;
mod index;
mod known;
mod labels;
mod locate;
mod quota;
mod relocate;
mod uploads;
mod write;

pub(crate) use budget::Budget;
use budget::Way;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mailmove_core::{Call, Capabilities, Error, ErrorKind, FolderId, Guard, Mailbox, Recovery, Result, Side};

use crate::capabilities::{Offered, contract, one_label};
use crate::config::{ImapConfig, Labels};
use crate::engine::{Burst, Connection, Opened, Opening};
use crate::error::{Asked, Fault};
use crate::map::space::{Space, Spelling};
use crate::pool::{Dialer, Pool, Ticket, Use};
use crate::quirks::{Quirks, Seen};
use crate::session::Ready;
use crate::wire::{IdQuery, Rights, RightsQuery, Selected};
use folders::Listing;
use known::{KnownFolder, KnownFolders};
use labels::LabelMap;
use quota::Filled;
use uploads::Uploads;

/// One opened mailbox.
#[derive(Debug)]
pub(crate) struct Client {
    name: String,
    side: Side,
    capabilities: Capabilities,
    offered: Offered,
    quirks: Quirks,
    pool: Arc<Pool>,
    guard: Guard,
    known: KnownFolders,
    spelling: Spelling,
    space: Mutex<Space>,
    prefix: Option<String>,
    /// Whether a size that this server told was compared with the truth, and whether one was wrong.
    sizes_tried: AtomicBool,
    sizes_lie: AtomicBool,
    /// The tree as it was when the mailbox was opened, for the first who asks.
    fresh: Mutex<Option<Listing>>,
    /// How full it was then, likewise.
    filled: Mutex<Option<Filled>>,
    /// How labels are read; what was found of them, once the tree was listed.
    manner: Labels,
    labels: Mutex<Looked>,
    uploads: Uploads,
    budget: Arc<Budget>,
    /// Messages waited for each other on the server: they go one after the other from then on.
    abreast_in_vain: Arc<AtomicBool>,
}

impl Client {
    /// Takes over the first connection. A mailbox that is to be written is looked at once, in one round trip: what its
    /// folders may be called depends on it.
    pub(crate) async fn open(
        config: &Arc<ImapConfig>,
        mailbox: &Mailbox,
        ready: Ready,
        mut dialer: Dialer,
        guard: Guard,
        budget: Arc<Budget>,
        writable: bool,
    ) -> Result<Self> {
        let Ready { connection, greeting, mut offered } = ready;
        let quirks = recognise(config, &connection, &greeting, &offered).await;
        let most = config.connections.min(quirks.connections.unwrap_or(usize::MAX)).max(1);
        (dialer.enable, dialer.id) = (offered.to_enable(&quirks), quirks.wants_id);
        offered.append_limit = offered.append_limit.or(quirks.append_limit);
        let spelling = Spelling::of(offered.speaks_utf8(&quirks));
        let mut client = Self {
            name: format!("{} {mailbox}", config.url()),
            side: mailbox.side,
            capabilities: contract(&offered, &quirks, None, most),
            quirks,
            spelling,
            pool: Pool::new(dialer, connection, most),
            guard,
            known: KnownFolders::new(spelling),
            space: Mutex::new(Space::new(config.prefix.clone().unwrap_or_default(), None)),
            prefix: config.prefix.clone(),
            sizes_tried: AtomicBool::new(false),
            sizes_lie: AtomicBool::new(false),
            fresh: Mutex::new(None),
            filled: Mutex::new(None),
            manner: config.labels,
            labels: Mutex::default(),
            uploads: Uploads::default(),
            abreast_in_vain: Arc::default(),
            budget,
            offered,
        };
        if client.reads_labels() && client.manner == Labels::First {
            client.capabilities.offers.iter_mut().for_each(|route| route.losses.push(one_label()));
        }
        if writable {
            // In one round trip. A quota that cannot be had is asked for again by whoever wants it.
            let (listing, filled) = tokio::join!(client.list(), client.quota());
            let listing = listing.map_err(|error| client.here(error))?;
            client.filled = Mutex::new(filled.ok());
            let delimiter = client.space().delimiter;
            client.capabilities = contract(&client.offered, &client.quirks, delimiter, most);
            client.fresh = Mutex::new(Some(listing));
        }
        Ok(client)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// How long nothing is asked, because the server wants a pause.
    pub(crate) fn paused(&self) -> Option<std::time::Duration> {
        self.guard.paused()
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    /// Opens the inbox for reading and says what is in it.
    pub(crate) async fn try_to_read(&self) -> Result<String> {
        let inbox = self.folder(&FolderId::new("INBOX"));
        let ticket = self.lane(&inbox, 1024, Use::ReadSmall).await?;
        let opened = ticket.connection().send_in(self.to_read(&inbox, true), Burst::default());
        let selected = self.selected(&inbox, opened).await.map_err(|error| self.here(error))?;
        Ok(format!("{} messages in INBOX", selected.exists))
    }

    /// Asks whether messages may be put into the inbox. Writes nothing.
    pub(crate) async fn may_write(&self) -> Result<String> {
        if !self.offered.has("ACL") {
            return Ok("the server tells no rights".to_owned());
        }
        let ticket = self.lane(&KnownFolder::nowhere(), 1024, Use::Write).await?;
        match ticket.connection().submit(RightsQuery::default()).await {
            Ok(Some(Rights(rights))) if rights.contains('i') => Ok(format!("rights {rights}")),
            Ok(Some(Rights(rights))) => {
                let error = Error::new(ErrorKind::AccessDenied, "no right to put messages into INBOX");
                Err(self.here(error.with("rights", rights)))
            }
            Ok(None) | Err(Fault::Refused(_)) => Ok("the server tells no rights".to_owned()),
            Err(fault) => Err(self.here(fault.error(Asked::Mailbox, "tell the rights"))),
        }
    }

    /// Runs something that only reads, again when the connection broke under it.
    async fn reading<T, Fut>(&self, name: &'static str, work: impl Fn() -> Fut) -> Result<T>
    where
        Fut: Future<Output = Result<T>>,
    {
        let work = async |_| {
            work().await.map_err(|error| {
                let error = self.quirks.reread(error);
                if error.kind() == ErrorKind::Throttled {
                    self.pool.throttled();
                }
                error
            })
        };
        self.guard.run(Call::repeatable(name), work).await.map_err(|error| self.here(error))
    }

    /// Waits out a pause that the server asked for, if there is one.
    async fn breathe(&self) -> Result<()> {
        self.guard.run(Call::repeatable("wait"), |_| async { Ok(()) }).await.map_err(|error| self.here(error))
    }

    /// A write is not repeated here, but everybody waits when the server asks for it.
    fn heed(&self, error: &Error) {
        if let (ErrorKind::Throttled, Recovery::Retry { after: Some(after) }) = (error.kind(), error.recovery()) {
            self.guard.pause(after);
            self.pool.throttled();
        }
    }

    /// How labels are read; `None` where folders are folders.
    fn label_map(&self) -> Option<Arc<LabelMap>> {
        self.labels.lock().unwrap_or_else(PoisonError::into_inner).clone().flatten()
    }

    /// Whether nobody looked yet which labels there are; the tree tells.
    fn wonders_about_labels(&self) -> bool {
        self.reads_labels() && self.labels.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Whether labels are to be read at all. What was written is looked for where it was put.
    fn reads_labels(&self) -> bool {
        self.side == Side::Source && self.offered.has("X-GM-EXT-1")
    }

    /// Takes octets out of what the provider lets through in a day.
    fn spend(&self, way: Way, octets: u64) -> Result<()> {
        self.budget.spend(&self.quirks, way, octets, time::OffsetDateTime::now_utc())
    }

    async fn lane(&self, folder: &KnownFolder, weight: u64, what: Use) -> Result<Ticket> {
        self.pool.lane(&folder.wire, weight, what).await
    }

    /// How a folder is opened for reading. On the source always so: EXAMINE changes nothing, SELECT does.
    fn to_read(&self, folder: &KnownFolder, fresh: bool) -> Opening {
        Opening { folder: folder.wire.clone(), writable: false, condstore: self.offered.condstore, fresh }
    }

    /// The folder as it was opened, if it is still the one that was listed.
    async fn selected(&self, folder: &KnownFolder, mut opened: Opened) -> Result<Selected> {
        let selected = opened.selected().await.map_err(|fault| self.in_folder(folder, &fault, "open the folder"))?;
        folder.check(&selected)?;
        Ok(selected)
    }

    fn in_folder(&self, folder: &KnownFolder, fault: &Fault, what: &str) -> Error {
        fault.error(Asked::Folder, what).with("folder", folder.display())
    }

    fn folder(&self, id: &FolderId) -> Arc<KnownFolder> {
        self.known.get(id)
    }

    fn here(&self, error: Error) -> Error {
        error.on(self.side).with("mailbox", &self.name)
    }

    fn space(&self) -> MutexGuard<'_, Space> {
        self.space.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether somebody looked for labels, and what was found.
type Looked = Option<Option<Arc<LabelMap>>>;

/// What is known of this server. Who it is it is asked only when nothing else tells; it need not answer.
async fn recognise(config: &ImapConfig, connection: &Connection, greeting: &str, offered: &Offered) -> Quirks {
    let seen = Seen { host: &config.host, greeting, offered, id: &[] };
    if let Some(row) = Quirks::find(&config.quirks, &seen) {
        return row;
    }
    let id = match offered.has("ID") {
        true => connection.submit(IdQuery::default()).await.unwrap_or_default(),
        false => Vec::new(),
    };
    Quirks::find(&config.quirks, &Seen { id: &id, ..seen }).unwrap_or(Quirks::new(""))
}

/// Commands that go out together with the opening of their folder.
fn burst<T>(fill: impl FnOnce(&mut Burst) -> T) -> (Burst, T) {
    let mut burst = Burst::default();
    let answers = fill(&mut burst);
    (burst, answers)
}
