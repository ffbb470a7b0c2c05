//! Items in standard formats to streams.

mod appointment;
mod attachment;
mod body;
mod contact;
mod global_id;
mod journal;
mod mail;
mod note;
mod person;
mod recurrence;
mod stream;
mod task;
#[cfg(test)]
mod tests;
mod zone;

use mailmove_core::{Body, Error, ErrorKind, Flags, Format, Item, ItemFlags, Kind, Loss, Result, Spool};
use time::OffsetDateTime;

use super::mapi::{self, Key, tag};
use crate::calendar::{Importance, Journal, Sensitivity, Task, read_event};
use crate::zone::Zone;
use stream::Stream;

pub(super) use global_id::uid_of;
pub(super) use person::in_one_off;

/// What is not in the item itself.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// Our own mark; empty: none.
    pub mark: String,
    /// The zone of the mailbox, by whose clocks whole days begin; `None`: UTC.
    pub zone: Option<Zone>,
    /// The address of the mailbox: a meeting of which it is the organizer is its own. Others are meetings to which it
    /// was invited, so that nobody is told when they are edited.
    pub owner: String,
}

impl Options {
    /// With this mark.
    pub fn marked(mark: impl Into<String>) -> Self {
        Self { mark: mark.into(), ..Self::default() }
    }

    /// The same with the zone of the mailbox.
    pub fn in_zone(mut self, zone: Zone) -> Self {
        self.zone = Some(zone);
        self
    }

    /// The same with the address of the mailbox.
    pub fn owned_by(mut self, address: impl Into<String>) -> Self {
        self.owner = address.into();
        self
    }
}

/// The stream of an item in RFC 5322, iCalendar or vCard, and what it does not carry.
///
/// Mail is no draft unless its flags say so, and has its dates, its state and its header as they were. Nothing in a stream
/// makes a server send anything. The octets of attachments are never in memory as a whole; texts, and what calendars and
/// contacts say beside them, are. Blocks on the local disk alone.
///
/// # Errors
/// `Unsupported` for a format that is none of these, or a kind that it cannot be; `Refused` for what is not in its format;
/// `TooLarge` for an attachment beyond 2 GiB; `Storage` when the spool fails.
pub fn write(item: &Item, options: &Options, spool: &Spool) -> Result<(Body, Vec<Loss>)> {
    let mut stream = Stream::new(spool)?;
    let losses = match (&item.format, item.kind) {
        (format, Kind::Mail | Kind::Note) if *format == Format::RFC5322 => mail::write(&mut stream, item, options)?,
        (format, Kind::Event) if *format == Format::ICALENDAR => {
            let (own, losses) = read_event(&item.body, spool)?;
            appointment::write(&mut stream, &own, item, options)?;
            losses
        }
        (format, Kind::Task) if *format == Format::ICALENDAR => {
            let (own, losses) = Task::read(&item.body, spool)?;
            task::write(&mut stream, &own, item, options)?;
            losses
        }
        (format, Kind::Journal) if *format == Format::ICALENDAR => {
            let (own, losses) = Journal::from_icalendar(&item.body.bytes()?)?;
            journal::write(&mut stream, &own, item, options)?;
            losses
        }
        (format, Kind::Contact) if *format == Format::VCARD => contact::write(&mut stream, item, options)?,
        (format, kind) => {
            let text = format!("a {kind} in this format cannot be made a FastTransfer stream");
            return Err(Error::new(ErrorKind::Unsupported, text).with("format", format));
        }
    };
    Ok((stream.finish()?, losses))
}

/// What every item has: class, state, dates, categories, mark.
fn begin(stream: &mut Stream, class: &str, item: &Item, options: &Options, flags: u32) -> Result<()> {
    stream.text(tag::MESSAGE_CLASS, class)?;
    stream.number(tag::MESSAGE_FLAGS, flags)?;
    stream.number(tag::INTERNET_CODEPAGE, 65_001)?;
    dated(stream, tag::CREATION_TIME, item.created.or(item.received))?;
    dated(stream, tag::MODIFICATION_TIME, item.modified)?;
    stream.some_text(mapi::MARK, &options.mark)?;
    follow_up(stream, &item.flags)
}

fn dated(stream: &mut Stream, key: Key, when: Option<OffsetDateTime>) -> Result<()> {
    when.map_or(Ok(()), |when| stream.moment(key, when))
}

/// 1 read, 2 not changed since it came, 8 never sent.
fn message_flags(flags: &Flags) -> u32 {
    let read = u32::from(flags.state.contains(ItemFlags::SEEN));
    if flags.state.contains(ItemFlags::DRAFT) { read | 8 } else { read | 2 }
}

fn follow_up(stream: &mut Stream, flags: &Flags) -> Result<()> {
    if flags.state.contains(ItemFlags::FLAGGED) {
        stream.number(tag::FLAG_STATUS, 2)?;
        // Red.
        stream.number(tag::FOLLOWUP_ICON, 6)?;
    }
    for (state, verb, icon) in [(ItemFlags::ANSWERED, 102, 261), (ItemFlags::FORWARDED, 104, 262)] {
        if flags.state.contains(state) {
            stream.number(tag::LAST_VERB, verb)?;
            return stream.number(tag::ICON_INDEX, icon);
        }
    }
    Ok(())
}

/// How programs draw it, unless it is drawn as something that was answered.
fn drawn(stream: &mut Stream, item: &Item, icon: u32) -> Result<()> {
    match item.flags.state.intersects(ItemFlags::ANSWERED | ItemFlags::FORWARDED) {
        true => Ok(()),
        false => stream.number(tag::ICON_INDEX, icon),
    }
}

/// Categories of the item and of its format, each once.
fn categories(stream: &mut Stream, item: &Item, more: &[String]) -> Result<()> {
    let mut all: Vec<&str> = item.flags.categories().collect();
    for name in more {
        if !name.is_empty() && !all.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            all.push(name);
        }
    }
    stream.texts(mapi::CATEGORIES, all.into_iter())
}

/// Subject, and its parts: a prefix of up to three letters is told apart ([MS-OXCMSG] §3.2.4.1.1).
fn subject(stream: &mut Stream, subject: &str) -> Result<()> {
    let prefix = subject.find(": ").filter(|at| (1..=3).contains(at)).map(|at| at + 2);
    let prefix = prefix.filter(|end| subject[..*end - 2].chars().all(char::is_alphabetic)).unwrap_or(0);
    stream.text(tag::SUBJECT, subject)?;
    stream.text(tag::SUBJECT_PREFIX, &subject[..prefix])?;
    stream.text(tag::NORMALIZED_SUBJECT, &subject[prefix..])?;
    stream.text(tag::CONVERSATION_TOPIC, &subject[prefix..])
}

fn importance(stream: &mut Stream, importance: Importance) -> Result<()> {
    stream.number(tag::IMPORTANCE, importance as u32)?;
    stream.number(tag::PRIORITY, (importance as u32).wrapping_sub(1))
}

fn sensitivity(stream: &mut Stream, sensitivity: Sensitivity) -> Result<()> {
    stream.number(tag::SENSITIVITY, sensitivity as u32)?;
    let private = matches!(sensitivity, Sensitivity::Private | Sensitivity::Confidential);
    stream.truth(mapi::common(0x8506), private)
}
