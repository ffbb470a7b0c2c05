//! A note as a message that was never sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailmove_core::Loss;
use time::format_description::well_known::Rfc2822;

use super::Found;
use crate::fts::mapi::tag;

/// How many octets one encoded word holds at most (RFC 2047).
const WORD: usize = 45;

/// How many octets one line of base64 holds.
const LINE: usize = 57;

pub(super) fn write(found: &Found, losses: &mut Vec<Loss>) -> Vec<u8> {
    losses.push(Loss::new("note-look", "colour, size and place of a note stand in its stream alone"));
    let mut header = String::new();
    if let Some(id) = found.text(tag::INTERNET_MESSAGE_ID) {
        header += &format!("Message-ID: {}\r\n", id.replace(char::is_control, ""));
    }
    let dated = [tag::CLIENT_SUBMIT_TIME, tag::MODIFICATION_TIME, tag::CREATION_TIME];
    if let Some(date) = dated.into_iter().find_map(|key| found.moment(key)).and_then(|when| when.format(&Rfc2822).ok())
    {
        header += &format!("Date: {date}\r\n");
    }
    header += &format!("Subject: {}\r\n", words(found.text(tag::SUBJECT).unwrap_or_default()));
    let body = found.body();
    let (media, text) = match &body.html {
        Some(html) if body.plain.is_empty() => ("text/html", html.as_str()),
        _ => ("text/plain", body.plain.as_str()),
    };
    header += &format!(
        "MIME-Version: 1.0\r\nContent-Type: {media}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    );
    let mut out = header.into_bytes();
    for line in text.as_bytes().chunks(LINE) {
        out.extend_from_slice(STANDARD.encode(line).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// A text in a header field: as it is, or in encoded words.
fn words(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    if text.len() <= 60 && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') && !text.contains("=?") {
        return text;
    }
    let (mut words, mut word) = (Vec::new(), String::new());
    for letter in text.chars() {
        if word.len() + letter.len_utf8() > WORD {
            words.push(std::mem::take(&mut word));
        }
        word.push(letter);
    }
    words.push(word);
    let encoded: Vec<String> = words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word))).collect();
    encoded.join("\r\n ")
}
