/// How often each method was called on a mailbox, through whichever endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Openings, as source or destination.
    pub opened: u64,
    /// Calls of `folders`.
    pub folders: u64,
    /// Calls of `storage`.
    pub storage: u64,
    /// Calls of `changes`.
    pub changes: u64,
    /// Calls of `fetch`.
    pub fetch: u64,
    /// References given to `fetch`.
    pub fetched: u64,
    /// Calls of `ensure_folders`.
    pub ensure_folders: u64,
    /// Calls of `locate`.
    pub locate: u64,
    /// Questions given to `locate`.
    pub located: u64,
    /// Calls of `write`.
    pub write: u64,
    /// Writes given to `write`.
    pub written: u64,
    /// Calls of `close`.
    pub closed: u64,
    /// The most calls of `write` that were in flight for one folder at once.
    pub most_in_flight: usize,
}

impl Counts {
    /// All calls that reach the server, which is every one but opening and closing.
    pub fn round_trips(&self) -> u64 {
        self.folders + self.storage + self.changes + self.fetch + self.ensure_folders + self.locate + self.write
    }
}
