//! Which request a fault happens to.

use std::fmt;
use std::sync::Arc;

use super::fault::Action;
use super::log::LoggedRequest;

type Condition = dyn Fn(&LoggedRequest) -> bool + Send + Sync;

/// A rule: a matcher and what happens then.
#[derive(Clone)]
pub struct Fault {
    operation: Option<String>,
    text: Option<String>,
    mailbox: Option<String>,
    condition: Option<Arc<Condition>>,
    nth: Option<u64>,
    every: Option<u64>,
    times: Option<u64>,
    chance: Option<(f64, u64)>,
    actions: Vec<Action>,
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("operation", &self.operation)
            .field("text", &self.text)
            .field("nth", &self.nth)
            .field("actions", &self.actions)
            .finish_non_exhaustive()
    }
}

impl Fault {
    /// For requests of this operation, as the log names it.
    pub fn on(operation: &str) -> Self {
        Self { operation: Some(operation.to_owned()), ..Self::any() }
    }

    /// For every request.
    pub fn any() -> Self {
        Self {
            operation: None,
            text: None,
            mailbox: None,
            condition: None,
            nth: None,
            every: None,
            times: None,
            chance: None,
            actions: Vec::new(),
        }
    }

    /// Only when the path or the first 100,000 octets of the body contain this text.
    #[must_use]
    pub fn containing(mut self, text: &str) -> Self {
        self.text = Some(text.to_owned());
        self
    }

    /// Only for requests that mean this mailbox.
    #[must_use]
    pub fn mailbox(mut self, address: &str) -> Self {
        self.mailbox = Some(address.to_owned());
        self
    }

    /// Only when this is true.
    #[must_use]
    pub fn when(mut self, condition: impl Fn(&LoggedRequest) -> bool + Send + Sync + 'static) -> Self {
        self.condition = Some(Arc::new(condition));
        self
    }

    /// Only the nth of the requests that match so far, counted from 1.
    #[must_use]
    pub fn nth(mut self, n: u64) -> Self {
        self.nth = Some(n);
        self
    }

    /// Only every nth of the requests that match so far.
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

    /// With this probability, 0 to 1. The same seed chooses the same requests.
    #[must_use]
    pub fn chance(mut self, probability: f64, seed: u64) -> Self {
        self.chance = Some((probability, seed));
        self
    }

    /// What happens. May be called again: actions are done together.
    #[must_use]
    pub fn then(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }

    fn concerns(&self, request: &LoggedRequest) -> bool {
        self.operation.as_deref().is_none_or(|operation| request.operation == operation)
            && self.text.as_deref().is_none_or(|text| request.path.contains(text) || request.body.contains(text))
            && self.mailbox.as_deref().is_none_or(|address| request.mailbox.as_deref() == Some(address))
            && self.condition.as_ref().is_none_or(|condition| condition(request))
    }
}

/// A rule with its counts.
pub(super) struct Armed {
    fault: Fault,
    matched: u64,
    strikes: u64,
    random: u64,
}

impl Armed {
    pub(super) fn new(fault: Fault) -> Self {
        let random = fault.chance.map_or(0, |(_, seed)| seed);
        Self { fault, matched: 0, strikes: 0, random }
    }

    pub(super) fn fault(&self) -> &Fault {
        &self.fault
    }

    pub(super) fn strikes(&self) -> u64 {
        self.strikes
    }

    /// The actions, if this is one of the requests.
    pub(super) fn strike(&mut self, request: &LoggedRequest) -> Option<Vec<Action>> {
        if !self.fault.concerns(request) {
            return None;
        }
        self.matched += 1;
        let chosen = self.fault.nth.is_none_or(|n| self.matched == n)
            && self.fault.every.is_none_or(|n| self.matched.is_multiple_of(n))
            && self.fault.times.is_none_or(|n| self.strikes < n)
            && self.fault.chance.is_none_or(|(probability, _)| self.draw() < probability);
        chosen.then(|| {
            self.strikes += 1;
            self.fault.actions.clone()
        })
    }

    /// A number from 0 up to 1 (SplitMix64).
    fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let bits = (z ^ (z >> 31)) >> 11;
        bits as f64 / (1u64 << 53) as f64
    }
}
