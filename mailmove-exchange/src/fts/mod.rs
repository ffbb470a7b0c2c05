//! FastTransfer streams: frames of Exchange around a property stream of [MS-OXCFXICS] §2.2.4.
//!
//! ```text
//! frame    = opcode u32, length u32, payload       1 way of transfer · 3 kind of object · 4 version · 2 buffer
//! buffers  = { property | marker }*                put together; a property may go over their edge
//! property = type u16, id u16, [name], value       a name when the id is 0x8000 or more
//! ```
//!
//! All numbers are little-endian. Reading is bounded: values beyond a few kilobytes are counted and passed over.
//!
//! [`write()`] makes a stream of an item in one of the standard formats. No server has said yet that it takes such streams:
//! the form is that of the specifications, held against the samples that are published. [`read()`] makes of a stream what
//! the standard formats say of notes, journal entries and groups of contacts, which some servers give as streams alone.

mod frame;
mod mapi;
mod read;
mod summary;
mod token;
mod write;

use std::fmt;
use std::io;

pub use frame::Frames;
pub use read::{Plain, read};
pub use summary::{Summary, summarize};
pub use token::{Marker, Name, Property, Token, Tokens, Value};
pub use write::{Options, write};

/// Why a stream cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum FtsError {
    /// It ends in the middle of a frame: it is not whole.
    CutShort,
    /// A frame of a sort that nobody knows, or of the wrong length.
    Frame {
        /// The opcode.
        opcode: u32,
        /// The length.
        length: u32,
    },
    /// The frames are whole, and what is in them is not what is known of property streams.
    Content(&'static str),
    /// What is below could not be read.
    Io(io::Error),
}

impl fmt::Display for FtsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FtsError::CutShort => f.write_str("the stream ends in the middle of a frame"),
            FtsError::Frame { opcode, length } => write!(f, "a frame {opcode} of {length} bytes is not known"),
            FtsError::Content(what) => f.write_str(what),
            FtsError::Io(error) => write!(f, "the stream cannot be read: {error}"),
        }
    }
}

impl std::error::Error for FtsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FtsError::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// Reads until the buffer is full. `false` when nothing at all was left.
fn fill(reader: &mut impl io::Read, buffer: &mut [u8]) -> Result<bool, FtsError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) if filled == 0 => return Ok(false),
            Ok(0) => return Err(FtsError::CutShort),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(FtsError::Io(error)),
        }
    }
    Ok(true)
}
