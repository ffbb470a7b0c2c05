//! Attachments: files, and messages in messages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailmove_core::{Body, Loss, Result};
use serde_json::{Map, Value, json};

use super::compose::nested;
use super::text::carried;
use crate::mime::{Entity, Header};

/// How many bytes a message in a message may have and still be one that can be opened as such.
const LARGEST_ITEM: u64 = 2_000_000;

/// Something that hangs on a message.
#[derive(Debug)]
pub(crate) struct Attachment {
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) content_id: Option<String>,
    pub(crate) inline: bool,
    pub(crate) content: Body,
    /// What is in it, when it is a message.
    inside: Option<Box<Entity>>,
}

impl Attachment {
    pub(super) fn named(name: &str, content_type: &str, content: Body) -> Self {
        let (name, content_type) = (name.to_owned(), content_type.to_owned());
        Self { name, content_type, content_id: None, inline: false, content, inside: None }
    }

    /// A part that is a file; the number is for those without a name.
    pub(super) fn file(header: &Header, content: Body, number: usize) -> Self {
        let content_type = header.media_type();
        let name = header.file_name().unwrap_or_else(|| format!("ATT{:05}{}", number + 1, ending(&content_type)));
        let content_id = header.content_id();
        let inline = content_id.is_some() && !header.is_attachment() && content_type.starts_with("image/");
        Self { name: clean(&name), content_type, content_id, inline, content, inside: None }
    }

    /// A part that is a message.
    pub(super) fn message(header: &Header, content: Body, inside: Entity, number: usize) -> Self {
        let subject = inside.header.subject().filter(|subject| !subject.trim().is_empty());
        let name = header.file_name().or(subject).unwrap_or_else(|| format!("ATT{:05}.eml", number + 1));
        let inside = (content.len() <= LARGEST_ITEM).then(|| Box::new(inside));
        let content_type = "message/rfc822".to_owned();
        Self { name: clean(&name), content_type, content_id: None, inline: false, content, inside }
    }

    /// How many bytes it has.
    pub(crate) fn size(&self) -> u64 {
        self.content.len()
    }

    /// Whether it is a message that stays one, which travels in one piece.
    pub(crate) fn is_item(&self) -> bool {
        self.inside.is_some()
    }

    /// As a part of a message, with all its content.
    pub(crate) fn json(&mut self, losses: &mut Vec<Loss>) -> Result<Value> {
        if let Some(inside) = self.inside.take() {
            let item = nested(*inside, losses)?;
            return Ok(json!({
                "@odata.type": "#microsoft.graph.itemAttachment",
                "name": self.name,
                "isInline": false,
                "item": item,
            }));
        }
        if self.content_type == "message/rfc822" {
            let text = "a message in a message is larger than a request may be; it is attached as a file";
            losses.push(Loss::new("message-as-file", text));
        }
        let mut json = Map::new();
        json.insert("@odata.type".to_owned(), "#microsoft.graph.fileAttachment".into());
        json.insert("name".to_owned(), self.file_name().into());
        json.insert("contentType".to_owned(), self.content_type.as_str().into());
        json.insert("isInline".to_owned(), self.inline.into());
        json.extend(self.content_id.as_deref().map(|id| ("contentId".to_owned(), id.into())));
        json.insert("contentBytes".to_owned(), STANDARD.encode(self.content.bytes()?).into());
        Ok(Value::Object(json))
    }

    /// As an upload session wants to know it.
    pub(crate) fn session(&self) -> Value {
        let mut item = json!({
            "attachmentType": "file",
            "name": self.file_name(),
            "size": self.size(),
            "contentType": self.content_type,
            "isInline": self.inline,
        });
        if let Some(id) = &self.content_id {
            item["contentId"] = id.as_str().into();
        }
        json!({ "AttachmentItem": item })
    }

    /// Messages that are files are known by their ending.
    fn file_name(&self) -> String {
        let message = self.content_type == "message/rfc822" && !self.name.to_ascii_lowercase().ends_with(".eml");
        if message { format!("{}.eml", self.name) } else { self.name.clone() }
    }
}

fn clean(name: &str) -> String {
    name.chars().filter(|char| carried(*char) && !matches!(char, '\r' | '\n')).take(255).collect()
}

fn ending(content_type: &str) -> &'static str {
    match content_type {
        "text/plain" => ".txt",
        "text/html" => ".htm",
        "text/calendar" => ".ics",
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/gif" => ".gif",
        "application/pdf" => ".pdf",
        _ => ".dat",
    }
}
