use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use mailmove_core::guard::Limits;
use mailmove_core::http::{Http, HttpSettings, Session};
use mailmove_core::{
    Connector, CredentialProvider, Destination, Error, ErrorKind, ForwardingControl, Guard, Loss, Mailbox, Result,
    Root, Side, SignIn, Source, Stage, Verification, async_trait,
};
use serde_json::Value;
use tokio::sync::Semaphore;
use url::Url;

use crate::batch::Order;
use crate::budget::{Allowance, Budget};
use crate::capabilities::Found;
use crate::client::{Client, LANES};
use crate::config::GraphConfig;
use crate::endpoint::GraphMailbox;
use crate::place::Area;
use crate::rights::{Rights, needed};
use crate::store::Store;
use crate::wire::ask::{Ask, Path};
use crate::wire::folder;
use crate::wire::store;

/// One tenant of Exchange Online.
pub struct GraphConnector {
    name: String,
    config: GraphConfig,
    base: Url,
    http: Http,
    guard: Guard,
    provider: Arc<dyn CredentialProvider>,
    sign_in: SignIn,
    allowance: Allowance,
    /// What the provider counts by mailbox, whoever opens it and how often.
    shared: Mutex<HashMap<String, Shared>>,
}

/// What all who have opened one mailbox share.
#[derive(Debug, Clone)]
struct Shared {
    guard: Guard,
    budget: Arc<Budget>,
    lanes: Arc<Semaphore>,
}

impl GraphConnector {
    /// A tenant, and who gives the credentials for its mailboxes. Nothing is sent yet.
    pub fn new(config: GraphConfig, provider: Arc<dyn CredentialProvider>) -> Result<Self> {
        let mut settings = HttpSettings::new();
        settings.allow_plaintext = config.allow_plaintext;
        settings.extra_roots.clone_from(&config.extra_roots);
        let (name, base) = (config.name(), config.base()?);
        // Mailboxes have budgets of their own; the tenant's are far away.
        let guard = Guard::new(name.as_str(), Limits::new().slots(1, 256));
        let (http, sign_in) = (Http::new(settings)?, SignIn::new(provider.clone()));
        let (allowance, shared) = (Allowance::outlook(), Mutex::default());
        Ok(Self { name, config, base, http, guard, provider, sign_in, allowance, shared })
    }

    /// The same with another allowance for each mailbox than [`Allowance::outlook`].
    pub fn with_allowance(mut self, allowance: Allowance) -> Self {
        self.allowance = allowance;
        self
    }

    /// What was used of the allowance in the mailbox of this address, by everybody who opened it here.
    pub fn budget(&self, address: &str) -> Arc<Budget> {
        self.shared(address).budget
    }

    fn shared(&self, address: &str) -> Shared {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let connections = self.config.connections.clamp(1, LANES as usize);
            let guard = self.guard.child(address, Limits::new().slots(1, connections));
            let (budget, lanes) = (Arc::new(Budget::new(self.allowance)), Arc::new(Semaphore::new(LANES as usize)));
            Shared { guard, budget, lanes }
        };
        shared.entry(address.to_ascii_lowercase()).or_insert_with(make).clone()
    }

    /// Graph, as far as this mailbox is concerned.
    pub(crate) fn client(&self, mailbox: &Mailbox) -> Client {
        let Shared { guard, budget, lanes } = self.shared(&mailbox.address);
        let bare = Session::new(self.http.clone(), guard);
        let session = bare.clone().signed_in(self.sign_in.clone(), mailbox.clone());
        Client::new(session, bare, self.base.clone(), budget, lanes)
    }

    /// Opens a mailbox: one batch asks at the door of everything that it may hold.
    async fn open(&self, mailbox: &Mailbox) -> Result<(GraphMailbox, Rights)> {
        if mailbox.root != Root::Primary {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("the tree {} cannot be opened by Graph", mailbox.root),
            )
            .remedy("open the primary mailbox; archives and public folders have no interface in Graph"));
        }
        let rights = Rights::of(&self.provider.credential(mailbox).await?.secret);
        let client = self.client(mailbox);
        let user = Path::user(&mailbox.address);
        let streams = self.config.may_stream() && rights.may_stream(mailbox.side);
        let mut doors = vec![
            folder::mail_folder(&user, "msgfolderroot"),
            folder::default_contacts(&user),
            folder::calendars(&user),
            folder::task_lists(&user),
        ];
        if streams {
            doors.push(folder::exchange_settings(&user));
        }
        let mut answers = client.batch(&doors, Order::Any).await;
        let name = match answers.pop_if(|_| streams) {
            Some(answer) => self.stream_name(mailbox, answer)?,
            None => None,
        };
        let streams = match name {
            Some(name) => Some(self.store(&client, mailbox, name).await?),
            None => None,
        };
        let default_contacts = self.default_contacts(&client, &user, &mut answers[1]).await?;
        let mut found = Found { streams: streams.is_some(), foreign: self.config.foreign_streams, areas: Vec::new() };
        let mut shut = None;
        for (area, answer) in Area::OWN.into_iter().zip(answers) {
            match answer {
                Ok(_) => found.areas.push(area),
                Err(error) if error.kind() == ErrorKind::AccessDenied => {
                    shut = shut.or(Some(error.with("missing", needed(area, mailbox.side)[0])));
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    shut = shut.or(Some(error.with("mailbox", mailbox)))
                }
                Err(error) => return Err(error),
            }
        }
        // Nothing at all may be read, or there is no such mailbox.
        if let Some(error) = shut.filter(|_| found.areas.is_empty()) {
            return Err(error);
        }
        if streams.as_ref().is_some_and(|store| store.root.is_some()) {
            found.areas.extend([Area::Notes, Area::Journal]);
        }
        let name = format!("{} {mailbox}", self.name);
        Ok((GraphMailbox::new(name, client, mailbox.clone(), found, streams, default_contacts), rights))
    }

    /// The mailbox's name in the import and export API, when it may be used. A server that cannot say it now does not say
    /// that there is none.
    fn stream_name(&self, mailbox: &Mailbox, answer: Result<Value>) -> Result<Option<String>> {
        match answer {
            Ok(answer) => Ok(folder::primary_mailbox(&answer)),
            // Where nobody knows the address, it is a request that is not understood.
            Err(error) if is_shut(&error) || error.kind() == ErrorKind::Refused => {
                tracing::info!(%mailbox, %error, "the import and export API is not used");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The mailbox in the import and export API, with its root where folders may be read there. What stood behind a door
    /// that is shut counts as gone, so only those count as shut that say so.
    async fn store(&self, client: &Client, mailbox: &Mailbox, name: String) -> Result<Store> {
        let root = match client.ask::<folder::FolderData>(&store::folder(&name, "msgfolderroot")).await {
            Ok(root) => Some(root.id),
            Err(error) if is_shut(&error) => {
                tracing::info!(%mailbox, %error, "notes, journal and groups of contacts are not reached");
                None
            }
            Err(error) => return Err(error),
        };
        Ok(Store { name, root })
    }

    /// The contact folder that Graph does not list. Where its name is not known, a contact says where it stands.
    async fn default_contacts(
        &self,
        client: &Client,
        user: &Path,
        answer: &mut Result<Value>,
    ) -> Result<Option<folder::FolderData>> {
        let read = |value: Value| serde_json::from_value::<folder::FolderData>(value).ok();
        match answer {
            Ok(value) => Ok(read(value.clone())),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Refused) => {
                let path = user.to("contacts").with("$top", "1").with("$select", "id,parentFolderId");
                *answer = client.ask(&Ask::get("contacts", &path)).await;
                let Ok(value) = answer else { return Ok(None) };
                let id = value["value"][0]["parentFolderId"].as_str().map(str::to_owned);
                let folder =
                    id.map(|id| folder::FolderData { id, display_name: "Contacts".to_owned(), ..Default::default() });
                Ok(folder)
            }
            Err(_) => Ok(None),
        }
    }
}

#[async_trait]
impl Connector for GraphConnector {
    fn name(&self) -> &str {
        &self.name
    }

    async fn verify(&self, mailbox: &Mailbox) -> Verification {
        let mut verification = Verification::new(mailbox.clone());
        let (opened, rights) = match self.open(mailbox).await {
            Ok(opened) => opened,
            Err(error) => {
                let stage = door(&error);
                return verification.failed(stage, error.on(mailbox.side));
            }
        };
        // One exchange went through all of these.
        verification.passed(Stage::Resolve, self.base.host_str().unwrap_or_default());
        verification.passed(Stage::Connect, self.name.as_str());
        if self.base.scheme() == "https" {
            verification.passed(Stage::Tls, "the server is who it says");
        }
        let missing = rights.missing(mailbox.side);
        verification.passed(
            Stage::SignIn,
            match missing.as_slice() {
                [] => "the token was taken".to_owned(),
                missing => format!("the token was taken; it does not name {}", missing.join(", ")),
            },
        );
        let areas: Vec<&str> = opened.found.areas.iter().map(|area| area.as_str()).collect();
        let streams = if opened.found.streams { ", streams" } else { "" };
        verification.passed(Stage::Open, format!("{}{streams}", areas.join(", ")));
        match opened.tree().await {
            Ok(folders) => {
                let mut seen = vec![format!("{} folders", folders.len())];
                if mailbox.side == Side::Source {
                    seen.extend(self.warnings(mailbox).await);
                }
                verification.passed(Stage::Read, seen.join("; "));
            }
            Err(error) => return verification.failed(Stage::Read, error.on(mailbox.side)),
        }
        if mailbox.side == Side::Destination {
            let shut = rights.read_only(&opened.found.areas);
            if !shut.is_empty() {
                return verification.failed(Stage::Write, read_only(&shut).on(mailbox.side));
            }
            verification.passed(Stage::Write, "the token may write");
        }
        verification
    }

    async fn inventory(&self, mailbox: &Mailbox) -> Result<Vec<Loss>> {
        self.counted(mailbox).await
    }

    fn forwarding(&self) -> Option<&dyn ForwardingControl> {
        Some(self)
    }

    async fn source(&self, mailbox: &Mailbox) -> Result<Arc<dyn Source>> {
        let opened = self.open(mailbox).await;
        opened.map(|(opened, _)| Arc::new(opened) as Arc<dyn Source>).map_err(|error| error.on(mailbox.side))
    }

    async fn destination(&self, mailbox: &Mailbox) -> Result<Arc<dyn Destination>> {
        let (opened, rights) = self.open(mailbox).await.map_err(|error| error.on(mailbox.side))?;
        let shut = rights.read_only(&opened.found.areas);
        if !shut.is_empty() {
            return Err(read_only(&shut).on(mailbox.side));
        }
        if opened.found.areas.contains(&Area::Mail) {
            let swept = opened.workshop.sweep(&opened.client, &opened.user).await;
            swept.map_err(|error| error.on(mailbox.side))?;
        }
        Ok(Arc::new(opened))
    }
}

/// What may be read at a destination and not written: writing would be refused in the middle of the work.
fn read_only(missing: &[&str]) -> Error {
    Error::new(ErrorKind::AccessDenied, "the token may read and not write")
        .with("missing", missing.join(", "))
        .remedy("grant the application these rights, with an administrator's consent, then run again")
}

/// Whether there is no interface, or none for us.
fn is_shut(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::AccessDenied | ErrorKind::NotFound | ErrorKind::Unsupported)
}

/// The door that stayed shut.
fn door(error: &Error) -> Stage {
    match error.kind() {
        ErrorKind::Resolve => Stage::Resolve,
        ErrorKind::Network | ErrorKind::Timeout => Stage::Connect,
        ErrorKind::Tls => Stage::Tls,
        ErrorKind::Credential | ErrorKind::CredentialExpired | ErrorKind::CredentialPending => Stage::SignIn,
        _ => Stage::Open,
    }
}

impl fmt::Debug for GraphConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphConnector").field("name", &self.name).finish_non_exhaustive()
    }
}
