//! One request, as it is sent alone or as a part of a batch.

use bytes::Bytes;
use mailmove_core::http::Part;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

/// What stands in a segment of a path as it is.
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'$').remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'=');

/// What stands in a query as it is.
const QUERY: &AsciiSet = &SEGMENT.remove(b'(').remove(b')').remove(b'\'').remove(b',').remove(b'/').remove(b':');

/// What may be done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Patch,
    Delete,
}

impl Verb {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }
}

/// What a request carries.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// JSON, written once and sent as often as it takes.
    Json(Bytes),
    /// JSON made of parts, of this length together.
    Parts(Vec<Part>, u64),
}

impl Content {
    pub(crate) fn json(value: &Value) -> Self {
        Self::Json(value.to_string().into())
    }

    fn len(&self) -> u64 {
        match self {
            Content::Json(bytes) => bytes.len() as u64,
            Content::Parts(_, length) => *length,
        }
    }
}

/// A request of Graph: what is done, where, and with what.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// For traces and errors.
    pub(crate) name: &'static str,
    pub(crate) verb: Verb,
    /// Path and query below the version.
    pub(crate) path: String,
    pub(crate) body: Option<Content>,
    /// How many entries a page shall have.
    pub(crate) page: Option<usize>,
    /// Only if it is still this version.
    pub(crate) if_match: Option<String>,
    /// Whether it must not happen twice.
    pub(crate) once: bool,
}

impl Ask {
    pub(crate) fn get(name: &'static str, path: &Path) -> Self {
        Self::new(name, Verb::Get, path, None, false)
    }

    /// Adds something, so that it must not happen twice.
    pub(crate) fn post(name: &'static str, path: &Path, body: Value) -> Self {
        Self::new(name, Verb::Post, path, Some(Content::json(&body)), true)
    }

    /// Does something that takes no word beside its name.
    pub(crate) fn post_nothing(name: &'static str, path: &Path) -> Self {
        Self::new(name, Verb::Post, path, None, true)
    }

    /// Sets what it sets.
    pub(crate) fn patch(name: &'static str, path: &Path, body: Value) -> Self {
        Self::new(name, Verb::Patch, path, Some(Content::json(&body)), false)
    }

    pub(crate) fn delete(name: &'static str, path: &Path) -> Self {
        Self::new(name, Verb::Delete, path, None, true)
    }

    fn new(name: &'static str, verb: Verb, path: &Path, body: Option<Content>, once: bool) -> Self {
        Self { name, verb, path: path.0.clone(), body, page: None, if_match: None, once }
    }

    /// What it carries, when that is JSON in one piece.
    pub(crate) fn json(&self) -> Option<Value> {
        match &self.body {
            Some(Content::Json(bytes)) => serde_json::from_slice(bytes).ok(),
            _ => None,
        }
    }

    /// The same with this content.
    pub(crate) fn with_json(mut self, json: &Value) -> Self {
        self.body = Some(Content::json(json));
        self
    }

    /// The same, where asking twice does no harm.
    pub(crate) fn repeatable(mut self) -> Self {
        self.once = false;
        self
    }

    /// The same with pages of this size.
    pub(crate) fn paged(mut self, entries: usize) -> Self {
        self.page = Some(entries);
        self
    }

    /// The same, only if it is still this version.
    pub(crate) fn unless_changed(mut self, etag: Option<String>) -> Self {
        self.if_match = etag;
        self
    }

    /// Item ids that stay when an item moves, on every request: the two sorts must never be mixed.
    pub(crate) fn prefer(&self) -> String {
        let page = self.page.map(|entries| format!(", odata.maxpagesize={entries}")).unwrap_or_default();
        format!("IdType=\"ImmutableId\"{page}")
    }

    /// As a part of a batch: what stands before the content, the content, and what stands behind it.
    pub(crate) fn in_batch(&self, id: usize, after: Option<usize>, parts: &mut Vec<Part>) -> u64 {
        let mut headers = json!({ "Prefer": self.prefer() });
        if self.body.is_some() {
            headers["Content-Type"] = "application/json".into();
        }
        if let Some(etag) = &self.if_match {
            headers["If-Match"] = etag.as_str().into();
        }
        let mut part = Map::new();
        part.insert("id".to_owned(), id.to_string().into());
        part.insert("method".to_owned(), self.verb.as_str().into());
        part.insert("url".to_owned(), self.path.as_str().into());
        part.insert("headers".to_owned(), headers);
        part.extend(after.map(|after| ("dependsOn".to_owned(), json!([after.to_string()]))));
        let mut text = Value::Object(part).to_string();
        let Some(Content::Json(body)) = &self.body else {
            let length = text.len() as u64;
            parts.push(Part::Bytes(text.into()));
            return length;
        };
        text.truncate(text.len() - 1);
        text.push_str(",\"body\":");
        let length = (text.len() + body.len() + 1) as u64;
        parts.extend([Part::Bytes(text.into()), Part::Bytes(body.clone()), Part::Bytes(Bytes::from_static(b"}"))]);
        length
    }

    /// How many bytes the provider counts: those of content.
    pub(crate) fn sent(&self) -> u64 {
        self.body.as_ref().map_or(0, Content::len)
    }

    /// About how many bytes it takes as a part of a batch.
    pub(crate) fn size(&self) -> u64 {
        300 + self.body.as_ref().map_or(0, Content::len)
    }
}

/// A path below the version: segments, and at its end a query.
#[derive(Debug, Clone)]
pub(crate) struct Path(String);

impl Path {
    /// What belongs to a user.
    pub(crate) fn user(address: &str) -> Self {
        Self(String::new()).to("users").to(address)
    }

    /// From the top.
    pub(crate) fn top(segment: &str) -> Self {
        Self(String::new()).to(segment)
    }

    /// One segment further.
    pub(crate) fn to(&self, segment: &str) -> Self {
        Self(format!("{}/{}", self.0, utf8_percent_encode(segment, SEGMENT)))
    }

    /// With one more option of the query.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mark = if self.0.contains('?') { '&' } else { '?' };
        Self(format!("{}{mark}{name}={}", self.0, utf8_percent_encode(value, QUERY)))
    }
}

/// Whether a server can have given this id. What cannot be one is not asked for.
pub(crate) fn can_be_an_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 2048 && id.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_an_id_leads_elsewhere() {
        let path = Path::user("a/../b?x=#@example.org").to("messages").to("AAMk=/+").with("$filter", "a eq 'b c&d'");
        assert_eq!(path.0, "/users/a%2F..%2Fb%3Fx=%23%40example.org/messages/AAMk=%2F%2B?$filter=a%20eq%20'b%20c%26d'");
        for id in ["", " ", "1\r\n2", "\u{0}", "\u{1f48c}"] {
            assert!(!can_be_an_id(id));
        }
    }

    #[test]
    fn every_part_of_a_batch_asks_for_ids_that_stay() {
        let ask = Ask::post("create", &Path::user("a").to("messages"), json!({ "subject": "x" }));
        let mut parts = Vec::new();
        let length = ask.in_batch(2, Some(1), &mut parts);
        let text = |part: &Part| match part {
            Part::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        };
        let text: String = parts.iter().map(text).collect();
        assert_eq!(text.len() as u64, length);
        let part: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(part["headers"]["Prefer"], "IdType=\"ImmutableId\"");
        assert_eq!((&part["dependsOn"][0], &part["id"]), (&json!("1"), &json!("2")));
        assert_eq!(part["body"]["subject"], "x");
        assert!(ask.size() > 200);
    }
}
