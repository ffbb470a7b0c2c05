//! The language of searches, as far as the server knows it: terms that all have to be true, `or` between them, `-` or
//! `not` before one, and parentheses.

use crate::mime;
use crate::zimbra::mail;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::state::{Content, Item, Mailbox};

/// What an item has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Query {
    All(Vec<Query>),
    Any(Vec<Query>),
    Not(Box<Query>),
    /// `field:value`.
    Term(String, String),
}

impl Query {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let words = words(text);
        let mut rest = words.as_slice();
        let query = any(&mut rest).map_err(|why| {
            let words = format!("Couldn't parse query: {text} ({why})");
            Refusal::new("mail.QUERY_PARSE_ERROR", words)
        })?;
        Ok(query)
    }

    /// It says where to look: spam and trash are then not left out.
    pub(crate) fn places(&self) -> bool {
        match self {
            Self::All(many) | Self::Any(many) => many.iter().any(Self::places),
            Self::Not(one) => one.places(),
            Self::Term(field, value) => {
                matches!(field.as_str(), "in" | "inid" | "under" | "underid" | "item" | "msgid")
                    || (field == "is" && matches!(value.as_str(), "anywhere" | "local"))
            }
        }
    }

    pub(crate) fn fits(&self, mailbox: &Mailbox, item: &Item) -> bool {
        match self {
            Self::All(many) => many.iter().all(|one| one.fits(mailbox, item)),
            Self::Any(many) => many.iter().any(|one| one.fits(mailbox, item)),
            Self::Not(one) => !one.fits(mailbox, item),
            Self::Term(field, value) => term(mailbox, item, field, value),
        }
    }
}

const FIELDS: [&str; 15] = [
    "in", "inid", "under", "underid", "is", "msgid", "subject", "tag", "item", "content", "before", "after", "date",
    "from", "to",
];

/// Words, with quotes taken as one; parentheses are words.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in text.chars() {
        let last = words.last_mut().map(|word| word as &mut String);
        match (character, quoted, last) {
            ('"', ..) => quoted = !quoted,
            (' ' | '\t' | '\n', false, _) => words.push(String::new()),
            ('(' | ')', false, Some(word)) if word.is_empty() || character == ')' => {
                words.push(character.to_string());
                words.push(String::new());
            }
            (other, _, Some(word)) => word.push(other),
            _ => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn any(rest: &mut &[String]) -> Result<Query, String> {
    let mut ways = vec![all(rest)?];
    while rest.first().is_some_and(|word| word.eq_ignore_ascii_case("or")) {
        *rest = &rest[1..];
        ways.push(all(rest)?);
    }
    Ok(if ways.len() == 1 { ways.remove(0) } else { Query::Any(ways) })
}

fn all(rest: &mut &[String]) -> Result<Query, String> {
    let mut terms = Vec::new();
    while let Some(word) = rest.first().filter(|word| *word != ")" && !word.eq_ignore_ascii_case("or")) {
        let word = word.clone();
        *rest = &rest[1..];
        if word.eq_ignore_ascii_case("and") {
            continue;
        }
        if word.eq_ignore_ascii_case("not") || word == "-" {
            let Query::All(mut next) = all(rest)? else { return Err("nothing after not".to_owned()) };
            if next.is_empty() {
                return Err("nothing after not".to_owned());
            }
            terms.push(Query::Not(Box::new(next.remove(0))));
            terms.extend(next);
            continue;
        }
        terms.push(one(&word, rest)?);
    }
    Ok(Query::All(terms))
}

fn one(word: &str, rest: &mut &[String]) -> Result<Query, String> {
    if word == "(" {
        let inner = any(rest)?;
        if rest.first().is_none_or(|word| word != ")") {
            return Err("a parenthesis is open".to_owned());
        }
        *rest = &rest[1..];
        return Ok(inner);
    }
    if let Some(word) = word.strip_prefix('-') {
        return Ok(Query::Not(Box::new(one(word, rest)?)));
    }
    let (field, value) = word.split_once(':').unwrap_or(("content", word));
    let field = field.to_ascii_lowercase();
    if !FIELDS.contains(&field.as_str()) {
        return Err(format!("unknown field {field}"));
    }
    Ok(Query::Term(field, value.to_owned()))
}

fn term(mailbox: &Mailbox, item: &Item, field: &str, value: &str) -> bool {
    let folder = |value: &str| mailbox.at_path(value).is_some_and(|folder| folder == item.folder);
    let number = |value: &str| value.rsplit(':').next().and_then(|number| number.parse::<i64>().ok());
    let lower = value.to_lowercase();
    let blob = match &item.content {
        Content::Message { blob } => Some(blob),
        _ => None,
    };
    let holds = |name: &str| {
        blob.and_then(|blob| mime::field(blob, name)).is_some_and(|text| text.to_lowercase().contains(&lower))
    };
    match field {
        "in" => folder(value),
        "inid" => number(value) == Some(item.folder),
        "under" => mailbox.at_path(value).is_some_and(|top| mailbox.below(top).contains(&item.folder)),
        "underid" => number(value).is_some_and(|top| mailbox.below(top).contains(&item.folder)),
        "is" => match lower.as_str() {
            "anywhere" | "local" => true,
            "unread" => item.has_flag('u'),
            "read" => !item.has_flag('u'),
            "flagged" => item.has_flag('f'),
            "unflagged" => !item.has_flag('f'),
            "replied" => item.has_flag('r'),
            "forwarded" => item.has_flag('w'),
            "draft" => item.has_flag('d'),
            "sent" => item.has_flag('s'),
            "invite" => item.has_flag('v'),
            _ => false,
        },
        "msgid" => {
            let name = value.trim_matches(['<', '>']);
            mailbox.with_message_id(name).contains(&item.id)
        }
        "subject" => blob.is_some_and(|blob| mail::subject(blob).to_lowercase().contains(&lower)),
        "from" | "to" => holds(field),
        "tag" => mailbox.tag_named(value).is_some_and(|tag| item.tags.contains(&tag.id)),
        "item" => value.trim_matches(['{', '}']).split(',').any(|one| number(one) == Some(item.id)),
        "before" => number(value).is_some_and(|ms| item.date < ms),
        "after" => number(value).is_some_and(|ms| item.date > ms),
        "date" => match (value.strip_prefix('>').and_then(number), value.strip_prefix('<').and_then(number)) {
            (Some(after), _) => item.date > after,
            (_, Some(before)) => item.date < before,
            _ => number(value) == Some(item.date),
        },
        "content" => match &item.content {
            Content::Message { blob } | Content::Document { blob, .. } => {
                String::from_utf8_lossy(blob).to_lowercase().contains(&lower)
            }
            Content::Contact { attributes, .. } => {
                attributes.iter().any(|(_, text)| text.to_lowercase().contains(&lower))
            }
            Content::Calendar { invites, .. } => invites.iter().any(|invite| {
                invite.calendar.component().is_some_and(|one| one.lines.join("\n").to_lowercase().contains(&lower))
            }),
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read() {
        let term = |field: &str, value: &str| Query::Term(field.to_owned(), value.to_owned());
        let parsed = Query::parse("inid:\"2\" is:anywhere").unwrap();
        assert_eq!(parsed, Query::All(vec![term("inid", "2"), term("is", "anywhere")]));
        let parsed = Query::parse("-is:read (in:Sent or msgid:\"<a b@x>\")").unwrap();
        let Query::All(all) = parsed else { panic!() };
        assert_eq!(all[0], Query::Not(Box::new(term("is", "read"))));
        assert!(matches!(&all[1], Query::Any(ways) if ways.len() == 2));
        assert_eq!(Query::parse("colour:red").unwrap_err().code, "mail.QUERY_PARSE_ERROR");
    }
}
