//! What was read of an iCalendar is the same when it was written and read again, and becomes a whole stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailmove_core::{Body, Format, Item, Kind, Spool};
use mailmove_exchange::calendar::{from_icalendar, to_icalendar};
use mailmove_exchange::fts::{Options, summarize, write};

fuzz_target!(|octets: &[u8]| {
    let Ok((own, _)) = from_icalendar(octets) else { return };
    let written = to_icalendar(&own);
    let (again, _) = from_icalendar(&written).expect("what was written can be read");
    // Texts with characters that iCalendar does not have lose them on the first way.
    assert_eq!((&again.recurrence, &again.deleted), (&own.recurrence, &own.deleted));
    assert_eq!(again.changed.len(), own.changed.len());
    let item = Item::new("1", Kind::Event, Format::ICALENDAR, Body::unpooled(written));
    let (stream, _) = write(&item, &Options::default(), &Spool::new(1 << 24)).expect("it becomes a stream");
    summarize(stream.reader()).expect("the stream is whole");
});
