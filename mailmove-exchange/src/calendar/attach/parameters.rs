//! The parameters of ATTACH.

use super::{Attached, Content};

/// How long a name may be, in characters.
const LONGEST_NAME: usize = 255;

/// What stands before the colon of an ATTACH.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    /// Whether octets follow, in base64.
    pub(super) inline: bool,
    name: Option<String>,
    content_type: String,
    content_id: Option<String>,
}

impl Parameters {
    /// Reads `ATTACH;FMTTYPE=text/plain;…`, as it stands before the colon.
    pub(super) fn read(head: &str) -> Self {
        let mut found = Self::default();
        for part in outside_of_quotes(head).into_iter().skip(1) {
            let Some((name, value)) = part.split_once('=') else { continue };
            let value = plain(value.trim().trim_matches('"'));
            match name.trim().to_ascii_uppercase().as_str() {
                "ENCODING" => found.inline |= value.eq_ignore_ascii_case("BASE64") || value.eq_ignore_ascii_case("B"),
                "VALUE" => found.inline |= value.eq_ignore_ascii_case("BINARY"),
                "FMTTYPE" => found.content_type = value.to_ascii_lowercase(),
                "FILENAME" => found.name = Some(value),
                "X-FILENAME" | "X-APPLE-FILENAME" | "X-ORACLE-FILENAME" => found.name = found.name.or(Some(value)),
                "X-CONTENT-ID" => found.content_id = Some(value),
                _ => {}
            }
        }
        found
    }

    /// What hangs there.
    pub(super) fn with(self, content: Content) -> Attached {
        let name = self.name.unwrap_or_default().chars().take(LONGEST_NAME).collect();
        Attached { name, content_type: self.content_type, content_id: self.content_id, content }
    }

    /// What is said of this one that cannot be kept.
    pub(super) fn called(&self) -> &str {
        self.name.as_deref().filter(|name| !name.is_empty()).unwrap_or("without a name")
    }
}

/// The line up to its colon.
pub(super) fn head(attached: &Attached) -> String {
    let mut head = "ATTACH".to_owned();
    let is_type = |byte: u8| byte.is_ascii_alphanumeric() || b"/.+-_!#$&^".contains(&byte);
    if !attached.content_type.is_empty() && attached.content_type.bytes().all(is_type) {
        head.push_str(&format!(";FMTTYPE={}", attached.content_type));
    }
    if attached.body().is_some() {
        head.push_str(";ENCODING=BASE64;VALUE=BINARY");
    }
    let name = quoted(&attached.name);
    if !attached.name.is_empty() {
        if attached.body().is_some() {
            head.push_str(&format!(";X-FILENAME={name}"));
        }
        head.push_str(&format!(";FILENAME={name}"));
    }
    if let Some(id) = &attached.content_id {
        head.push_str(&format!(";X-CONTENT-ID={}", quoted(id)));
    }
    head.push(':');
    head
}

fn outside_of_quotes(head: &str) -> Vec<&str> {
    let mut quoted = false;
    head.split(|char| {
        quoted ^= char == '"';
        char == ';' && !quoted
    })
    .collect()
}

/// A value of a parameter without its escapes (RFC 6868).
fn plain(value: &str) -> String {
    let mut plain = String::new();
    let mut chars = value.chars().peekable();
    while let Some(char) = chars.next() {
        let stands_for = match (char, chars.peek()) {
            ('^', Some('^')) => Some('^'),
            ('^', Some('\'')) => Some('"'),
            ('^', Some('n')) => Some('\n'),
            _ => None,
        };
        if stands_for.is_some() {
            chars.next();
        }
        plain.push(stands_for.unwrap_or(char));
    }
    plain
}

/// A value of a parameter in quotes, with its escapes (RFC 6868); control characters are no part of any.
fn quoted(value: &str) -> String {
    let mut quoted = "\"".to_owned();
    for char in value.chars() {
        match char {
            '^' => quoted.push_str("^^"),
            '"' => quoted.push_str("^'"),
            '\n' => quoted.push_str("^n"),
            char if char.is_control() => {}
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}
