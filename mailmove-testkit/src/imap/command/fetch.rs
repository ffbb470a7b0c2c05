//! FETCH.

use std::collections::HashMap;

use bytes::Bytes;
use memchr::memchr;

use super::super::capability::Capability;
use super::super::date::format_date_time;
use super::super::fault::Effect;
use super::super::flags::Flags;
use super::super::parse::{Item, Section};
use super::super::reply::Reply;
use super::super::session::{Lost, Selected, Session, quote};
use super::super::set::{Set, compact};
use super::super::settings::Settings;
use super::super::state::{Message, lock};
use super::super::wire::{Gone, Output};
use super::{Ended, section, structure};

pub(super) struct Asked {
    pub(super) uid: bool,
    pub(super) items: Vec<Item>,
    pub(super) changed_since: Option<u64>,
    pub(super) vanished: bool,
}

/// Which messages, and what became of the question so far.
struct Chosen {
    uids: Vec<u32>,
    /// How many of them were answered.
    done: usize,
    /// Some were expunged by somebody else.
    missing: bool,
    /// One of them cannot be read, which ends the answer.
    unreadable: bool,
}

/// How this server answers, and what goes wrong with it.
struct Manner<'a> {
    settings: &'a Settings,
    effect: &'a Effect,
    /// By UID instead of by number (RFC 9586).
    uid_only: bool,
    /// Of each message, where they were asked for.
    labels: HashMap<u64, Vec<String>>,
}

pub(super) async fn fetch(session: &mut Session, set: &Set, mut asked: Asked, out: &mut Output) -> Ended {
    let wants_modseq = asked.changed_since.is_some() || asked.items.contains(&Item::ModSeq);
    session.condstore |= wants_modseq;
    if asked.uid && !asked.items.contains(&Item::Uid) {
        asked.items.insert(0, Item::Uid);
    }
    if wants_modseq && !asked.items.contains(&Item::ModSeq) {
        asked.items.push(Item::ModSeq);
    }
    let mut chosen = match choose(session, set, &asked, out) {
        Ok(Some(chosen)) => chosen,
        Ok(None) => return Ok(Reply::bad("Invalid message set")),
        Err(lost) => return lost.end(out).await,
    };
    let stop = session.effect.stop_after.clone();
    if let Some(stop) = &stop {
        chosen.uids.truncate(stop.messages);
    }
    while chosen.done < chosen.uids.len() {
        match answer_some(session, &mut chosen, &asked, out) {
            Ok(()) => out.relieve().await?,
            Err(lost) => return lost.end(out).await,
        }
    }
    Ok(match stop {
        Some(stop) if stop.bye => {
            out.line(format_args!("* BYE {}", stop.text));
            return Err(Gone);
        }
        Some(stop) => Reply::no(stop.text),
        None if chosen.unreadable => Reply::no("[SERVERBUG] A message could not be read"),
        None if chosen.missing => Reply::no("[EXPUNGEISSUED] Some of the messages no longer exist"),
        None => Reply::ok("Fetch completed"),
    })
}

fn choose(session: &mut Session, set: &Set, asked: &Asked, out: &mut Output) -> Result<Option<Chosen>, Lost> {
    let (Some(user), Some(selected)) = (&session.user, &mut session.selected) else { return Ok(None) };
    let mut account = lock(&user.account);
    let folder = selected.folder(&mut account)?;
    let named = if asked.uid { Some(set.uids_of(&selected.view)) } else { set.places_of(&selected.view) };
    let Some(mut uids) = named else { return Ok(None) };
    if let Some(modseq) = asked.changed_since {
        let changed = folder.changed_since(modseq);
        uids.retain(|uid| changed.binary_search(uid).is_ok());
        if asked.vanished {
            let gone = set.uids_of(&folder.vanished_since(modseq));
            if !gone.is_empty() {
                out.line(format_args!("* VANISHED (EARLIER) {}", compact(&gone)));
            }
        }
    }
    Ok(Some(Chosen { uids, done: 0, missing: false, unreadable: false }))
}

/// Answers as many messages as one lock and one write are good for.
fn answer_some(session: &mut Session, chosen: &mut Chosen, asked: &Asked, out: &mut Output) -> Result<(), Lost> {
    let (Some(user), Some(selected)) = (&session.user, &mut session.selected) else { return Ok(()) };
    let uid_only = session.uid_only;
    let bodies = asked.items.iter().any(|item| matches!(item, Item::Section(_)));
    let marks = asked.items.iter().any(|item| matches!(item, Item::Section(section) if !section.peek));
    let mut account = lock(&user.account);
    let labelled = asked.items.contains(&Item::GmailLabels);
    let labels = if labelled { account.labels() } else { HashMap::new() };
    let manner = Manner { settings: &session.shared.settings, effect: &session.effect, uid_only, labels };
    let folder = selected.folder(&mut account)?;
    let mut fetched = 0;
    for &uid in chosen.uids[chosen.done..].iter().take(256) {
        chosen.done += 1;
        let Some(mut flags) = folder.message(uid).map(|message| message.flags.clone()) else {
            chosen.missing = true;
            continue;
        };
        if bodies && folder.message(uid).is_some_and(|message| manner.settings.cannot_read(&message.bytes)) {
            (chosen.unreadable, chosen.done) = (true, chosen.uids.len());
            break;
        }
        if marks && !selected.read_only && !flags.contains(Flags::SEEN) {
            flags.insert(Flags::SEEN);
            folder.set_flags(uid, flags);
        }
        if let Some(message) = folder.message(uid) {
            answer(selected, uid, message, asked, &manner, out);
            fetched += usize::from(bodies);
        }
        if out.is_full() {
            break;
        }
    }
    session.shared.log.fetched(fetched);
    Ok(())
}

fn answer(selected: &Selected, uid: u32, message: &Message, asked: &Asked, manner: &Manner<'_>, out: &mut Output) {
    let Some(place) = selected.place(uid) else { return };
    match manner.uid_only {
        true => out.text(format_args!("* {uid} UIDFETCH (")),
        false => out.text(format_args!("* {place} FETCH (")),
    }
    let items = asked.items.iter().filter(|item| !(manner.uid_only && **item == Item::Uid));
    for (at, item) in items.enumerate() {
        let space = if at == 0 { "" } else { " " };
        match item {
            Item::Uid => out.text(format_args!("{space}UID {uid}")),
            Item::Flags => {
                let recent = if selected.is_recent(uid) { " \\Recent" } else { "" };
                let flags = format!("{}{recent}", message.flags);
                out.text(format_args!("{space}FLAGS ({})", flags.trim_start()));
            }
            Item::InternalDate => {
                out.text(format_args!("{space}INTERNALDATE \"{}\"", format_date_time(message.received)));
            }
            Item::Size => {
                let size = (message.bytes.len() as u64).saturating_add_signed(manner.effect.size_off);
                out.text(format_args!("{space}RFC822.SIZE {size}"));
            }
            Item::ModSeq => out.text(format_args!("{space}MODSEQ ({})", message.modseq)),
            Item::EmailId => out.text(format_args!("{space}EMAILID (M{})", message.email_id)),
            Item::GmailId => out.text(format_args!("{space}X-GM-MSGID {}", message.email_id)),
            Item::GmailLabels => {
                let labels = manner.labels.get(&message.email_id).map(|labels| labels.join(" "));
                out.text(format_args!("{space}X-GM-LABELS ({})", labels.unwrap_or_default()));
            }
            Item::Envelope => out.text(format_args!("{space}ENVELOPE {}", structure::envelope(&message.bytes))),
            Item::Structure { extensible } => {
                let name = if *extensible { "BODYSTRUCTURE" } else { "BODY" };
                let described = structure::structure(&message.bytes, *extensible);
                out.text(format_args!("{space}{name} {described}"));
            }
            Item::Section(section) => {
                out.text(format_args!("{space}{} ", section.label));
                body(&message.bytes, section, manner, out);
            }
        }
    }
    out.line(format_args!(")"));
}

fn body(message: &Bytes, section: &Section, manner: &Manner<'_>, out: &mut Output) {
    let Some(mut bytes) = section::extract(message, section) else {
        return out.text(format_args!("NIL"));
    };
    let nul = (manner.settings.masks_nul || section.binary) && memchr(0, &bytes).is_some();
    if nul && !section.binary {
        bytes = bytes.iter().map(|byte| if *byte == 0 { 0x80 } else { *byte }).collect();
    }
    let Some(broken) = manner.effect.bodies else {
        if manner.settings.quotes_short_bodies && quotable(&bytes) {
            return out.text(format_args!("{}", quote(&String::from_utf8_lossy(&bytes))));
        }
        let tilde = if nul && section.binary { "~" } else { "" };
        out.text(format_args!("{tilde}{{{}}}\r\n", bytes.len()));
        return out.bytes(&bytes);
    };
    let kept = usize::try_from(broken.octets).unwrap_or(usize::MAX).min(bytes.len());
    out.text(format_args!("{{{}}}\r\n", if broken.lies { bytes.len() } else { kept }));
    out.bytes(&bytes.slice(..kept));
}

fn quotable(bytes: &[u8]) -> bool {
    bytes.len() <= 100 && bytes.iter().all(|byte| byte.is_ascii() && !b"\r\n\0".contains(byte))
}

/// The capability an item needs and the server has not.
pub(super) fn missing(settings: &Settings, items: &[Item]) -> Option<Capability> {
    items.iter().find_map(|item| match item {
        Item::ModSeq if !settings.condstore() => Some(Capability::Condstore),
        Item::GmailLabels if !settings.layout.labels => Some(Capability::GmailExt),
        Item::GmailId if !settings.has(Capability::GmailExt) => Some(Capability::GmailExt),
        Item::EmailId if !settings.has(Capability::ObjectId) => Some(Capability::ObjectId),
        Item::Section(section) if section.binary && !settings.has(Capability::Binary) => Some(Capability::Binary),
        _ => None,
    })
}
