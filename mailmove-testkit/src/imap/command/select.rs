//! Opening and closing a folder.

use super::super::capability::Capability;
use super::super::flags::Flags;
use super::super::parse::Qresync;
use super::super::reply::Reply;
use super::super::session::{Selected, Session};
use super::super::set::compact;
use super::super::settings::{Keywords, Settings};
use super::super::state::{Folder, lock};
use super::super::wire::Output;

pub(super) fn select(
    session: &mut Session,
    mailbox: &str,
    read_only: bool,
    condstore: bool,
    qresync: Option<Qresync>,
    out: &mut Output,
) -> Reply {
    if qresync.is_some() && !session.qresync {
        return Reply::bad("QRESYNC was not enabled");
    }
    let Some(user) = session.user.clone() else { return Reply::bad("Sign in first") };
    let name = session.wire_name(mailbox);
    let (shared, limit) = (session.shared.clone(), session.view_limit());
    let settings = &shared.settings;
    if session.selected.take().is_some() && session.qresync {
        out.line(format_args!("* OK [CLOSED] Previous mailbox closed"));
    }
    let mut account = lock(&user.account);
    let Some(folder) = account.folder_mut(&name) else {
        return Reply::no("[NONEXISTENT] No such mailbox");
    };
    session.condstore |= condstore;
    let selected = Selected::new(&name, folder, read_only, limit);
    describe(settings, folder, &selected, out);
    if let Some(known) = qresync.filter(|known| known.uid_validity == folder.uid_validity) {
        resynchronize(folder, &selected, &known, out);
    }
    session.selected = Some(selected);
    Reply::ok(if read_only { "[READ-ONLY] Examine completed" } else { "[READ-WRITE] Select completed" })
}

/// The untagged lines of SELECT.
fn describe(settings: &Settings, folder: &Folder, selected: &Selected, out: &mut Output) {
    let system = "\\Answered \\Flagged \\Deleted \\Seen \\Draft";
    let keywords: String = folder.keywords.iter().map(|keyword| format!(" {keyword}")).collect();
    let permanent = match &settings.keywords {
        _ if selected.read_only => String::new(),
        Keywords::Any { limit } if folder.keywords.len() < *limit => format!("{system}{keywords} \\*"),
        Keywords::Any { .. } => format!("{system}{keywords}"),
        Keywords::Only(only) => only.iter().fold(system.to_owned(), |all, keyword| format!("{all} {keyword}")),
    };
    out.line(format_args!("* FLAGS ({system}{keywords})"));
    out.line(format_args!("* OK [PERMANENTFLAGS ({permanent})] Flags that are kept"));
    out.line(format_args!("* {} EXISTS", selected.view.len()));
    out.line(format_args!("* {} RECENT", selected.recent()));
    if folder.unseen() > 0 {
        let first = folder.messages().position(|(_, message)| !message.flags.contains(Flags::SEEN));
        first.into_iter().for_each(|at| out.line(format_args!("* OK [UNSEEN {}] First unseen", at + 1)));
    }
    out.line(format_args!("* OK [UIDVALIDITY {}] UIDs are valid", folder.uid_validity));
    out.line(format_args!("* OK [UIDNEXT {}] Predicted next UID", folder.uid_next));
    if settings.condstore() && !settings.modseq_after_select {
        out.line(format_args!("{}", highest(folder)));
    }
    if settings.has(Capability::ObjectId) {
        out.line(format_args!("* OK [MAILBOXID (F{})] Identity", folder.object));
    }
}

/// HIGHESTMODSEQ, for servers that tell it after the tagged line.
pub(crate) fn highest_modseq(session: &mut Session, out: &mut Output) {
    if let (Some(user), Some(selected)) = (&session.user, &mut session.selected)
        && let Ok(folder) = selected.folder(&mut lock(&user.account))
    {
        out.line(format_args!("{}", highest(folder)));
    }
}

fn highest(folder: &Folder) -> String {
    format!("* OK [HIGHESTMODSEQ {}] Highest", folder.highest_modseq)
}

/// What happened since the client was here last (RFC 7162, 3.2.5).
fn resynchronize(folder: &Folder, selected: &Selected, known: &Qresync, out: &mut Output) {
    let mut gone = folder.vanished_since(known.modseq);
    if let Some(set) = &known.known {
        gone = set.uids_of(&gone);
    }
    if !gone.is_empty() {
        out.line(format_args!("* VANISHED (EARLIER) {}", compact(&gone)));
    }
    for uid in folder.changed_since(known.modseq) {
        let asked = known.known.as_ref().is_none_or(|set| !set.uids_of(&[uid]).is_empty());
        if let (true, Some(place), Some(message)) = (asked, selected.place(uid), folder.message(uid)) {
            out.line(format_args!("* {place} FETCH (UID {uid} FLAGS ({}) MODSEQ ({}))", message.flags, message.modseq));
        }
    }
}

pub(super) fn close(session: &mut Session) -> Reply {
    if let (Some(user), Some(selected)) = (&session.user, &mut session.selected)
        && !selected.read_only
    {
        let mut account = lock(&user.account);
        let deleted: Vec<u32> = match selected.folder(&mut account) {
            Ok(folder) => super::transfer::deleted(folder),
            Err(_) => Vec::new(),
        };
        account.remove(&selected.name, &deleted);
    }
    session.selected = None;
    Reply::ok("Close completed")
}

pub(super) fn unselect(session: &mut Session) -> Reply {
    session.selected = None;
    Reply::ok("Unselect completed")
}
