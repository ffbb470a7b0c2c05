//! What the commands do.

mod append;
mod fetch;
mod folders;
mod general;
mod list;
mod mime;
mod quota;
mod search;
mod section;
mod select;
mod store;
mod structure;
mod transfer;

pub(crate) use select::highest_modseq;

use super::capability::Capability;
use super::parse::Command;
use super::reply::Reply;
use super::session::{Lost, Session};
use super::wire::{Gone, Output};

/// How a command ends: with a reply, or with the connection.
pub(crate) type Ended = Result<Reply, Gone>;

/// Executes a command whose answer needs nothing more from the client.
pub(crate) async fn execute(session: &mut Session, command: Command, out: &mut Output) -> Ended {
    if let Some(reply) = unwanted(session, &command) {
        return Ok(reply);
    }
    // Sequence numbers in these commands must not move while they are answered (RFC 3501, 7.4.1).
    let expunges = !matches!(
        command,
        Command::Fetch { uid: false, .. } | Command::Store { uid: false, .. } | Command::Search { uid: false, .. }
    );
    let with_uid = matches!(
        command,
        Command::Fetch { uid: true, .. } | Command::Store { uid: true, .. } | Command::Copy { uid: true, .. }
    );
    let reply = dispatch(session, command, out).await?;
    tell_changes(session, expunges, with_uid, out).await?;
    Ok(reply)
}

/// Tells what others did to the open folder; a folder that is no more ends the connection.
pub(crate) async fn tell_changes(
    session: &mut Session,
    expunges: bool,
    with_uid: bool,
    out: &mut Output,
) -> Result<(), Gone> {
    match session.tell_changes(expunges, with_uid, out) {
        Ok(()) => out.relieve().await,
        Err(lost) => lost.end(out).await,
    }
}

impl Lost {
    /// Says so and ends the connection.
    async fn end<T>(self, out: &mut Output) -> Result<T, Gone> {
        out.line(format_args!("* BYE The selected mailbox is no more what it was"));
        out.send().await?;
        Err(Gone)
    }
}

async fn dispatch(session: &mut Session, command: Command, out: &mut Output) -> Ended {
    match command {
        Command::Capability => Ok(general::capability(session, out)),
        Command::Noop | Command::Check => Ok(Reply::ok("Completed")),
        Command::Logout => Ok(general::logout(session, out)),
        Command::Id => Ok(general::id(session, out)),
        Command::Enable(words) => Ok(general::enable(session, &words, out)),
        Command::Namespace => Ok(general::namespace(session, out)),
        Command::List(list) => list::list(session, &list, out).await,
        Command::Lsub { pattern } => Ok(list::lsub(session, &pattern, out)),
        Command::Xlist { pattern } => Ok(list::xlist(session, &pattern, out)),
        Command::Status { mailbox, items } => Ok(list::status(session, &mailbox, &items, out)),
        Command::Select { mailbox, read_only, condstore, qresync } => {
            Ok(select::select(session, &mailbox, read_only, condstore, qresync, out))
        }
        Command::Create { mailbox, special_use } => Ok(folders::create(session, &mailbox, &special_use)),
        Command::Delete(mailbox) => Ok(folders::delete(session, &mailbox)),
        Command::Rename { from, to } => Ok(folders::rename(session, &from, &to)),
        Command::Subscribe(mailbox) => Ok(folders::subscribe(session, &mailbox)),
        Command::Unsubscribe(mailbox) => Ok(folders::unsubscribe(session, &mailbox)),
        Command::Close => Ok(select::close(session)),
        Command::Unselect => Ok(select::unselect(session)),
        Command::Expunge(set) => Ok(transfer::expunge(session, set.as_ref())),
        Command::Search { uid, returns, key } => search::search(session, uid, returns, &key, out).await,
        Command::Fetch { uid, set, items, changed_since, vanished } => {
            let asked = fetch::Asked { uid, items, changed_since, vanished };
            fetch::fetch(session, &set, asked, out).await
        }
        Command::Store { uid, set, change, silent, flags, unchanged_since } => {
            let asked = store::Asked { uid, change, silent, flags, unchanged_since };
            store::store(session, &set, &asked, out).await
        }
        Command::Copy { uid, set, to, and_remove } => transfer::copy(session, uid, &set, &to, and_remove, out).await,
        Command::Append { mailbox, messages } => append::append(session, &mailbox, messages),
        Command::QuotaRoot(mailbox) => Ok(quota::root(session, &mailbox, out)),
        Command::Quota(root) => Ok(quota::quota(session, &root, out)),
        Command::StartTls
        | Command::Compress { .. }
        | Command::Login { .. }
        | Command::Authenticate { .. }
        | Command::MasterAuth
        | Command::SetUser(_)
        | Command::Idle => Ok(Reply::bad("Not now")),
    }
}

/// Why a command is not executed at all: of a capability that is off, or at the wrong time.
fn unwanted(session: &Session, command: &Command) -> Option<Reply> {
    if let Some(capability) = missing(session, command) {
        return Some(Reply::bad(format!("Unknown command or argument ({} is off)", capability.name())));
    }
    if session.uid_only && numbered(command) {
        return Some(Reply::bad("[UIDREQUIRED] Sequence numbers were given up"));
    }
    let always = matches!(command, Command::Capability | Command::Noop | Command::Logout | Command::Id);
    if !always && session.user.is_none() {
        return Some(Reply::bad("Sign in first"));
    }
    let selected = matches!(
        command,
        Command::Check
            | Command::Close
            | Command::Unselect
            | Command::Expunge(_)
            | Command::Search { .. }
            | Command::Fetch { .. }
            | Command::Store { .. }
            | Command::Copy { .. }
    );
    (selected && session.selected.is_none()).then(|| Reply::bad("No mailbox is selected"))
}

/// Whether a command names messages by sequence number.
fn numbered(command: &Command) -> bool {
    matches!(
        command,
        Command::Fetch { uid: false, .. }
            | Command::Store { uid: false, .. }
            | Command::Search { uid: false, .. }
            | Command::Copy { uid: false, .. }
    )
}

/// The capability a command needs and the server has not.
fn missing(session: &Session, command: &Command) -> Option<Capability> {
    let settings = &session.shared.settings;
    let extended = || {
        let any = [Capability::ListExtended, Capability::ListStatus, Capability::SpecialUse];
        any.into_iter().any(|capability| settings.has(capability))
    };
    let condstore = |used: bool| (used && !settings.condstore()).then_some(Capability::Condstore);
    let needed = |used: bool, capability| (used && !settings.has(capability)).then_some(capability);
    match command {
        Command::Id => needed(true, Capability::Id),
        Command::Enable(_) => needed(true, Capability::Enable),
        Command::Namespace => needed(true, Capability::Namespace),
        Command::Unselect => needed(true, Capability::Unselect),
        Command::Xlist { .. } => needed(true, Capability::Xlist),
        Command::Expunge(set) => needed(set.is_some(), Capability::UidPlus),
        Command::Copy { and_remove, .. } => needed(*and_remove, Capability::Move),
        Command::Create { special_use, .. } => needed(!special_use.is_empty(), Capability::CreateSpecialUse),
        Command::Quota(_) | Command::QuotaRoot(_) => needed(true, Capability::Quota),
        Command::Search { returns, .. } => needed(returns.is_some(), Capability::Esearch),
        Command::Append { messages, .. } => needed(messages.len() > 1, Capability::MultiAppend),
        Command::List(list) => (list.extended && !extended())
            .then_some(Capability::ListExtended)
            .or_else(|| needed(list.only_special || list.returns.special_use, Capability::SpecialUse))
            .or_else(|| needed(!list.returns.status.is_empty(), Capability::ListStatus))
            .or_else(|| list::missing(settings, &list.returns.status)),
        Command::Status { items, .. } => list::missing(settings, items),
        Command::Select { condstore: used, qresync, .. } => {
            needed(qresync.is_some(), Capability::Qresync).or_else(|| condstore(*used))
        }
        Command::Store { unchanged_since, .. } => condstore(unchanged_since.is_some()),
        Command::Fetch { items, changed_since, vanished, .. } => needed(*vanished, Capability::Qresync)
            .or_else(|| condstore(changed_since.is_some()))
            .or_else(|| fetch::missing(settings, items)),
        _ => None,
    }
}
