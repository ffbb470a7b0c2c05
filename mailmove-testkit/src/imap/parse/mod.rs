//! From the octets of a command to what it asks for. Strict: what RFC 3501 and its extensions do not allow is `BAD`,
//! so that a client learns here what a real server would tell it later.

mod arguments;
mod cursor;
mod fetch;
mod list;
mod search;

pub(crate) use cursor::{Cursor, Piece};
pub(crate) use fetch::{Item, Section, What};
pub(crate) use list::{ListCommand, StatusItem};
pub(crate) use search::{Key, SearchReturn};

use bytes::Bytes;

use super::set::Set;

/// Why a command cannot be understood; becomes the text of `BAD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

pub(crate) type Parsed<T> = Result<T, Malformed>;

/// One command as received: text and literals in turn.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    pub(crate) pieces: Vec<Piece>,
}

/// Tag and name of a command, known from its first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) tag: String,
    /// In capitals; `UID FETCH` for the UID form.
    pub(crate) name: String,
}

/// The parsed command. Names of mailboxes are as the client wrote them.
#[derive(Debug, Clone)]
pub(crate) enum Command {
    Capability,
    Noop,
    Check,
    Logout,
    Id,
    StartTls,
    Compress { mechanism: String },
    Login { user: String, password: String },
    Authenticate { mechanism: String, initial: Option<String> },
    MasterAuth,
    SetUser(String),
    Enable(Vec<String>),
    Namespace,
    Idle,
    List(ListCommand),
    Lsub { pattern: String },
    Xlist { pattern: String },
    Status { mailbox: String, items: Vec<StatusItem> },
    Select { mailbox: String, read_only: bool, condstore: bool, qresync: Option<Qresync> },
    Create { mailbox: String, special_use: Vec<String> },
    Delete(String),
    Rename { from: String, to: String },
    Subscribe(String),
    Unsubscribe(String),
    Close,
    Unselect,
    Expunge(Option<Set>),
    Search { uid: bool, returns: Option<SearchReturn>, key: Key },
    Fetch { uid: bool, set: Set, items: Vec<Item>, changed_since: Option<u64>, vanished: bool },
    Store { uid: bool, set: Set, change: FlagChange, silent: bool, flags: Vec<String>, unchanged_since: Option<u64> },
    Copy { uid: bool, set: Set, to: String, and_remove: bool },
    Append { mailbox: String, messages: Vec<Appended> },
    QuotaRoot(String),
    Quota(String),
}

/// The parameters of `SELECT … (QRESYNC (…))`. The optional hint about sequence numbers is read and left aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Qresync {
    pub(crate) uid_validity: u32,
    pub(crate) modseq: u64,
    pub(crate) known: Option<Set>,
}

/// What STORE does with the flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlagChange {
    Replace,
    Add,
    Remove,
}

/// One message of an APPEND.
#[derive(Debug, Clone)]
pub(crate) struct Appended {
    pub(crate) flags: Vec<String>,
    pub(crate) received: Option<time::OffsetDateTime>,
    pub(crate) bytes: Bytes,
    /// Sent as literal8, which may hold NUL.
    pub(crate) binary: bool,
    /// Said to have UTF-8 in its header (RFC 9755, 4).
    pub(crate) utf8: bool,
}

impl Head {
    /// Reads tag and name from the first line; what has no tag is `*`.
    pub(crate) fn of(line: &[u8]) -> Self {
        let text = String::from_utf8_lossy(line);
        let mut words = text.split(' ');
        let tag = words.next().unwrap_or_default();
        let mut name = words.next().unwrap_or_default().to_ascii_uppercase();
        if name == "UID" {
            name = format!("UID {}", words.next().unwrap_or_default().to_ascii_uppercase());
        }
        let good = |byte: u8| byte.is_ascii_graphic() && !b"(){%*\"\\+".contains(&byte);
        let tag = if !tag.is_empty() && tag.bytes().all(good) { tag.to_owned() } else { "*".to_owned() };
        Self { tag, name }
    }
}

/// Parses the whole command.
pub(crate) fn command(head: &Head, frame: &Frame) -> Parsed<Command> {
    let mut cursor = Cursor::new(&frame.pieces);
    cursor.skip_head(head);
    let command = arguments::parse(&head.name, &mut cursor)?;
    cursor.end()?;
    Ok(command)
}
