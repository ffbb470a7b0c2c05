//! What happens to the octets of an item on its way in and out.

use bytes::Bytes;
use mailmove_core::{Error, ErrorKind, Format, Kind, Result};

use super::fingerprint::header;
use super::standard_format;

/// The stand-in for a FastTransfer stream: this line, then the standard format.
const STREAM: &[u8] = b"FastTransfer\n";

/// The octets of an item in this format.
pub(super) fn export(kind: Kind, bytes: &Bytes, format: &Format) -> Result<Bytes> {
    if *format == Format::FASTTRANSFER {
        return Ok([STREAM, bytes].concat().into());
    }
    if *format == standard_format(kind) {
        return Ok(bytes.clone());
    }
    Err(Error::new(ErrorKind::Unsupported, format!("a {kind} cannot be read as {format}")))
}

/// The octets of an item in its standard format.
pub(super) fn import(kind: Kind, bytes: Bytes, format: &Format) -> Result<Bytes> {
    if *format == Format::FASTTRANSFER {
        return match bytes.strip_prefix(STREAM) {
            Some(rest) => Ok(bytes.slice_ref(rest)),
            None => Err(Error::new(ErrorKind::Refused, "this is no FastTransfer stream")),
        };
    }
    if *format == standard_format(kind) {
        return Ok(bytes);
    }
    Err(Error::new(ErrorKind::Unsupported, format!("a {kind} cannot be written as {format}")))
}

/// The message with `X` in the place of every 8-bit octet of its header; `None` when there is none.
pub(super) fn munged(bytes: &[u8]) -> Option<Bytes> {
    let header = header(bytes);
    if header.is_ascii() {
        return None;
    }
    let mut munged = bytes.to_vec();
    munged[..header.len()].iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'X');
    Some(munged.into())
}
