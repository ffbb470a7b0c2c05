//! Bodies: the bytes of an item, readable more than once, bounded in memory.
//!
//! A [`Spool`] owns one number of bytes for the whole process. Small bodies live there; when the pool is empty, the rest
//! of a body goes to an unnamed temporary file. Nothing waits for memory, so nothing deadlocks. The bound is the pool plus
//! one chunk per running transfer.

#[allow(clippy::module_inception)]
mod body;
mod spool;
mod writer;

pub use body::{Body, BodyReader};
pub use spool::{Room, Spool};
pub use writer::BodyWriter;

/// How much of a spooled file is read or written at once, in bytes.
const CHUNK: usize = 64 * 1024;
