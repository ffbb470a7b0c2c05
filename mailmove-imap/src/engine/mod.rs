//! One signed-in connection: any number of commands in flight, reading and writing at once.
//!
//! A [`Connection`] is a handle. Two tasks own the halves of the stream; between them stands the table of commands in
//! flight. Whatever goes wrong on the wire ends the connection for good and tells every command in flight so: there is no
//! connection whose state is in doubt.

mod folder;
mod inflight;
mod reader;
mod table;
#[cfg(test)]
mod tests;
mod writer;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};

pub(crate) use folder::{Opened, Opening};
use inflight::{Entry, Waiting};
use table::Shared;

use crate::error::Fault;
use crate::wire::Operation;

/// The halves of a stream.
pub(crate) type ReadHalf = Box<dyn AsyncRead + Send + Unpin>;
/// The halves of a stream.
pub(crate) type WriteHalf = Box<dyn AsyncWrite + Send + Unpin>;

/// A handle on a connection. Dropping it says goodbye and lets the tasks end.
pub(crate) struct Connection {
    shared: Arc<Shared>,
    /// Held by who opens a folder in order to change something in it.
    pub(crate) changing: tokio::sync::Mutex<()>,
    /// Whether what goes over the wire is deflated.
    pub(crate) deflated: bool,
}

impl Connection {
    /// Takes over a stream on which somebody signed in. `received` is what was read from it already; `idle` is how long
    /// neither side may make progress while a command is in flight.
    pub(crate) fn start(read: ReadHalf, write: WriteHalf, received: BytesMut, idle: Duration) -> Self {
        let (queue, queued) = mpsc::unbounded_channel();
        let (signals, signalled) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(queue, signals));
        tokio::spawn(writer::run(write, queued, signalled, shared.clone()));
        tokio::spawn(reader::run(read, received, idle, shared.clone()));
        Self { shared, changing: tokio::sync::Mutex::new(()), deflated: false }
    }

    /// Sends a command. It is queued when this returns: commands go out in the order in which they were submitted.
    pub(crate) fn submit<O: Operation>(&self, operation: O) -> Answer<O::Output> {
        let (entry, answer) = Waiting::answered(operation);
        self.shared.submit(vec![entry]);
        answer
    }

    /// Sends a command whose answer interests nobody.
    pub(crate) fn tell<O: Operation>(&self, operation: O) {
        self.shared.submit(vec![Waiting::telling(operation, |_| {})]);
    }

    /// Sends commands that need no folder, with nothing in between.
    pub(crate) fn send(&self, burst: Burst) {
        self.shared.submit(burst.0);
    }

    /// Sends commands for an opened folder, and opens the folder before, in the same write, unless it is the one that
    /// will be open by then.
    pub(crate) fn send_in(&self, open: Opening, burst: Burst) -> Opened {
        self.shared.submit_in(open, burst.0)
    }

    /// Sends commands only if this very opening is still what will be selected; hands them back otherwise.
    pub(crate) fn send_while(&self, opened: &Opened, burst: Burst) -> Result<(), Burst> {
        self.shared.submit_while(opened, burst.0).map_err(Burst)
    }

    /// The folder that will be open after everything that was submitted.
    pub(crate) fn selects(&self, folder: &[u8]) -> bool {
        self.shared.selects(folder)
    }

    /// Whether commands can still be sent.
    pub(crate) fn is_alive(&self) -> bool {
        self.shared.is_alive()
    }

    /// About how long the way to the server and back is. Never too short.
    pub(crate) fn round_trip(&self) -> Duration {
        self.shared.round_trip()
    }

    /// How many commands are in flight.
    pub(crate) fn in_flight(&self) -> usize {
        self.shared.in_flight()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("alive", &self.is_alive()).field("in_flight", &self.in_flight()).finish()
    }
}

/// Commands that go out together, in their order.
#[derive(Default)]
pub(crate) struct Burst(Vec<Box<dyn Entry>>);

impl Burst {
    /// Adds a command.
    pub(crate) fn add<O: Operation>(&mut self, operation: O) -> Answer<O::Output> {
        let (entry, answer) = Waiting::answered(operation);
        self.0.push(entry);
        answer
    }
}

/// The answer to one command, when it comes. Dropping it does not disturb the connection: what has gone out is read to
/// its end, what has not is not sent.
pub(crate) struct Answer<T>(oneshot::Receiver<Result<T, Fault>>);

impl<T> Future for Answer<T> {
    type Output = Result<T, Fault>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| {
            answer.unwrap_or_else(|_| {
                let cause = crate::error::protocol("the connection was given up");
                Err(Fault::Lost { cause, begun: true })
            })
        })
    }
}
