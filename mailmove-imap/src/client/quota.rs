//! How full the mailbox is.

use std::sync::PoisonError;

use mailmove_core::{Result, Storage};
use tokio::time::Instant;

use super::Client;
use super::folders::GOOD_FOR;
use super::known::KnownFolder;
use crate::error::{Asked, Fault};
use crate::pool::Use;
use crate::wire::QuotaQuery;

/// How full the mailbox was, and when.
#[derive(Debug)]
pub(super) struct Filled {
    storage: Storage,
    read: Instant,
}

impl Client {
    /// What QUOTA says about the root of the inbox (RFC 9208): the fullest root counts.
    pub(crate) async fn storage(&self) -> Result<Storage> {
        match self.take_filled() {
            Some(known) if known.read.elapsed() < GOOD_FOR => Ok(known.storage),
            _ => Ok(self.reading("GETQUOTAROOT", || self.quota()).await?.storage),
        }
    }

    /// What was said at the opening, if nobody had it yet. Whoever writes takes it away.
    pub(super) fn take_filled(&self) -> Option<Filled> {
        self.filled.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Asks.
    pub(super) async fn quota(&self) -> Result<Filled> {
        let read = Instant::now();
        let mut storage = Storage::default();
        if !self.offered.has("QUOTA") {
            return Ok(Filled { storage, read });
        }
        let ticket = self.lane(&KnownFolder::nowhere(), 1024, Use::Write).await?;
        let quotas = match ticket.connection().submit(QuotaQuery::inbox()).await {
            Ok(quotas) => quotas,
            // Nobody set a quota, or nobody may know: neither is a fault.
            Err(Fault::Refused(_)) => Vec::new(),
            Err(fault) => return Err(fault.error(Asked::Mailbox, "tell the quota")),
        };
        for (name, used, limit) in quotas.into_iter().flat_map(|quota| quota.resources) {
            match name.as_str() {
                "STORAGE" => (storage.used, storage.quota) = (Some(used * 1024), Some(limit * 1024)),
                "MESSAGE" => (storage.items, storage.items_quota) = (Some(used), Some(limit)),
                _ => {}
            }
        }
        Ok(Filled { storage, read })
    }
}
