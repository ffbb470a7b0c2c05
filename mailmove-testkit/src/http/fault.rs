//! What goes wrong.

use std::time::Duration;

/// What happens to a request that a rule matches: what can happen with HTTP, and mishaps of the protocol above it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Action<M> {
    /// Not executed; this HTTP status.
    Status {
        /// 429, 503, 413, 403 …
        code: u16,
        /// The Retry-After header.
        retry_after: Option<Duration>,
        /// What is told: an error code of the protocol, or the text of a body that begins with `<` or `{`.
        body: String,
    },
    /// The connection ends; the request is not executed.
    CutBefore,
    /// The request is executed, then the connection ends without a word.
    LoseAnswer,
    /// The connection ends after so many octets of the answer's body. The request is executed.
    CutOutput {
        /// Octets that still arrive.
        after: usize,
    },
    /// The answer's body ends after so many octets as if it were whole. The request is executed.
    Truncate {
        /// Octets that are left.
        after: usize,
    },
    /// The connection ends at once, and the request is executed so much later.
    CommitLate(Duration),
    /// Nothing is executed nor answered, and the connection stays open.
    Stall,
    /// Waits so long, then goes on as if nothing had been.
    Wait(Duration),
    /// The body of the answer is sent so many octets at a time.
    Slow {
        /// Octets in one piece.
        chunk: usize,
        /// The wait before each piece.
        delay: Duration,
    },
    /// In the answer's text, every occurrence of the first is replaced by the second.
    Replace(String, String),
    /// It goes wrong in the protocol's own way.
    Mishap(M),
}

impl<M> From<M> for Action<M> {
    fn from(mishap: M) -> Self {
        Self::Mishap(mishap)
    }
}
