//! A server with many mailboxes in memory, a batch between two of them, and what tests do with both.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use mailmove_core::{
    AccessRevocation, Connector, CredentialProvider, Destination, Error, ErrorKind, Forwarding, ForwardingControl,
    Mailbox, MailboxFlags, Result, Secret, Side, Source, Stage, Verification, async_trait,
};
use mailmove_engine::batch::{
    Batch, BatchBuilder, BatchEvent, BatchItem, BatchJob, BatchObserver, Clock, MemorySecrets, Notice, Notifier, Pass,
    SecretStore, Selection, Server, State, StoredCredentials, Summary,
};
use mailmove_engine::{JobId, MemoryLedger};
use mailmove_testkit::{Faults, Faulty, MemoryMailbox, NewItem, Schedule};
use secrecy::ExposeSecret;
use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;

/// A server: mailboxes by address, some with a password, some with troubles.
#[derive(Debug, Clone)]
pub(crate) struct Town(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    mailboxes: Mutex<HashMap<String, MemoryMailbox>>,
    passwords: Mutex<HashMap<String, String>>,
    credentials: Mutex<Option<Arc<dyn CredentialProvider>>>,
    /// What the next attempts to open a mailbox get, first one last.
    troubles: Mutex<HashMap<String, Vec<Error>>>,
    faults: Faults,
    controls: OnceLock<Arc<Controls>>,
    /// Whoever opens these mailboxes waits for this.
    held: Mutex<HashMap<String, Arc<Notify>>>,
}

impl Town {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            mailboxes: Mutex::default(),
            passwords: Mutex::default(),
            credentials: Mutex::default(),
            troubles: Mutex::default(),
            faults: Faults::new(),
            controls: OnceLock::new(),
            held: Mutex::default(),
        }))
    }

    /// The mailbox of this address; made where there is none.
    pub(crate) fn mailbox(&self, address: &str) -> MemoryMailbox {
        self.0.mailboxes.lock().unwrap().entry(address.to_owned()).or_default().clone()
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// This mailbox opens with this password only, and credentials come from there.
    pub(crate) fn lock(&self, address: &str, password: &str) {
        self.0.passwords.lock().unwrap().insert(address.to_owned(), password.to_owned());
    }

    pub(crate) fn credentials(&self, provider: Arc<dyn CredentialProvider>) {
        *self.0.credentials.lock().unwrap() = Some(provider);
    }

    /// The server can forward and revoke, by this.
    pub(crate) fn controls(&self, controls: Arc<Controls>) {
        self.0.controls.set(controls).unwrap();
    }

    /// The next attempt to open this mailbox gets this error.
    pub(crate) fn trouble(&self, address: &str, error: Error) {
        self.0.troubles.lock().unwrap().entry(address.to_owned()).or_default().push(error);
    }

    /// Whoever opens this mailbox waits until the door is opened.
    pub(crate) fn hold(&self, address: &str) -> Arc<Notify> {
        self.0.held.lock().unwrap().entry(address.to_owned()).or_default().clone()
    }

    async fn enter(&self, mailbox: &Mailbox) -> Result<Arc<dyn Connector>> {
        let held = self.0.held.lock().unwrap().get(&mailbox.address).cloned();
        if let Some(door) = held {
            door.notified().await;
        }
        let trouble = self.0.troubles.lock().unwrap().get_mut(&mailbox.address).and_then(Vec::pop);
        if let Some(error) = trouble {
            return Err(error.on(mailbox.side));
        }
        let (wanted, provider) = (
            self.0.passwords.lock().unwrap().get(&mailbox.address).cloned(),
            self.0.credentials.lock().unwrap().clone(),
        );
        if let (Some(wanted), Some(provider)) = (wanted, provider) {
            let credential = provider.credential(mailbox).await?;
            let right = matches!(&credential.secret, Secret::Password(given) if given.expose_secret() == wanted);
            if !right {
                provider.rejected(mailbox, &credential).await?;
                return Err(Error::new(ErrorKind::Credential, "the server refused the password").on(mailbox.side));
            }
        }
        let connector: Arc<dyn Connector> = Arc::new(self.mailbox(&mailbox.address));
        Ok(Arc::new(Faulty::new(connector, &self.0.faults, &Schedule::new())))
    }
}

#[async_trait]
impl Connector for Town {
    fn name(&self) -> &str {
        "town:"
    }

    async fn verify(&self, mailbox: &Mailbox) -> Verification {
        let verification = Verification::new(mailbox.clone());
        match self.enter(mailbox).await {
            Ok(connector) => connector.verify(mailbox).await,
            Err(error) => verification.failed(Stage::SignIn, error),
        }
    }

    async fn source(&self, mailbox: &Mailbox) -> Result<Arc<dyn Source>> {
        self.enter(mailbox).await?.source(mailbox).await
    }

    async fn destination(&self, mailbox: &Mailbox) -> Result<Arc<dyn Destination>> {
        self.enter(mailbox).await?.destination(mailbox).await
    }

    fn forwarding(&self) -> Option<&dyn ForwardingControl> {
        self.0.controls.get().map(|controls| &**controls as _)
    }

    fn revocation(&self) -> Option<&dyn AccessRevocation> {
        self.0.controls.get().map(|controls| &**controls as _)
    }
}

/// What a server can do besides holding mail.
#[derive(Debug, Default)]
pub(crate) struct Controls {
    pub(crate) forwards: Mutex<Vec<Forwarding>>,
    pub(crate) revoked: Mutex<Vec<String>>,
    pub(crate) keeps_copy: bool,
    pub(crate) forgets: bool,
}

#[async_trait]
impl ForwardingControl for Controls {
    async fn forwardings(&self, _: &Mailbox) -> Result<Vec<Forwarding>> {
        Ok(self.forwards.lock().unwrap().clone())
    }

    async fn forward(&self, _: &Mailbox, to: &[Forwarding]) -> Result<()> {
        let there = to.iter().map(|to| Forwarding { keeps_copy: self.keeps_copy, ..to.clone() });
        *self.forwards.lock().unwrap() = there.filter(|_| !self.forgets).collect();
        Ok(())
    }
}

#[async_trait]
impl AccessRevocation for Controls {
    async fn revoke(&self, mailbox: &Mailbox) -> Result<String> {
        self.revoked.lock().unwrap().push(mailbox.address.clone());
        Ok("at once".to_owned())
    }
}

/// Two towns, a ledger, a clock that stands until it is moved, and what was told.
pub(crate) struct World {
    pub(crate) old: Town,
    pub(crate) new: Town,
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) secrets: Arc<MemorySecrets>,
    pub(crate) post: Arc<Post>,
    pub(crate) seconds: Arc<AtomicI64>,
    pub(crate) events: Arc<Mutex<Vec<BatchEvent>>>,
}

pub(crate) const START: i64 = 1_800_000_000;

impl World {
    pub(crate) fn new() -> Self {
        let secrets = Arc::new(MemorySecrets::new());
        let (old, new) = (Town::new(), Town::new());
        for town in [&old, &new] {
            town.credentials(Arc::new(StoredCredentials::new(secrets.clone() as Arc<dyn SecretStore>)));
        }
        Self {
            old,
            new,
            ledger: Arc::new(MemoryLedger::new()),
            secrets,
            post: Arc::new(Post::default()),
            seconds: Arc::new(AtomicI64::new(START)),
            events: Arc::default(),
        }
    }

    pub(crate) fn builder(&self) -> BatchBuilder {
        let (events, seconds) = (self.events.clone(), self.seconds.clone());
        Batch::on(self.ledger.clone())
            .source(Server::new(Arc::new(self.old.clone())))
            .destination(Server::new(Arc::new(self.new.clone())))
            .secrets(self.secrets.clone())
            .notifier(self.post.clone())
            .administrator("admin@host.example")
            .requests("https://host.example/answer/", std::time::Duration::from_secs(3600))
            .observer(BatchObserver::new(move |event| events.lock().unwrap().push(event.clone())))
            .clock(Clock::new(move || at(seconds.load(Ordering::Relaxed))))
    }

    pub(crate) async fn batch(&self) -> Batch {
        self.builder().open().await.unwrap()
    }

    /// A batch with these mailboxes, of so many messages each.
    pub(crate) async fn filled(&self, names: &[&str], messages: u64) -> Batch {
        let batch = self.batch().await;
        self.fill(names, messages);
        batch.add(names.iter().map(|name| job(name))).await.unwrap();
        batch
    }

    pub(crate) fn fill(&self, names: &[&str], messages: u64) {
        for name in names {
            let mailbox = self.old.mailbox(&format!("{name}@old.example"));
            let inbox = mailbox.inbox();
            (0..messages).for_each(|number| drop(mailbox.add(&inbox, NewItem::numbered_mail(number))));
        }
    }

    pub(crate) fn pass_time(&self, time: Duration) {
        self.seconds.fetch_add(time.whole_seconds(), Ordering::Relaxed);
    }

    /// Seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.seconds.load(Ordering::Relaxed)
    }

    /// How many messages are in the new inbox.
    pub(crate) fn arrived(&self, name: &str) -> usize {
        self.new.mailbox(&format!("{name}@new.example")).snapshot().len()
    }

    /// Every state that a mailbox came to, in order.
    pub(crate) fn path(&self, name: &str) -> Vec<State> {
        let id = id(name);
        let events = self.events.lock().unwrap();
        let states = events.iter().filter_map(|event| match event {
            BatchEvent::State { id: of, to, .. } if *of == id => Some(*to),
            _ => None,
        });
        states.collect()
    }
}

pub(crate) fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

pub(crate) fn job(name: &str) -> BatchJob {
    BatchJob::new(old(name), new(name))
}

pub(crate) fn flagged(name: &str, flags: u32) -> BatchJob {
    job(name).flags(MailboxFlags::strict(flags).unwrap())
}

pub(crate) fn old(name: &str) -> Mailbox {
    Mailbox::new(Side::Source, format!("{name}@old.example"))
}

pub(crate) fn new(name: &str) -> Mailbox {
    Mailbox::new(Side::Destination, format!("{name}@new.example"))
}

pub(crate) fn id(name: &str) -> JobId {
    job(name).id
}

pub(crate) fn only(name: &str) -> Selection {
    Selection::Only(vec![id(name)])
}

pub(crate) async fn state(batch: &Batch, name: &str) -> State {
    item(batch, name).await.state
}

pub(crate) async fn item(batch: &Batch, name: &str) -> BatchItem {
    batch.item(&id(name)).await.unwrap()
}

/// Starts everything and works until nothing can go on.
pub(crate) async fn go(batch: &Batch, pass: Pass) -> Summary {
    batch.start(&Selection::All, pass).await.unwrap();
    batch.run().await.unwrap()
}

/// Keeps what was to be sent.
#[derive(Debug, Default)]
pub(crate) struct Post {
    pub(crate) sent: Mutex<Vec<Notice>>,
    pub(crate) broken: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl Notifier for Post {
    async fn notify(&self, notice: &Notice) -> Result<()> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Network, "the mail server does not answer"));
        }
        self.sent.lock().unwrap().push(notice.clone());
        Ok(())
    }
}
