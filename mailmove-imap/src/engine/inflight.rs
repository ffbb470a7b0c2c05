//! A command in flight, whatever it comes to.

use tokio::sync::oneshot;

use super::Answer;
use crate::error::Fault;
use crate::wire::{Operation, Request, Sink, StatusLine, Untagged};

/// A command in flight. Exactly one of `finish` and `lose` ends it.
pub(super) trait Entry: Send {
    fn request(&mut self) -> Request;
    fn absorb(&mut self, data: Untagged) -> Option<Untagged>;
    fn sink(&mut self, uid: Option<u32>) -> Option<Sink>;
    fn finish(self: Box<Self>, done: StatusLine);
    fn lose(self: Box<Self>, fault: Fault);
    /// Nobody waits for it any more.
    fn is_abandoned(&self) -> bool;
}

/// An operation and what to do with its outcome.
pub(super) struct Waiting<O, F> {
    operation: O,
    done: F,
}

impl<O: Operation> Waiting<O, oneshot::Sender<Result<O::Output, Fault>>> {
    /// An operation that somebody waits for.
    pub(super) fn answered(operation: O) -> (Box<dyn Entry>, Answer<O::Output>) {
        let (done, answer) = oneshot::channel();
        (Box::new(Self { operation, done }), Answer(answer))
    }
}

impl<O: Operation, F: FnOnce(Result<O::Output, Fault>) + Send + 'static> Waiting<O, Callback<F>> {
    /// An operation whose outcome is told by a call.
    pub(super) fn telling(operation: O, done: F) -> Box<dyn Entry> {
        Box::new(Self { operation, done: Callback(done) })
    }
}

/// Who is told the outcome.
pub(super) trait Told<T>: Send {
    fn tell(self, outcome: Result<T, Fault>);
    fn is_gone(&self) -> bool;
}

pub(super) struct Callback<F>(F);

impl<T: Send> Told<T> for oneshot::Sender<Result<T, Fault>> {
    fn tell(self, outcome: Result<T, Fault>) {
        // The receiver may have been dropped in the meantime.
        let _ = self.send(outcome);
    }

    fn is_gone(&self) -> bool {
        self.is_closed()
    }
}

impl<T, F: FnOnce(Result<T, Fault>) + Send> Told<T> for Callback<F> {
    fn tell(self, outcome: Result<T, Fault>) {
        (self.0)(outcome);
    }

    fn is_gone(&self) -> bool {
        false
    }
}

impl<O: Operation, D: Told<O::Output> + 'static> Entry for Waiting<O, D> {
    fn request(&mut self) -> Request {
        self.operation.request()
    }

    fn absorb(&mut self, data: Untagged) -> Option<Untagged> {
        self.operation.absorb(data)
    }

    fn sink(&mut self, uid: Option<u32>) -> Option<Sink> {
        let sink = self.operation.sink(uid)?;
        Some(if self.done.is_gone() { Sink::Skip } else { sink })
    }

    fn finish(self: Box<Self>, done: StatusLine) {
        let Self { operation, done: told } = *self;
        told.tell(operation.finish(done).map_err(Fault::Refused));
    }

    fn lose(self: Box<Self>, fault: Fault) {
        self.done.tell(Err(fault));
    }

    fn is_abandoned(&self) -> bool {
        self.done.is_gone()
    }
}
