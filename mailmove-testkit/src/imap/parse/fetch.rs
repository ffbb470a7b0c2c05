//! FETCH: what is asked of each message.

use super::{Command, Cursor, Malformed, Parsed};

/// One data item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Uid,
    Flags,
    InternalDate,
    Size,
    ModSeq,
    EmailId,
    /// `X-GM-MSGID`.
    GmailId,
    /// `X-GM-LABELS`.
    GmailLabels,
    Envelope,
    /// BODYSTRUCTURE; BODY is the one without extensions.
    Structure {
        extensible: bool,
    },
    Section(Section),
}

/// A stretch of the message's octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    /// As the answer names it: `BODY[HEADER]`, `RFC822`.
    pub(crate) label: String,
    /// Leaves `\Seen` alone.
    pub(crate) peek: bool,
    /// Asked for decoded, with `BINARY`.
    pub(crate) binary: bool,
    /// Numbers of the nested parts, empty for the message itself.
    pub(crate) part: Vec<u32>,
    pub(crate) what: What,
    pub(crate) partial: Option<Partial>,
}

/// Which stretch of the part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    Everything,
    Header,
    Fields { names: Vec<String>, except: bool },
    Text,
    Mime,
}

/// `<start.length>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Partial {
    pub(crate) start: u64,
    pub(crate) length: u64,
}

pub(super) fn fetch(c: &mut Cursor<'_>, uid: bool) -> Parsed<Command> {
    c.space()?;
    let set = c.set()?;
    c.space()?;
    let items = match c.peek() {
        Some(b'(') => c.list(item)?.concat(),
        _ => item_or_macro(c)?,
    };
    let (mut changed_since, mut vanished) = (None, false);
    if !c.at_end() {
        c.space()?;
        c.list(|c| {
            if c.keyword("CHANGEDSINCE") {
                c.space()?;
                changed_since = Some(c.number()?);
            } else if c.keyword("VANISHED") {
                vanished = true;
            } else {
                return Err(Malformed("Unknown FETCH modifier"));
            }
            Ok(())
        })?;
    }
    if vanished && (!uid || changed_since.is_none()) {
        return Err(Malformed("VANISHED needs UID FETCH and CHANGEDSINCE"));
    }
    Ok(Command::Fetch { uid, set, items, changed_since, vanished })
}

fn item_or_macro(c: &mut Cursor<'_>) -> Parsed<Vec<Item>> {
    let fast = [Item::Flags, Item::InternalDate, Item::Size];
    if c.keyword("FAST") {
        Ok(fast.to_vec())
    } else if c.keyword("ALL") {
        Ok([&fast[..], &[Item::Envelope]].concat())
    } else if c.keyword("FULL") {
        Ok([&fast[..], &[Item::Envelope, Item::Structure { extensible: false }]].concat())
    } else {
        item(c)
    }
}

fn item(c: &mut Cursor<'_>) -> Parsed<Vec<Item>> {
    let word = c.run(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte), "Expected a FETCH item")?;
    let word = word.to_ascii_uppercase();
    let whole = |label: &str, peek, what| {
        let section = Section { label: label.to_owned(), peek, binary: false, part: Vec::new(), what, partial: None };
        Ok(vec![Item::Section(section)])
    };
    match word.as_str() {
        "UID" => Ok(vec![Item::Uid]),
        "FLAGS" => Ok(vec![Item::Flags]),
        "INTERNALDATE" => Ok(vec![Item::InternalDate]),
        "RFC822.SIZE" => Ok(vec![Item::Size]),
        "MODSEQ" => Ok(vec![Item::ModSeq]),
        "EMAILID" => Ok(vec![Item::EmailId]),
        "X-GM-MSGID" => Ok(vec![Item::GmailId]),
        "X-GM-LABELS" => Ok(vec![Item::GmailLabels]),
        "ENVELOPE" => Ok(vec![Item::Envelope]),
        "BODYSTRUCTURE" => Ok(vec![Item::Structure { extensible: true }]),
        "RFC822" => whole("RFC822", false, What::Everything),
        "RFC822.HEADER" => whole("RFC822.HEADER", true, What::Header),
        "RFC822.TEXT" => whole("RFC822.TEXT", false, What::Text),
        "BODY" if c.peek() != Some(b'[') => Ok(vec![Item::Structure { extensible: false }]),
        "BODY" | "BODY.PEEK" => section(c, word == "BODY.PEEK", false),
        "BINARY" | "BINARY.PEEK" => section(c, word == "BINARY.PEEK", true),
        _ => Err(Malformed("Unknown FETCH item")),
    }
}

fn section(c: &mut Cursor<'_>, peek: bool, binary: bool) -> Parsed<Vec<Item>> {
    c.expect(b'[')?;
    let mut label = String::from(if binary { "BINARY[" } else { "BODY[" });
    let mut part = Vec::new();
    let mut what = What::Everything;
    while c.peek() != Some(b']') {
        if c.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            let number = c.number32()?;
            label.push_str(&number.to_string());
            part.push(number);
            if c.take(b'.') {
                label.push('.');
                continue;
            }
        } else {
            what = section_text(c, &mut label, !part.is_empty())?;
        }
        if c.peek() != Some(b']') {
            return Err(Malformed("Invalid section"));
        }
    }
    c.expect(b']')?;
    label.push(']');
    if label.ends_with(".]") || part.contains(&0) || binary && what != What::Everything {
        return Err(Malformed("Invalid section"));
    }
    let partial = if c.take(b'<') {
        let start = c.number()?;
        c.expect(b'.')?;
        let length = c.number()?;
        c.expect(b'>')?;
        label.push_str(&format!("<{start}>"));
        Some(Partial { start, length })
    } else {
        None
    };
    Ok(vec![Item::Section(Section { label, peek, binary, part, what, partial })])
}

fn section_text(c: &mut Cursor<'_>, label: &mut String, in_part: bool) -> Parsed<What> {
    let word = c.run(|byte| byte.is_ascii_alphabetic() || byte == b'.', "Invalid section")?.to_ascii_uppercase();
    label.push_str(&word);
    match word.as_str() {
        "HEADER" => Ok(What::Header),
        "TEXT" => Ok(What::Text),
        "MIME" if in_part => Ok(What::Mime),
        "HEADER.FIELDS" | "HEADER.FIELDS.NOT" => {
            c.space()?;
            let names = c.list(Cursor::astring)?;
            if names.is_empty() {
                return Err(Malformed("Expected header names"));
            }
            label.push_str(&format!(" ({})", names.join(" ")));
            Ok(What::Fields { names, except: word.ends_with(".NOT") })
        }
        _ => Err(Malformed("Invalid section")),
    }
}
