//! Every name comes back from the wire, and what comes from the wire is stable once it was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailmove_imap::fuzzing::{mailbox_name, mailbox_wire};

fuzz_target!(|text: &str| {
    let wire = mailbox_wire(text);
    assert!(wire.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "only what RFC 3501 §5.1.3 lets stand: {wire:?}");
    assert_eq!(mailbox_name(&wire).as_deref(), Some(text));
    if let Some(name) = mailbox_name(text) {
        assert_eq!(mailbox_name(&mailbox_wire(&name)), Some(name));
    }
});
