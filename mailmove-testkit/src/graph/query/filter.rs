//! $filter: read once, held against entities as they would be shown.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::tokens::{Token, tokens};
use crate::graph::date;
use crate::graph::refusal::Refusal;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filter(Condition);

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    Or(Box<Condition>, Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Compare(Operand, String, Operand),
    /// `startswith`, `endswith`, `contains`.
    Call(String, Operand, Operand),
    /// `categories/any(c:c eq 'x')`.
    Any(Vec<String>, String, Box<Condition>),
    Is(Operand),
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Path(Vec<String>),
    Literal(Value),
    /// `tolower(subject)`: comparisons do not care about case anyway.
    Lower(Vec<String>),
}

impl Filter {
    pub(crate) fn read(text: &str) -> Result<Self, Refusal> {
        let mut reader = Reader { tokens: tokens(text)?, at: 0 };
        let condition = reader.or()?;
        if reader.at < reader.tokens.len() {
            return Err(reader.wrong());
        }
        Ok(Self(condition))
    }

    /// Whether an entity meets it.
    pub(crate) fn holds(&self, entity: &Map<String, Value>) -> bool {
        holds(&self.0, &Scope { entity, variable: None })
    }

    /// The properties that it names.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        collect(&self.0, None, &mut names);
        names
    }

    /// The texts with which `id` is compared: the extended properties that it is about.
    pub(crate) fn ids(&self) -> Vec<&str> {
        let mut ids = Vec::new();
        compared_ids(&self.0, &mut ids);
        ids
    }
}

fn collect<'a>(condition: &'a Condition, variable: Option<&str>, names: &mut Vec<&'a str>) {
    let mut operand = |operand: &'a Operand| {
        if let Operand::Path(path) | Operand::Lower(path) = operand
            && let Some(first) = path.first().filter(|first| Some(first.as_str()) != variable)
        {
            // A cast: what stands behind it is a property of another type, or the property that it belongs to.
            let cast = first.starts_with("microsoft.graph.");
            names.extend(if cast { path.get(1).map(String::as_str) } else { Some(first.as_str()) });
        }
    };
    match condition {
        Condition::Or(one, other) | Condition::And(one, other) => {
            collect(one, variable, names);
            collect(other, variable, names);
        }
        Condition::Not(inner) => collect(inner, variable, names),
        Condition::Compare(one, _, other) | Condition::Call(_, one, other) => {
            operand(one);
            operand(other);
        }
        Condition::Is(one) => operand(one),
        Condition::Any(path, variable, inner) => {
            names.extend(path.first().map(String::as_str));
            collect(inner, Some(variable), names);
        }
    }
}

fn compared_ids<'a>(condition: &'a Condition, ids: &mut Vec<&'a str>) {
    match condition {
        Condition::Or(one, other) | Condition::And(one, other) => {
            compared_ids(one, ids);
            compared_ids(other, ids);
        }
        Condition::Not(inner) | Condition::Any(_, _, inner) => compared_ids(inner, ids),
        Condition::Compare(Operand::Path(path), _, Operand::Literal(Value::String(id)))
            if path.last().is_some_and(|last| last == "id") =>
        {
            ids.push(id);
        }
        _ => {}
    }
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn wrong(&self) -> Refusal {
        let near = self.tokens.get(self.at).map_or_else(|| "the end".to_owned(), |token| format!("{token:?}"));
        Refusal::query(format!("Invalid filter clause: syntax error at {near}."))
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> bool {
        self.take(&Token::Word(word.to_owned()))
    }

    fn want(&mut self, token: &Token) -> Result<(), Refusal> {
        if self.take(token) { Ok(()) } else { Err(self.wrong()) }
    }

    fn or(&mut self) -> Result<Condition, Refusal> {
        let mut one = self.and()?;
        while self.word("or") {
            one = Condition::Or(Box::new(one), Box::new(self.and()?));
        }
        Ok(one)
    }

    fn and(&mut self) -> Result<Condition, Refusal> {
        let mut one = self.not()?;
        while self.word("and") {
            one = Condition::And(Box::new(one), Box::new(self.not()?));
        }
        Ok(one)
    }

    fn not(&mut self) -> Result<Condition, Refusal> {
        if self.word("not") {
            return Ok(Condition::Not(Box::new(self.not()?)));
        }
        if self.take(&Token::Open) {
            let inner = self.or()?;
            self.want(&Token::Close)?;
            return Ok(inner);
        }
        self.simple()
    }

    fn simple(&mut self) -> Result<Condition, Refusal> {
        if let (Some(Token::Word(name)), Some(Token::Open)) = (self.tokens.get(self.at), self.tokens.get(self.at + 1)) {
            let name = name.to_ascii_lowercase();
            if matches!(name.as_str(), "startswith" | "endswith" | "contains") {
                self.at += 2;
                let one = self.operand()?;
                self.want(&Token::Comma)?;
                let other = self.operand()?;
                self.want(&Token::Close)?;
                let call = Condition::Call(name, one, other);
                // Some write `contains(…) eq true`.
                if self.word("eq") {
                    return if self.word("true") { Ok(call) } else { Err(self.wrong()) };
                }
                return Ok(call);
            }
            if let Some(path) = name.strip_suffix("/any") {
                let path = path.len();
                return self.any(path);
            }
        }
        let one = self.operand()?;
        match self.tokens.get(self.at).cloned() {
            Some(Token::Word(how)) if matches!(how.as_str(), "eq" | "ne" | "gt" | "ge" | "lt" | "le") => {
                self.at += 1;
                Ok(Condition::Compare(one, how, self.operand()?))
            }
            _ if matches!(one, Operand::Path(_)) => Ok(Condition::Is(one)),
            _ => Err(self.wrong()),
        }
    }

    /// `path/any(variable:condition)`; the path has so many octets.
    fn any(&mut self, length: usize) -> Result<Condition, Refusal> {
        let Some(Token::Word(name)) = self.tokens.get(self.at).cloned() else { return Err(self.wrong()) };
        let path = name[..length].split('/').map(str::to_owned).collect();
        self.at += 2;
        let Some(Token::Word(variable)) = self.tokens.get(self.at).cloned() else { return Err(self.wrong()) };
        self.at += 1;
        self.want(&Token::Colon)?;
        let inner = self.or()?;
        self.want(&Token::Close)?;
        Ok(Condition::Any(path, variable, Box::new(inner)))
    }

    fn operand(&mut self) -> Result<Operand, Refusal> {
        let token = self.tokens.get(self.at).cloned().ok_or_else(|| self.wrong())?;
        self.at += 1;
        Ok(match token {
            Token::Text(text) => Operand::Literal(Value::String(text)),
            Token::Word(word) => match word.as_str() {
                "true" => Operand::Literal(Value::Bool(true)),
                "false" => Operand::Literal(Value::Bool(false)),
                "null" => Operand::Literal(Value::Null),
                "tolower" | "toupper" => {
                    self.want(&Token::Open)?;
                    let inner = self.operand()?;
                    self.want(&Token::Close)?;
                    match inner {
                        Operand::Path(path) => Operand::Lower(path),
                        other => other,
                    }
                }
                word if word.starts_with(|first: char| first.is_ascii_digit() || first == '-') => {
                    // A number, or a moment, which has no quotes.
                    Operand::Literal(serde_json::from_str(word).unwrap_or_else(|_| Value::String(word.to_owned())))
                }
                path => Operand::Path(path.split('/').map(str::to_owned).collect()),
            },
            _ => {
                self.at -= 1;
                return Err(self.wrong());
            }
        })
    }
}

struct Scope<'a> {
    entity: &'a Map<String, Value>,
    variable: Option<(&'a str, &'a Value)>,
}

impl Scope<'_> {
    fn value(&self, operand: &Operand) -> Value {
        let path = match operand {
            Operand::Literal(value) => return value.clone(),
            Operand::Path(path) | Operand::Lower(path) => path,
        };
        if let Some((variable, value)) = self.variable
            && path.first().is_some_and(|first| first == variable)
        {
            return path[1..].iter().fold(value.clone(), |value, name| value.get(name).cloned().unwrap_or_default());
        }
        at(self.entity, path).cloned().unwrap_or_default()
    }
}

/// What a path leads to; casts are overlooked.
pub(super) fn at<'a>(entity: &'a Map<String, Value>, path: &[String]) -> Option<&'a Value> {
    let mut names = path.iter().filter(|name| !name.starts_with("microsoft.graph."));
    let first = entity.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}

fn holds(condition: &Condition, scope: &Scope<'_>) -> bool {
    match condition {
        Condition::Or(one, other) => holds(one, scope) || holds(other, scope),
        Condition::And(one, other) => holds(one, scope) && holds(other, scope),
        Condition::Not(inner) => !holds(inner, scope),
        Condition::Is(operand) => scope.value(operand) == Value::Bool(true),
        Condition::Compare(one, how, other) => {
            let (one, other) = (scope.value(one), scope.value(other));
            if one.is_null() != other.is_null() {
                return how == "ne";
            }
            let order = compare(Some(&one), Some(&other));
            match how.as_str() {
                "eq" => order.is_eq(),
                "ne" => order.is_ne(),
                "gt" => order.is_gt(),
                "ge" => order.is_ge(),
                "lt" => order.is_lt(),
                _ => order.is_le(),
            }
        }
        Condition::Call(name, one, other) => {
            let (one, other) = (scope.value(one), scope.value(other));
            let (one, other) = (lower(&one), lower(&other));
            match name.as_str() {
                "startswith" => one.starts_with(&other),
                "endswith" => one.ends_with(&other),
                _ => one.contains(&other),
            }
        }
        Condition::Any(path, variable, inner) => {
            let values = at(scope.entity, path).and_then(Value::as_array);
            values
                .into_iter()
                .flatten()
                .any(|value| holds(inner, &Scope { entity: scope.entity, variable: Some((variable, value)) }))
        }
    }
}

fn lower(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_lowercase()
}

/// Moments by time, numbers by value, texts without regard to case.
pub(super) fn compare(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    let (Some(one), Some(other)) = (one, other) else { return one.is_some().cmp(&other.is_some()) };
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::String(one), Value::String(other)) => match (date::parse(one), date::parse(other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => one.to_lowercase().cmp(&other.to_lowercase()),
        },
        // An object is compared by its parts in their order: dateTime of an event's start.
        _ => one.to_string().cmp(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_are_kept() {
        let entity = json!({
            "subject": "It's Hi", "isRead": false, "receivedDateTime": "2026-01-02T00:00:00Z", "size": 5, "x": null,
            "from": {"emailAddress": {"address": "Ann@x.test"}}, "categories": ["red"],
            "singleValueExtendedProperties": [{"id": "String 0x1", "value": "v"}],
        });
        let entity = entity.as_object().unwrap();
        for (text, wanted) in [
            ("subject eq 'it''s hi'", true),
            ("isRead eq false and receivedDateTime ge 2026-01-01T00:00:00Z", true),
            ("receivedDateTime lt 2026-01-02T01:00:00+01:00", false),
            ("not (size gt 4) or x eq null", true),
            ("x ne null", false),
            ("from/emailAddress/address eq 'ann@x.test'", true),
            ("startswith(subject,'it') and contains(subject, 'hi') eq true", true),
            ("categories/any(c:c eq 'blue')", false),
            ("categories/Any(c: c eq 'red')", true),
            ("singleValueExtendedProperties/Any(ep: ep/id eq 'String 0x1' and ep/value eq 'v')", true),
            ("singleValueExtendedProperties/any(ep:ep/id eq 'String 0x1' and ep/value eq 'w')", false),
        ] {
            assert_eq!(Filter::read(text).unwrap().holds(entity), wanted, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        for bad in
            ["subject eq", "eq 'x'", "subject is 'x'", "(isRead", "subject eq 'x", "isRead eq true and", "any(x:y)"]
        {
            assert!(Filter::read(bad).is_err(), "{bad}");
        }
        let filter = Filter::read("a/b eq 1 and c/any(v:v/id eq 'String 0x1' and d eq 2)").unwrap();
        assert_eq!(filter.names(), ["a", "c", "d"]);
        assert_eq!(filter.ids(), ["String 0x1"]);
    }
}
