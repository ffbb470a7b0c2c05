//! How a server comes into being.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::server::ZimbraServer;
use super::settings::Settings;
use super::version::Version;
use super::world::{AccountStatus, Rank, World};
use crate::http::{Clock, Hub, PlainFault as Fault};

/// Says what a server is like, then starts it. Without a word it is a Zimbra 10 with the limits of one and no account.
#[derive(Debug, Default)]
pub struct ZimbraServerBuilder {
    settings: Settings,
    world: World,
    faults: Vec<Fault>,
    round_trip: Duration,
    ports: (u16, u16),
}

impl ZimbraServerBuilder {
    /// What the server says it is.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.settings.version = version;
        self
    }

    /// A mailbox whose owner signs in with this password.
    #[must_use]
    pub fn user(mut self, address: &str, password: &str) -> Self {
        self.world.add_account(address, Some(password), Rank::User);
        self
    }

    /// A mailbox without a password: for administrators and preauth.
    #[must_use]
    pub fn mailbox(mut self, address: &str) -> Self {
        self.world.add_account(address, None, Rank::User);
        self
    }

    /// An administrator who may do everything.
    #[must_use]
    pub fn admin(mut self, name: &str, password: &str) -> Self {
        self.world.add_account(name, Some(password), Rank::Global);
        self
    }

    /// An administrator who may do what was granted: nothing, at first.
    #[must_use]
    pub fn delegated_admin(mut self, name: &str, password: &str) -> Self {
        self.world.add_account(name, Some(password), Rank::Delegated);
        self
    }

    /// The key of the domain for preauth, in hexadecimal digits.
    #[must_use]
    pub fn preauth_key(mut self, key: &str) -> Self {
        self.settings.preauth_key = Some(key.to_owned());
        self
    }

    /// An account wants this code as a second factor.
    ///
    /// # Panics
    /// When there is no such account.
    #[must_use]
    pub fn second_factor(mut self, address: &str, code: &str) -> Self {
        let account = self.known(address);
        self.world.accounts[account].second_factor = Some(code.to_owned());
        self
    }

    /// What keeps an account from being used.
    ///
    /// # Panics
    /// When there is no such account.
    #[must_use]
    pub fn status(mut self, address: &str, status: AccountStatus) -> Self {
        let account = self.known(address);
        self.world.accounts[account].status = status;
        self
    }

    /// How many octets a mailbox may hold; 0 for any number.
    ///
    /// # Panics
    /// When there is no such account.
    #[must_use]
    pub fn quota(mut self, address: &str, octets: i64) -> Self {
        let account = self.known(address);
        self.world.mailboxes[account].quota = octets;
        self
    }

    /// How long tokens are good; two days otherwise.
    #[must_use]
    pub fn token_life(mut self, life: Duration) -> Self {
        self.settings.token_life = life;
        self
    }

    /// The most changes in one answer to SyncRequest; 3,990 otherwise.
    ///
    /// # Panics
    /// When it is 0.
    #[must_use]
    pub fn page(mut self, changes: usize) -> Self {
        assert!(changes > 0, "a page holds something");
        self.settings.page = changes;
        self
    }

    /// The largest SOAP request, in octets.
    #[must_use]
    pub fn max_request(mut self, octets: usize) -> Self {
        self.settings.max_request = octets;
        self
    }

    /// Where content that is told or sent within SOAP is cut, in octets.
    #[must_use]
    pub fn max_inline(mut self, octets: usize) -> Self {
        self.settings.max_inline = octets;
        self
    }

    /// The largest message, in octets; any otherwise.
    #[must_use]
    pub fn max_message(mut self, octets: usize) -> Self {
        self.settings.max_message = octets;
        self
    }

    /// The most contacts of a mailbox; 10,000 otherwise.
    #[must_use]
    pub fn max_contacts(mut self, contacts: usize) -> Self {
        self.settings.max_contacts = contacts;
        self
    }

    /// Requests of one account in a second; more are refused with status 503. Otherwise there is no such filter.
    #[must_use]
    pub fn max_per_second(mut self, requests: usize) -> Self {
        self.settings.per_second = Some(requests);
        self
    }

    /// Nobody listens on the administrators' port.
    #[must_use]
    pub fn admin_port_closed(mut self) -> Self {
        self.settings.admin_port_closed = true;
        self
    }

    /// A proxy stands in front that routes by the cookie `ZM_AUTH_TOKEN`: requests that need a sign-in and have no
    /// cookie end there, with status 502.
    #[must_use]
    pub fn behind_proxy(mut self) -> Self {
        self.settings.proxy = true;
        self
    }

    /// Folders cannot be exported.
    #[must_use]
    pub fn export_disabled(mut self) -> Self {
        self.settings.export_disabled = true;
        self
    }

    /// Exports have to name a start and an end that are at most so many days apart.
    #[must_use]
    pub fn export_days(mut self, days: u32) -> Self {
        self.settings.export_days = days;
        self
    }

    /// Tokens come with a second one against forged requests, whether it was asked for or not.
    #[must_use]
    pub fn csrf(mut self) -> Self {
        self.settings.csrf = true;
        self
    }

    /// How long a request waits before it is looked at: a server far away.
    #[must_use]
    pub fn round_trip(mut self, time: Duration) -> Self {
        self.round_trip = time;
        self
    }

    /// Misbehaviour from the start on.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Ports of your own instead of free ones: that of users and that of administrators.
    #[must_use]
    pub fn ports(mut self, users: u16, administrators: u16) -> Self {
        self.ports = (users, administrators);
        self
    }

    /// Starts the server on the current tokio runtime.
    ///
    /// # Panics
    /// When there is no port to listen on; see [`try_start`](Self::try_start).
    pub async fn start(self) -> ZimbraServer {
        self.try_start().await.unwrap_or_else(|error| panic!("the Zimbra simulator cannot start: {error}"))
    }

    /// Starts the server on the current tokio runtime.
    ///
    /// # Errors
    /// When a port is taken.
    pub async fn try_start(self) -> io::Result<ZimbraServer> {
        let hub = Arc::new(Hub::new(Clock::new(1.0), self.round_trip, self.faults));
        ZimbraServer::start(self.settings, self.world, hub, self.ports).await
    }

    fn known(&self, address: &str) -> usize {
        self.world.account(address).unwrap_or_else(|| panic!("there is no account {address:?}"))
    }
}
