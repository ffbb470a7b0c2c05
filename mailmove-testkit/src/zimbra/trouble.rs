//! What goes wrong in Zimbra's own ways, beside what goes wrong with HTTP.

use std::fmt;
use std::sync::Mutex;

use super::mistake::Mistake;
use super::refusal::Refusal;
use super::state::lock;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mishap {
    /// The operation is not done and answered with a fault of this code: `mail.QUOTA_EXCEEDED`. Within a batch the
    /// other operations are done.
    Refuse(String),
    /// The token is no longer good, from this operation on: `service.AUTH_EXPIRED`.
    ExpireToken,
    /// The operation is done and its answer is wrong; a fault too.
    Spoil(Mistake),
    /// An export passes over its nth item, counted from 1, in silence.
    SkipExported(usize),
    /// An export ends in the middle after so many items, as if it were whole: its archive has no end.
    EndExport(usize),
    /// An import passes over its nth item, counted from 1, in silence: not even the callback tells.
    SkipImported(usize),
    /// An import fails for its nth item, counted from 1, with this code, which only the callback tells:
    /// `formatter.UNKNOWN_ERROR`.
    FailImported(usize, String),
}

/// A rule: which operation, and what happens then.
///
/// ```
/// use mailmove_testkit::zimbra::{Mishap, Trouble};
///
/// // The second message of all is refused; the first export leaves out its third item.
/// let full = Trouble::on("AddMsgRequest").nth(2).then(Mishap::Refuse("mail.QUOTA_EXCEEDED".to_owned()));
/// let swallowed = Trouble::on("GET tgz").nth(1).then(Mishap::SkipExported(3));
/// # let _ = (full, swallowed);
/// ```
#[derive(Debug, Clone)]
pub struct Trouble {
    operation: Option<String>,
    mailbox: Option<String>,
    nth: Option<u64>,
    every: Option<u64>,
    times: Option<u64>,
    mishaps: Vec<Mishap>,
}

impl Trouble {
    /// For this operation, as the log names it: `AddMsgRequest`, `GET tgz`. Operations within a batch count.
    pub fn on(operation: &str) -> Self {
        Self { operation: Some(operation.to_owned()), ..Self::any() }
    }

    /// For every operation but batches.
    pub fn any() -> Self {
        Self { operation: None, mailbox: None, nth: None, every: None, times: None, mishaps: Vec::new() }
    }

    /// Only for this mailbox.
    #[must_use]
    pub fn mailbox(mut self, address: &str) -> Self {
        self.mailbox = Some(address.to_lowercase());
        self
    }

    /// Only the nth of the operations that match so far, counted from 1.
    #[must_use]
    pub fn nth(mut self, n: u64) -> Self {
        self.nth = Some(n);
        self
    }

    /// Only every nth of the operations that match so far.
    #[must_use]
    pub fn every(mut self, n: u64) -> Self {
        self.every = Some(n.max(1));
        self
    }

    /// At most so many times.
    #[must_use]
    pub fn times(mut self, n: u64) -> Self {
        self.times = Some(n);
        self
    }

    /// What happens. May be called again: all of it happens.
    #[must_use]
    pub fn then(mut self, mishap: Mishap) -> Self {
        self.mishaps.push(mishap);
        self
    }
}

/// The rules of one server.
#[derive(Default)]
pub struct Troubles {
    /// Each with the number of operations that matched, and of those to which it happened.
    rules: Mutex<Vec<(Trouble, u64, u64)>>,
}

impl fmt::Debug for Troubles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(lock(&self.rules).iter().map(|(trouble, ..)| trouble.operation.clone())).finish()
    }
}

impl Troubles {
    /// Adds a rule; its counting starts now.
    pub fn add(&self, trouble: Trouble) -> &Self {
        lock(&self.rules).push((trouble, 0, 0));
        self
    }

    /// Takes all rules back: the server is well again.
    pub fn clear(&self) {
        lock(&self.rules).clear();
    }

    /// How often something happened.
    pub fn strikes(&self) -> u64 {
        lock(&self.rules).iter().map(|(.., strikes)| strikes).sum()
    }

    /// What happens to an operation.
    pub(crate) fn strike(&self, operation: &str, mailbox: Option<&str>) -> Vec<Mishap> {
        let mut all = Vec::new();
        for (trouble, matched, strikes) in lock(&self.rules).iter_mut() {
            let concerned = trouble.operation.as_deref().is_none_or(|wanted| wanted == operation)
                && trouble.mailbox.as_deref().is_none_or(|wanted| mailbox == Some(wanted));
            if !concerned {
                continue;
            }
            *matched += 1;
            let chosen = trouble.nth.is_none_or(|n| *matched == n)
                && trouble.every.is_none_or(|n| matched.is_multiple_of(n))
                && trouble.times.is_none_or(|n| *strikes < n);
            if chosen {
                *strikes += 1;
                all.extend(trouble.mishaps.iter().cloned());
            }
        }
        all
    }
}

/// The refusal that was planted, if one was.
pub(crate) fn refusal(mishaps: &[Mishap]) -> Option<Refusal> {
    mishaps.iter().find_map(|mishap| match mishap {
        Mishap::Refuse(code) => Some(Refusal::new(code, "a fault was planted here")),
        Mishap::ExpireToken => Some(Refusal::auth_expired()),
        _ => None,
    })
}
