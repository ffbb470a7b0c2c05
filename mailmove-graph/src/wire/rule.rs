//! Rules of the inbox, and settings of the mailbox.

use serde_json::{Value, json};

use super::ask::{Ask, Path};
use super::record::Record;

/// What rules that we made are called.
pub(crate) const NAME: &str = "mailmove: send on";

fn rules(user: &Path) -> Path {
    user.to("mailFolders").to("inbox").to("messageRules")
}

/// Every rule, in its order.
pub(crate) fn list(user: &Path) -> Ask {
    Ask::get("rules", &rules(user))
}

/// A rule that sends mail on, without what its first recipient would see of it.
pub(crate) fn send_on(user: &Path, target: &str, sequence: usize, keeps_copy: bool) -> Ask {
    let mut actions = json!({ "redirectTo": [{ "emailAddress": { "address": target } }] });
    if !keeps_copy {
        actions["delete"] = true.into();
    }
    let rule = json!({ "displayName": NAME, "sequence": sequence, "isEnabled": true, "actions": actions });
    Ask::post("create rule", &rules(user), rule)
}

/// Takes a rule away.
pub(crate) fn remove(user: &Path, id: &str) -> Ask {
    Ask::delete("remove rule", &rules(user).to(id)).repeatable()
}

/// Whether the owner answers mail automatically.
pub(crate) fn replies(user: &Path) -> Ask {
    Ask::get("mailbox settings", &user.to("mailboxSettings").with("$select", "automaticRepliesSetting"))
}

/// To whom a rule sends mail on, and whether a copy stays. Rules that are off send nothing.
pub(crate) fn targets(rule: &Record) -> Vec<(String, bool)> {
    if rule.0["isEnabled"] == Value::Bool(false) {
        return Vec::new();
    }
    let actions = Record(rule.0["actions"].clone());
    let keeps = !actions.is("delete") && !actions.is("permanentDelete");
    let all = ["redirectTo", "forwardTo", "forwardAsAttachmentTo"];
    let people = all.into_iter().flat_map(|name| actions.records(name).collect::<Vec<_>>());
    let address = |one: Record| one.0["emailAddress"]["address"].as_str().map(str::to_owned);
    people.filter_map(address).map(|address| (address, keeps)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_says_to_whom_it_sends_mail_on() {
        let rule = |actions: Value| Record(json!({ "isEnabled": true, "actions": actions }));
        let to = |address: &str| json!([{ "emailAddress": { "address": address } }]);
        assert_eq!(targets(&rule(json!({ "redirectTo": to("a@x") }))), [("a@x".to_owned(), true)]);
        assert_eq!(targets(&rule(json!({ "forwardTo": to("b@x"), "delete": true }))), [("b@x".to_owned(), false)]);
        assert!(targets(&rule(json!({ "moveToFolder": "id" }))).is_empty());
        assert!(targets(&Record(json!({ "isEnabled": false, "actions": { "redirectTo": to("a@x") } }))).is_empty());
    }
}
