//! What every simulator has, whatever it speaks: rules by which it goes wrong, a memory of what it was asked, an end that
//! listens, and tasks that end with it. What can be asked, and what can go wrong, is up to each of them.

#[cfg(feature = "http")]
mod busy;
mod recent;
mod rule;
mod rules;
mod site;
mod tasks;

#[cfg(feature = "http")]
pub(crate) use busy::Busy;
#[cfg(feature = "graph")]
pub(crate) use busy::Place;
pub(crate) use recent::Recent;
pub use rule::Rule;
pub use rules::{RuleId, Rules};
pub(crate) use site::Site;
pub(crate) use tasks::Tasks;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The lock, whatever happened to the last holder: a test that panicked must not make others fail for its sake.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
