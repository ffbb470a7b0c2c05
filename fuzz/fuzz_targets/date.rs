//! A date that was read and can be written is the same when it is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailmove_imap::fuzzing::date;

fuzz_target!(|text: &[u8]| {
    if let Some((seconds, Some(written))) = date(text) {
        let again = date(written.trim_matches('"').as_bytes());
        assert_eq!(again, Some((seconds, Some(written.clone()))));
    }
});
