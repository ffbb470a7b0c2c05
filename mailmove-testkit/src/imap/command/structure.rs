//! ENVELOPE and BODYSTRUCTURE.

use std::fmt::Write;

use super::mime::{self, Part};

/// ENVELOPE of the message.
pub(super) fn envelope(message: &[u8]) -> String {
    envelope_of(&message[..mime::header_length(message)])
}

fn envelope_of(header: &[u8]) -> String {
    let text = |name| nstring(mime::field(header, name).as_deref());
    let list = |name| mime::field(header, name).map(|value| addresses(&value)).filter(|list| list != "NIL");
    let from = list("From").unwrap_or_else(|| "NIL".to_owned());
    let or_from = |name| list(name).unwrap_or_else(|| from.clone());
    let or_nil = |name| list(name).unwrap_or_else(|| "NIL".to_owned());
    format!(
        "({} {} {from} {} {} {} {} {} {} {})",
        text("Date"),
        text("Subject"),
        or_from("Sender"),
        or_from("Reply-To"),
        or_nil("To"),
        or_nil("Cc"),
        or_nil("Bcc"),
        text("In-Reply-To"),
        text("Message-ID"),
    )
}

/// BODYSTRUCTURE, or BODY without the extension data.
pub(super) fn structure(message: &[u8], extensible: bool) -> String {
    describe(message, &Part::of(message), extensible)
}

fn describe(message: &[u8], part: &Part, extensible: bool) -> String {
    let header = &message[part.header.clone()];
    let text = |name| nstring(mime::field(header, name).as_deref());
    let disposition = || {
        mime::field(header, "Content-Disposition").map_or_else(
            || "NIL".to_owned(),
            |value| {
                let (value, values) = mime::value_and_parameters(&value);
                format!("({} {})", string(&value), parameters(&values))
            },
        )
    };
    if part.kind == "MULTIPART" && !part.children.is_empty() {
        let children: String = part.children.iter().map(|child| describe(message, child, extensible)).collect();
        let mut described = format!("({children} {}", string(&part.subtype));
        if extensible {
            let _ = write!(described, " {} {} NIL NIL", parameters(&part.parameters), disposition());
        }
        return described + ")";
    }
    // A multipart without parts is nothing but octets.
    let (kind, subtype) = match part.kind.as_str() {
        "MULTIPART" => ("APPLICATION", "OCTET-STREAM"),
        kind => (kind, part.subtype.as_str()),
    };
    let encoding = mime::field(header, "Content-Transfer-Encoding").unwrap_or_else(|| "7BIT".to_owned());
    let mut described = format!(
        "({} {} {} {} {} {} {}",
        string(kind),
        string(subtype),
        parameters(&part.parameters),
        text("Content-ID"),
        text("Content-Description"),
        string(&encoding.to_ascii_uppercase()),
        part.body.len(),
    );
    if let (true, Some(inner)) = (part.is_message(), part.children.first()) {
        let envelope = envelope_of(&message[inner.header.clone()]);
        let _ = write!(described, " {envelope} {}", describe(message, inner, extensible));
    }
    if kind == "TEXT" || part.is_message() && !part.children.is_empty() {
        let _ = write!(described, " {}", part.lines(message));
    }
    if extensible {
        let _ = write!(described, " {} {} NIL NIL", text("Content-MD5"), disposition());
    }
    described + ")"
}

fn parameters(parameters: &[(String, String)]) -> String {
    if parameters.is_empty() {
        return "NIL".to_owned();
    }
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{} {}", string(name), string(value))).collect();
    format!("({})", pairs.join(" "))
}

fn nstring(text: Option<&str>) -> String {
    text.map_or_else(|| "NIL".to_owned(), string)
}

/// Quoted when it is ASCII, a literal otherwise.
fn string(text: &str) -> String {
    if text.is_ascii() {
        return super::super::session::quote(text);
    }
    format!("{{{}}}\r\n{text}", text.len())
}

/// The addresses of a field. Groups lose their name and keep their members; what cannot be read is left out.
fn addresses(value: &str) -> String {
    let list: String = split(value).iter().filter_map(|one| address(one)).collect();
    if list.is_empty() { "NIL".to_owned() } else { format!("({list})") }
}

fn address(text: &str) -> Option<String> {
    let (name, spec) = match (text.rfind('<'), text.rfind('>')) {
        (Some(open), Some(close)) if open < close => (text[..open].trim(), text[open + 1..close].trim()),
        _ => ("", text.trim()),
    };
    let (local, domain) = spec.rsplit_once('@')?;
    let name = name.trim_matches('"').replace("\\\"", "\"");
    let name = if name.is_empty() { "NIL".to_owned() } else { string(&name) };
    Some(format!("({name} NIL {} {})", string(local), string(domain)))
}

/// At commas, and at the colon and semicolon of groups, outside quotes and angle brackets; comments are dropped.
fn split(value: &str) -> Vec<String> {
    let (mut found, mut one) = (Vec::new(), String::new());
    let (mut quoted, mut escaped, mut angle, mut comment) = (false, false, false, 0);
    for character in value.chars() {
        let kept = match character {
            _ if escaped => {
                escaped = false;
                true
            }
            '\\' => {
                escaped = true;
                true
            }
            '"' if comment == 0 => {
                quoted = !quoted;
                true
            }
            '(' if !quoted => {
                comment += 1;
                false
            }
            ')' if comment > 0 => {
                comment -= 1;
                false
            }
            '<' | '>' if !quoted => {
                angle = character == '<';
                true
            }
            ',' | ';' if !quoted && !angle && comment == 0 => {
                found.push(std::mem::take(&mut one));
                false
            }
            ':' if !quoted && !angle && comment == 0 => {
                one.clear();
                false
            }
            _ => true,
        };
        if kept && comment == 0 {
            one.push(character);
        }
    }
    found.push(one);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_names_people_and_repeats_the_sender() {
        let message =
            b"From: \"Doe, Jane\" <jane@example.org>\r\nTo: a@b.c (Al), Team: d@e.f;\r\nSubject: x \"y\"\r\n\r\n";
        let jane = "((\"Doe, Jane\" NIL \"jane\" \"example.org\"))";
        let to = "((NIL NIL \"a\" \"b.c\")(NIL NIL \"d\" \"e.f\"))";
        assert_eq!(envelope(message), format!("(NIL \"x \\\"y\\\"\" {jane} {jane} {jane} {to} NIL NIL NIL NIL)"));
    }

    #[test]
    fn a_structure_describes_every_part() {
        let message = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n--x\r\nContent-Type: image/png\r\n\r\ntwo\r\n--x--\r\n";
        assert_eq!(
            structure(message, false),
            "((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 3 0)(\"IMAGE\" \"PNG\" NIL NIL NIL \"7BIT\" 3) \"MIXED\")"
        );
        assert!(structure(b"", true).starts_with("(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 0 0 "));
    }
}
