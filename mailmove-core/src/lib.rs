//! The contract of mailmove: what a mail system must do to take part in a migration, and the words everyone uses.
//!
//! A [`Connector`] is a kind of server with its settings. It opens a mailbox as a [`Source`] or a [`Destination`],
//! both of which are an [`Endpoint`]. A source lists what changed ([`Source::changes`]) and hands out whole items
//! ([`Source::fetch`]); a destination finds what it already has ([`Destination::locate`]) and takes writes
//! ([`Destination::write`]). That is the whole of it: an endpoint author needs this crate alone, and the conformance
//! suite in `mailmove-testkit` says when the endpoint is done.
//!
//! | word | meaning |
//! |---|---|
//! | [`Item`], [`Body`] | a thing to move; its bytes, readable more than once, bounded in memory by a [`Spool`] |
//! | [`Format`] | the standard in which an item travels: RFC 5322, iCalendar, vCard, Exchange FastTransfer |
//! | [`Fingerprint`] | is it the same thing elsewhere? |
//! | [`Revision`] | has it changed here? |
//! | [`Cursor`] | read up to where? |
//! | [`FeedId`], [`Epoch`] | what is read together; within what item ids are valid |
//! | [`Route`] | how a kind goes in: format, write path, losses |
//! | [`Guard`] | limit, pace, timeout and retry at the wire |
//!
//! Nothing here knows a protocol or an engine.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod body;
pub mod capabilities;
pub mod connector;
pub mod control;
pub mod credential;
pub mod diagnosis;
pub mod endpoint;
pub mod error;
pub mod flags;
pub mod forecast;
pub mod guard;
#[cfg(feature = "http")]
pub mod http;
pub mod model;
#[cfg(feature = "oauth")]
pub mod oauth;
pub mod verification;

pub use body::{Body, BodyReader, BodyWriter, Room, Spool};
pub use capabilities::{Capabilities, FolderNames, Route, Via};
pub use connector::{Connector, Mailbox, Root};
pub use control::{AccessRevocation, Forwarding, ForwardingControl};
pub use credential::{
    Access, AdministratorWins, Credential, CredentialProvider, CredentialRequest, EnvironmentSecrets, FixedCredentials,
    MailboxCredentials, Secret, SignIn,
};
pub use endpoint::{Destination, Endpoint, Source};
pub use error::{Error, ErrorKind, Recovery, Result, Side};
pub use flags::{FlagConflict, FlagError, MailboxFlags};
pub use forecast::{Forecast, Load};
pub use guard::{Call, Guard};
pub use model::{
    Alteration, Change, Cursor, Detail, Digest, EnsuredFolder, Epoch, Evidence, FeedId, Fingerprint, FlagMask, Flags,
    Folder, FolderId, Format, Gone, Item, ItemFlags, ItemId, ItemRef, Kind, Loss, Mark, Match, NewFolder, Page,
    Position, Revision, Role, StateToken, Storage, Wanted, Write, Written, content_line,
};
pub use verification::{Stage, StageOutcome, Verification};

/// Re-exported so that endpoint authors implement the traits with the same macro version.
pub use async_trait::async_trait;
