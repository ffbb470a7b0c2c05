//! The server: it listens, and everything its connections share is here.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use super::builder::EwsServerBuilder;
use super::exchange;
use super::fault::Faults;
use super::log::Log;
use super::settings::Settings;
use super::state::{MailboxHandle, Store, lock};
use super::users::Users;

/// An Exchange server on the loopback interface, as far as Web Services go. It ends when this is dropped, whatever its
/// connections are doing.
pub struct EwsServer {
    shared: Arc<Shared>,
    addr: SocketAddr,
    listening: AbortHandle,
}

/// What all connections of a server share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) users: Mutex<Users>,
    pub(crate) store: Arc<Mutex<Store>>,
    pub(crate) log: Arc<Log>,
    pub(crate) faults: Arc<Faults>,
    /// Requests that are being worked on, by mailbox.
    pub(crate) busy: Mutex<HashMap<String, usize>>,
    connections: Mutex<JoinSet<()>>,
    late: Mutex<JoinSet<()>>,
}

impl fmt::Debug for EwsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EwsServer").field("addr", &self.addr).finish_non_exhaustive()
    }
}

impl Drop for EwsServer {
    fn drop(&mut self) {
        self.listening.abort();
        lock(&self.shared.connections).abort_all();
        lock(&self.shared.late).abort_all();
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
        faults: Faults,
        port: u16,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            settings,
            users: Mutex::new(users),
            store: Arc::new(Mutex::new(store)),
            log: Arc::default(),
            faults: Arc::new(faults),
            busy: Mutex::default(),
            connections: Mutex::default(),
            late: Mutex::default(),
        });
        let listening = tokio::spawn(accept(listener, shared.clone())).abort_handle();
        Ok(Self { shared, addr, listening })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The port of [`addr`](Self::addr).
    pub fn port(&self) -> u16 {
        self.addr.port()
    }

    /// The endpoint of its Web Services, without TLS.
    pub fn url(&self) -> String {
        format!("http://{}/EWS/Exchange.asmx", self.addr)
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
        self.shared.log.clone()
    }

    /// The fault rules, to be changed while the server runs.
    pub fn faults(&self) -> Arc<Faults> {
        self.shared.faults.clone()
    }

    /// Ends all connections at once, in the middle of whatever they do.
    pub fn disconnect_all(&self) -> &Self {
        lock(&self.shared.connections).abort_all();
        self
    }
}

impl Shared {
    /// Runs something that outlives its connection, not the server.
    pub(crate) fn spawn_late(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut late = lock(&self.late);
        while late.try_join_next().is_some() {}
        late.spawn(task);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let connection = serve(shared.clone(), tcp);
        let mut connections = lock(&shared.connections);
        while connections.try_join_next().is_some() {}
        connections.spawn(connection);
    }
}

async fn serve(shared: Arc<Shared>, tcp: TcpStream) {
    let _ = tcp.set_nodelay(true);
    let number = shared.log.connection();
    let service = service_fn(move |request| exchange::answer(shared.clone(), number, request));
    // What a fault cut off ends here with an error, as it should.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(tcp), service).await;
}
