//! Mail as a tree of parts (RFC 2045, 2046) of which no more is in memory than the headers.
//!
//! Headers and texts are read by `mail-parser`, the crate that knows most of the forms which real mail has: broken
//! encodings, charsets without end, dates and addresses against every rule. It wants a whole message in memory, so the
//! tree itself, and the octets of attachments, are read here, piece by piece.

mod decode;
mod header;
mod part;
mod scan;

pub(crate) use decode::{Decoder, Encoding};
pub(crate) use header::Header;
pub(crate) use part::{Content, Mail, Octets, Part};
