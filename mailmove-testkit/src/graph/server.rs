//! The server, seen from the test.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use super::builder::GraphServerBuilder;
use super::handle::MailboxHandle;
use super::service::Shared;
use super::settings::Settings;
use super::snapshot::ApplicationSnapshot;
use super::state::{Class, Store};
use super::throttle::Throttle;
use super::users::Users;
use crate::http::{self, Clock, Hub, Log, PlainFault, PlainFaults};
use crate::simulator::{Site, lock};

/// An Exchange Online on the loopback interface, as far as Microsoft Graph goes. It ends when this is dropped, whatever
/// its connections are doing.
pub struct GraphServer {
    shared: Arc<Shared>,
    site: Site,
}

impl fmt::Debug for GraphServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphServer").field("addr", &self.site.addr()).finish_non_exhaustive()
    }
}

impl GraphServer {
    /// A tenant without mailboxes and applications.
    pub fn builder() -> GraphServerBuilder {
        GraphServerBuilder::default()
    }

    pub(super) async fn start(
        settings: Settings,
        users: Users,
        store: Store,
        faults: Vec<PlainFault>,
        port: u16,
    ) -> io::Result<Self> {
        let hub = Arc::new(Hub::new(Clock::new(settings.speed), settings.round_trip, faults));
        let mut made = None;
        let site = http::listen(hub.clone(), port, |addr| {
            let origin = settings.origin.clone().unwrap_or_else(|| format!("http://{addr}"));
            let shared = Arc::new(Shared {
                settings,
                hub,
                users: Mutex::new(users),
                store: Mutex::new(store),
                sessions: Mutex::default(),
                throttle: Throttle::default(),
                origin,
            });
            made = Some(shared.clone());
            shared
        });
        let site = site.await?;
        let shared = made.ok_or_else(|| io::Error::other("the service was not made"))?;
        Ok(Self { shared, site })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.site.addr()
    }

    /// `http://127.0.0.1:port`, with `/v1.0` and `/beta` beneath it, or the origin that the server was given.
    pub fn url(&self) -> &str {
        &self.shared.origin
    }

    /// The tenant's id.
    pub fn tenant(&self) -> String {
        lock(&self.shared.store).tenant.clone()
    }

    /// Where tokens for a tenant are given out. A tenant is named by [`tenant`](Self::tenant) or by a domain.
    pub fn token_url(&self, tenant: &str) -> String {
        format!("{}/{tenant}/oauth2/v2.0/token", self.shared.origin)
    }

    /// A mailbox.
    ///
    /// # Panics
    /// When there is none of this address.
    pub fn mailbox(&self, address: &str) -> MailboxHandle {
        let number = lock(&self.shared.store).mailbox(address);
        let number = number.unwrap_or_else(|| panic!("the server has no mailbox {address:?}"));
        MailboxHandle::new(self.shared.clone(), number)
    }

    /// The archive of a mailbox.
    ///
    /// # Panics
    /// When the mailbox has none.
    pub fn archive(&self, address: &str) -> MailboxHandle {
        let store = lock(&self.shared.store);
        let number = store.mailbox(address).and_then(|number| store.mailboxes[number].archive);
        drop(store);
        let number = number.unwrap_or_else(|| panic!("{address:?} has no archive"));
        MailboxHandle::new(self.shared.clone(), number)
    }

    /// Changes the secret of an application; tokens that were given out stay.
    pub fn set_secret(&self, app: &str, secret: &str) -> &Self {
        lock(&self.shared.users)
            .apps
            .iter_mut()
            .filter(|known| known.id == app)
            .for_each(|app| app.secrets = vec![secret.to_owned()]);
        self
    }

    /// The applications in the directory, the oldest first, whether they are known everywhere already or not. Those that
    /// the server was built with are not among them.
    pub fn applications(&self) -> Vec<ApplicationSnapshot> {
        ApplicationSnapshot::all(&lock(&self.shared.store).directory)
    }

    /// Registers an application with these tags, as an administrator does by hand, and gives its application id.
    pub fn register(&self, name: &str, tags: &[&str]) -> String {
        let mut store = lock(&self.shared.store);
        let id = store.directory.guid();
        let entity = serde_json::json!({"appId": id, "displayName": name, "tags": tags});
        let entity = entity.as_object().cloned().unwrap_or_default();
        store.directory.add(Class::Application, entity, std::time::Duration::ZERO);
        id
    }

    /// Lets an application in with this token and these roles from now on.
    pub fn app_token(&self, token: &str, roles: &[&str]) -> &Self {
        let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        lock(&self.shared.users).add_app_token(token, "application", &roles);
        self
    }

    /// Refuses all tokens that were given out so far.
    pub fn revoke_tokens(&self) -> &Self {
        lock(&self.shared.users).revoke_all();
        self
    }

    /// Ends all import sessions: their URLs are worth nothing any more.
    pub fn end_import_sessions(&self) -> &Self {
        lock(&self.shared.sessions).imports.clear();
        self
    }

    /// What the server saw.
    pub fn log(&self) -> Arc<Log> {
        self.shared.hub.log.clone()
    }

    /// The fault rules, to be changed while the server runs.
    pub fn faults(&self) -> Arc<PlainFaults> {
        self.shared.hub.faults.clone()
    }

    /// Ends all connections at once, in the middle of whatever they do.
    pub fn disconnect_all(&self) -> &Self {
        self.shared.hub.tasks.disconnect_all();
        self
    }
}
