//! Opaque names. What is inside belongs to the endpoint that made it; everybody else compares, stores and gives back.

use std::fmt;
use std::sync::Arc;

macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps the endpoint's own text.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The endpoint's own text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }
    )*};
}

opaque! {
    /// A folder within one endpoint. Stable for as long as the server can keep it stable: a server with folder ids gives
    /// those, IMAP without OBJECTID gives the mailbox name as it stands on the wire.
    FolderId;
    /// An item within one (folder, [`Epoch`]).
    ItemId;
    /// What is read together: folders that share a feed are listed by one call of [`Source::changes`](crate::Source::changes).
    FeedId;
    /// Within what item ids of a folder are valid. IMAP's UIDVALIDITY is one. Another epoch means: all ids are new.
    Epoch;
    /// Read up to here. Handed out by a source, given back unchanged.
    Cursor;
    /// Has it changed here? Equal revisions mean equal content; flags are compared by value, not by revision.
    Revision;
    /// A high-water mark of a destination folder (IMAP's UIDNEXT, a creation time): items written later lie behind it.
    Position;
    /// The state of a whole folder. Equal tokens mean that nothing in the folder changed, flags included.
    StateToken;
    /// Our own mark on an item at the destination, where the format allows one.
    Mark;
}
