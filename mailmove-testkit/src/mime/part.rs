//! The parts of a message.

use bytes::Bytes;

use super::header::{self, Header};
use super::transfer;

/// Deeper nesting is not looked into.
const DEEPEST: usize = 30;

/// One part, with those inside of it.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) header: Header,
    /// `text/plain`.
    pub(crate) kind: String,
    /// What stands below the header, as it stands there.
    body: Bytes,
    pub(crate) parts: Vec<Part>,
}

impl Part {
    pub(crate) fn read(mime: &Bytes) -> Self {
        Self::at_depth(mime, 0)
    }

    fn at_depth(mime: &Bytes, depth: usize) -> Self {
        let header = Header::read(mime);
        let body = mime.slice_ref(header::body(mime));
        let kind = header.token("content-type").filter(|kind| kind.contains('/'));
        let kind = kind.unwrap_or_else(|| "text/plain".to_owned());
        let boundary = header.parameter("content-type", "boundary").filter(|_| kind.starts_with("multipart/"));
        let parts = match boundary {
            Some(boundary) if depth < DEEPEST => split(&body, &boundary),
            _ => Vec::new(),
        };
        let parts = parts.iter().map(|part| Self::at_depth(part, depth + 1)).collect();
        Self { header, kind, body, parts }
    }

    /// What is in it, without its transfer encoding.
    pub(crate) fn content(&self) -> Bytes {
        match self.header.token("content-transfer-encoding").as_deref() {
            Some(encoding @ ("base64" | "quoted-printable")) => transfer::decoded(Some(encoding), &self.body).into(),
            _ => self.body.clone(),
        }
    }

    /// What is in it, as text.
    pub(crate) fn text(&self) -> String {
        let charset = self.header.parameter("content-type", "charset").unwrap_or_default();
        header::in_charset(&self.content(), &charset)
    }

    pub(crate) fn file_name(&self) -> Option<String> {
        let disposition = self.header.parameter("content-disposition", "filename");
        disposition.or_else(|| self.header.parameter("content-type", "name"))
    }

    pub(crate) fn disposition(&self) -> Option<String> {
        self.header.token("content-disposition")
    }
}

/// The parts between the lines of a boundary.
fn split(body: &Bytes, boundary: &str) -> Vec<Bytes> {
    let delimiter = format!("--{boundary}");
    let (mut parts, mut from, mut at) = (Vec::new(), None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let next = at + line.len();
        if let Some(rest) = line.trim_ascii_end().strip_prefix(delimiter.as_bytes())
            && (rest.is_empty() || rest == b"--")
        {
            if let Some(from) = from {
                // The line end in front of the boundary belongs to it.
                let mut end = at;
                end -= usize::from(end > from && body[end - 1] == b'\n');
                end -= usize::from(end > from && body[end - 1] == b'\r');
                parts.push(body.slice(from..end));
            }
            from = rest.is_empty().then_some(next);
            if from.is_none() {
                return parts;
            }
        }
        at = next;
    }
    parts.extend(from.map(|from| body.slice(from..)));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_inside_of_parts() {
        let mime = Bytes::from_static(
            b"Content-Type: multipart/mixed; boundary=\"a\"\r\n\r\npreamble\r\n--a\r\n\
            Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nplain\r\n--b\r\nContent-Type: text/html\r\n\r\n\
            <b>\r\n--b--\r\n--a\r\nContent-Type: application/x-y; name=n.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n\
            AAEC\r\n--a--\r\nepilogue",
        );
        let part = Part::read(&mime);
        let [alternative, file] = &part.parts[..] else { panic!("two parts") };
        let texts: Vec<String> = alternative.parts.iter().map(Part::text).collect();
        assert_eq!(texts, ["plain", "<b>"]);
        assert_eq!((file.file_name().as_deref(), &file.content()[..]), (Some("n.bin"), &[0u8, 1, 2][..]));
    }

    #[test]
    fn a_message_that_is_cut_off_is_read_as_far_as_it_goes() {
        let mime = Bytes::from_static(b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\ntex");
        assert_eq!(Part::read(&mime).parts[0].text(), "tex");
    }
}
