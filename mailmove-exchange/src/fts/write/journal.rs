//! A [`Journal`] to an item of a journal ([MS-OXOJRNL]).

use mailmove_core::{Item, Result};
use time::OffsetDateTime;

use super::super::mapi::{self, common, log};
use super::stream::Stream;
use super::{Options, begin, body, categories, drawn, sensitivity};
use crate::calendar::Journal;

/// How Outlook calls what is none of its other sorts.
const SORT: &str = "Note";
/// How programs draw an entry of this sort.
const ICON: u32 = 0x0610;

pub(super) fn write(stream: &mut Stream, own: &Journal, item: &Item, options: &Options) -> Result<()> {
    begin(stream, "IPM.Activity", item, options, 1)?;
    categories(stream, item, &own.categories)?;
    super::subject(stream, &own.subject)?;
    body::write(stream, &own.body)?;
    sensitivity(stream, own.sensitivity)?;
    drawn(stream, item, ICON)?;
    stream.text(log(0x8700), SORT)?;
    stream.text(log(0x8712), SORT)?;
    // An entry has to begin: one that does not say when began when it was made.
    let made = own.created.or(item.created).or(item.received);
    let start = own.start.or(made).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    for key in [log(0x8706), log(0x8708), common(0x8516), common(0x8517)] {
        stream.moment(key, start)?;
    }
    stream.number(log(0x8707), 0)?;
    stream.number(log(0x870c), 0)?;
    // Not printed, saved, sent around or posted.
    for number in [0x870e, 0x870f, 0x8710, 0x8711] {
        stream.truth(log(number), false)?;
    }
    stream.some_text(mapi::UID, &own.uid)
}
