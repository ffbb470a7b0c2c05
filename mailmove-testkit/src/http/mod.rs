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
pub(crate) use fault::Action;
pub(crate) use hub::Hub;
pub use log::{Counters, Log, LoggedRequest, Violation};
pub(crate) use message::{Label, Reply, Request, Service, Turn};
pub(crate) use site::listen;

use std::convert::Infallible;

use crate::simulator::{Rule, Rules};

/// What happens to a request, where the protocol has no mishaps of its own.
pub type PlainAction = Action<Infallible>;

/// A rule: a matcher and what happens then.
pub type PlainFault = Rule<LoggedRequest, PlainAction>;

/// The rules of one server.
pub type PlainFaults = Rules<LoggedRequest, PlainAction>;
