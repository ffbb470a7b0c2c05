//! No stream makes the reader panic, and what is in the buffers is the same however they are cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailmove_exchange::fts::summarize;

fuzz_target!(|octets: &[u8]| {
    let _ = summarize(octets);
    let cut = |size: usize| {
        let frame = |buffer: &[u8]| [&2_u32.to_le_bytes()[..], &(buffer.len() as u32).to_le_bytes(), buffer].concat();
        summarize(&octets.chunks(size).flat_map(frame).collect::<Vec<u8>>()[..]).ok()
    };
    let whole = cut(octets.len().max(1));
    for size in [1, 7] {
        assert_eq!(cut(size), whole, "cut every {size} bytes");
    }
});
