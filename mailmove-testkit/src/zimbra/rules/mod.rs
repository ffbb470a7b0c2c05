//! What requests may hold. Zimbra passes over what it does not know, so that is only noted; it refuses a number that is
//! none and a word that is none of those that can stand there.
//!
//! ```text
//! ; a comment
//! Mail/AddMsgRequest m>AddedMessage filterSent?    an operation of urn:zimbraMail
//! AddedMessage content d# noICal? by=id|name *     a type
//! ```
//! A member is an attribute or an element, which the JSON form does not tell apart: `name` is text, `name#` a number,
//! `name?` yes or no, `name=a|b` one of these words, `name>Type` an element of a type, `+Type` everything that another
//! type has, `*` whatever else there is. Lines that begin with a blank continue the line before.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::element::Element;

const TABLES: [&str; 4] =
    [include_str!("account.txt"), include_str!("admin.txt"), include_str!("mail.txt"), include_str!("calendar.txt")];

static RULES: LazyLock<HashMap<&'static str, Type>> = LazyLock::new(read);

#[derive(Debug, Default)]
struct Type {
    members: HashMap<&'static str, Kind>,
    open: bool,
    also: Vec<&'static str>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Number,
    Flag,
    Words(&'static str),
    Element(&'static str),
}

/// What is wrong with a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// What nobody knows.
    pub(crate) unknown: Vec<String>,
    /// What is refused.
    pub(crate) refused: Vec<String>,
}

fn read() -> HashMap<&'static str, Type> {
    let mut rules: HashMap<&'static str, Type> = HashMap::new();
    let mut last = "";
    for line in TABLES.iter().flat_map(|table| table.lines()) {
        if line.starts_with(';') || line.trim().is_empty() {
            continue;
        }
        let mut words = line.split_whitespace();
        if !line.starts_with(' ') {
            last = words.next().unwrap_or_default();
        }
        let rule = rules.entry(last).or_default();
        for word in words {
            if word == "*" {
                rule.open = true;
            } else if let Some(other) = word.strip_prefix('+') {
                rule.also.push(other);
            } else if let Some((name, words)) = word.split_once('=') {
                rule.members.insert(name, Kind::Words(words));
            } else if let Some((name, kind)) = word.split_once('>') {
                rule.members.insert(name, Kind::Element(kind));
            } else if let Some(name) = word.strip_suffix('#') {
                rule.members.insert(name, Kind::Number);
            } else if let Some(name) = word.strip_suffix('?') {
                rule.members.insert(name, Kind::Flag);
            } else {
                rule.members.insert(word, Kind::Text);
            }
        }
    }
    rules
}

/// The kind of a member, with what other types give.
fn member(rule: &Type, name: &str) -> Option<Kind> {
    rule.members
        .get(name)
        .copied()
        .or_else(|| rule.also.iter().filter_map(|other| RULES.get(other)).find_map(|other| member(other, name)))
}

fn is_open(rule: &Type) -> bool {
    rule.open || rule.also.iter().filter_map(|other| RULES.get(other)).any(is_open)
}

/// Holds a request against the rules; an operation that has none is not looked at.
pub(crate) fn check(request: &Element) -> Verdict {
    let mut verdict = Verdict::default();
    let name = format!("{}/{}", request.namespace.trim_start_matches("urn:zimbra"), request.name);
    if let Some(rule) = RULES.get(name.as_str()) {
        element(rule, request, &request.name, &mut verdict);
    }
    verdict
}

fn element(rule: &Type, element: &Element, place: &str, verdict: &mut Verdict) {
    // An entry of `_attrs` has its key in the place where the reader of it will look.
    let shown = element.attributes.iter().filter(|_| element.pair.is_none());
    let attributes = shown.map(|(name, value, _)| (name.as_str(), value.text(), None));
    let children = element.children.iter().map(|child| (child.name.as_str(), child.own_text().to_owned(), Some(child)));
    for (name, text, child) in attributes.chain(children) {
        if name == "requestId" {
            continue;
        }
        match member(rule, name) {
            None if is_open(rule) => {}
            None => verdict.unknown.push(format!("{place}: no {name} here")),
            Some(Kind::Number) if !is_number(&text) => {
                verdict.refused.push(format!("{place}: {name} is no number: {text}"));
            }
            Some(Kind::Flag) if !matches!(text.to_lowercase().as_str(), "0" | "1" | "true" | "false" | "") => {
                verdict.refused.push(format!("{place}: {name} is neither true nor false: {text}"));
            }
            Some(Kind::Words(words)) if !words.split('|').any(|word| word == text) => {
                verdict.refused.push(format!("{place}: {name} cannot be {text}"));
            }
            Some(Kind::Element(kind)) => {
                if let (Some(child), Some(rule)) = (child, RULES.get(kind)) {
                    self::element(rule, child, &format!("{place}/{name}"), verdict);
                }
            }
            Some(_) => {}
        }
    }
}

/// Nothing is taken for a number that was not given.
fn is_number(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.trim_start_matches(['-', '+']).bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_is_named_is_there() {
        for (name, rule) in RULES.iter() {
            let kinds = rule.members.values().filter_map(|kind| match kind {
                Kind::Element(kind) => Some(*kind),
                _ => None,
            });
            for other in kinds.chain(rule.also.iter().copied()) {
                assert!(RULES.contains_key(other), "{other} of {name}");
            }
        }
    }

    #[test]
    fn what_nobody_knows_is_noted_and_what_cannot_be_is_refused() {
        let m = Element::new("m").set("l", "2").set("d", "soon").set("colour", "red").set("noICal", "maybe");
        let verdict = check(&Element::of("urn:zimbraMail", "AddMsgRequest").set("requestId", "1").child(m));
        assert_eq!(verdict.unknown, ["AddMsgRequest/m: no colour here"]);
        assert_eq!(verdict.refused.len(), 2, "{verdict:?}");
        let target = Element::new("target").set("by", "shoe").text("x");
        let verdict = check(&Element::of("urn:zimbraAdmin", "GetGrantsRequest").child(target));
        assert_eq!(verdict.refused, ["GetGrantsRequest/target: by cannot be shoe"]);
        let deep =
            Element::new("m").child(Element::new("inv").child(Element::new("comp").set("name", "x").set("x", 1)));
        let verdict = check(&Element::of("urn:zimbraMail", "CreateAppointmentRequest").child(deep));
        assert_eq!(verdict.unknown, ["CreateAppointmentRequest/m/inv/comp: no x here"]);
    }
}
