//! COPY, MOVE, EXPUNGE.

use super::super::capability::Capability;
use super::super::flags::Flags;
use super::super::reply::Reply;
use super::super::session::Session;
use super::super::set::{Set, compact};
use super::super::state::{Content, Folder, lock};
use super::super::wire::Output;
use super::Ended;

pub(super) async fn copy(
    session: &mut Session,
    uid: bool,
    set: &Set,
    to: &str,
    and_remove: bool,
    out: &mut Output,
) -> Ended {
    let to = session.wire_name(to);
    let shared = session.shared.clone();
    let (Some(user), Some(selected)) = (&session.user, &mut session.selected) else {
        return Ok(Reply::bad("No mailbox is selected"));
    };
    if and_remove && selected.read_only {
        return Ok(Reply::no("[READ-ONLY] Mailbox is read-only"));
    }
    let asked = if uid { Some(set.uids_of(&selected.view)) } else { set.places_of(&selected.view) };
    let Some(uids) = asked else { return Ok(Reply::bad("Invalid message set")) };
    let outcome = {
        let mut account = lock(&user.account);
        match selected.folder(&mut account) {
            Err(lost) => Err(lost),
            Ok(folder) => {
                let present = uids.iter().filter_map(|uid| Some((*uid, folder.message(*uid)?)));
                let (old, contents): (Vec<u32>, Vec<Content>) =
                    present.map(|(uid, message)| (uid, Content::from(message))).unzip();
                Ok(transfer(&mut account, &selected.name, &to, old, contents, and_remove))
            }
        }
    };
    let outcome = match outcome {
        Err(lost) => return lost.end(out).await,
        Ok(Err(refused)) => return Ok(refused),
        Ok(Ok(outcome)) => outcome,
    };
    let completed = if and_remove { "Move completed" } else { "Copy completed" };
    let Some((validity, old, new)) = outcome.filter(|_| shared.settings.has(Capability::UidPlus)) else {
        return Ok(Reply::ok(completed));
    };
    let code = format!("[COPYUID {validity} {} {}]", compact(&old), compact(&new));
    if and_remove {
        out.line(format_args!("* OK {code} Moved"));
        return Ok(Reply::ok(completed));
    }
    Ok(Reply::ok(format!("{code} {completed}")))
}

/// UIDVALIDITY of the target, old and new UIDs.
type Transferred = Option<(u32, Vec<u32>, Vec<u32>)>;

fn transfer(
    account: &mut super::super::state::Account,
    from: &str,
    to: &str,
    old: Vec<u32>,
    contents: Vec<Content>,
    and_remove: bool,
) -> Result<Transferred, Reply> {
    let Some(target) = account.folder(to) else {
        return Err(Reply::no("[TRYCREATE] No such mailbox"));
    };
    let validity = target.uid_validity;
    let bytes: usize = contents.iter().map(|content| content.bytes.len()).sum();
    if !and_remove && !account.has_room(bytes as u64) {
        return Err(Reply::no("[OVERQUOTA] Quota exceeded"));
    }
    let new = account.append(to, contents).unwrap_or_default();
    if and_remove {
        account.remove(from, &old);
    }
    Ok((!old.is_empty()).then_some((validity, old, new)))
}

pub(super) fn expunge(session: &mut Session, set: Option<&Set>) -> Reply {
    let (Some(user), Some(selected)) = (&session.user, &mut session.selected) else {
        return Reply::bad("No mailbox is selected");
    };
    if selected.read_only {
        return Reply::no("[READ-ONLY] Mailbox is read-only");
    }
    let mut account = lock(&user.account);
    let Ok(folder) = selected.folder(&mut account) else {
        // The changes told after the command end the connection.
        return Reply::no("Mailbox is gone");
    };
    let mut uids = deleted(folder);
    if let Some(set) = set {
        uids = set.uids_of(&selected.view).into_iter().filter(|uid| uids.binary_search(uid).is_ok()).collect();
    }
    account.remove(&selected.name, &uids);
    match account.folder(&selected.name) {
        Some(folder) if session.condstore => {
            Reply::ok(format!("[HIGHESTMODSEQ {}] Expunge completed", folder.highest_modseq))
        }
        _ => Reply::ok("Expunge completed"),
    }
}

/// The messages marked as deleted.
pub(super) fn deleted(folder: &Folder) -> Vec<u32> {
    folder.messages().filter(|(_, message)| message.flags.contains(Flags::DELETED)).map(|(uid, _)| uid).collect()
}
