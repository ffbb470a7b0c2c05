//! How a server comes into being.

use std::io;
use std::time::Duration;

use super::server::GraphServer;
use super::settings::{Limits, Settings};
use super::state::Store;
use super::users::{App, Key, Users};
use crate::http::PlainFault as Fault;

/// The roles that a migration may need, for an application that is to have all of them.
pub const ALL_ROLES: [&str; 12] = [
    "Calendars.ReadWrite",
    "Contacts.ReadWrite",
    "Mail.ReadWrite",
    "Mail.Send",
    "MailboxFolder.ReadWrite.All",
    "MailboxItem.ImportExport.All",
    "MailboxItem.ReadWrite.All",
    "MailboxSettings.ReadWrite",
    "Tasks.ReadWrite.All",
    "User.Read.All",
    "Reports.Read.All",
    "Application.ReadWrite.All",
];

/// Says what a server is like, then starts it. Without a word it is a tenant with an import and export API, in which
/// nobody is throttled, and no mailbox.
#[derive(Debug, Default)]
pub struct GraphServerBuilder {
    settings: Settings,
    users: Users,
    store: Store,
    faults: Vec<Fault>,
    port: u16,
}

impl GraphServerBuilder {
    /// A user with a mailbox.
    #[must_use]
    pub fn user(mut self, address: &str) -> Self {
        self.store.add_mailbox(address);
        self
    }

    /// Gives the mailbox of a user an archive; the user is added when it is not there.
    #[must_use]
    pub fn archive(mut self, address: &str) -> Self {
        let owner = self.store.add_mailbox(address);
        self.store.add_archive(owner);
        self
    }

    /// An application with a secret, and what it may do: `Mail.ReadWrite`, or all of [`ALL_ROLES`].
    #[must_use]
    pub fn app(mut self, client_id: &str, secret: &str, roles: &[&str]) -> Self {
        self.users.apps.push(App {
            id: client_id.to_owned(),
            secrets: vec![secret.to_owned()],
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            keys: Vec::new(),
        });
        self
    }

    /// The thumbprint of a certificate (SHA-256 of its DER, in base64url) with which an application that was added
    /// before may sign assertions. Everything about an assertion is checked but the signature itself.
    #[must_use]
    pub fn certificate(mut self, client_id: &str, thumbprint: &str) -> Self {
        let apps = self.users.apps.iter_mut().filter(|app| app.id == client_id);
        apps.for_each(|app| app.keys = vec![Key { thumbprint: thumbprint.to_owned(), public: None }]);
        self
    }

    /// A token that lets a user into the own mailbox, as an application does that acts for its user.
    #[must_use]
    pub fn user_token(mut self, address: &str, token: &str) -> Self {
        self.users.add_user_token(address, token);
        self
    }

    /// A token that lets an application in without asking for one.
    #[must_use]
    pub fn app_token(mut self, token: &str, roles: &[&str]) -> Self {
        let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        self.users.add_app_token(token, "application", &roles);
        self
    }

    /// Throttles every application at every mailbox; [`Limits::OUTLOOK`] are those of Exchange Online.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = Some(limits);
        self
    }

    /// How many times faster than the world's the server's clock is: with 100, the ten minutes in which requests are
    /// counted pass in six seconds. Retry-After and lifetimes are told in the world's time.
    #[must_use]
    pub fn speed(mut self, factor: f64) -> Self {
        self.settings.speed = factor;
        self
    }

    /// How long a request waits before it is looked at: a server far away.
    #[must_use]
    pub fn round_trip(mut self, time: Duration) -> Self {
        self.settings.round_trip = time;
        self
    }

    /// The life of a token, on the server's clock; 3,599 seconds otherwise.
    #[must_use]
    pub fn token_lifetime(mut self, time: Duration) -> Self {
        self.settings.token_lifetime = time;
        self
    }

    /// The life of upload and import sessions, on the server's clock; an hour otherwise.
    #[must_use]
    pub fn session_lifetime(mut self, time: Duration) -> Self {
        self.settings.session_lifetime = time;
        self
    }

    /// How long, on the server's clock, an application, a service principal or a grant is not found after it was made;
    /// not at all otherwise.
    #[must_use]
    pub fn replication(mut self, time: Duration) -> Self {
        self.settings.replication = time;
        self
    }

    /// Items that one import session takes; as many as come otherwise.
    #[must_use]
    pub fn import_session_items(mut self, items: usize) -> Self {
        self.settings.session_items = Some(items);
        self
    }

    /// The most entries in one page, whatever the client asks for; 1,000 otherwise.
    ///
    /// # Panics
    /// When it is 0.
    #[must_use]
    pub fn page(mut self, entries: usize) -> Self {
        assert!(entries > 0, "a page holds something");
        self.settings.page = entries;
        self
    }

    /// A national cloud: there is no import and export API.
    #[must_use]
    pub fn without_import_export(mut self) -> Self {
        self.settings.import_export = false;
        self
    }

    /// Misbehaviour from the start on.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// A port of your own instead of a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// What stands before the path in all links, when a proxy stands in front of the server: `https://127.0.0.1:8443`.
    #[must_use]
    pub fn origin(mut self, origin: &str) -> Self {
        self.settings.origin = Some(origin.trim_end_matches('/').to_owned());
        self
    }

    /// Starts the server on the current tokio runtime.
    ///
    /// # Panics
    /// When there is no port to listen on; see [`try_start`](Self::try_start).
    pub async fn start(self) -> GraphServer {
        self.try_start().await.unwrap_or_else(|error| panic!("the Graph simulator cannot start: {error}"))
    }

    /// Starts the server on the current tokio runtime.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn try_start(self) -> io::Result<GraphServer> {
        GraphServer::start(self.settings, self.users, self.store, self.faults, self.port).await
    }
}
