//! The folder tree as clients change it.

use super::super::reply::Reply;
use super::super::session::Session;
use super::super::state::{Account, lock};
use super::super::utf7;

const SPECIAL_USES: [&str; 7] = ["\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Junk", "\\Sent", "\\Trash"];

pub(super) fn create(session: &Session, mailbox: &str, special_use: &[String]) -> Reply {
    let name = session.wire_name(mailbox);
    // A delimiter at the end only announces children.
    let name = name.strip_suffix(session.shared.settings.layout.delimiter).unwrap_or(&name);
    change(session, |account| {
        if account.folder(name).is_some() {
            return Err(Reply::no("[ALREADYEXISTS] Mailbox already exists"));
        }
        allowed(session, name)?;
        if session.cannot_spell(name) {
            return Err(Reply::no("Error in IMAP command received by server."));
        }
        let known = |wanted: &String| SPECIAL_USES.iter().find(|known| known.eq_ignore_ascii_case(wanted));
        let uses: Option<Vec<_>> = special_use.iter().map(known).collect();
        match uses.as_deref() {
            Some([]) => account.create(name),
            Some([one]) if !account.folders().any(|(_, folder)| folder.special_use.as_deref() == Some(**one)) => {
                let folder = account.create(name);
                folder.special_use = Some((**one).to_owned());
                folder
            }
            _ => return Err(Reply::no("[USEATTR] This use cannot be given")),
        };
        Ok("Create completed")
    })
}

pub(super) fn delete(session: &Session, mailbox: &str) -> Reply {
    let name = session.wire_name(mailbox);
    change(session, |account| match name.as_str() {
        "INBOX" => Err(Reply::no("[CANNOT] INBOX cannot be deleted")),
        name if account.delete(name) => Ok("Delete completed"),
        _ => Err(Reply::no("[NONEXISTENT] No such mailbox")),
    })
}

pub(super) fn rename(session: &Session, from: &str, to: &str) -> Reply {
    let (from, to) = (session.wire_name(from), session.wire_name(to));
    change(session, |account| {
        allowed(session, &to)?;
        account.rename(&from, &to).map(|()| "Rename completed")
    })
}

pub(super) fn subscribe(session: &Session, mailbox: &str) -> Reply {
    let name = session.wire_name(mailbox);
    change(session, |account| {
        if account.folder(&name).is_none() && !account.has_children(&name) {
            return Err(Reply::no("[NONEXISTENT] No such mailbox"));
        }
        account.subscriptions.insert(name);
        Ok("Subscribe completed")
    })
}

pub(super) fn unsubscribe(session: &Session, mailbox: &str) -> Reply {
    let name = session.wire_name(mailbox);
    change(session, |account| {
        account.subscriptions.remove(&name);
        Ok("Unsubscribe completed")
    })
}

fn change(session: &Session, act: impl FnOnce(&mut Account) -> Result<&'static str, Reply>) -> Reply {
    let Some(user) = &session.user else { return Reply::bad("Sign in first") };
    act(&mut lock(&user.account)).map_or_else(|refused| refused, Reply::ok)
}

/// Whether a folder may have this name here.
fn allowed(session: &Session, name: &str) -> Result<(), Reply> {
    let settings = &session.shared.settings;
    let layout = &settings.layout;
    let outside = !layout.prefix.is_empty() && !name.starts_with(&layout.prefix);
    if outside {
        return Err(Reply::no("[CANNOT] Mailboxes are created below the personal namespace"));
    }
    if name.split(layout.delimiter).any(str::is_empty) {
        return Err(Reply::no("[CANNOT] Mailbox name has an empty level"));
    }
    let wildcards = |name: &String| name.contains(['*', '%']) && !settings.wildcard_names;
    let Some(decoded) = utf7::decode(name).filter(|name| !wildcards(name)) else {
        return Err(Reply::no("[CANNOT] Mailbox name is not valid"));
    };
    let refused = settings.name_rules.iter().find_map(|rule| rule.0(&decoded));
    refused.map_or(Ok(()), |text| Err(Reply::no(text)))
}
