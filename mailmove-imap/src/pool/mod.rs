//! The connections of one mailbox.
//!
//! The first is opened with the mailbox; more are opened only when there is work that pays for them, and never more than
//! the server bears. A folder stays on its connection while it is worked on; a large one has the connection to itself,
//! because switching folders makes the server read them again.

mod choose;
mod lane;
#[cfg(test)]
mod tests;
mod together;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mailmove_core::{Error, ErrorKind, Result};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::engine::Connection;
use crate::error::is_connection_limit;
use crate::session::{Identity, Ready, Server, Trail, open, open_spare};
use crate::wire::Command;
use choose::{Choice, SHARE_AFTER};
use lane::{Lanes, Refusal};
use together::Place;

pub(crate) use choose::Use;
pub(crate) use lane::Ticket;
pub(crate) use together::Together;

/// One more connection is worth its three round trips when each has this much to do, in bytes.
const PAYS: u64 = 1 << 20;

/// The connections of one mailbox.
#[derive(Debug)]
pub(crate) struct Pool {
    dialer: Dialer,
    lanes: Mutex<Lanes>,
    /// Rings when a connection has less to do, or there is another one, or there will not be.
    changed: Notify,
    /// One at a time opens the connection without which nothing goes on.
    first: tokio::sync::Mutex<()>,
}

/// How a connection is made.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub(crate) server: Server,
    pub(crate) identity: Identity,
    /// What all mailboxes of this server have.
    pub(crate) together: Arc<Together>,
    /// What is switched on right after signing in.
    pub(crate) enable: Option<String>,
    /// Whether the server wants to know who we are.
    pub(crate) id: bool,
}

impl Pool {
    /// A pool with its first connection.
    pub(crate) fn new(dialer: Dialer, first: Connection, most: usize) -> Arc<Self> {
        dialer.prepare(&first);
        let mut lanes = Lanes::new(most, dialer.together.clone(), dialer.server.thrift.clone());
        lanes.add(first);
        Arc::new(Self { dialer, lanes: Mutex::new(lanes), changed: Notify::new(), first: tokio::sync::Mutex::new(()) })
    }

    /// A connection for work on this folder. `weight` is about how many bytes it will move.
    pub(crate) async fn lane(self: &Arc<Self>, folder: &Arc<[u8]>, weight: u64, what: Use) -> Result<Ticket> {
        let since = Instant::now();
        loop {
            // Listening begins before looking, so that nothing rings in between unheard.
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let choice = {
                let mut lanes = self.lanes();
                self.renew(&mut lanes);
                let choice = choose::choose(&mut lanes, folder, what, weight, since.elapsed());
                if let Choice::Lane(number) = choice
                    && let Some(connection) = lanes.enter(number, folder, weight, what)
                {
                    let wanted = 1 + (lanes.weight() / PAYS) as usize;
                    self.grow(&mut lanes, wanted);
                    let busy = self.dialer.server.thrift.call(connection.deflated, weight);
                    return Ok(Ticket::new(self.clone(), connection, number, folder.clone(), weight, busy));
                }
                if let Choice::Grow = choice {
                    let wanted = lanes.count() + 1;
                    self.grow(&mut lanes, wanted);
                }
                choice
            };
            match choice {
                Choice::None => self.open_first().await?,
                _ => {
                    // Whoever waited long enough shares a connection after all.
                    let until = match choice {
                        Choice::WaitUntil(free) => free.min(since + SHARE_AFTER),
                        // Counted from the beginning, so that who came first looks first.
                        Choice::Renew => {
                            since + SHARE_AFTER * (since.elapsed().div_duration_f64(SHARE_AFTER) as u32 + 1)
                        }
                        _ => since + SHARE_AFTER,
                    };
                    let _ = tokio::time::timeout_at(until, changed).await;
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    /// There is much to do: opens up to this many connections in the background.
    pub(crate) fn expect_work(self: &Arc<Self>, connections: usize) {
        let mut lanes = self.lanes();
        self.grow(&mut lanes, connections);
    }

    /// The server asked for a pause.
    pub(crate) fn throttled(&self) {
        self.lanes().halve();
    }

    /// Puts every connection away.
    pub(crate) fn close(&self) {
        self.lanes().close();
    }

    pub(crate) fn leave(self: &Arc<Self>, number: u64, folder: &[u8], weight: u64) {
        // Nothing is opened from here: perhaps nobody needs it, and a ticket may be dropped where nothing can be spawned.
        self.lanes().leave(number, folder, weight);
        self.changed.notify_waiters();
    }

    fn grow(self: &Arc<Self>, lanes: &mut Lanes, wanted: usize) {
        lanes.book(wanted).into_iter().for_each(|place| self.dial_further(place, true));
    }

    /// Replaces a connection that is idle and not as it should be.
    fn renew(self: &Arc<Self>, lanes: &mut Lanes) {
        if let Some(place) = lanes.retire() {
            // With no other signed in, a refused credential is what it seems.
            self.dial_further(place, !lanes.lanes.is_empty());
        }
    }

    fn dial_further(self: &Arc<Self>, place: Place, spare: bool) {
        let pool = self.clone();
        tokio::spawn(async move {
            let opened = pool.dialer.dial(spare).await;
            let mut lanes = pool.lanes();
            match opened {
                Ok(ready) => lanes.opened(ready.connection, place),
                Err(error) => {
                    tracing::debug!(target: "mailmove::imap", %error, "no further connection");
                    lanes.refused(match error.kind() {
                        _ if is_connection_limit(&error) => Refusal::TooMany,
                        ErrorKind::Credential => Refusal::Credential,
                        _ => Refusal::Passing,
                    });
                }
            }
            drop(lanes);
            pool.changed.notify_waiters();
        });
    }

    async fn open_first(self: &Arc<Self>) -> Result<()> {
        let _turn = self.first.lock().await;
        {
            let mut lanes = self.lanes();
            if lanes.is_closed() {
                return Err(Error::new(ErrorKind::Stopped, "the mailbox was closed"));
            }
            if lanes.count() > 0 {
                return Ok(());
            }
        }
        let ready = self.dialer.dial(false).await?;
        self.lanes().add(ready.connection);
        self.changed.notify_waiters();
        Ok(())
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Dialer {
    async fn dial(&self, spare: bool) -> Result<Ready> {
        let ready = match spare {
            true => open_spare(&self.server, &self.identity).await?,
            false => open(&self.server, &self.identity, &mut Trail::default()).await?,
        };
        self.prepare(&ready.connection);
        Ok(ready)
    }

    /// Commands whose answers nobody has to wait for: what comes next goes out behind them.
    fn prepare(&self, connection: &Connection) {
        if self.id {
            connection.tell(Command::id());
        }
        if let Some(extensions) = &self.enable {
            connection.tell(Command::enable(extensions));
        }
    }
}
