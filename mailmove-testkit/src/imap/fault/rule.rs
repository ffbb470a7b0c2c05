//! Which command a fault happens to.

use super::{Action, LoggedCommand};
use crate::simulator::Rule;

/// What can be told of a command. Every connection counts as one before its greeting, of the name `CONNECT`.
impl Rule<LoggedCommand, Action> {
    /// For commands of this name. `FETCH` stands for `UID FETCH` too, `UID FETCH` for itself only. `CONNECT` is no
    /// command but the moment before the greeting: there NO and BAD are a BYE.
    pub fn on(command: &str) -> Self {
        let name = command.to_ascii_uppercase();
        Self::any().only(format!("on {name}"), move |command| {
            command.name == name || command.name.strip_prefix("UID ").is_some_and(|verb| verb == name)
        })
    }

    /// Only when the first line of the command, up to its first literal, contains this text; case does not matter.
    #[must_use]
    pub fn containing(self, text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let words = format!("containing {text:?}");
        self.only(words, move |command| command.line.to_ascii_lowercase().contains(&text))
    }

    /// Only for sessions of this user.
    #[must_use]
    pub fn user(self, user: &str) -> Self {
        let user = user.to_owned();
        self.only(format!("user {user}"), move |command| command.user.as_deref() == Some(&user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::{Fault, Faults};

    fn struck(fault: Fault, names: &[&str]) -> Vec<bool> {
        let faults = Faults::from(vec![fault.then(Action::CutBefore)]);
        let command = |name: &&str| LoggedCommand {
            connection: 1,
            user: Some("alice".to_owned()),
            name: (*name).to_owned(),
            line: format!("a {name} 1:* (FLAGS)"),
        };
        names.iter().map(|name| !faults.decide(&command(name)).is_empty()).collect()
    }

    #[test]
    fn a_name_stands_for_its_uid_form_but_not_the_other_way_round() {
        assert_eq!(struck(Fault::on("fetch"), &["FETCH", "UID FETCH", "STORE"]), [true, true, false]);
        assert_eq!(struck(Fault::on("UID FETCH"), &["FETCH", "UID FETCH"]), [false, true]);
    }

    #[test]
    fn text_and_user_narrow_the_rule() {
        assert_eq!(struck(Fault::any().containing("(flags)"), &["FETCH"]), [true]);
        assert_eq!(struck(Fault::any().containing("envelope"), &["FETCH"]), [false]);
        assert_eq!(struck(Fault::any().user("bob"), &["FETCH"]), [false]);
    }
}
