//! What goes wrong.

use std::time::Duration;

use bytes::Bytes;

/// What happens to a command that a [`Fault`](super::Fault) matches. Texts may begin with a response code,
/// `[OVERQUOTA] no room`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Action {
    /// Not executed; tagged NO, in place of the permission when a literal waits for one.
    No(String),
    /// Not executed; tagged BAD, in place of the permission when a literal waits for one.
    Bad(String),
    /// Not executed; tagged OK all the same.
    PretendOk(String),
    /// Not executed; untagged BYE, and the connection ends.
    Bye(String),
    /// Executed; tagged NO all the same.
    PretendNo(String),
    /// The connection ends; the command is not executed.
    CutBefore,
    /// The command is executed, then the connection ends without its answer.
    CutAfter,
    /// The connection ends after so many octets of the answer, untagged lines included. The command is executed.
    CutOutput {
        /// Octets that still arrive.
        after: u64,
    },
    /// The connection ends after so many octets of what follows the first line, literals included. The command is not
    /// executed when they are not all of it.
    CutInput {
        /// Octets that are still read.
        after: u64,
    },
    /// Executed, and nothing is ever said about it; the connection goes on.
    LoseAnswer,
    /// The connection ends at once, and the command is executed so much later: what a busy server does with the last
    /// words of a client that died.
    CommitLate(Duration),
    /// The client sees the connection end, the server does not: it executes this command and everything it was sent
    /// behind it. With [`Wait`](Self::Wait) after it, all that happens later: the last words of many commands at once.
    HangUp,
    /// Nothing is executed nor answered on this connection any more, and it stays open.
    Stall,
    /// Waits so long, then goes on as if nothing had been.
    Wait(Duration),
    /// The answer is sent so many octets at a time.
    Slow {
        /// Octets in one piece.
        chunk: usize,
        /// The wait before each piece.
        delay: Duration,
    },
    /// An untagged line as soon as the command comes, before the permission for its literal; `* ` is added.
    Untagged(String),
    /// These octets before the answer, as they are.
    Garbage(Bytes),
    /// RFC822.SIZE is wrong by so much, in this FETCH.
    SizeOff(i64),
    /// Bodies end after so many octets, and their literals say so: nothing betrays it but RFC822.SIZE.
    ShortenBodies(u64),
    /// Bodies end after so many octets, but their literals announce the whole: what follows is taken for the body.
    TruncateLiterals(u64),
    /// FETCH speaks of so many messages, then answers NO.
    NoAfter {
        /// Messages before the NO.
        messages: usize,
        /// The text of the NO.
        text: String,
    },
    /// FETCH speaks of so many messages, then says BYE and ends the connection.
    ByeAfter {
        /// Messages before the BYE.
        messages: usize,
        /// The text of the BYE.
        text: String,
    },
    /// APPEND keeps only so many of its messages and then ends the connection: a server whose MULTIAPPEND is not all
    /// or nothing.
    Half(usize),
    /// The selected folder, or the one that SELECT, EXAMINE, STATUS or APPEND names, is numbered anew before.
    ChangeUidValidity,
}

/// What an action leaves to be done while a command is executed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Effect {
    pub(crate) size_off: i64,
    pub(crate) bodies: Option<BrokenLiteral>,
    pub(crate) stop_after: Option<StopAfter>,
    pub(crate) only_first: Option<usize>,
}

/// Where a FETCH stops, and with what words.
#[derive(Debug, Clone)]
pub(crate) struct StopAfter {
    pub(crate) messages: usize,
    pub(crate) text: String,
    /// The connection stops too.
    pub(crate) bye: bool,
}

/// How much of a body is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BrokenLiteral {
    pub(crate) octets: u64,
    /// The literal's length is that of the whole body.
    pub(crate) lies: bool,
}
