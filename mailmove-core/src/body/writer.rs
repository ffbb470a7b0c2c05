use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;

use super::body::Inner;
use super::spool::Reserved;
use super::{Body, CHUNK, Spool};
use crate::{Digest, Result};

/// A body in the making. Length and digest are counted while writing; dropping it gives everything back.
///
/// Writing blocks only on the local disk, and only beyond the pool, [`CHUNK`](super) bytes at a time into the page
/// cache.
pub struct BodyWriter {
    spool: Spool,
    chunks: Vec<Bytes>,
    reserved: Option<Reserved>,
    file: Option<File>,
    pending: Vec<u8>,
    in_memory: u64,
    length: u64,
    hasher: blake3::Hasher,
}

impl BodyWriter {
    pub(super) fn new(spool: Spool) -> Self {
        Self {
            spool,
            chunks: Vec::new(),
            reserved: None,
            file: None,
            pending: Vec::new(),
            in_memory: 0,
            length: 0,
            hasher: blake3::Hasher::new(),
        }
    }

    /// Appends bytes by keeping a handle on them: no copy as long as the pool has room. The buffer they are part of
    /// stays alive as long as the body does.
    pub fn push(&mut self, bytes: Bytes) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.count(&bytes);
        if self.keep(bytes.len() as u64) {
            self.chunks.push(bytes);
            return Ok(());
        }
        self.spill(&bytes)
    }

    /// Appends a copy of bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.count(bytes);
        if self.keep(bytes.len() as u64) {
            self.chunks.push(Bytes::copy_from_slice(bytes));
            return Ok(());
        }
        self.spill(bytes)
    }

    /// How many bytes were written so far.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether nothing was written so far.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The finished body.
    pub fn finish(mut self) -> Result<Body> {
        self.flush()?;
        let digest = Digest::from_bytes(*self.hasher.finalize().as_bytes());
        Ok(Body::from_inner(Arc::new(Inner {
            spool: self.spool,
            chunks: self.chunks,
            _reserved: self.reserved,
            in_memory: self.in_memory,
            file: self.file.map(std::sync::Mutex::new),
            length: self.length,
            digest,
        })))
    }

    fn count(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        self.hasher.update(bytes);
    }

    /// Room in the pool, unless the body has begun to spill: its memory part is its beginning.
    fn keep(&mut self, bytes: u64) -> bool {
        if self.file.is_some() {
            return false;
        }
        let Some(part) = self.spool.reserve(bytes) else { return false };
        match &mut self.reserved {
            Some(reserved) => reserved.absorb(part),
            None => self.reserved = Some(part),
        }
        self.in_memory += bytes;
        true
    }

    fn spill(&mut self, bytes: &[u8]) -> Result<()> {
        if self.file.is_none() {
            self.file = Some(self.spool.file()?);
            self.pending.reserve_exact(CHUNK);
        }
        self.spool.count_spilled(bytes.len() as u64);
        if self.pending.len() + bytes.len() > CHUNK {
            self.flush()?;
        }
        if bytes.len() >= CHUNK {
            return self.append(bytes);
        }
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        let done = self.append(&pending);
        self.pending = pending;
        self.pending.clear();
        done
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.file {
            Some(file) => file.write_all(bytes).map_err(|error| self.spool.failed(error)),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for BodyWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BodyWriter").field("length", &self.length).finish_non_exhaustive()
    }
}
