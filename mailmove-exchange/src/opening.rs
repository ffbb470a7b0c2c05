//! How a body begins: as much of it as tells what it is, without the rest.

use mailmove_core::{Body, Result};

/// How far it is looked.
const LONGEST: usize = 256 * 1024;

/// As much of a text as holds what identifies it: a little more than 256 KiB at most.
///
/// # Errors
/// When the spool cannot be read.
pub fn beginning(body: &Body) -> Result<String> {
    let mut text = Vec::new();
    let mut reader = body.reader();
    while let Some(chunk) = reader.next_chunk()? {
        text.extend_from_slice(&chunk);
        if text.len() > LONGEST {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Everything before the first blank line, at most 256 KiB.
///
/// # Errors
/// When the spool cannot be read.
pub fn header(body: &Body) -> Result<Vec<u8>> {
    let mut header = Vec::new();
    let mut reader = body.reader();
    while let Some(chunk) = reader.next_chunk()? {
        let from = header.len().saturating_sub(3);
        header.extend_from_slice(&chunk);
        if let Some(end) = blank_line(&header, from) {
            header.truncate(end);
            break;
        }
        if header.len() > LONGEST {
            header.truncate(LONGEST);
            break;
        }
    }
    Ok(header)
}

/// Where the first blank line begins, looked for from here on.
fn blank_line(text: &[u8], from: usize) -> Option<usize> {
    if text.starts_with(b"\r\n") || text.starts_with(b"\n") {
        return Some(0);
    }
    let ends = memchr::memchr_iter(b'\n', &text[from..]).map(|at| from + at + 1);
    ends.into_iter().find(|at| matches!(&text[*at..], [b'\n', ..] | [b'\r', b'\n', ..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_ends_at_the_first_blank_line() {
        let header = |octets: &[u8]| header(&Body::unpooled(octets.to_vec())).unwrap();
        assert_eq!(header(b"A: 1\r\nB: 2\r\n\r\nC: 3\r\n\r\n"), b"A: 1\r\nB: 2\r\n");
        assert_eq!(header(b"A: 1\n\nB"), b"A: 1\n");
        assert_eq!(header(b"\r\nbody"), b"");
        assert_eq!(header(b"A: 1"), b"A: 1");
    }
}
