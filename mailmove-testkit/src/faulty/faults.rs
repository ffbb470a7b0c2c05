use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mailmove_core::{Error, ErrorKind, ItemRef, Recovery, Write};

/// A call of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// `Connector::verify`; it can be counted and can kill a run, but not fail.
    Verify,
    /// `Connector::source` and `Connector::destination`.
    Open,
    /// `Endpoint::folders`.
    Folders,
    /// `Endpoint::storage`.
    Storage,
    /// `Source::changes`.
    Changes,
    /// `Source::fetch`.
    Fetch,
    /// `Destination::ensure_folders`.
    EnsureFolders,
    /// `Destination::locate`.
    Locate,
    /// `Destination::write`.
    Write,
    /// `Destination::close`; it can be counted and can kill a run, but not fail.
    Close,
}

impl Method {
    /// The method's name, which is also its step's name on a [`Schedule`](super::Schedule).
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Verify => "verify",
            Method::Open => "open",
            Method::Folders => "folders",
            Method::Storage => "storage",
            Method::Changes => "changes",
            Method::Fetch => "fetch",
            Method::EnsureFolders => "ensure_folders",
            Method::Locate => "locate",
            Method::Write => "write",
            Method::Close => "close",
        }
    }
}

/// What goes wrong in a call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Nothing is executed; the caller gets this error, for each item of a batch.
    Before(Error),
    /// It is executed; the caller gets this error all the same, for each item of a batch.
    After(Error),
    /// The first half of a batch (the smaller one) is executed and answered; see [`Rest`] for the other. Whatever is no
    /// batch fails with [`ErrorKind::Network`] before anything is executed.
    Half(Rest),
    /// A batch of writes is executed this long after the caller was told that its answer is lost, even if the caller is
    /// dead by then. Whatever else fails with [`ErrorKind::Network`] before anything is executed.
    Late(Duration),
    /// It is executed; the answer comes this long afterwards.
    Slow(Duration),
    /// It is executed; the answer takes for ever.
    Hang,
}

impl Fault {
    /// Executed, but the connection broke before the answer came: [`Recovery::Locate`].
    pub fn answer_lost() -> Self {
        Self::After(lost())
    }

    /// An error of this kind before anything is executed.
    pub fn error(kind: ErrorKind) -> Self {
        Self::Before(Error::new(kind, format!("injected: {kind}")))
    }
}

/// What becomes of the second half of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Not executed, and the caller knows: [`Recovery::Requeue`].
    Untouched,
    /// Not executed, but the caller cannot know: [`Recovery::Locate`].
    Unknown,
    /// Executed, but its answers are lost: [`Recovery::Locate`].
    Unanswered,
}

type Refusals<T> = Vec<(Arc<dyn Fn(&T) -> bool + Send + Sync>, Error)>;

/// The script of what goes wrong, kept by the test while a run goes on. Clones are the same script.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    calls: HashMap<Method, usize>,
    once: HashMap<(Method, usize), Fault>,
    always: HashMap<Method, Fault>,
    writes: Refusals<Write>,
    reads: Refusals<ItemRef>,
    struck: usize,
}

impl Faults {
    /// Nothing goes wrong.
    pub fn new() -> Self {
        Self::default()
    }

    /// The n-th call of this method goes wrong. Calls are counted from 1, from the first that any wrapper with this
    /// script passed.
    pub fn at(&self, method: Method, nth: usize, fault: Fault) {
        self.script().once.insert((method, nth), fault);
    }

    /// The next call of this method goes wrong.
    pub fn next(&self, method: Method, fault: Fault) {
        let nth = self.calls(method) + 1;
        self.at(method, nth, fault);
    }

    /// Every call of this method goes wrong, unless [`at`](Self::at) says otherwise.
    pub fn always(&self, method: Method, fault: Fault) {
        self.script().always.insert(method, fault);
    }

    /// Writes for which this holds are answered with this error, and nobody else is.
    pub fn refuse(&self, which: impl Fn(&Write) -> bool + Send + Sync + 'static, error: Error) {
        self.script().writes.push((Arc::new(which), error));
    }

    /// Items for which this holds cannot be fetched.
    pub fn hide(&self, which: impl Fn(&ItemRef) -> bool + Send + Sync + 'static, error: Error) {
        self.script().reads.push((Arc::new(which), error));
    }

    /// Nothing goes wrong any more. Calls are counted on.
    pub fn clear(&self) {
        let mut script = self.script();
        *script = Script { calls: std::mem::take(&mut script.calls), struck: script.struck, ..Script::default() };
    }

    /// How often this method was called.
    pub fn calls(&self, method: Method) -> usize {
        self.script().calls.get(&method).copied().unwrap_or(0)
    }

    /// How often something went wrong: calls, and items refused or hidden. A test that injects a fault and finds 0 here
    /// has tested nothing.
    pub fn struck(&self) -> usize {
        self.script().struck
    }

    /// Counts a call and says what goes wrong with it.
    pub(super) fn strike(&self, method: Method) -> Option<Fault> {
        let mut script = self.script();
        let calls = script.calls.entry(method).or_default();
        *calls += 1;
        let nth = *calls;
        let fault = script.once.remove(&(method, nth)).or_else(|| script.always.get(&method).cloned());
        script.struck += usize::from(fault.is_some());
        fault
    }

    pub(super) fn refusal(&self, write: &Write) -> Option<Error> {
        let refusals = self.script().writes.clone();
        self.first(&refusals, write)
    }

    pub(super) fn hiding(&self, item: &ItemRef) -> Option<Error> {
        let refusals = self.script().reads.clone();
        self.first(&refusals, item)
    }

    fn first<T>(&self, refusals: &Refusals<T>, thing: &T) -> Option<Error> {
        let (_, error) = refusals.iter().find(|(which, _)| which(thing))?;
        self.script().struck += 1;
        Some(error.clone())
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let script = self.script();
        let mut out = f.debug_struct("Faults");
        out.field("calls", &script.calls).field("once", &script.once).field("always", &script.always);
        out.field("struck", &script.struck).finish_non_exhaustive()
    }
}

/// It may have happened.
pub(super) fn lost() -> Error {
    Error::new(ErrorKind::Network, "the connection broke before the answer came").with_recovery(Recovery::Locate)
}

/// It did not happen.
pub(super) fn unsent() -> Error {
    Error::new(ErrorKind::Network, "the connection broke before this was sent")
}

/// It did not happen, and the rest of its batch did.
pub(super) fn untouched() -> Error {
    unsent().with_recovery(Recovery::Requeue)
}
