//! How a server comes into being.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::autodiscover::Direction;
use super::mishap::Fault;
use super::server::EwsServer;
use super::settings::{Scheme, Settings};
use super::state::Store;
use super::users::Users;
use super::version::Version;

/// Says what a server is like, then starts it. Without a word it is an Exchange 2016 that takes Basic and Bearer, with
/// the limits of one, and no mailbox.
#[derive(Debug, Default)]
pub struct EwsServerBuilder {
    settings: Settings,
    entries: Vec<Entry>,
    faults: Vec<Fault>,
    port: u16,
}

enum Entry {
    Mailbox { address: String, password: Option<String>, version: Option<Version> },
    Archive(String),
    Public(String, usize),
    Account(String, String),
    Token(String, String),
    Application(String),
    Impersonator(String, Vec<String>),
    Delegate(String, String),
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mailbox { address, .. } => address,
            Self::Account(user, _) | Self::Token(user, _) | Self::Impersonator(user, _) => user,
            Self::Archive(owner) | Self::Delegate(owner, _) => owner,
            Self::Application(_) => "application",
            Self::Public(domain, _) => domain,
        })
    }
}

impl EwsServerBuilder {
    /// The version of Exchange.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.settings.version = version;
        self
    }

    /// A mailbox whose owner signs in with this password.
    #[must_use]
    pub fn user(mut self, address: &str, password: &str) -> Self {
        let (address, password) = (address.to_owned(), Some(password.to_owned()));
        self.entries.push(Entry::Mailbox { address, password, version: None });
        self
    }

    /// A mailbox without a password: for tokens, impersonators and delegates.
    #[must_use]
    pub fn mailbox(mut self, address: &str) -> Self {
        self.entries.push(Entry::Mailbox { address: address.to_owned(), password: None, version: None });
        self
    }

    /// A mailbox that lives on an older server behind this one: requests in a newer version are refused.
    #[must_use]
    pub fn older_mailbox(mut self, address: &str, password: &str, version: Version) -> Self {
        let (address, password) = (address.to_owned(), Some(password.to_owned()));
        self.entries.push(Entry::Mailbox { address, password, version: Some(version) });
        self
    }

    /// Gives a mailbox an archive.
    #[must_use]
    pub fn archive(mut self, address: &str) -> Self {
        self.entries.push(Entry::Archive(address.to_owned()));
        self
    }

    /// Gives the organisation public folders that everybody may open, with their contents in so many mailboxes, by
    /// turns. From Exchange 2013 on requests for contents have to say in which of them they are.
    ///
    /// # Panics
    /// When there is no mailbox for them.
    #[must_use]
    pub fn public_folders(mut self, domain: &str, mailboxes: usize) -> Self {
        assert!(mailboxes > 0, "contents live somewhere");
        self.entries.push(Entry::Public(domain.to_owned(), mailboxes));
        self
    }

    /// An account that can sign in and has no mailbox.
    #[must_use]
    pub fn account(mut self, name: &str, password: &str) -> Self {
        self.entries.push(Entry::Account(name.to_owned(), password.to_owned()));
        self
    }

    /// An OAuth token that lets this user in.
    #[must_use]
    pub fn token(mut self, user: &str, token: &str) -> Self {
        self.entries.push(Entry::Token(user.to_owned(), token.to_owned()));
        self
    }

    /// An OAuth token of an application that may act as everybody, and has to say as whom.
    #[must_use]
    pub fn application(mut self, token: &str) -> Self {
        self.entries.push(Entry::Application(token.to_owned()));
        self
    }

    /// Lets an account act as these mailboxes, or as all when there are none.
    #[must_use]
    pub fn impersonator(mut self, name: &str, only: &[&str]) -> Self {
        let only = only.iter().map(|address| (*address).to_owned()).collect();
        self.entries.push(Entry::Impersonator(name.to_owned(), only));
        self
    }

    /// Gives a user full access to the mailbox of another.
    #[must_use]
    pub fn delegate(mut self, owner: &str, delegate: &str) -> Self {
        self.entries.push(Entry::Delegate(owner.to_owned(), delegate.to_owned()));
        self
    }

    /// What WWW-Authenticate offers, and what is accepted of it.
    #[must_use]
    pub fn schemes(mut self, schemes: &[Scheme]) -> Self {
        self.settings.schemes = schemes.to_vec();
        self
    }

    /// Web Services are turned off: 403 for everybody.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.settings.disabled = true;
        self
    }

    /// The most items or folders in one answer; 1,000 otherwise. Synchronizations of items take their own measure.
    ///
    /// # Panics
    /// When it is 0.
    #[must_use]
    pub fn page(mut self, entries: usize) -> Self {
        assert!(entries > 0, "a page holds something");
        self.settings.page = entries;
        self
    }

    /// The largest request, in octets of its body; larger ones are answered with 413. Otherwise that of the version.
    #[must_use]
    pub fn max_request(mut self, bytes: usize) -> Self {
        self.settings.max_request = bytes;
        self
    }

    /// Requests for one mailbox at the same time; more are answered with ErrorServerBusy and this back-off.
    #[must_use]
    pub fn max_concurrency(mut self, requests: usize, back_off: Duration) -> Self {
        self.settings.concurrency = Some((requests, back_off));
        self
    }

    /// Control characters go out as references that XML forbids, as Exchange does. Otherwise they become U+FFFD.
    #[must_use]
    pub fn leak_control_characters(mut self) -> Self {
        self.settings.leaks_controls = true;
        self
    }

    /// How long a request waits before it is looked at: a server far away.
    #[must_use]
    pub fn round_trip(mut self, time: Duration) -> Self {
        self.settings.round_trip = time;
        self
    }

    /// CreateItem stores something else than the MIME it was given.
    #[must_use]
    pub fn rewrite(mut self, rule: impl Fn(&Bytes) -> Bytes + Send + Sync + 'static) -> Self {
        self.settings.rewrite = Some(Arc::new(rule));
        self
    }

    /// What Autodiscover says of this address. Of those nothing is said of, it knows the mailboxes that are here.
    #[must_use]
    pub fn direct(mut self, address: &str, to: Direction) -> Self {
        self.settings.directions.push((address.to_owned(), to));
        self
    }

    /// Where Autodiscover sends who asks by GET, as plain web servers do for those who look for it.
    #[must_use]
    pub fn pointer(mut self, url: &str) -> Self {
        self.settings.pointer = Some(url.to_owned());
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

    /// Starts the server on the current tokio runtime.
    ///
    /// # Panics
    /// When there is no port to listen on; see [`try_start`](Self::try_start).
    pub async fn start(self) -> EwsServer {
        self.try_start().await.unwrap_or_else(|error| panic!("the EWS simulator cannot start: {error}"))
    }

    /// Starts the server on the current tokio runtime.
    ///
    /// # Errors
    /// When the port is taken.
    ///
    /// # Panics
    /// When an archive is wanted for a mailbox that is not there.
    pub async fn try_start(self) -> io::Result<EwsServer> {
        let (mut users, mut store) = (Users::default(), Store::default());
        for entry in &self.entries {
            match entry {
                Entry::Mailbox { address, password, version } => {
                    store.add_mailbox(address, version.unwrap_or(self.settings.version));
                    if let Some(password) = password {
                        users.set_password(address, password);
                    }
                }
                Entry::Archive(owner) => {
                    let mailbox = store.mailbox(owner).unwrap_or_else(|| panic!("there is no mailbox {owner:?}"));
                    store.add_archive(mailbox);
                }
                Entry::Public(domain, mailboxes) => store.add_public(domain, *mailboxes, self.settings.version),
                Entry::Account(name, password) => users.set_password(name, password),
                Entry::Token(user, token) => users.add_token(user, token),
                Entry::Application(token) => users.add_application(token),
                Entry::Impersonator(name, only) => {
                    let only: Vec<&str> = only.iter().map(String::as_str).collect();
                    users.add_impersonator(name, &only);
                }
                Entry::Delegate(owner, delegate) => users.add_delegate(owner, delegate),
            }
        }
        EwsServer::start(self.settings, users, store, self.faults, self.port).await
    }
}
