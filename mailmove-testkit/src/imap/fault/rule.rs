//! Which command a fault happens to.

use std::fmt;
use std::sync::Arc;

use super::Action;
use crate::imap::log::LoggedCommand;

type Condition = dyn Fn(&LoggedCommand) -> bool + Send + Sync;

/// A rule: a matcher and what happens then.
///
/// ```
/// use mailmove_testkit::imap::{Action, Fault};
///
/// // The second APPEND is stored, but its answer never comes.
/// let lost = Fault::on("APPEND").nth(2).then(Action::LoseAnswer);
/// // Three in a hundred FETCHes end the connection, the same ones in every run.
/// let cut = Fault::on("FETCH").chance(0.03, 7).then(Action::CutOutput { after: 1000 });
/// # let _ = (lost, cut);
/// ```
#[derive(Clone)]
pub struct Fault {
    command: Option<String>,
    text: Option<String>,
    user: Option<String>,
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
            .field("command", &self.command)
            .field("text", &self.text)
            .field("nth", &self.nth)
            .field("actions", &self.actions)
            .finish_non_exhaustive()
    }
}

impl Fault {
    /// For commands of this name. `FETCH` stands for `UID FETCH` too, `UID FETCH` for itself only. `CONNECT` is no
    /// command but the moment before the greeting: there NO and BAD are a BYE.
    pub fn on(command: &str) -> Self {
        Self { command: Some(command.to_ascii_uppercase()), ..Self::any() }
    }

    /// For every command, and every connection before its greeting.
    pub fn any() -> Self {
        Self {
            command: None,
            text: None,
            user: None,
            condition: None,
            nth: None,
            every: None,
            times: None,
            chance: None,
            actions: Vec::new(),
        }
    }

    /// Only when the first line of the command, up to its first literal, contains this text; case does not matter.
    #[must_use]
    pub fn containing(mut self, text: &str) -> Self {
        self.text = Some(text.to_ascii_lowercase());
        self
    }

    /// Only for sessions of this user.
    #[must_use]
    pub fn user(mut self, user: &str) -> Self {
        self.user = Some(user.to_owned());
        self
    }

    /// Only when this is true.
    #[must_use]
    pub fn when(mut self, condition: impl Fn(&LoggedCommand) -> bool + Send + Sync + 'static) -> Self {
        self.condition = Some(Arc::new(condition));
        self
    }

    /// Only the nth of the commands that match so far, counted from 1.
    #[must_use]
    pub fn nth(mut self, n: u64) -> Self {
        self.nth = Some(n);
        self
    }

    /// Only every nth of the commands that match so far.
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

    /// With this probability, 0 to 1. The same seed chooses the same commands.
    #[must_use]
    pub fn chance(mut self, probability: f64, seed: u64) -> Self {
        self.chance = Some((probability, seed));
        self
    }

    /// What happens. May be called again: actions are done together, in this order where order matters.
    #[must_use]
    pub fn then(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }

    fn concerns(&self, command: &LoggedCommand) -> bool {
        let name = self.command.as_deref().is_none_or(|name| {
            command.name == name || command.name.strip_prefix("UID ").is_some_and(|verb| verb == name)
        });
        name && self.text.as_deref().is_none_or(|text| command.line.to_ascii_lowercase().contains(text))
            && self.user.as_deref().is_none_or(|user| command.user.as_deref() == Some(user))
            && self.condition.as_ref().is_none_or(|condition| condition(command))
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

    /// The actions, if this is one of the commands.
    pub(super) fn strike(&mut self, command: &LoggedCommand) -> Option<Vec<Action>> {
        if !self.fault.concerns(command) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(fault: Fault, names: &[&str]) -> Vec<bool> {
        let mut armed = Armed::new(fault.then(Action::CutBefore));
        let command = |name: &&str| LoggedCommand {
            connection: 1,
            user: Some("alice".to_owned()),
            name: (*name).to_owned(),
            line: format!("a {name} 1:* (FLAGS)"),
        };
        names.iter().map(|name| armed.strike(&command(name)).is_some()).collect()
    }

    #[test]
    fn a_name_stands_for_its_uid_form_but_not_the_other_way_round() {
        assert_eq!(struck(Fault::on("fetch"), &["FETCH", "UID FETCH", "STORE"]), [true, true, false]);
        assert_eq!(struck(Fault::on("UID FETCH"), &["FETCH", "UID FETCH"]), [false, true]);
    }

    #[test]
    fn counting_starts_at_one_and_counts_matches_only() {
        assert_eq!(
            struck(Fault::on("FETCH").nth(2), &["FETCH", "STORE", "FETCH", "FETCH"]),
            [false, false, true, false]
        );
        assert_eq!(struck(Fault::any().every(2), &["A", "B", "C", "D"]), [false, true, false, true]);
        assert_eq!(struck(Fault::any().times(1), &["A", "B"]), [true, false]);
    }

    #[test]
    fn text_and_user_narrow_the_rule() {
        assert_eq!(struck(Fault::any().containing("(flags)"), &["FETCH"]), [true]);
        assert_eq!(struck(Fault::any().containing("envelope"), &["FETCH"]), [false]);
        assert_eq!(struck(Fault::any().user("bob"), &["FETCH"]), [false]);
    }

    #[test]
    fn the_same_seed_strikes_the_same_commands() {
        let names = vec!["FETCH"; 1000];
        let first = struck(Fault::any().chance(0.3, 7), &names);
        assert_eq!(first, struck(Fault::any().chance(0.3, 7), &names));
        assert_ne!(first, struck(Fault::any().chance(0.3, 8), &names));
        let share = first.iter().filter(|struck| **struck).count();
        assert!((200..400).contains(&share), "{share}");
    }
}
