use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Body, BodyWriter};
use crate::{Error, ErrorKind, Result};

/// Room is counted in this many bytes.
const UNIT: u64 = 1024;
/// The least room, in units: a small pool must not stop the traffic.
const LEAST: u64 = 1024;

/// The memory that bodies may take, and where they go beyond it. Clones share one pool.
#[derive(Clone)]
pub struct Spool(Arc<Pool>);

pub(super) struct Pool {
    capacity: u64,
    flight: Arc<Semaphore>,
    flight_size: u32,
    spare: Arc<Semaphore>,
    used: AtomicU64,
    spilled: AtomicU64,
    folder: PathBuf,
}

impl Spool {
    /// A pool of this many bytes, spilling into the system's temporary folder.
    pub fn new(capacity: u64) -> Self {
        Self::in_folder(capacity, std::env::temp_dir())
    }

    /// A pool of this many bytes, spilling into this folder.
    pub fn in_folder(capacity: u64, folder: impl Into<PathBuf>) -> Self {
        let flight_size = (capacity / 4 * 3 / UNIT).clamp(LEAST, u64::from(u32::MAX >> 4)) as u32;
        Self(Arc::new(Pool {
            capacity,
            flight: Arc::new(Semaphore::new(flight_size as usize)),
            flight_size,
            spare: Arc::new(Semaphore::new((capacity / 4 / UNIT).min(u64::from(u32::MAX >> 4)) as usize)),
            used: AtomicU64::new(0),
            spilled: AtomicU64::new(0),
            folder: folder.into(),
        }))
    }

    /// Begins a body.
    pub fn writer(&self) -> BodyWriter {
        BodyWriter::new(self.clone())
    }

    /// A body of these bytes.
    pub fn body(&self, bytes: impl Into<Bytes>) -> Result<Body> {
        let mut writer = self.writer();
        writer.push(bytes.into())?;
        writer.finish()
    }

    /// Waits until this many bytes more may be on their way: three quarters of the pool at once, everybody
    /// together.
    ///
    /// It paces; it does not reserve: bodies that outgrow it spill and wait for nobody. Ask once for all that is needed;
    /// more than there is takes all there is. So nobody waits while holding, and nothing deadlocks.
    pub async fn room(&self, bytes: u64) -> Room {
        let wanted = (bytes / UNIT + 1).min(u64::from(self.0.flight_size)) as u32;
        // The semaphore is never closed, so this is never refused.
        Room(self.0.flight.clone().acquire_many_owned(wanted).await.ok())
    }

    /// Leave for this many bytes that nobody waits for yet, from the quarter of the pool that [`room`](Self::room) leaves
    /// free, everybody together: at once or not at all.
    pub fn spare(&self, bytes: u64) -> Option<Room> {
        let wanted = u32::try_from(bytes / UNIT + 1).ok()?;
        self.0.spare.clone().try_acquire_many_owned(wanted).ok().map(|permit| Room(Some(permit)))
    }

    /// The size of the pool in bytes.
    pub fn capacity(&self) -> u64 {
        self.0.capacity
    }

    /// How many bytes of the pool are in use.
    pub fn used(&self) -> u64 {
        self.0.used.load(Ordering::Relaxed)
    }

    /// How many bytes went to temporary files since the spool was made.
    pub fn spilled(&self) -> u64 {
        self.0.spilled.load(Ordering::Relaxed)
    }

    /// Takes this many bytes from the pool, or none.
    pub(super) fn reserve(&self, bytes: u64) -> Option<Reserved> {
        let take = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.0.capacity);
        self.0.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()?;
        Some(Reserved { spool: self.clone(), bytes })
    }

    /// An unnamed file: gone with its last handle, whatever happens to the process.
    pub(super) fn file(&self) -> Result<File> {
        tempfile::tempfile_in(&self.0.folder).map_err(|error| storage(&self.0.folder, error))
    }

    pub(super) fn count_spilled(&self, bytes: u64) {
        self.0.spilled.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn failed(&self, error: std::io::Error) -> Error {
        storage(&self.0.folder, error)
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool").field("capacity", &self.capacity()).field("used", &self.used()).finish()
    }
}

/// Leave to have bytes on their way; dropping it passes the leave on.
#[derive(Debug)]
pub struct Room(#[allow(dead_code, reason = "held for its drop")] Option<OwnedSemaphorePermit>);

/// A part of the pool; dropping it gives the bytes back.
pub(super) struct Reserved {
    spool: Spool,
    bytes: u64,
}

impl Reserved {
    /// Joins two parts of the same pool.
    pub(super) fn absorb(&mut self, mut other: Reserved) {
        self.bytes += std::mem::take(&mut other.bytes);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.spool.0.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn storage(folder: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Storage, format!("cannot spool a body: {error}"))
        .with("folder", folder.display())
        .because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_spared_is_a_quarter_for_everybody_together() {
        let one = Spool::new(8 << 20);
        let other = one.clone();
        let windows = one.room(100 << 20).await;
        let spared = one.spare(1 << 20).unwrap();
        assert!(other.spare(1 << 20).is_none(), "two megabytes, counted in steps");
        drop(spared);
        let spared = other.spare((2 << 20) - 1024);
        assert!(spared.is_some() && one.spare(1).is_none());
        drop((windows, spared));
        assert!(one.spare(3 << 20).is_none(), "however much of the pool is free");
    }
}
