//! Query options: $select, $expand, $filter, $orderby, $top, $skip and what else stands behind the question mark.

mod filter;
mod tokens;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::refusal::Refusal;
use super::schema;
pub(crate) use filter::Filter;

/// The options of one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    pub(crate) select: Option<Vec<String>>,
    pub(crate) expand: Vec<Expand>,
    pub(crate) filter: Option<Filter>,
    pub(crate) order: Vec<(Vec<String>, bool)>,
    pub(crate) top: Option<usize>,
    pub(crate) skip: usize,
    pub(crate) count: bool,
    /// All others, names as they were sent.
    others: BTreeMap<String, String>,
    raw: Vec<(String, String)>,
}

/// One entry of $expand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expand {
    pub(crate) name: String,
    pub(crate) filter: Option<String>,
    pub(crate) select: Option<Vec<String>>,
}

const KNOWN: [&str; 12] = [
    "$select",
    "$expand",
    "$filter",
    "$orderby",
    "$top",
    "$skip",
    "$count",
    "$search",
    "$format",
    "$skiptoken",
    "$deltatoken",
    "$value",
];

impl Query {
    pub(crate) fn read(text: &str) -> Result<Self, Refusal> {
        let mut query = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (unescaped(name, true), unescaped(value, true));
            query.raw.push((name.clone(), value.clone()));
            query.option(name, value)?;
        }
        Ok(query)
    }

    fn option(&mut self, name: String, value: String) -> Result<(), Refusal> {
        let number =
            || value.parse::<usize>().map_err(|_| Refusal::query(format!("Invalid value '{value}' for {name}.")));
        match name.as_str() {
            "$select" => self.select = Some(list(&value)),
            "$expand" => self.expand = expansions(&value)?,
            "$filter" => self.filter = Some(Filter::read(&value)?),
            "$orderby" => {
                self.order = list(&value).iter().map(|entry| ordering(entry)).collect::<Result<_, _>>()?;
            }
            "$top" => self.top = Some(number()?).filter(|top| *top > 0),
            "$skip" => self.skip = number()?,
            "$count" => self.count = value.eq_ignore_ascii_case("true"),
            "$search" => return Err(Refusal::query("$search is not known to this server.")),
            known if known.starts_with('$') && !KNOWN.contains(&known) => {
                return Err(Refusal::query(format!("The query parameter '{known}' is not supported.")));
            }
            _ => {
                self.others.insert(name, value);
            }
        }
        Ok(())
    }

    /// An option that has no field of its own.
    pub(crate) fn other(&self, name: &str) -> Option<&str> {
        self.others.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The options as they were, without these.
    pub(crate) fn without(&self, names: &[&str]) -> Vec<(String, String)> {
        self.raw.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect()
    }

    /// Checks that all names are those of properties of a type.
    pub(crate) fn check(&self, kind: &str, beta: bool) -> Result<(), Refusal> {
        let known = |name: &str| {
            let name = name
                .rsplit_once("microsoft.graph.")
                .map_or(name, |(_, cast)| cast.split_once('/').map_or(cast, |(_, property)| property));
            let name = name.split('/').next().unwrap_or_default();
            name == "*" || schema::is_known(kind, name, beta)
        };
        let mut names: Vec<&str> = self.select.iter().flatten().map(String::as_str).collect();
        names.extend(self.expand.iter().map(|expand| expand.name.as_str()));
        names.extend(self.order.iter().filter_map(|(path, _)| path.first()).map(String::as_str));
        names.extend(self.filter.iter().flat_map(Filter::names));
        match names.into_iter().find(|name| !known(name)) {
            Some(unknown) => Err(Refusal::unknown(kind, unknown)),
            None => Ok(()),
        }
    }

    pub(crate) fn expands(&self, name: &str) -> Option<&Expand> {
        self.expand.iter().find(|expand| expand.name.eq_ignore_ascii_case(name))
    }

    /// Only what was asked for; the id and annotations always.
    pub(crate) fn selected(&self, entity: Map<String, Value>) -> Map<String, Value> {
        let Some(select) = self.select.as_ref().filter(|select| !select.iter().any(|name| name == "*")) else {
            return entity;
        };
        let keep = |name: &String| {
            name == "id"
                || name.contains('@')
                || select
                    .iter()
                    .any(|wanted| wanted.rsplit('/').next() == Some(name) || wanted.split('/').next() == Some(name))
                || self.expands(name).is_some()
        };
        entity.into_iter().filter(|(name, _)| keep(name)).collect()
    }

    /// In the order that $orderby asks for.
    pub(crate) fn sort(&self, entities: &mut [Map<String, Value>]) {
        if self.order.is_empty() {
            return;
        }
        entities.sort_by(|one, other| {
            for (path, down) in &self.order {
                let order = filter::compare(filter::at(one, path), filter::at(other, path));
                let order = if *down { order.reverse() } else { order };
                if order.is_ne() {
                    return order;
                }
            }
            std::cmp::Ordering::Equal
        });
    }
}

fn list(value: &str) -> Vec<String> {
    value.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn ordering(entry: &str) -> Result<(Vec<String>, bool), Refusal> {
    let mut words = entry.split_whitespace();
    let path = words.next().unwrap_or_default().split('/').map(str::to_owned).collect();
    match words.next() {
        None | Some("asc") => Ok((path, false)),
        Some("desc") => Ok((path, true)),
        Some(other) => Err(Refusal::query(format!("Syntax error at '{other}' in $orderby."))),
    }
}

/// `attachments,singleValueExtendedProperties($filter=id eq 'x';$select=id)`.
fn expansions(value: &str) -> Result<Vec<Expand>, Refusal> {
    let (mut found, mut depth, mut quoted, mut from) = (Vec::new(), 0i32, false, 0);
    for (at, character) in value.char_indices().chain([(value.len(), ',')]) {
        match character {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                let entry = value[from..at].trim();
                if !entry.is_empty() {
                    found.push(expansion(entry)?);
                }
                from = at + 1;
            }
            _ => {}
        }
    }
    if depth == 0 && !quoted { Ok(found) } else { Err(Refusal::query("Syntax error in $expand.")) }
}

fn expansion(entry: &str) -> Result<Expand, Refusal> {
    let Some((name, inner)) = entry.split_once('(') else {
        return Ok(Expand { name: entry.to_owned(), ..Expand::default() });
    };
    let mut expand = Expand { name: name.trim().to_owned(), ..Expand::default() };
    let inner = inner.strip_suffix(')').unwrap_or(inner);
    for option in inner.split(';') {
        match option.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
            Some(("$filter", value)) => expand.filter = Some(value.to_owned()),
            Some(("$select", value)) => expand.select = Some(list(value)),
            Some(("$expand" | "$top" | "$orderby", _)) => {}
            _ => return Err(Refusal::query(format!("Syntax error at '{option}' in $expand."))),
        }
    }
    Ok(expand)
}

/// Without the escapes of a URL; in a query a plus sign is a blank.
pub(crate) fn unescaped(text: &str, plus: bool) -> String {
    let bytes = text.as_bytes();
    let hex = |byte: u8| char::from(byte).to_digit(16);
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).and_then(|pair| Some(hex(pair[0])? * 16 + hex(pair[1])?));
        match (bytes[at], escape) {
            (b'%', Some(byte)) => {
                out.push(byte as u8);
                at += 2;
            }
            (b'+', _) if plus => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// With escapes, so that it can stand in a URL's query or path.
pub(crate) fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'$' | b',' | b'=' | b'@' | b':' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entity(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn options_are_read_escapes_and_all() {
        let query =
            Query::read("%24top=5&$select=subject,%20from&$orderby=receivedDateTime+desc&changeType=created").unwrap();
        assert_eq!(query.top, Some(5));
        assert_eq!(query.select, Some(vec!["subject".to_owned(), "from".to_owned()]));
        assert_eq!(query.order, [(vec!["receivedDateTime".to_owned()], true)]);
        assert_eq!(query.other("changetype"), Some("created"));
        let expand =
            Query::read("$expand=attachments,singleValueExtendedProperties($filter=id%20eq%20'a,(b')").unwrap().expand;
        assert_eq!(expand[1].filter.as_deref(), Some("id eq 'a,(b'"));
    }

    #[test]
    fn names_have_to_be_known() {
        for bad in ["$select=subjekt", "$orderby=x", "$filter=x eq 1", "$expand=x", "$filter=contains(x,'a')"] {
            assert!(Query::read(bad).unwrap().check("message", false).is_err(), "{bad}");
        }
        for bad in ["$top=x", "$selekt=a", "$orderby=subject down", "$expand=a("] {
            assert!(Query::read(bad).is_err(), "{bad}");
        }
        let good = "$select=subject,from&$expand=attachments&$filter=from/emailAddress/address eq 'x'&$orderby=subject";
        assert!(Query::read(good).unwrap().check("message", false).is_ok());
    }

    #[test]
    fn entities_are_sorted_and_cut_to_what_was_asked_for() {
        let mut entities = vec![entity(json!({"id": "1", "subject": "b"})), entity(json!({"id": "2", "subject": "a"}))];
        Query::read("$orderby=subject").unwrap().sort(&mut entities);
        assert_eq!(entities[0]["id"], "2");
        let one = Query::read("$select=isRead").unwrap().selected(entities.remove(0));
        assert_eq!(Value::Object(one), json!({"id": "2"}));
    }
}
