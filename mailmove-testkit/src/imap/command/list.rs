//! LIST, LSUB, XLIST, STATUS.

use std::collections::BTreeMap;

use super::super::capability::Capability;
use super::super::parse::{ListCommand, StatusItem};
use super::super::reply::Reply;
use super::super::session::{Session, quote};
use super::super::settings::Settings;
use super::super::state::{Account, Folder, lock};
use super::super::wire::{Gone, Output};
use super::Ended;

/// A line of the answer before it is written.
#[derive(Debug, Default)]
struct Entry {
    exists: bool,
    subscribed: bool,
    special_use: Option<String>,
    status: Option<String>,
    has_children: bool,
    /// Only shown because something below it is.
    for_children: bool,
}

pub(super) async fn list(session: &Session, command: &ListCommand, out: &mut Output) -> Ended {
    let settings = &session.shared.settings;
    let delimiter = quote(&settings.layout.delimiter.to_string());
    if !command.extended && command.patterns.iter().all(String::is_empty) {
        out.line(format_args!("* LIST (\\Noselect) {delimiter} \"\""));
        return Ok(Reply::ok("List completed"));
    }
    let patterns: Vec<String> = command.patterns.iter().map(|pattern| session.wire_name(pattern)).collect();
    let entries = entries(session, command, &patterns);
    if entries.keys().any(|name| session.cannot_spell(name)) {
        return Err(Gone);
    }
    for (name, entry) in entries {
        let attributes = attributes(settings, command, &entry);
        let info = if entry.for_children { " (\"CHILDINFO\" (\"SUBSCRIBED\"))" } else { "" };
        out.line(format_args!("* LIST ({attributes}) {delimiter} {}{info}", session.spell(&name)));
        if let Some(status) = entry.status {
            out.line(format_args!("* STATUS {} ({status})", session.spell(&name)));
        }
        out.relieve().await?;
    }
    Ok(Reply::ok("List completed"))
}

fn attributes(settings: &Settings, command: &ListCommand, entry: &Entry) -> String {
    let mut attributes = Vec::new();
    if !entry.exists {
        attributes.push(if command.extended { "\\NonExistent" } else { "\\Noselect" });
    }
    if entry.subscribed && command.returns.subscribed {
        attributes.push("\\Subscribed");
    }
    let children = if command.extended { command.returns.children } else { settings.has(Capability::Children) };
    if children || (!entry.exists && entry.has_children) {
        attributes.push(if entry.has_children { "\\HasChildren" } else { "\\HasNoChildren" });
    }
    let uses = command.returns.special_use || command.only_special || !command.extended;
    if let (true, Some(special_use)) = (uses && settings.has(Capability::SpecialUse), &entry.special_use) {
        attributes.push(special_use);
    }
    attributes.join(" ")
}

/// The names to show, in order.
fn entries(session: &Session, command: &ListCommand, patterns: &[String]) -> BTreeMap<String, Entry> {
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    let Some(user) = &session.user else { return entries };
    let account = lock(&user.account);
    let matches = |name: &str| patterns.iter().any(|pattern| glob(pattern, name, account.layout.delimiter));
    let mut names: Vec<(&str, Option<&Folder>)> =
        account.folders().map(|(name, folder)| (name, Some(folder))).collect();
    let orphans = account.subscriptions.iter().filter(|name| command.only_subscribed && account.folder(name).is_none());
    names.extend(orphans.map(|name| (name.as_str(), None)));
    for (name, folder) in names {
        let subscribed = account.subscriptions.contains(name);
        let special = folder.and_then(|folder| folder.special_use.clone());
        let wanted = (!command.only_subscribed || subscribed) && (!command.only_special || special.is_some());
        if !wanted {
            continue;
        }
        if matches(name) {
            let status = folder.filter(|_| !command.returns.status.is_empty());
            entries.insert(
                name.to_owned(),
                Entry {
                    exists: folder.is_some(),
                    subscribed,
                    special_use: special,
                    status: status.map(|folder| describe(folder, &command.returns.status, session.view_limit())),
                    has_children: account.has_children(name),
                    for_children: false,
                },
            );
        }
        above(&account, command, name, &matches, &mut entries);
    }
    entries
}

/// Levels above a name that are no folders of their own, or are asked for by RECURSIVEMATCH.
fn above(
    account: &Account,
    command: &ListCommand,
    name: &str,
    matches: &impl Fn(&str) -> bool,
    entries: &mut BTreeMap<String, Entry>,
) {
    let selecting = command.only_subscribed || command.only_special;
    for ancestor in account.layout.ancestors(name) {
        let exists = account.folder(ancestor).is_some();
        let shown = if selecting { command.recursive } else { !exists };
        // The bare prefix of a namespace is no level of the tree unless a folder has its name.
        if shown && matches(ancestor) && (exists || !ancestor.is_empty()) {
            let entry = entries.entry(ancestor.to_owned()).or_default();
            entry.exists = exists;
            entry.has_children = true;
            entry.subscribed = account.subscriptions.contains(ancestor);
            entry.for_children = selecting;
        }
    }
}

pub(super) fn lsub(session: &Session, pattern: &str, out: &mut Output) -> Reply {
    let Some(user) = &session.user else { return Reply::bad("Sign in first") };
    let account = lock(&user.account);
    let delimiter = account.layout.delimiter;
    let pattern = session.wire_name(pattern);
    // With % a level above a subscribed name is shown when it is not subscribed itself (RFC 3501, 6.3.9).
    let mut shown: BTreeMap<&str, &str> = BTreeMap::new();
    for name in &account.subscriptions {
        if glob(&pattern, name, delimiter) {
            let attribute = if account.folder(name).is_some() { "" } else { "\\Noselect" };
            shown.insert(name, attribute);
        } else {
            let above = account.layout.ancestors(name).filter(|name| glob(&pattern, name, delimiter));
            above.for_each(|name| {
                shown.entry(name).or_insert("\\Noselect");
            });
        }
    }
    let delimiter = quote(&delimiter.to_string());
    for (name, attribute) in shown {
        out.line(format_args!("* LSUB ({attribute}) {delimiter} {}", session.spell(name)));
    }
    Reply::ok("Lsub completed")
}

pub(super) fn xlist(session: &Session, pattern: &str, out: &mut Output) -> Reply {
    let Some(user) = &session.user else { return Reply::bad("Sign in first") };
    let account = lock(&user.account);
    let pattern = session.wire_name(pattern);
    let delimiter = quote(&account.layout.delimiter.to_string());
    for (name, folder) in account.folders().filter(|(name, _)| glob(&pattern, name, account.layout.delimiter)) {
        let children = if account.has_children(name) { "\\HasChildren" } else { "\\HasNoChildren" };
        let special = match (&folder.special_use, name) {
            (Some(special), _) => format!(" {}", special.replace("\\Junk", "\\Spam").replace("\\All", "\\AllMail")),
            (None, "INBOX") => " \\Inbox".to_owned(),
            (None, _) => String::new(),
        };
        out.line(format_args!("* XLIST ({children}{special}) {delimiter} {}", session.spell(name)));
    }
    Reply::ok("Xlist completed")
}

pub(super) fn status(session: &mut Session, mailbox: &str, items: &[StatusItem], out: &mut Output) -> Reply {
    let Some(user) = &session.user else { return Reply::bad("Sign in first") };
    let (name, limit) = (session.wire_name(mailbox), session.view_limit());
    let account = lock(&user.account);
    let Some(folder) = account.folder(&name) else {
        return Reply::no("[NONEXISTENT] No such mailbox");
    };
    session.condstore |= items.contains(&StatusItem::HighestModSeq);
    out.line(format_args!("* STATUS {} ({})", session.spell(&name), describe(folder, items, limit)));
    Reply::ok("Status completed")
}

fn describe(folder: &Folder, items: &[StatusItem], limit: usize) -> String {
    let described = items.iter().map(|item| match item {
        StatusItem::Messages => format!("MESSAGES {}", folder.len().min(limit)),
        StatusItem::Recent => format!("RECENT {}", folder.recent()),
        StatusItem::UidNext => format!("UIDNEXT {}", folder.uid_next),
        StatusItem::UidValidity => format!("UIDVALIDITY {}", folder.uid_validity),
        StatusItem::Unseen => format!("UNSEEN {}", folder.unseen()),
        StatusItem::HighestModSeq => format!("HIGHESTMODSEQ {}", folder.highest_modseq),
        StatusItem::Size => format!("SIZE {}", folder.bytes()),
        StatusItem::MailboxId => format!("MAILBOXID (F{})", folder.object),
    });
    described.collect::<Vec<_>>().join(" ")
}

/// The capability a STATUS item needs and the server has not.
pub(super) fn missing(settings: &Settings, items: &[StatusItem]) -> Option<Capability> {
    items.iter().find_map(|item| match item {
        StatusItem::HighestModSeq if !settings.condstore() => Some(Capability::Condstore),
        StatusItem::Size if !settings.has(Capability::StatusSize) => Some(Capability::StatusSize),
        StatusItem::MailboxId if !settings.has(Capability::ObjectId) => Some(Capability::ObjectId),
        _ => None,
    })
}

/// Whether a name matches a pattern: `*` for anything, `%` for anything within a level.
fn glob(pattern: &str, name: &str, delimiter: char) -> bool {
    let mut wild = pattern.char_indices();
    match wild.next() {
        None => name.is_empty(),
        Some((_, star @ ('*' | '%'))) => {
            let rest = wild.as_str();
            let mut ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.find_map(|end| {
                if glob(rest, &name[end..], delimiter) {
                    return Some(true);
                }
                (star == '%' && name[end..].starts_with(delimiter)).then_some(false)
            })
            .unwrap_or(false)
        }
        Some((_, letter)) => name.strip_prefix(letter).is_some_and(|rest| glob(wild.as_str(), rest, delimiter)),
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn stars_cross_levels_and_percents_do_not() {
        for (pattern, name, expected) in [
            ("*", "a/b/c", true),
            ("%", "a", true),
            ("%", "a/b", false),
            ("a/%", "a/b", true),
            ("a/%", "a/b/c", false),
            ("a/*", "a/b/c", true),
            ("%/c", "a/b/c", false),
            ("*c", "a/b/c", true),
            ("a", "ab", false),
            ("", "", true),
            ("Entw&*", "Entw&APw-rfe", true),
        ] {
            assert_eq!(glob(pattern, name, '/'), expected, "{pattern} {name}");
        }
    }
}
