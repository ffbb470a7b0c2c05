//! The arguments of every command.

use super::{Appended, Command, Cursor, FlagChange, Malformed, Parsed, Qresync, fetch, list, search};
use crate::imap::date;

/// Parses what follows the name.
pub(super) fn parse(name: &str, c: &mut Cursor<'_>) -> Parsed<Command> {
    let (uid, verb) = match name.strip_prefix("UID ") {
        Some(verb) => (true, verb),
        None => (false, name),
    };
    match (uid, verb) {
        (false, "CAPABILITY") => Ok(Command::Capability),
        (false, "NOOP") => Ok(Command::Noop),
        (false, "CHECK") => Ok(Command::Check),
        (false, "LOGOUT") => Ok(Command::Logout),
        (false, "STARTTLS") => Ok(Command::StartTls),
        (false, "COMPRESS") => {
            c.space()?;
            Ok(Command::Compress { mechanism: c.atom()?.to_ascii_uppercase() })
        }
        (false, "NAMESPACE") => Ok(Command::Namespace),
        (false, "IDLE") => Ok(Command::Idle),
        (false, "CLOSE") => Ok(Command::Close),
        (false, "UNSELECT") => Ok(Command::Unselect),
        (false, "EXPUNGE") => Ok(Command::Expunge(None)),
        (true, "EXPUNGE") => {
            c.space()?;
            Ok(Command::Expunge(Some(c.set()?)))
        }
        (false, "ID") => id(c),
        (false, "LOGIN") => {
            c.space()?;
            let user = c.astring()?;
            c.space()?;
            Ok(Command::Login { user, password: c.astring()? })
        }
        (false, "AUTHENTICATE") => authenticate(c),
        (false, "X-MASTERAUTH") => Ok(Command::MasterAuth),
        (false, "X-SETUSER") => Ok(Command::SetUser(mailbox(c)?)),
        (false, "ENABLE") => {
            let mut words = Vec::new();
            while !c.at_end() {
                c.space()?;
                words.push(c.atom()?.to_ascii_uppercase());
            }
            Ok(Command::Enable(words))
        }
        (false, "LIST") => list::list(c),
        (false, "LSUB") => Ok(Command::Lsub { pattern: list::reference_and_pattern(c)? }),
        (false, "XLIST") => Ok(Command::Xlist { pattern: list::reference_and_pattern(c)? }),
        (false, "STATUS") => {
            let mailbox = mailbox(c)?;
            c.space()?;
            Ok(Command::Status { mailbox, items: c.list(list::status_item)? })
        }
        (false, "SELECT") => select(c, false),
        (false, "EXAMINE") => select(c, true),
        (false, "CREATE") => create(c),
        (false, "DELETE") => Ok(Command::Delete(mailbox(c)?)),
        (false, "RENAME") => Ok(Command::Rename { from: mailbox(c)?, to: mailbox(c)? }),
        (false, "SUBSCRIBE") => Ok(Command::Subscribe(mailbox(c)?)),
        (false, "UNSUBSCRIBE") => Ok(Command::Unsubscribe(mailbox(c)?)),
        (uid, "SEARCH") => search::search(c, uid),
        (uid, "FETCH") => fetch::fetch(c, uid),
        (uid, "STORE") => store(c, uid),
        (uid, "COPY" | "MOVE") => {
            c.space()?;
            let set = c.set()?;
            Ok(Command::Copy { uid, set, to: mailbox(c)?, and_remove: verb == "MOVE" })
        }
        (false, "APPEND") => append(c),
        (false, "GETQUOTAROOT") => Ok(Command::QuotaRoot(mailbox(c)?)),
        (false, "GETQUOTA") => Ok(Command::Quota(mailbox(c)?)),
        _ => Err(Malformed("Unknown command")),
    }
}

fn mailbox(c: &mut Cursor<'_>) -> Parsed<String> {
    c.space()?;
    c.astring()
}

fn id(c: &mut Cursor<'_>) -> Parsed<Command> {
    c.space()?;
    let nstring = |c: &mut Cursor<'_>| if c.keyword("NIL") { Ok(()) } else { c.string_bytes().map(drop) };
    if !c.keyword("NIL") {
        c.list(nstring)?;
    }
    Ok(Command::Id)
}

fn authenticate(c: &mut Cursor<'_>) -> Parsed<Command> {
    c.space()?;
    let mechanism = c.atom()?.to_ascii_uppercase();
    let initial = if c.at_end() {
        None
    } else {
        c.space()?;
        let base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        Some(c.run(base64, "Expected base64")?.to_owned())
    };
    Ok(Command::Authenticate { mechanism, initial })
}

fn select(c: &mut Cursor<'_>, read_only: bool) -> Parsed<Command> {
    let mailbox = mailbox(c)?;
    let (mut condstore, mut qresync) = (false, None);
    if !c.at_end() {
        c.space()?;
        c.list(|c| {
            if c.keyword("CONDSTORE") {
                condstore = true;
            } else if c.keyword("QRESYNC") {
                c.space()?;
                qresync = Some(resync(c)?);
            } else {
                return Err(Malformed("Unknown SELECT parameter"));
            }
            Ok(())
        })?;
    }
    Ok(Command::Select { mailbox, read_only, condstore, qresync })
}

fn resync(c: &mut Cursor<'_>) -> Parsed<Qresync> {
    c.expect(b'(')?;
    let uid_validity = c.number32()?;
    c.space()?;
    let modseq = c.number()?;
    let mut known = None;
    while c.take(b' ') {
        if c.take(b'(') {
            c.set()?;
            c.space()?;
            c.set()?;
            c.expect(b')')?;
        } else {
            known = Some(c.set()?);
        }
    }
    c.expect(b')')?;
    Ok(Qresync { uid_validity, modseq, known })
}

fn create(c: &mut Cursor<'_>) -> Parsed<Command> {
    let mailbox = mailbox(c)?;
    let mut special_use = Vec::new();
    if !c.at_end() {
        c.space()?;
        c.expect(b'(')?;
        if !c.keyword("USE") {
            return Err(Malformed("Unknown CREATE parameter"));
        }
        c.space()?;
        special_use = c.list(Cursor::flag)?;
        c.expect(b')')?;
    }
    Ok(Command::Create { mailbox, special_use })
}

fn store(c: &mut Cursor<'_>, uid: bool) -> Parsed<Command> {
    c.space()?;
    let set = c.set()?;
    c.space()?;
    let mut unchanged_since = None;
    if c.take(b'(') {
        if !c.keyword("UNCHANGEDSINCE") {
            return Err(Malformed("Unknown STORE modifier"));
        }
        c.space()?;
        unchanged_since = Some(c.number()?);
        c.expect(b')')?;
        c.space()?;
    }
    let change = match c.peek() {
        Some(b'+') => FlagChange::Add,
        Some(b'-') => FlagChange::Remove,
        _ => FlagChange::Replace,
    };
    let _ = c.take(b'+') || c.take(b'-');
    let silent = match c.keyword("FLAGS.SILENT") {
        true => true,
        false if c.keyword("FLAGS") => false,
        false => return Err(Malformed("Expected FLAGS")),
    };
    c.space()?;
    let flags = if c.peek() == Some(b'(') {
        c.list(Cursor::flag)?
    } else {
        let mut flags = vec![c.flag()?];
        while c.take(b' ') {
            flags.push(c.flag()?);
        }
        flags
    };
    Ok(Command::Store { uid, set, change, silent, flags, unchanged_since })
}

fn append(c: &mut Cursor<'_>) -> Parsed<Command> {
    let mailbox = mailbox(c)?;
    let mut messages = Vec::new();
    while messages.is_empty() || !c.at_end() {
        c.space()?;
        let mut flags = Vec::new();
        if c.peek() == Some(b'(') {
            flags = c.list(Cursor::flag)?;
            c.space()?;
        }
        let mut received = None;
        if c.peek() == Some(b'"') {
            let text = c.astring()?;
            received = Some(date::parse_date_time(&text).ok_or(Malformed("Invalid date-time"))?);
            c.space()?;
        }
        let utf8 = c.keyword("UTF8");
        if utf8 {
            c.space()?;
            c.expect(b'(')?;
        }
        let (bytes, binary) = c.literal()?;
        if utf8 {
            c.expect(b')')?;
        }
        messages.push(Appended { flags, received, bytes, binary, utf8 });
    }
    Ok(Command::Append { mailbox, messages })
}
