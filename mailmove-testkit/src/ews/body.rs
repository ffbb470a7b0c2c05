//! The body of an item as HTML or as text, whichever is wanted.

use super::state::Item;
use super::xml::Node;

/// The Body element in this form, or in the one it has.
pub(crate) fn shown(item: &Item, wanted: Option<&str>) -> Node {
    let (kind, text) = own(item);
    let (kind, text) = match (kind, wanted) {
        ("Text", Some("HTML")) => ("HTML", to_html(text)),
        ("HTML", Some("Text")) => ("Text", to_text(text)),
        (kind, _) => (kind, text.to_owned()),
    };
    Node::t("Body").attr("BodyType", kind).text(text)
}

/// The TextBody element.
pub(crate) fn text(item: &Item) -> Node {
    let text = match own(item) {
        ("HTML", text) => to_text(text),
        (_, text) => text.to_owned(),
    };
    Node::t("TextBody").attr("BodyType", "Text").text(text)
}

fn own(item: &Item) -> (&str, &str) {
    let body = item.fields.get("Body");
    let kind = body.and_then(|body| body.attribute("BodyType")).unwrap_or("Text");
    (kind, body.map_or("", |body| body.text.as_str()))
}

fn to_html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<html><body><pre>{text}</pre></body></html>")
}

/// Without tags: what a search or a comparison needs, no more.
fn to_text(html: &str) -> String {
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
