//! Attachments, octet by octet.

use mailmove_core::Result;

use super::super::Marker;
use super::super::mapi::tag;
use super::stream::Stream;
use crate::calendar::{Attached, Content};
use crate::mime::Header;

/// What is said of an attachment before its octets.
#[derive(Debug, Default)]
pub(super) struct Described {
    pub(super) name: String,
    pub(super) media: String,
    pub(super) content_id: Option<String>,
    pub(super) content_location: Option<String>,
    /// Shown within the text, and not beside it.
    pub(super) shown: bool,
    /// Of no interest to anybody but programs.
    pub(super) hidden: bool,
    /// Another message, and no file.
    pub(super) message: bool,
    /// Where it lies, when it is nothing but a link.
    pub(super) link: Option<String>,
}

impl Described {
    /// An attachment by its header; one without a name gets one as Exchange gives them.
    pub(super) fn of(header: &Header, number: u32, shown: bool) -> Self {
        let name = header.filename.clone().filter(|name| !name.trim().is_empty());
        Self {
            name: name.unwrap_or_else(|| format!("ATT{:05}{}", number + 1, extension_of(&header.media))),
            media: header.media.clone(),
            content_id: header.content_id.clone(),
            content_location: header.content_location.clone(),
            shown,
            hidden: false,
            message: false,
            link: None,
        }
    }

    /// Begins an attachment: its octets follow as the next value, or its message.
    pub(super) fn begin(&self, stream: &mut Stream, number: u32) -> Result<()> {
        stream.marker(Marker::StartAttachment)?;
        stream.number(tag::ATTACH_NUMBER, number)?;
        let method = match self {
            Self { message: true, .. } => 5,
            Self { link: Some(_), .. } => 7,
            _ => 1,
        };
        stream.number(tag::ATTACH_METHOD, method)?;
        // Where it would be drawn in a text that is not HTML: nowhere.
        stream.number(tag::RENDERING_POSITION, u32::MAX)?;
        stream.text(tag::DISPLAY_NAME, &self.name)?;
        if !self.message {
            stream.text(tag::ATTACH_LONG_FILENAME, &self.name)?;
            stream.text(tag::ATTACH_FILENAME, &short(&self.name))?;
            if let Some(at) = self.name.rfind('.').filter(|at| self.name.len() - at <= 12) {
                stream.text(tag::ATTACH_EXTENSION, &self.name[at..])?;
            }
        }
        stream.some_text(tag::ATTACH_LONG_PATHNAME, self.link.as_deref().unwrap_or_default())?;
        stream.some_text(tag::ATTACH_MIME_TAG, &self.media)?;
        stream.some_text(tag::ATTACH_CONTENT_ID, self.content_id.as_deref().unwrap_or_default())?;
        stream.some_text(tag::ATTACH_CONTENT_LOCATION, self.content_location.as_deref().unwrap_or_default())?;
        // 4: the text refers to it.
        stream.number(tag::ATTACH_FLAGS, if self.shown { 4 } else { 0 })?;
        stream.truth(tag::ATTACHMENT_HIDDEN, self.shown || self.hidden)
    }
}

/// What hangs on an event or a task.
pub(super) fn hang(stream: &mut Stream, attached: &Attached, number: u32) -> Result<()> {
    let mut described = Described {
        name: attached.name.clone(),
        media: attached.content_type.clone(),
        content_id: attached.content_id.clone(),
        shown: attached.content_id.is_some(),
        ..Described::default()
    };
    if described.name.trim().is_empty() {
        described.name = format!("ATT{:05}{}", number + 1, extension_of(&described.media));
    }
    match &attached.content {
        Content::Link(address) => {
            described.link = Some(address.clone());
            described.begin(stream, number)?;
        }
        Content::File(body) => {
            described.begin(stream, number)?;
            stream.binary_of(tag::ATTACH_DATA, body.len())?;
            let mut reader = body.reader();
            while let Some(chunk) = reader.next_chunk()? {
                stream.put(&chunk)?;
            }
        }
    }
    stream.marker(Marker::EndAttachment)
}

/// A name of eight letters and three.
fn short(name: &str) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let plain = |text: &str, longest: usize| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).take(longest).collect()
    };
    let stem = Some(plain(stem, 8)).filter(|stem| !stem.is_empty()).unwrap_or_else(|| "FILE".to_owned());
    match plain(extension, 3) {
        extension if extension.is_empty() => stem,
        extension => format!("{stem}.{extension}"),
    }
}

fn extension_of(media: &str) -> &'static str {
    match media {
        "text/plain" => ".txt",
        "text/html" => ".htm",
        "text/calendar" => ".ics",
        "text/vcard" | "text/x-vcard" => ".vcf",
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/gif" => ".gif",
        "application/pdf" => ".pdf",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => ".p7s",
        _ => ".dat",
    }
}
