//! The server: it listens, and everything its connections share is here.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::builder::ZimbraServerBuilder;
use super::service::Port;
use super::settings::Settings;
use super::state::{MailboxHandle, lock};
use super::trouble::Troubles;
use super::world::World;
use crate::http::{self, Hub, Log, PlainFaults};
use crate::simulator::{Busy, Site};

/// A Zimbra server on the loopback interface. It ends when this is dropped, whatever its connections are doing.
pub struct ZimbraServer {
    shared: Arc<Shared>,
    users: Site,
    administrators: Option<Site>,
}

/// What all connections of a server share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) troubles: Arc<Troubles>,
    /// What requests held that the schema does not know.
    pub(crate) findings: Mutex<Vec<String>>,
    /// The moments at which the last requests of an account came.
    pub(crate) pace: Mutex<HashMap<String, VecDeque<Instant>>>,
    /// Requests of an account that are being worked on, and the most that ever were.
    pub(crate) busy: Arc<Busy>,
    /// Where users reach the server.
    pub(crate) url: String,
}

impl fmt::Debug for ZimbraServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZimbraServer").field("url", &self.shared.url).finish_non_exhaustive()
    }
}

impl ZimbraServer {
    /// A Zimbra 10 without accounts.
    pub fn builder() -> ZimbraServerBuilder {
        ZimbraServerBuilder::default()
    }

    pub(super) async fn start(
        settings: Settings,
        world: World,
        hub: Arc<Hub>,
        (users, administrators): (u16, u16),
    ) -> io::Result<Self> {
        let mut shared = None;
        let closed = settings.admin_port_closed;
        let users = http::listen(hub.clone(), users, |addr| {
            let made = Arc::new(Shared {
                settings,
                world: Arc::new(Mutex::new(world)),
                hub: hub.clone(),
                troubles: Arc::default(),
                findings: Mutex::default(),
                pace: Mutex::default(),
                busy: Arc::default(),
                url: format!("http://{addr}"),
            });
            shared = Some(made.clone());
            Arc::new(Port { shared: made, administrators: false })
        })
        .await?;
        let Some(shared) = shared else { return Err(io::ErrorKind::AddrNotAvailable.into()) };
        let administrators = if closed {
            None
        } else {
            let port = Port { shared: shared.clone(), administrators: true };
            Some(http::listen(hub, administrators, |_| Arc::new(port)).await?)
        };
        Ok(Self { shared, users, administrators })
    }

    /// Where users reach it, without a path: `http://127.0.0.1:PORT`. SOAP is at `/service/soap`, mailboxes are at
    /// `/home/ADDRESS/` and `/service/home/ADDRESS/`, files are taken at `/service/upload`.
    pub fn url(&self) -> String {
        self.shared.url.clone()
    }

    /// Where users reach it.
    pub fn addr(&self) -> SocketAddr {
        self.users.addr()
    }

    /// Where administrators reach it, without a path; SOAP is at `/service/admin/soap`, mailboxes are where they are
    /// for users.
    ///
    /// # Panics
    /// When that port is closed.
    pub fn admin_url(&self) -> String {
        match &self.administrators {
            Some(site) => format!("http://{}", site.addr()),
            None => panic!("the administrators' port is closed"),
        }
    }

    /// A mailbox.
    ///
    /// # Panics
    /// When there is none of this address.
    pub fn mailbox(&self, address: &str) -> MailboxHandle {
        let number = lock(&self.shared.world).account(address);
        let number = number.unwrap_or_else(|| panic!("the server has no mailbox {address:?}"));
        MailboxHandle::new(address, number, self.shared.world.clone())
    }

    /// What the server saw.
    pub fn log(&self) -> Arc<Log> {
        self.shared.hub.log.clone()
    }

    /// What requests held that Zimbra does not know, each finding once in the order in which it was first made. Zimbra
    /// passes over such things in silence.
    pub fn findings(&self) -> Vec<String> {
        lock(&self.shared.findings).clone()
    }

    /// The most requests of one account that were worked on at the same time.
    pub fn peak(&self, address: &str) -> usize {
        self.shared.busy.peak(&address.to_lowercase())
    }

    /// The fault rules of HTTP, to be changed while the server runs.
    pub fn faults(&self) -> Arc<PlainFaults> {
        self.shared.hub.faults.clone()
    }

    /// What goes wrong in Zimbra's own ways, to be changed while the server runs.
    pub fn troubles(&self) -> Arc<Troubles> {
        self.shared.troubles.clone()
    }

    /// Makes every token that was given out so far expire.
    pub fn expire_tokens(&self) -> &Self {
        lock(&self.shared.world).tokens.clear();
        self
    }

    /// Forgets every file that was uploaded and is not used yet.
    pub fn forget_uploads(&self) -> &Self {
        lock(&self.shared.world).uploads.clear();
        self
    }

    /// Changes the password of an account; its tokens are no longer good.
    ///
    /// # Panics
    /// When there is no such account.
    pub fn set_password(&self, address: &str, password: &str) -> &Self {
        let mut world = lock(&self.shared.world);
        let Some(number) = world.account(address) else { panic!("the server has no account {address:?}") };
        world.accounts[number].password = Some(password.to_owned());
        world.accounts[number].validity += 1;
        drop(world);
        self
    }

    /// Grants a right to a delegated administrator: `adminLoginAs` on `account` `ann@x.test`, on `domain` `x.test`, or
    /// on `global` with any name.
    ///
    /// # Panics
    /// When there is no such administrator.
    pub fn grant(&self, name: &str, right: &str, kind: &str, target: &str) -> &Self {
        let mut world = lock(&self.shared.world);
        let Some(grantee) = world.account(name) else { panic!("the server has no account {name:?}") };
        let (kind, target, right) = (kind.to_owned(), target.to_lowercase(), right.to_owned());
        world.grants.push(super::world::RightGrant { kind, target, grantee, right, deny: false });
        drop(world);
        self
    }

    /// Ends all connections at once, in the middle of whatever they do.
    pub fn disconnect_all(&self) -> &Self {
        self.shared.hub.tasks.disconnect_all();
        self
    }
}
