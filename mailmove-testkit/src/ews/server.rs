//! The server, seen from the test.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use super::builder::EwsServerBuilder;
use super::mishap::{Fault, Faults};
use super::service::Shared;
use super::settings::Settings;
use super::state::{MailboxHandle, Store, lock};
use super::users::Users;
use crate::http::{self, Clock, Hub, Log};
use crate::simulator::Site;

/// An Exchange server on the loopback interface, as far as Web Services go. It ends when this is dropped, whatever its
/// connections are doing.
pub struct EwsServer {
    shared: Arc<Shared>,
    site: Site,
}

impl fmt::Debug for EwsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EwsServer").field("addr", &self.site.addr()).finish_non_exhaustive()
    }
}

impl EwsServer {
    /// An Exchange 2016 without mailboxes.
    pub fn builder() -> EwsServerBuilder {
        EwsServerBuilder::default()
    }

    pub(super) async fn start(
        settings: Settings,
        users: Users,
        store: Store,
        faults: Vec<Fault>,
        port: u16,
    ) -> io::Result<Self> {
        let hub = Arc::new(Hub::new(Clock::new(1.0), settings.round_trip, faults));
        let shared = Arc::new(Shared {
            settings,
            users: Mutex::new(users),
            store: Arc::new(Mutex::new(store)),
            hub: hub.clone(),
            busy: Arc::default(),
        });
        let site = http::listen(hub, port, |_| shared.clone()).await?;
        Ok(Self { shared, site })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.site.addr()
    }

    /// The port of [`addr`](Self::addr).
    pub fn port(&self) -> u16 {
        self.addr().port()
    }

    /// The endpoint of its Web Services, without TLS.
    pub fn url(&self) -> String {
        format!("http://{}/EWS/Exchange.asmx", self.addr())
    }

    /// A mailbox.
    ///
    /// # Panics
    /// When there is none of this address.
    pub fn mailbox(&self, address: &str) -> MailboxHandle {
        let number = lock(&self.shared.store).mailbox(address);
        let number = number.unwrap_or_else(|| panic!("the server has no mailbox {address:?}"));
        MailboxHandle::new(address, number, self.shared.store.clone())
    }

    /// The public folders: their paths begin below the root of them all.
    ///
    /// # Panics
    /// When there are none.
    pub fn public_folders(&self) -> MailboxHandle {
        let number = lock(&self.shared.store).public_hierarchy();
        let number = number.unwrap_or_else(|| panic!("the server has no public folders"));
        MailboxHandle::new("public folders", number, self.shared.store.clone())
    }

    /// Changes the password of an account.
    pub fn set_password(&self, user: &str, password: &str) -> &Self {
        lock(&self.shared.users).set_password(user, password);
        self
    }

    /// Lets a user in with this OAuth token too.
    pub fn add_token(&self, user: &str, token: &str) -> &Self {
        lock(&self.shared.users).add_token(user, token);
        self
    }

    /// Lets an application in with this OAuth token too.
    pub fn add_application(&self, token: &str) -> &Self {
        lock(&self.shared.users).add_application(token);
        self
    }

    /// Refuses this token from now on, whosever it was.
    pub fn revoke_token(&self, token: &str) -> &Self {
        lock(&self.shared.users).revoke_token(token);
        self
    }

    /// What the server saw.
    pub fn log(&self) -> Arc<Log> {
        self.shared.hub.log.clone()
    }

    /// The fault rules, to be changed while the server runs.
    pub fn faults(&self) -> Arc<Faults> {
        self.shared.hub.faults.clone()
    }

    /// Ends all connections at once, in the middle of whatever they do.
    pub fn disconnect_all(&self) -> &Self {
        self.shared.hub.tasks.disconnect_all();
        self
    }
}
