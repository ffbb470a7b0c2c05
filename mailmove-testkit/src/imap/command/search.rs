//! SEARCH.

use memchr::memmem;

use super::super::date::header_date;
use super::super::flags::Flags;
use super::super::parse::{Key, SearchReturn};
use super::super::reply::Reply;
use super::super::session::{Lost, Selected, Session};
use super::super::set::compact;
use super::super::state::{Message, lock};
use super::super::wire::Output;
use super::{Ended, mime};

/// Messages looked at under one lock.
const STRETCH: usize = 1000;

pub(super) async fn search(
    session: &mut Session,
    uid: bool,
    returns: Option<SearchReturn>,
    key: &Key,
    out: &mut Output,
) -> Ended {
    let Some(selected) = &session.selected else { return Ok(Reply::bad("No mailbox is selected")) };
    let Some(key) = resolve(key, selected) else { return Ok(Reply::bad("Invalid message set")) };
    let by_modseq = mentions_modseq(&key);
    session.condstore |= by_modseq;
    let candidates = match &key {
        // The common "these UIDs and …": the others need not be looked at.
        Key::And(keys) => {
            keys.iter().find_map(|key| if let Key::Listed(uids) = key { Some(uids.clone()) } else { None })
        }
        _ => None,
    };
    let candidates = candidates.unwrap_or_else(|| selected.view.clone());
    let (mut found, mut highest) = (Vec::new(), 0);
    for stretch in candidates.chunks(STRETCH) {
        match look(session, stretch, &key, &mut found) {
            Ok(modseq) => highest = highest.max(modseq),
            Err(lost) => return lost.end(out).await,
        }
        tokio::task::yield_now().await;
    }
    let Some(selected) = &session.selected else { return Ok(Reply::bad("No mailbox is selected")) };
    if !uid {
        found.iter_mut().for_each(|uid| *uid = selected.place(*uid).and_then(|at| u32::try_from(at).ok()).unwrap_or(0));
    }
    let modseq = if by_modseq && !found.is_empty() { Some(highest) } else { None };
    match returns {
        Some(returns) => extended(session, uid, returns, &found, modseq, out),
        None => {
            let found: String = found.iter().map(|number| format!(" {number}")).collect();
            let modseq = modseq.map_or_else(String::new, |modseq| format!(" (MODSEQ {modseq})"));
            out.line(format_args!("* SEARCH{found}{modseq}"));
        }
    }
    Ok(Reply::ok("Search completed"))
}

/// The answer of RFC 4731.
fn extended(session: &Session, uid: bool, returns: SearchReturn, found: &[u32], modseq: Option<u64>, out: &mut Output) {
    out.text(format_args!("* ESEARCH (TAG \"{}\"){}", session.tag, if uid { " UID" } else { "" }));
    if let (true, Some(first)) = (returns.min, found.first()) {
        out.text(format_args!(" MIN {first}"));
    }
    if let (true, Some(last)) = (returns.max, found.last()) {
        out.text(format_args!(" MAX {last}"));
    }
    if returns.count {
        out.text(format_args!(" COUNT {}", found.len()));
    }
    if returns.all && !found.is_empty() {
        out.text(format_args!(" ALL {}", compact(found)));
    }
    modseq.into_iter().for_each(|modseq| out.text(format_args!(" MODSEQ {modseq}")));
    out.line(format_args!(""));
}

/// Adds the UIDs of this stretch that match; the highest mod-sequence among them.
fn look(session: &mut Session, stretch: &[u32], key: &Key, found: &mut Vec<u32>) -> Result<u64, Lost> {
    let (Some(user), Some(selected)) = (&session.user, &mut session.selected) else { return Ok(0) };
    let mut account = lock(&user.account);
    let folder = selected.folder(&mut account)?;
    let mut highest = 0;
    for &uid in stretch {
        if let Some(message) = folder.message(uid)
            && matches(key, uid, message, selected)
        {
            found.push(uid);
            highest = highest.max(message.modseq);
        }
    }
    Ok(highest)
}

fn matches(key: &Key, uid: u32, message: &Message, selected: &Selected) -> bool {
    let header = || &message.bytes[..mime::header_length(&message.bytes)];
    match key {
        Key::All => true,
        Key::Listed(uids) => uids.binary_search(&uid).is_ok(),
        // Resolved before the search began.
        Key::Places(_) | Key::Uids(_) => false,
        Key::Flag { name, set } => message.flags.contains(name) == *set,
        Key::Recent(recent) => selected.is_recent(uid) == *recent,
        Key::New => selected.is_recent(uid) && !message.flags.contains(Flags::SEEN),
        Key::Received { from, before } => {
            let date = message.received.date();
            from.is_none_or(|from| date >= from) && before.is_none_or(|before| date < before)
        }
        Key::Sent { from, before } => mime::field(header(), "Date")
            .and_then(|value| header_date(&value))
            .is_some_and(|date| from.is_none_or(|from| date >= from) && before.is_none_or(|before| date < before)),
        Key::Larger(octets) => message.bytes.len() as u64 > *octets,
        Key::Smaller(octets) => (message.bytes.len() as u64) < *octets,
        Key::Header { name, value } => mime::fields(header()).any(|(found, field)| {
            found.eq_ignore_ascii_case(name.as_bytes()) && contains(mime::value(field).as_bytes(), value)
        }),
        Key::Body(text) => contains(&message.bytes[header().len()..], text),
        Key::Text(text) => contains(&message.bytes, text),
        Key::ModSeq(modseq) => message.modseq >= *modseq,
        Key::Not(key) => !matches(key, uid, message, selected),
        Key::Or(one, other) => matches(one, uid, message, selected) || matches(other, uid, message, selected),
        Key::And(keys) => keys.iter().all(|key| matches(key, uid, message, selected)),
    }
}

/// Without regard to the case of ASCII letters.
fn contains(text: &[u8], wanted: &[u8]) -> bool {
    memmem::find(&text.to_ascii_lowercase(), &wanted.to_ascii_lowercase()).is_some()
}

/// The key with its sets turned into the UIDs this session knows by them; nothing when a number is out of range.
fn resolve(key: &Key, selected: &Selected) -> Option<Key> {
    Some(match key {
        Key::Places(set) => Key::Listed(set.places_of(&selected.view)?),
        Key::Uids(set) => Key::Listed(set.uids_of(&selected.view)),
        Key::Not(key) => Key::Not(Box::new(resolve(key, selected)?)),
        Key::Or(one, other) => Key::Or(Box::new(resolve(one, selected)?), Box::new(resolve(other, selected)?)),
        Key::And(keys) => Key::And(keys.iter().map(|key| resolve(key, selected)).collect::<Option<_>>()?),
        other => other.clone(),
    })
}

fn mentions_modseq(key: &Key) -> bool {
    match key {
        Key::ModSeq(_) => true,
        Key::Not(key) => mentions_modseq(key),
        Key::Or(one, other) => mentions_modseq(one) || mentions_modseq(other),
        Key::And(keys) => keys.iter().any(mentions_modseq),
        _ => false,
    }
}
