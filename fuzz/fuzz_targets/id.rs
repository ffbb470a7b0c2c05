//! The values of an ID are the same when they are written as RFC 2971 has them and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailmove_imap::fuzzing::id;

fuzz_target!(|list: &[u8]| {
    let values = id(list);
    // No more values than there is text for.
    assert!(values.len() <= list.len());
    if values.iter().any(|value| value.contains(['\r', '\n', '\0'])) {
        return;
    }
    let quoted = |value: &String| format!("\"name\" \"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
    let written = format!("({})", values.iter().map(quoted).collect::<Vec<_>>().join(" "));
    assert_eq!(id(written.as_bytes()), values);
});
