//! The protocol without I/O: bytes in, bytes out.
//!
//! [`Framer`] cuts what a server sends into responses and streams literals to where they belong; [`Incoming`] says what a
//! response is; an [`Operation`] is one command: its request, the untagged data it claims, and what it came to.

mod append;
mod code;
mod command;
pub(crate) mod date;
mod fetch;
mod fetch_bodies;
mod fetch_index;
mod fetch_many;
mod framer;
mod id;
mod list;
pub(crate) mod mailbox_name;
mod namespace;
mod quota;
mod relocate;
mod request;
mod scanner;
mod search;
mod select;
mod status;
mod uid_set;
mod untagged;

pub(crate) use append::{Append, AppendMessage, Appended};
pub(crate) use code::{Code, Status, StatusLine};
pub(crate) use command::Command;
pub(crate) use fetch::{FetchData, body_literal};
pub(crate) use fetch_bodies::{BodyTarget, FetchBodies, Fetched};
pub(crate) use fetch_index::{FetchIndex, Indexed};
pub(crate) use fetch_many::{FetchMany, Many};
pub(crate) use framer::{Framer, Literal, Response, Sink, Step};
pub(crate) use id::IdQuery;
pub(crate) use list::{List, ListEntry, Listed};
pub(crate) use namespace::{Namespace, NamespaceQuery};
pub(crate) use quota::{QuotaQuery, Rights, RightsQuery};
pub(crate) use relocate::{Relocate, Relocated};
pub(crate) use request::{Before, Chunks, LiteralMode, Part, Request};
pub(crate) use search::Search;
pub(crate) use select::{Select, Selected};
pub(crate) use status::{MailboxStatus, StatusQuery};
pub(crate) use uid_set::UidSet;
pub(crate) use untagged::{Incoming, Untagged};

/// How long a command line may become, literals not counted: RFC 7162 recommends 8192 octets, some servers allow no more.
pub(crate) const MAX_LINE: usize = 7800;

/// One command in flight.
pub(crate) trait Operation: Send + 'static {
    /// What it comes to when the server says OK.
    type Output: Send + 'static;

    /// The command, without tag and line end.
    fn request(&mut self) -> Request;

    /// Takes untagged data that belongs to this command, or gives it back.
    fn absorb(&mut self, data: Untagged) -> Option<Untagged> {
        Some(data)
    }

    /// Where the body of the message with this UID goes, if this command asked for it. The UID is `None` when the server
    /// names it only behind the body.
    fn sink(&mut self, _uid: Option<u32>) -> Option<Sink> {
        None
    }

    /// The command is over. A status other than OK is handed back as the refusal it is.
    fn finish(self, done: StatusLine) -> Result<Self::Output, StatusLine>;
}

/// Words of a response as text; octets that are not UTF-8 are replaced.
fn words_owned<'a>(words: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
    words.into_iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}
