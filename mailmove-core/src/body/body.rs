use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::spool::Reserved;
use super::{CHUNK, Spool};
use crate::{Digest, Result};

/// The bytes of an item. Clones are cheap and share them; each [`reader`](Body::reader) starts at the beginning.
#[derive(Clone)]
pub struct Body(Arc<Inner>);

pub(super) struct Inner {
    pub(super) spool: Spool,
    pub(super) chunks: Vec<Bytes>,
    pub(super) _reserved: Option<Reserved>,
    pub(super) in_memory: u64,
    pub(super) file: Option<Mutex<File>>,
    pub(super) length: u64,
    pub(super) digest: Digest,
}

impl Body {
    pub(super) fn from_inner(inner: Arc<Inner>) -> Self {
        Self(inner)
    }

    /// A body that somebody else keeps in memory anyway: it counts against no pool.
    pub fn unpooled(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self(Arc::new(Inner {
            spool: Spool::new(0),
            digest: Digest::of(&bytes),
            length: bytes.len() as u64,
            in_memory: bytes.len() as u64,
            chunks: vec![bytes],
            _reserved: None,
            file: None,
        }))
    }

    /// The length in bytes.
    pub fn len(&self) -> u64 {
        self.0.length
    }

    /// Whether there are no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.0.length == 0
    }

    /// The BLAKE3 digest of all bytes.
    pub fn digest(&self) -> &Digest {
        &self.0.digest
    }

    /// Reads from the start.
    pub fn reader(&self) -> BodyReader {
        BodyReader { inner: self.0.clone(), chunk: 0, position: 0, rest: Bytes::new() }
    }

    /// All bytes in one piece. For small bodies and for tests: this leaves the pool's bound.
    pub fn bytes(&self) -> Result<Bytes> {
        if let (1, None) = (self.0.chunks.len(), &self.0.file) {
            return Ok(self.0.chunks[0].clone());
        }
        let mut all = Vec::with_capacity(self.0.length as usize);
        let mut reader = self.reader();
        while let Some(chunk) = reader.next_chunk()? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.into())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("len", &self.0.length).field("digest", &self.0.digest).finish()
    }
}

/// Reads one body from its start, chunk by chunk.
pub struct BodyReader {
    inner: Arc<Inner>,
    chunk: usize,
    position: u64,
    rest: Bytes,
}

impl BodyReader {
    /// The next chunk; `None` at the end. Blocks only on the local disk, for the part that spilled.
    pub fn next_chunk(&mut self) -> Result<Option<Bytes>> {
        if !self.rest.is_empty() {
            return Ok(Some(std::mem::take(&mut self.rest)));
        }
        if let Some(chunk) = self.inner.chunks.get(self.chunk) {
            self.chunk += 1;
            return Ok(Some(chunk.clone()));
        }
        let in_file = self.inner.length - self.inner.in_memory;
        let Some(file) = self.inner.file.as_ref().filter(|_| self.position < in_file) else { return Ok(None) };
        let mut buffer = vec![0; (in_file - self.position).min(CHUNK as u64) as usize];
        let read = {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(self.position)).and_then(|_| file.read_exact(&mut buffer))
        };
        read.map_err(|error| self.inner.spool.failed(error))?;
        self.position += buffer.len() as u64;
        Ok(Some(buffer.into()))
    }
}

impl Read for BodyReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            match self.next_chunk().map_err(io::Error::other)? {
                Some(chunk) => self.rest = chunk,
                None => return Ok(0),
            }
        }
        let count = out.len().min(self.rest.len());
        out[..count].copy_from_slice(&self.rest.split_to(count));
        Ok(count)
    }
}

impl fmt::Debug for BodyReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyReader").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_beyond_the_pool_spills_and_reads_back_twice() {
        let spool = Spool::new(100_000);
        let bytes: Vec<u8> = (0..300_000u32).map(|n| n as u8).collect();
        let mut writer = spool.writer();
        bytes.chunks(7_001).try_for_each(|part| writer.write(part)).unwrap();
        let body = writer.finish().unwrap();
        assert!(spool.used() <= spool.capacity());
        assert!(spool.spilled() >= 200_000);
        assert_eq!(body.bytes().unwrap(), bytes);
        let mut again = Vec::new();
        body.reader().read_to_end(&mut again).unwrap();
        assert_eq!(again, bytes);
        assert_eq!(*body.digest(), Digest::of(&bytes));
        drop(body);
        assert_eq!(spool.used(), 0);
    }

    #[test]
    fn the_pool_gets_its_bytes_back_with_the_last_clone() {
        let spool = Spool::new(1000);
        let body = spool.body(vec![7; 600]).unwrap();
        let clone = body.clone();
        drop(body);
        assert_eq!(spool.used(), 600);
        let other = spool.body(vec![8; 600]).unwrap();
        assert_eq!((spool.used(), spool.spilled()), (600, 600));
        assert_eq!(other.bytes().unwrap(), vec![8; 600]);
        drop((clone, other));
        assert_eq!(spool.used(), 0);
    }

    #[test]
    fn an_unwritable_folder_is_a_storage_error_that_names_it() {
        let spool = Spool::in_folder(0, "/nonexistent/folder");
        let error = spool.body("x").unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Storage);
        assert!(error.to_string().contains("/nonexistent/folder"));
    }
}
