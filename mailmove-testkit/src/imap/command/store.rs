//! STORE.

use super::super::flags::{self, Flags};
use super::super::parse::FlagChange;
use super::super::reply::Reply;
use super::super::session::{Lost, Session};
use super::super::set::{Set, compact};
use super::super::state::lock;
use super::super::wire::Output;
use super::Ended;
use super::append::permitted;

pub(super) struct Asked {
    pub(super) uid: bool,
    pub(super) change: FlagChange,
    pub(super) silent: bool,
    pub(super) flags: Vec<String>,
    pub(super) unchanged_since: Option<u64>,
}

pub(super) async fn store(session: &mut Session, set: &Set, asked: &Asked, out: &mut Output) -> Ended {
    if session.selected.as_ref().is_none_or(|selected| selected.read_only) {
        return Ok(Reply::no("[READ-ONLY] Mailbox is read-only"));
    }
    if let Some(flag) = asked.flags.iter().find(|flag| flag.starts_with('\\') && !flags::is_system(flag)) {
        return Ok(Reply::bad(format!("Invalid system flag {flag}")));
    }
    session.condstore |= asked.unchanged_since.is_some();
    // What others changed is told first, so that what is left afterwards is this command's own.
    if let Err(lost) = session.tell_changes(false, asked.uid, out) {
        return lost.end(out).await;
    }
    match change(session, set, asked, out) {
        Ok(reply) => Ok(reply),
        Err(lost) => lost.end(out).await,
    }
}

fn change(session: &mut Session, set: &Set, asked: &Asked, out: &mut Output) -> Result<Reply, Lost> {
    let (condstore, uid_only) = (session.condstore, session.uid_only);
    let shared = session.shared.clone();
    let (Some(user), Some(selected)) = (&session.user, &mut session.selected) else {
        return Ok(Reply::bad("No mailbox is selected"));
    };
    let mut account = lock(&user.account);
    let folder = selected.folder(&mut account)?;
    let named = if asked.uid { Some(set.uids_of(&selected.view)) } else { set.places_of(&selected.view) };
    let Some(uids) = named else { return Ok(Reply::bad("Invalid message set")) };
    let wanted = Flags::of(&asked.flags);
    let wanted = permitted(&shared.settings, folder, wanted);
    let mut modified = Vec::new();
    let mut missing = false;
    for uid in uids {
        let Some(message) = folder.message(uid) else {
            missing = true;
            continue;
        };
        if asked.unchanged_since.is_some_and(|modseq| message.modseq > modseq) {
            modified.push(if asked.uid { uid } else { place(selected.place(uid)) });
            continue;
        }
        let changed = changed(&message.flags, &wanted, asked.change);
        folder.set_flags(uid, changed);
        let (Some(message), Some(place)) = (folder.message(uid), selected.place(uid)) else { continue };
        let modseq = if condstore { format!(" MODSEQ ({})", message.modseq) } else { String::new() };
        let recent = if selected.is_recent(uid) { " \\Recent" } else { "" };
        match (asked.silent, asked.uid) {
            (true, _) if uid_only && !modseq.is_empty() => {
                out.line(format_args!("* {uid} UIDFETCH ({})", modseq.trim_start()));
            }
            (false, _) if uid_only => out.line(format_args!("* {uid} UIDFETCH (FLAGS ({}){modseq})", message.flags)),
            (true, _) if condstore => out.line(format_args!("* {place} FETCH (UID {uid}{modseq})")),
            (true, _) => {}
            (false, true) => {
                let flags = format!("{}{recent}", message.flags);
                out.line(format_args!("* {place} FETCH (UID {uid} FLAGS ({}){modseq})", flags.trim_start()));
            }
            (false, false) => {
                let flags = format!("{}{recent}", message.flags);
                out.line(format_args!("* {place} FETCH (FLAGS ({}){modseq})", flags.trim_start()));
            }
        }
    }
    selected.flags_known(folder);
    if !modified.is_empty() {
        return Ok(Reply::ok(format!("[MODIFIED {}] Conditional store failed", compact(&modified))));
    }
    if missing {
        return Ok(Reply::no("[EXPUNGEISSUED] Some of the messages no longer exist"));
    }
    Ok(Reply::ok("Store completed"))
}

fn changed(before: &Flags, wanted: &Flags, change: FlagChange) -> Flags {
    let mut flags = before.clone();
    match change {
        FlagChange::Replace => return wanted.clone(),
        FlagChange::Add => wanted.names().for_each(|name| flags.insert(name)),
        FlagChange::Remove => wanted.names().for_each(|name| flags.remove(name)),
    }
    flags
}

fn place(place: Option<usize>) -> u32 {
    place.and_then(|place| u32::try_from(place).ok()).unwrap_or(0)
}
