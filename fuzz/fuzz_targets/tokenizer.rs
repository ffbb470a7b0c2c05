//! One line behind each of the words that have a reader of their own: never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailmove_imap::fuzzing::responses;

const BEGINNINGS: [&str; 15] = [
    "",
    "* ",
    "m1 ",
    "m1 OK [",
    "* 1 FETCH (",
    "* 1 UIDFETCH (",
    "* 1 FETCH (UID 1 BODY[] {3}\r\nabc ",
    "* LIST (",
    "* STATUS ",
    "* SEARCH ",
    "* ESEARCH ",
    "* VANISHED ",
    "* NAMESPACE ",
    "* QUOTA ",
    "* MYRIGHTS ",
];

fuzz_target!(|line: &[u8]| {
    for beginning in BEGINNINGS {
        let stream = [beginning.as_bytes(), line, b"\r\n"].concat();
        let _ = responses(&stream, stream.len());
    }
});
