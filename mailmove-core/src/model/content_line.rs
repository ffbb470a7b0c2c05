//! The little of iCalendar and vCard that is read without parsing them: one property, on a line of its own.

/// The value of the first content line of this name (RFC 5545 §3.1, RFC 6350 §3.3), unfolded, as it is written: escapes
/// are left as they are. Names are compared without regard to case; components are not told apart.
pub fn content_line(text: &str, name: &str) -> Option<String> {
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).peekable();
    while let Some(line) = lines.next() {
        let head = line.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
        if !head || !matches!(line.as_bytes().get(name.len()), Some(b':' | b';')) {
            continue;
        }
        let mut whole = line.to_owned();
        while let Some(more) = lines.next_if(|next| next.starts_with([' ', '\t'])) {
            whole.push_str(&more[1..]);
        }
        return Some(whole[value(&whole)?..].trim().to_owned());
    }
    None
}

/// Where the value begins: behind the first colon outside of quotes.
fn value(line: &str) -> Option<usize> {
    let mut quoted = false;
    let colon = line.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b':' && !quoted
    });
    colon.map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_is_found_folded_and_with_parameters() {
        let text = "BEGIN:VEVENT\r\nUIDX:no\r\nuid;X-P=\"a:b\":4\r\n 2@\r\n\tx\r\nUID:later\r\n";
        assert_eq!(content_line(text, "UID").as_deref(), Some("42@x"));
        assert_eq!(content_line(text, "SUMMARY"), None);
        assert_eq!(content_line("UID", "UID"), None);
    }
}
