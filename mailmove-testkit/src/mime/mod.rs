//! Messages in MIME, as far as servers read them (RFC 5322, RFC 2045 to 2047, RFC 2231). Broken ones are read as what they
//! can still be.

mod header;
mod part;
mod transfer;

pub(crate) use header::{Address, Header, body, decoded, encoded, field, head};
pub(crate) use part::Part;
pub(crate) use transfer::wrapped;
