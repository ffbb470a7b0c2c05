//! Texts, plain or in HTML.

use mailmove_exchange::calendar::Text;
use serde_json::Value;

/// The richest form of a text: its type and its content.
pub(crate) fn body(text: &Text) -> (&'static str, String) {
    match text.html.as_ref().filter(|html| !html.is_empty()) {
        Some(html) => ("html", html.clone()),
        None => ("text", text.plain.clone()),
    }
}

/// A text as Graph gives it. It makes HTML of everything; what was plain before is plain again.
pub(crate) fn text_of(value: &Value) -> Text {
    let content = value["content"].as_str().unwrap_or_default();
    let html = value["contentType"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("html"));
    if !html {
        return Text::plain(normal(content));
    }
    let plain = without_tags(content);
    let told = is_told(content);
    Text { html: (told && !plain.is_empty()).then(|| content.to_owned()), plain }
}

/// Whether HTML says more than the text in it: whether there is anything beside paragraphs.
fn is_told(html: &str) -> bool {
    let names = html.split('<').skip(1).map(|piece| {
        let name = piece.trim_start_matches('/');
        let end = name.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(name.len());
        name[..end].to_ascii_lowercase()
    });
    const FRAME: [&str; 11] = ["", "html", "head", "meta", "body", "div", "p", "br", "pre", "style", "title"];
    names.into_iter().any(|name| !FRAME.contains(&name.as_str()))
}

/// The text in HTML, line by line.
fn without_tags(html: &str) -> String {
    let html = match html.to_ascii_lowercase().find("<body") {
        Some(at) => &html[at..],
        None => html,
    };
    let mut out = String::new();
    for (at, piece) in html.split('<').enumerate() {
        let (tag, text) = match at {
            0 => ("", piece),
            _ => piece.split_once('>').unwrap_or((piece, "")),
        };
        let tag = tag.to_ascii_lowercase();
        if tag.starts_with("br") || tag.starts_with("/p") || tag.starts_with("/div") || tag.starts_with("/tr") {
            out.push('\n');
        }
        let words: Vec<&str> = text.split(['\r', '\n']).collect();
        out.push_str(&unescaped(&words.join("")));
    }
    normal(&out).trim_matches('\n').to_owned()
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = rest[..rest.len().min(12)].find(';') else {
            out.push('&');
            rest = &rest[1..];
            continue;
        };
        match entity(&rest[1..end]) {
            Some(char) => out.push(char),
            None => out.push_str(&rest[..=end]),
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

fn normal(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim_end_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_plain_before_is_plain_again() {
        let html = "<html><head>\r\n<meta charset=\"utf-8\"></head><body>one &amp; two<br>\r\nthree</body></html>";
        let text = text_of(&json!({ "contentType": "html", "content": html }));
        assert_eq!(text, Text::plain("one & two\nthree"));
        let rich = text_of(&json!({ "contentType": "HTML", "content": "<p>a <b>b</b> &#252;&lt;&x;</p>" }));
        assert_eq!(rich.plain, "a b ü<&x;");
        assert!(rich.html.is_some());
        assert_eq!(text_of(&json!({ "contentType": "text", "content": "a\r\nb\r\n" })), Text::plain("a\nb"));
    }
}
