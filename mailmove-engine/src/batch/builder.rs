//! How a batch is put together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mailmove_core::{Error, ErrorKind, Result, Side, Spool};

use super::clock::Clock;
use super::event::BatchObserver;
use super::notify::Notifier;
use super::project::Batch;
use super::secrets::{MemorySecrets, SecretStore};
use super::server::Server;
use crate::ledger::{Ledger, ProjectStore};
use crate::rules::Rules;
use crate::stop::Stop;

/// Puts a [`Batch`] together.
#[derive(Debug, Clone)]
pub struct BatchBuilder {
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) store: Arc<dyn ProjectStore>,
    pub(super) servers: [Servers; 2],
    pub(super) rules: Rules,
    pub(super) spool: Spool,
    pub(super) mailboxes: usize,
    pub(super) turn: Duration,
    pub(super) patience: Duration,
    pub(super) observer: BatchObserver,
    pub(super) notifier: Option<Arc<dyn Notifier>>,
    pub(super) administrator: Option<String>,
    pub(super) link: String,
    pub(super) answer_within: Duration,
    pub(super) secrets: Arc<dyn SecretStore>,
    pub(super) notes: Vec<String>,
    pub(super) clock: Clock,
    pub(super) stop: Stop,
}

/// The servers of one side, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Servers {
    first: Option<Server>,
    named: BTreeMap<String, Server>,
}

impl Servers {
    pub(super) fn find(&self, name: Option<&str>, side: Side) -> Result<&Server> {
        let found = match name {
            None => self.first.as_ref(),
            Some(name) => self.named.get(name),
        };
        found.ok_or_else(|| {
            Error::new(ErrorKind::Config, "the batch has no such server")
                .on(side)
                .with("server", name.unwrap_or("the first"))
                .remedy("give the batch a server of this name before it is opened")
        })
    }
}

const POOL: u64 = 32 << 20;

impl Batch {
    /// Begins a batch that is kept in this ledger: one file for both.
    pub fn on<L: Ledger + ProjectStore>(ledger: Arc<L>) -> BatchBuilder {
        BatchBuilder {
            ledger: ledger.clone(),
            store: ledger,
            servers: Default::default(),
            rules: Rules::default(),
            spool: Spool::new(POOL),
            mailboxes: 8,
            turn: Duration::from_secs(15 * 60),
            patience: Duration::ZERO,
            observer: BatchObserver::default(),
            notifier: None,
            administrator: None,
            link: String::new(),
            answer_within: Duration::from_secs(7 * 24 * 3600),
            secrets: Arc::new(MemorySecrets::new()),
            notes: Vec::new(),
            clock: Clock::default(),
            stop: Stop::new(),
        }
    }
}

impl BatchBuilder {
    /// Reads from this server, unless a job names another.
    pub fn source(self, server: Server) -> Self {
        self.first(Side::Source, server)
    }

    /// Writes to this server, unless a job names another.
    pub fn destination(self, server: Server) -> Self {
        self.first(Side::Destination, server)
    }

    /// A server that jobs can name.
    pub fn server(mut self, side: Side, name: impl Into<String>, server: Server) -> Self {
        self.servers[side as usize].named.insert(name.into(), server);
        self
    }

    /// The rules of every mailbox; its flags and its pass come on top.
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// Keeps the bodies of all mailboxes in this spool: one bound for the whole process.
    pub fn spool(mut self, spool: Spool) -> Self {
        self.spool = spool;
        self
    }

    /// At most so many mailboxes at once, at least one.
    pub fn mailboxes(mut self, mailboxes: usize) -> Self {
        self.mailboxes = mailboxes.max(1);
        self
    }

    /// While others wait, a mailbox gives its place up after this long and goes on when its turn comes again.
    pub fn turn(mut self, turn: Duration) -> Self {
        self.turn = turn;
        self
    }

    /// How long [`Batch::run`] waits for mailboxes that go on by themselves later; by default not at all.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Tells this observer what happens.
    pub fn observer(mut self, observer: BatchObserver) -> Self {
        self.observer = observer;
        self
    }

    /// Sends notices by this.
    pub fn notifier(mut self, notifier: Arc<dyn Notifier>) -> Self {
        self.notifier = Some(notifier);
        self
    }

    /// The administrator's address, for notices.
    pub fn administrator(mut self, address: impl Into<String>) -> Self {
        self.administrator = Some(address.into());
        self
    }

    /// Where users answer, and how long they may take: the link is this text with the key behind it.
    pub fn requests(mut self, link: impl Into<String>, answer_within: Duration) -> Self {
        (self.link, self.answer_within) = (link.into(), answer_within);
        self
    }

    /// Keeps what users answer in this store; by default in memory.
    pub fn secrets(mut self, secrets: Arc<dyn SecretStore>) -> Self {
        self.secrets = secrets;
        self
    }

    /// Says this in every report of the batch.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Asks this clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Stops the whole batch when this is asked to: what runs goes back into the queue.
    pub fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    fn first(mut self, side: Side, server: Server) -> Self {
        self.servers[side as usize].first = Some(server);
        self
    }
}
