//! Every mail becomes a stream that the reader understands: whole, of its class, with its flags.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailmove_core::{Body, Flags, Format, Item, ItemFlags, Kind, Spool};
use mailmove_exchange::fts::{Options, summarize, write};

fuzz_target!(|octets: &[u8]| {
    let mut item = Item::new("1", Kind::Mail, Format::RFC5322, Body::unpooled(octets.to_vec()));
    item.flags = Flags::new(ItemFlags::SEEN);
    let (stream, _) = write(&item, &Options::default(), &Spool::new(1 << 24)).expect("mail becomes a stream");
    let summary = summarize(stream.reader()).expect("the stream is whole");
    assert_eq!(summary.flags, Some(3));
    assert!(summary.class.is_some_and(|class| class.starts_with("IPM.Note")));
});
