//! What may be changed about a message that the server refused.
//!
//! A message goes over unchanged first. Only a refusal leads here, and what is changed is named.

mod mended;
mod scan;

use mailmove_core::{Alteration, Body, Result};

pub(crate) use mended::Mended;
use scan::Scan;

use crate::wire::{Chunks, StatusLine};

bitflags::bitflags! {
    /// What is odd about a message, or is to be mended about it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Defects: u8 {
        /// It holds NUL octets.
        const NUL = 1;
        /// Lines end with LF or CR alone.
        const BARE = 1 << 1;
        /// The last line does not end.
        const NO_END = 1 << 2;
        /// It begins with the line that separates messages in an mbox file.
        const MBOX_LINE = 1 << 3;
        /// No blank line ends the header, or a line of it is no header field.
        const NO_BLANK_LINE = 1 << 4;
        /// The header holds octets beyond ASCII.
        const HEADER_8BIT = 1 << 5;
        /// Lines of the text are longer than a line may be (RFC 5322 §2.1.1).
        const LONG_LINE = 1 << 6;
        /// It asks for a read receipt. No defect: mended only where the server would send one for old mail.
        const RECEIPT = 1 << 7;
    }
}

struct Repair {
    defect: Defects,
    code: &'static str,
    text: &'static str,
    /// What servers say when this is what they mean, in lower case.
    signs: &'static [&'static str],
}

const REPAIRS: [Repair; 7] = [
    Repair { defect: Defects::NUL, code: "nul-removed", text: "NUL octets were left out", signs: &["nul"] },
    Repair {
        defect: Defects::BARE,
        code: "bare-line-end",
        text: "line ends that were LF or CR alone became CRLF",
        signs: &["bare newline", "bare lf", "bare cr", "newline", "line end"],
    },
    Repair {
        defect: Defects::MBOX_LINE,
        code: "mbox-line-removed",
        text: "the line `From …` of an mbox file before the header was left out",
        signs: &["invalid header", "header"],
    },
    Repair {
        defect: Defects::NO_BLANK_LINE,
        code: "blank-line-added",
        text: "the blank line between header and text was missing and was added",
        signs: &["blank line", "invalid header", "header"],
    },
    Repair {
        defect: Defects::HEADER_8BIT,
        code: "header-8bit",
        text: "octets beyond ASCII in the header became question marks",
        signs: &["8bit", "8-bit", "non-ascii", "invalid header", "header"],
    },
    Repair {
        defect: Defects::LONG_LINE,
        code: "long-line-broken",
        text: "lines of the text with more than 998 octets were broken",
        // Exchange says no more than `Command Argument Error 11`, and so does whoever cannot read on.
        signs: &["line too long", "line that is too long", "line length", "long line", "argument error"],
    },
    Repair {
        defect: Defects::NO_END,
        code: "final-line-end",
        text: "the last line did not end and was ended",
        signs: &["additional arguments", "crlf", "incomplete"],
    },
];

/// What is odd about a message.
pub(crate) fn examine(body: &Body) -> Result<Defects> {
    let mut scan = Scan::default();
    let mut reader = body.reader();
    while let Some(chunk) = reader.next_chunk()? {
        chunk.iter().for_each(|byte| scan.take(*byte));
    }
    Ok(scan.defects(body.is_empty()))
}

/// What to mend, by what is odd and by what the server said: what it names, or everything when it names nothing.
pub(crate) fn prescribe(defects: Defects, refusal: &StatusLine) -> Defects {
    let said = refusal.text.to_ascii_lowercase();
    let present = REPAIRS.iter().filter(|repair| defects.contains(repair.defect));
    let named = present.filter(|repair| repair.signs.iter().any(|sign| said.contains(sign)));
    let named = named.map(|repair| repair.defect).fold(Defects::empty(), Defects::union);
    if named.is_empty() { defects } else { named }
}

/// What was done, for the report.
pub(crate) fn alterations(mended: Defects, refusal: &StatusLine) -> Vec<Alteration> {
    let done = REPAIRS.iter().filter(|repair| mended.contains(repair.defect));
    done.map(|repair| {
        Alteration::new(repair.code, format!("{}; the server had said: {}", repair.text, refusal.quote()))
    })
    .collect()
}

/// Whether a header asks for a read receipt.
pub(crate) fn asks_for_receipt(header: &[u8]) -> bool {
    header.split(|byte| *byte == b'\n').any(is_receipt_request)
}

/// What it means that the request was set aside.
pub(crate) fn receipt_set_aside() -> Alteration {
    Alteration::new(
        "receipt-request",
        "the request for a read receipt became `X-…`: the server would send one when the message is read, however old it is",
    )
}

/// Whether a line of a header asks for one (RFC 8098, and what there was before).
fn is_receipt_request(line: &[u8]) -> bool {
    [&b"disposition-notification-to:"[..], b"return-receipt-to:"]
        .iter()
        .any(|name| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
}

/// How long the mended message is.
pub(crate) fn mended_length(body: &Body, defects: Defects) -> Result<u64> {
    let mut mended = Mended::new(body, defects);
    let mut length = 0;
    while let Some(chunk) = mended.next_chunk()? {
        length += chunk.len() as u64;
    }
    Ok(length)
}

/// How long a line of the text may be, its end not counted (RFC 5322 §2.1.1).
const LONGEST_LINE: usize = 998;
/// A line is broken from here on where no character of UTF-8 is torn apart.
const BREAK_FROM: usize = LONGEST_LINE - 4;

/// A line of a header that is longer is no header field.
const LONGEST_FIELD_LINE: usize = 64 * 1024;

/// Whether a line can stand in a header: a field, or the continuation of one.
fn is_field_line(line: &[u8], first: bool) -> bool {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return !first;
    }
    match memchr::memchr(b':', line) {
        Some(colon) => colon > 0 && line[..colon].trim_ascii_end().iter().all(u8::is_ascii_graphic),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Status;
    use mailmove_core::Spool;
    use proptest::prelude::*;

    fn mended(text: &[u8], mend: Defects, cut: usize) -> Vec<u8> {
        let mut writer = Spool::new(1 << 20).writer();
        text.chunks(cut).for_each(|part| writer.write(part).unwrap());
        let body = writer.finish().unwrap();
        let mut mended = Mended::new(&body, mend);
        let mut out = Vec::new();
        while let Some(chunk) = mended.next_chunk().unwrap() {
            out.extend_from_slice(&chunk);
        }
        assert_eq!(mended_length(&body, mend).unwrap(), out.len() as u64);
        out
    }

    fn refusal(text: &str) -> StatusLine {
        StatusLine { status: Status::No, code: None, text: text.to_owned() }
    }

    #[test]
    fn each_defect_is_found_and_mended_alone() {
        for (text, defect, good) in [
            (&b"A: b\r\n\r\nx\0y\r\n"[..], Defects::NUL, &b"A: b\r\n\r\nxy\r\n"[..]),
            (b"A: b\n\nx\ry\r\n", Defects::BARE, b"A: b\r\n\r\nx\r\ny\r\n"),
            (b"A: b\r\n\r\nx", Defects::NO_END, b"A: b\r\n\r\nx\r\n"),
            (b"From a@b Mon\r\nA: b\r\n\r\nx\r\n", Defects::MBOX_LINE, b"A: b\r\n\r\nx\r\n"),
            (b"A: b\r\nno field\r\n", Defects::NO_BLANK_LINE, b"A: b\r\n\r\nno field\r\n"),
            (b"A: b\r\n", Defects::NO_BLANK_LINE, b"A: b\r\n\r\n"),
            (b"A: \xe4\r\n\r\n\xe4\r\n", Defects::HEADER_8BIT, b"A: ?\r\n\r\n\xe4\r\n"),
        ] {
            let shown = String::from_utf8_lossy(text);
            assert_eq!(examine(&Body::unpooled(text.to_vec())).unwrap(), defect, "{shown:?}");
            for cut in 1..=text.len() {
                assert_eq!(mended(text, defect, cut), good, "{shown:?}");
            }
        }
    }

    #[test]
    fn a_request_for_a_receipt_is_set_aside_and_nothing_else_is_touched() {
        let text = b"A: b\r\nDISPOSITION-Notification-To: <a@b>\n c\r\n\r\nReturn-Receipt-To: x\0\n";
        assert!(asks_for_receipt(text) && !asks_for_receipt(b"Subject: Return-Receipt-To: x"));
        let expected = b"A: b\r\nX-DISPOSITION-Notification-To: <a@b>\n c\r\n\r\nReturn-Receipt-To: x\0\n";
        assert_eq!(mended(text, Defects::RECEIPT, 3), expected);
    }

    #[test]
    fn long_lines_are_broken_between_characters_and_only_in_the_text() {
        let long = "ü".repeat(1_200);
        let text = format!("A: {}\r\n\r\n{long}\r\n{}\r\n", "a".repeat(2_000), "b".repeat(998));
        assert_eq!(examine(&Body::unpooled(text.clone())).unwrap(), Defects::LONG_LINE);
        for cut in [1, 7, 1_000, text.len()] {
            let out = String::from_utf8(mended(text.as_bytes(), Defects::LONG_LINE, cut)).unwrap();
            let (header, lines) = out.split_once("\r\n\r\n").unwrap();
            assert_eq!(header.len(), 2_003);
            assert!(lines.split("\r\n").all(|line| line.len() <= 998));
            assert_eq!(lines.replace("\r\n", ""), format!("{long}{}", "b".repeat(998)));
        }
        let headless = "x".repeat(3_000);
        let all = mended(headless.as_bytes(), Defects::all(), 100);
        assert_eq!(examine(&Body::unpooled(all)).unwrap(), Defects::empty());
    }

    #[test]
    fn the_server_says_what_to_mend_or_everything_is() {
        let defects = Defects::NUL | Defects::BARE;
        assert_eq!(prescribe(defects, &refusal("Message contains NUL characters")), Defects::NUL);
        assert_eq!(prescribe(defects, &refusal("Message contains bare newlines")), Defects::BARE);
        assert_eq!(prescribe(defects, &refusal("no")), defects);
        let done = alterations(Defects::NUL, &refusal("no NUL please"));
        assert!(done.len() == 1 && done[0].code == "nul-removed" && done[0].text.contains("no NUL please"));
    }

    proptest! {
        #[test]
        fn what_was_mended_has_no_defect_left(text in proptest::collection::vec(prop_oneof![Just(0u8), Just(b'\r'), Just(b'\n'), Just(b':'), Just(b' '), Just(b'a'), Just(0xe4)], 0..40)) {
            let body = Body::unpooled(text.clone());
            let defects = examine(&body).unwrap();
            let out = mended(&text, Defects::all(), 3);
            let left = examine(&Body::unpooled(out.clone())).unwrap();
            prop_assert!(left.is_empty(), "{:?} left of {:?} in {:?}", left, defects, out);
        }

        #[test]
        fn a_message_without_defects_is_not_touched(lines in proptest::collection::vec("[a-z ]{0,9}", 0..6)) {
            let text = format!("A: b\r\n\r\n{}", lines.iter().map(|line| format!("{line}\r\n")).collect::<String>());
            prop_assert_eq!(examine(&Body::unpooled(text.clone())).unwrap(), Defects::empty());
            prop_assert_eq!(mended(text.as_bytes(), Defects::all(), 2), text.as_bytes());
        }
    }
}
