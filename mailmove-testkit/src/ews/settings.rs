//! How one server behaves. Fixed once it has started.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::autodiscover::Direction;
use super::version::Version;

/// A way to sign in that the server offers in WWW-Authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// User and password in every request.
    Basic,
    /// An OAuth token.
    Bearer,
    /// Offered and never accepted: this server does not speak it.
    Ntlm,
    /// Offered and never accepted: this server does not speak it.
    Negotiate,
}

impl Scheme {
    pub(crate) fn challenge(self) -> &'static str {
        match self {
            Self::Basic => "Basic realm=\"mail\"",
            Self::Bearer => "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"*\"",
            Self::Ntlm => "NTLM",
            Self::Negotiate => "Negotiate",
        }
    }
}

/// What CreateItem stores instead of the MIME it was given.
pub(crate) type Rewrite = Arc<dyn Fn(&Bytes) -> Bytes + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) version: Version,
    pub(crate) schemes: Vec<Scheme>,
    pub(crate) disabled: bool,
    /// Items and folders in one answer.
    pub(crate) page: usize,
    /// Octets of a request's body.
    pub(crate) max_request: usize,
    /// Requests of one mailbox at the same time, and the back-off of those that are too many.
    pub(crate) concurrency: Option<(usize, Duration)>,
    pub(crate) leaks_controls: bool,
    pub(crate) round_trip: Duration,
    pub(crate) rewrite: Option<Rewrite>,
    /// What Autodiscover says of addresses that it sends elsewhere.
    pub(crate) directions: Vec<(String, Direction)>,
    /// Where a GET of Autodiscover leads.
    pub(crate) pointer: Option<String>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("version", &self.version).finish_non_exhaustive()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: Version::Exchange2016,
            schemes: vec![Scheme::Basic, Scheme::Bearer],
            disabled: false,
            page: 1000,
            max_request: 0,
            concurrency: None,
            leaks_controls: false,
            round_trip: Duration::ZERO,
            rewrite: None,
            directions: Vec::new(),
            pointer: None,
        }
    }
}

impl Settings {
    /// The largest request: what the version's web server lets through, if nothing else was said.
    pub(crate) fn largest_request(&self) -> usize {
        match (self.max_request, self.version) {
            (0, Version::Exchange2007Sp1) => 30_000_000,
            (0, version) if version < Version::Exchange2013 => 35_000_000,
            (0, Version::Online) => 150 * 1024 * 1024 / 3 * 4 + 1_000_000,
            (0, _) => 67_108_864,
            (set, _) => set,
        }
    }
}
