//! What a server is like.

use std::time::Duration;

/// What one application may do to one mailbox. Times are those of the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Requests in a [`window`](Self::window); those inside of batches count one by one.
    pub requests: usize,
    /// The time in which requests are counted.
    pub window: Duration,
    /// Requests at the same time.
    pub concurrency: usize,
    /// Octets of PATCH, POST and PUT in an [`upload_window`](Self::upload_window).
    pub upload: u64,
    /// The time in which octets are counted.
    pub upload_window: Duration,
}

impl Limits {
    /// Those of Exchange Online: 10,000 requests in 10 minutes, 4 at a time, 150 MB in 5 minutes.
    pub const OUTLOOK: Self = Self {
        requests: 10_000,
        window: Duration::from_secs(600),
        concurrency: 4,
        upload: 150_000_000,
        upload_window: Duration::from_secs(300),
    };

    /// With another number of requests in a window.
    #[must_use]
    pub const fn with_requests(mut self, requests: usize) -> Self {
        self.requests = requests;
        self
    }

    /// With another number of requests at the same time.
    #[must_use]
    pub const fn with_concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// With another number of octets in a window.
    #[must_use]
    pub const fn with_upload(mut self, octets: u64) -> Self {
        self.upload = octets;
        self
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// None: nobody is throttled.
    pub(crate) limits: Option<Limits>,
    pub(crate) speed: f64,
    pub(crate) round_trip: Duration,
    pub(crate) token_lifetime: Duration,
    pub(crate) session_lifetime: Duration,
    /// How long what was made in the directory is not known everywhere.
    pub(crate) replication: Duration,
    /// Items of one import session; none for as many as fit into its time.
    pub(crate) session_items: Option<usize>,
    /// The most entries in one page, whatever the client asks for.
    pub(crate) page: usize,
    /// Whether there is an import and export API.
    pub(crate) import_export: bool,
    /// Octets of MIME in a POST.
    pub(crate) largest_mime: usize,
    /// What stands before the path in all links, when it is not where the server listens.
    pub(crate) origin: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: None,
            speed: 1.0,
            round_trip: Duration::ZERO,
            token_lifetime: Duration::from_secs(3599),
            session_lifetime: Duration::from_secs(3600),
            replication: Duration::ZERO,
            session_items: None,
            page: 1000,
            import_export: true,
            largest_mime: 4 << 20,
            origin: None,
        }
    }
}
