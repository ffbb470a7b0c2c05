//! Messages.

use serde_json::{Value, json};

use crate::graph::call::{Call, Entity};
use crate::graph::date;
use crate::graph::query::Query;
use crate::graph::state::{Item, Shape};

/// A message's own properties.
pub(super) fn message(call: &Call<'_>, item: &Item, out: &mut Entity) {
    let mut set = |name: &str, value: Value| {
        out.insert(name.to_owned(), value);
    };
    let kept = |name: &str| item.fields.get(name).cloned();
    let body = body(call, item);
    set("bodyPreview", preview(&body).into());
    set("uniqueBody", body.clone());
    set("body", body);
    set("receivedDateTime", date::seconds(item.received).into());
    set("sentDateTime", date::seconds(item.sent.unwrap_or(item.created)).into());
    set("hasAttachments", item.has_attachments().into());
    set("isRead", item.read.into());
    set("isDraft", item.draft.into());
    for name in ["toRecipients", "ccRecipients", "bccRecipients", "replyTo"] {
        set(name, kept(name).unwrap_or_else(|| json!([])));
    }
    for (name, default) in [
        ("subject", json!("")),
        ("importance", json!("normal")),
        ("flag", json!({"flagStatus": "notFlagged"})),
        ("inferenceClassification", json!("focused")),
        ("internetMessageId", json!(null)),
        ("isReadReceiptRequested", json!(false)),
        ("isDeliveryReceiptRequested", json!(false)),
    ] {
        set(name, kept(name).unwrap_or(default));
    }
    for name in ["from", "sender", "internetMessageHeaders"] {
        if let Some(value) = kept(name) {
            set(name, value);
        }
    }
    let conversation = format!("AAQkAD{:016x}=", topic(item.text("subject")));
    set("conversationId", conversation.into());
    set("conversationIndex", kept("conversationIndex").unwrap_or_else(|| json!("AQHV")));
    set("webLink", format!("{}/owa/?ItemID={}", call.shared.origin, item.key).into());
    match item.shape() {
        Shape::EventMessage => {
            set("@odata.type", "#microsoft.graph.eventMessage".into());
            set("meetingMessageType", "meetingCancelled".into());
        }
        Shape::EventMessageRequest => {
            set("@odata.type", "#microsoft.graph.eventMessageRequest".into());
            set("meetingMessageType", "meetingRequest".into());
        }
        Shape::EventMessageResponse => {
            set("@odata.type", "#microsoft.graph.eventMessageResponse".into());
            set("meetingMessageType", "meetingAccepted".into());
        }
        _ => {}
    }
}

/// Takes out what is shown only to those who name it.
pub(super) fn hide_costly(query: &Query, out: &mut Entity) {
    for name in ["internetMessageHeaders", "uniqueBody"] {
        let named = query.select.iter().flatten().any(|wanted| wanted == name);
        let filtered = query.filter.iter().flat_map(|filter| filter.names()).any(|used| used == name);
        if !named && !filtered {
            out.remove(name);
        }
    }
}

/// The body in the form that is preferred, or in its own.
fn body(call: &Call<'_>, item: &Item) -> Value {
    let own = item.fields.get("body").cloned().unwrap_or_else(|| json!({"contentType": "text", "content": ""}));
    let kind = own["contentType"].as_str().unwrap_or("text");
    let wanted = call.preference("outlook.body-content-type").map(|kind| kind.to_ascii_lowercase());
    match wanted.as_deref() {
        Some("text") if kind == "html" => {
            json!({"contentType": "text", "content": text_of(own["content"].as_str().unwrap_or_default())})
        }
        _ => own,
    }
}

fn preview(body: &Value) -> String {
    let content = body["content"].as_str().unwrap_or_default();
    // What a preview shows is near the beginning.
    let near: String = content.chars().take(4000).collect();
    let text = if body["contentType"] == "html" { text_of(&near) } else { near };
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(255).collect()
}

/// HTML without its tags: what a search or a comparison needs, no more.
fn text_of(html: &str) -> String {
    let (mut text, mut inside) = (String::new(), false);
    for character in html.chars() {
        match character {
            '<' => inside = true,
            '>' if inside => inside = false,
            _ if !inside => text.push(character),
            _ => {}
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&")
}

/// A number that messages of one conversation share (FNV-1a).
fn topic(subject: &str) -> u64 {
    let bare = subject.trim_start_matches(|first: char| first.is_whitespace());
    let bare = ["re: ", "aw: ", "fw: ", "wg: "]
        .iter()
        .fold(bare.to_lowercase(), |text, prefix| text.strip_prefix(prefix).map(str::to_owned).unwrap_or(text));
    bare.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
