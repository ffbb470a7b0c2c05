//! The server: it listens, and everything its connections share is here.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::TcpStream;

use super::builder::ImapServerBuilder;
use super::connection;
use super::fault::{Fault, Faults};
use super::log::Log;
use super::settings::{Encryption, Settings};
use super::state::{Account, MailboxHandle, lock};
use super::tls::Identity;
use super::users::Users;
use crate::simulator::{Site, Tasks};

/// An IMAP server on the loopback interface. It ends when this is dropped, whatever its connections are doing.
pub struct ImapServer {
    shared: Arc<Shared>,
    site: Site,
}

/// What all connections of a server share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) users: Mutex<Users>,
    pub(crate) log: Arc<Log>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) identity: Option<Identity>,
    pub(crate) signed_in: Mutex<HashMap<String, usize>>,
    pub(crate) tasks: Arc<Tasks>,
    accepting: AtomicBool,
}

impl fmt::Debug for ImapServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImapServer").field("addr", &self.site.addr()).finish_non_exhaustive()
    }
}

impl ImapServer {
    /// A server with the usual capabilities and no user.
    pub fn builder() -> ImapServerBuilder {
        ImapServerBuilder::default()
    }

    pub(super) async fn start(
        settings: Settings,
        users: Users,
        faults: Vec<Fault>,
        names: &[String],
        port: u16,
    ) -> io::Result<Self> {
        let identity = match settings.encryption {
            Encryption::Never => None,
            Encryption::StartTls | Encryption::FromTheStart => Some(Identity::new(names)?),
        };
        let shared = Arc::new(Shared {
            settings,
            users: Mutex::new(users),
            log: Arc::default(),
            faults: Arc::new(faults.into()),
            identity,
            signed_in: Mutex::default(),
            tasks: Arc::default(),
            accepting: AtomicBool::new(true),
        });
        let site = Site::listen(port, shared.tasks.clone(), |_| {
            let shared = shared.clone();
            move |tcp| serve(shared.clone(), tcp)
        });
        Ok(Self { site: site.await?, shared })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.site.addr()
    }

    /// The port of [`addr`](Self::addr).
    pub fn port(&self) -> u16 {
        self.addr().port()
    }

    /// The certificate authority a client has to trust, in PEM; nothing for a server without TLS. The server's own
    /// certificate is for `localhost` and `127.0.0.1`, unless the builder was told other names.
    pub fn ca_pem(&self) -> Option<&str> {
        self.shared.identity.as_ref().map(|identity| identity.ca_pem.as_str())
    }

    /// The mailbox of a user.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn mailbox(&self, user: &str) -> MailboxHandle {
        let account = lock(&self.shared.users).account(user);
        MailboxHandle::new(user, account.unwrap_or_else(|| panic!("the server has no user {user:?}")))
    }

    /// Adds a user while the server runs, with an empty mailbox; of one that exists, changes the password.
    pub fn set_password(&self, user: &str, password: &str) -> &Self {
        lock(&self.shared.users).set_password(user, password);
        self
    }

    /// Lets a user in with this OAuth token too; adds the user when there is none of this name.
    pub fn add_token(&self, user: &str, token: &str) -> &Self {
        lock(&self.shared.users).add_token(user, token);
        self
    }

    /// A new token that lets every user in.
    pub fn add_service_token(&self, token: &str) -> &Self {
        lock(&self.shared.users).add_service_token(token);
        self
    }

    /// Refuses this token from now on, whosever it was. Open sessions go on.
    pub fn revoke_token(&self, token: &str) -> &Self {
        lock(&self.shared.users).revoke_token(token);
        self
    }

    /// What the server saw.
    pub fn log(&self) -> Arc<Log> {
        self.shared.log.clone()
    }

    /// The fault rules, to be changed while the server runs.
    pub fn faults(&self) -> Arc<Faults> {
        self.shared.faults.clone()
    }

    /// Ends all connections at once, in the middle of whatever they do.
    pub fn disconnect_all(&self) -> &Self {
        self.shared.tasks.disconnect_all();
        self
    }

    /// When false, new connections are closed before the greeting.
    pub fn accept_connections(&self, accept: bool) -> &Self {
        self.shared.accepting.store(accept, Ordering::Relaxed);
        self
    }
}

impl Shared {
    pub(crate) fn account(&self, user: &str) -> Option<Arc<Mutex<Account>>> {
        lock(&self.users).account(user)
    }
}

async fn serve(shared: Arc<Shared>, tcp: TcpStream) {
    if shared.accepting.load(Ordering::Relaxed) {
        connection::serve(shared, tcp).await;
    }
}
