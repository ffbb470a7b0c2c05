//! What every simulator that speaks HTTP needs: it listens, keeps its connections, writes down what it sees, and goes
//! wrong on purpose. What is asked and answered is up to its [`Service`].

mod body;
mod clock;
mod exchange;
mod fault;
mod hub;
mod log;
mod message;
mod rule;
mod site;

pub(crate) use body::Piece;
pub(crate) use clock::Clock;
pub use fault::{Action, FaultId, Faults};
pub(crate) use hub::Hub;
pub use log::{Counters, Log, LoggedRequest, Violation};
pub(crate) use message::{Label, Reply, Request, Service, Turn};
pub use rule::Fault;
pub(crate) use site::Site;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The lock, whatever a panicking test left behind.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
