//! An iCalendar put together while it is written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailmove_core::{Body, BodyWriter, Result, Spool};

use super::{Attached, Content, REFERENCE, parameters};

/// How many octets of a file one line holds: with the space before them and their line end, 75 octets.
const LINE: usize = 54;
/// How long a line may be, in octets (RFC 5545 §3.1).
const WIDTH: usize = 75;

/// Puts in place of each [`REFERENCE`] what hangs there.
pub(in crate::calendar) fn join(text: &[u8], attached: &[Attached], spool: &Spool) -> Result<Body> {
    let mut writer = spool.writer();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match referred(line).and_then(|number| attached.get(number)) {
            None => writer.write(line)?,
            Some(attached) => write(attached, &mut writer)?,
        }
    }
    writer.finish()
}

/// The number in a line that is a reference.
fn referred(line: &[u8]) -> Option<usize> {
    let rest = line.strip_prefix(REFERENCE.as_bytes())?.strip_prefix(b":")?;
    std::str::from_utf8(rest).ok()?.trim().parse().ok()
}

fn write(attached: &Attached, writer: &mut BodyWriter) -> Result<()> {
    let head = parameters::head(attached);
    match &attached.content {
        Content::Link(link) => {
            writer.write(folded(&format!("{head}{link}")).as_bytes())?;
        }
        Content::File(body) => {
            writer.write(folded(&head).as_bytes())?;
            let mut reader = body.reader();
            let mut rest: Vec<u8> = Vec::new();
            while let Some(chunk) = reader.next_chunk()? {
                rest.extend_from_slice(&chunk);
                let whole = rest.len() / LINE * LINE;
                writer.write(lines(&rest[..whole]).as_bytes())?;
                rest.drain(..whole);
            }
            writer.write(lines(&rest).as_bytes())?;
        }
    }
    writer.write(b"\r\n")
}

/// Octets in base64, each line of it a continuation.
fn lines(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() / LINE * 76 + 80);
    for line in octets.chunks(LINE) {
        text.push_str("\r\n ");
        STANDARD.encode_string(line, &mut text);
    }
    text
}

/// A line, continued where it is too long.
fn folded(line: &str) -> String {
    let mut folded = String::with_capacity(line.len() + line.len() / WIDTH * 3);
    let mut width = 0;
    for char in line.chars() {
        if width + char.len_utf8() > WIDTH {
            folded.push_str("\r\n ");
            width = 1;
        }
        folded.push(char);
        width += char.len_utf8();
    }
    folded
}
