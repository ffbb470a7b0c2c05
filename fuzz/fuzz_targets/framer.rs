//! A stream is the same however it is cut, and never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailmove_imap::fuzzing::responses;

fuzz_target!(|stream: &[u8]| {
    let whole = responses(stream, stream.len());
    for cut in [1, 3, 7] {
        assert_eq!(responses(stream, cut), whole, "cut every {cut} bytes");
    }
});
