//! An iCalendar taken apart while it is read: the text without what hangs on it, and that by itself.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use mailmove_core::{Body, BodyWriter, Error, ErrorKind, Loss, Result, Spool};

use super::parameters::Parameters;
use super::{Attached, Content, REFERENCE};

/// How long a text may be without what hangs on it, in bytes.
const LONGEST: usize = 16 << 20;
/// How long a line may be up to its colon, and how long a link, in bytes.
const LONGEST_HEAD: usize = 64 << 10;
const LONGEST_LINK: usize = 8 << 10;
/// How many characters of base64 are read at one time.
const BLOCK: usize = 64 << 10;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A text and what hangs on it.
#[derive(Debug, Default)]
pub(in crate::calendar) struct Apart {
    /// The text, unfolded, with [`REFERENCE`] and a number in place of each ATTACH.
    pub(in crate::calendar) text: Vec<u8>,
    pub(in crate::calendar) attached: Vec<Attached>,
    pub(in crate::calendar) losses: Vec<Loss>,
}

/// Takes a text apart; files go to the spool.
pub(in crate::calendar) fn split(body: &Body, spool: &Spool) -> Result<Apart> {
    let mut splitter =
        Splitter { spool, apart: Apart::default(), inside: Vec::new(), line: Line::default(), broken: false };
    let mut reader = body.reader();
    while let Some(chunk) = reader.next_chunk()? {
        splitter.take(&chunk)?;
    }
    splitter.end()?;
    Ok(splitter.apart)
}

struct Splitter<'a> {
    spool: &'a Spool,
    apart: Apart,
    /// The components that the line is in.
    inside: Vec<String>,
    line: Line,
    /// A line ended; what follows tells whether it goes on.
    broken: bool,
}

/// The line that is being read.
enum Line {
    /// Up to its colon: what it is, is not known yet.
    Head(Vec<u8>, bool),
    /// A line of the text, which begins here in it.
    Text(usize),
    Link(Parameters, Vec<u8>),
    File(Parameters, Box<Decoder>),
    Left,
}

impl Default for Line {
    fn default() -> Self {
        Line::Head(Vec::new(), false)
    }
}

impl Splitter<'_> {
    fn take(&mut self, chunk: &[u8]) -> Result<()> {
        let mut rest = chunk;
        while let Some(first) = rest.first() {
            if std::mem::take(&mut self.broken) {
                match first {
                    b' ' | b'\t' => rest = &rest[1..],
                    _ => self.end()?,
                }
                continue;
            }
            let end = memchr::memchr(b'\n', rest);
            let run = &rest[..end.unwrap_or(rest.len())];
            self.run(run.strip_suffix(b"\r").unwrap_or(run))?;
            self.broken = end.is_some();
            rest = &rest[end.map_or(rest.len(), |end| end + 1)..];
        }
        Ok(())
    }

    /// A piece of a line.
    fn run(&mut self, piece: &[u8]) -> Result<()> {
        match &mut self.line {
            Line::Head(head, quoted) => {
                let colon = piece.iter().position(|byte| {
                    *quoted ^= *byte == b'"';
                    *byte == b':' && !*quoted
                });
                head.extend_from_slice(&piece[..colon.unwrap_or(piece.len())]);
                if let Some(colon) = colon {
                    let head = std::mem::take(head);
                    self.line = self.begun(&head)?;
                    return self.run(&piece[colon + 1..]);
                }
                if head.len() > LONGEST_HEAD {
                    let head = std::mem::take(head);
                    self.line = Line::Text(self.apart.text.len());
                    return self.text(&head);
                }
                Ok(())
            }
            Line::Text(_) => self.text(piece),
            Line::Link(_, link) => {
                let room = (LONGEST_LINK + 1).saturating_sub(link.len()).min(piece.len());
                link.extend_from_slice(&piece[..room]);
                Ok(())
            }
            Line::File(_, decoder) => decoder.take(piece),
            Line::Left => Ok(()),
        }
    }

    fn text(&mut self, piece: &[u8]) -> Result<()> {
        if self.apart.text.len() + piece.len() > LONGEST {
            return Err(Error::new(ErrorKind::TooLarge, "the text of a calendar entry is larger than is read")
                .with("largest", LONGEST)
                .remedy("look at the entry at the source; shorten its text, or move it by hand"));
        }
        self.apart.text.extend_from_slice(piece);
        Ok(())
    }

    /// What a line is that has come to its colon.
    fn begun(&mut self, head: &[u8]) -> Result<Line> {
        let written = String::from_utf8_lossy(head);
        let name = written.split(';').next().unwrap_or_default().to_ascii_uppercase();
        let owned = self.inside.last().is_some_and(|inside| ["VEVENT", "VTODO"].contains(&inside.as_str()));
        if name == REFERENCE {
            return Ok(Line::Left);
        }
        if name == "ATTACH" {
            let parameters = Parameters::read(&written);
            match (owned, parameters.inline) {
                (true, true) => return Ok(Line::File(parameters, Box::new(Decoder::new(self.spool.writer())))),
                (true, false) => return Ok(Line::Link(parameters, Vec::new())),
                // What an alarm sounds like.
                (false, true) => return Ok(Line::Left),
                (false, false) => {}
            }
        }
        let start = self.apart.text.len();
        self.text(head)?;
        self.text(b":")?;
        Ok(Line::Text(start))
    }

    /// The line is at its end.
    fn end(&mut self) -> Result<()> {
        match std::mem::take(&mut self.line) {
            Line::Head(head, _) if head.is_empty() => Ok(()),
            Line::Head(head, _) => {
                self.text(&head)?;
                self.text(b"\r\n")
            }
            Line::Text(start) => {
                let line = &self.apart.text[start..];
                // Names of components are short.
                let line = String::from_utf8_lossy(&line[..line.len().min(80)]);
                if let Some((name, value)) = line.split_once(':') {
                    match name.to_ascii_uppercase().as_str() {
                        "BEGIN" => self.inside.push(value.trim().to_ascii_uppercase()),
                        "END" => _ = self.inside.pop(),
                        _ => {}
                    }
                }
                self.text(b"\r\n")
            }
            Line::Link(parameters, link) => match String::from_utf8_lossy(&link).trim() {
                "" => Ok(()),
                link if link.len() > LONGEST_LINK => self.lost(&parameters, "its address is too long"),
                link if link.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("cid:")) => {
                    self.lost(&parameters, "it stands in another part of a message, which did not come along")
                }
                link => {
                    let link = link.to_owned();
                    self.hang(parameters.with(Content::Link(link)))
                }
            },
            Line::File(parameters, decoder) => match decoder.finish()? {
                Some(body) => self.hang(parameters.with(Content::File(body))),
                None => self.lost(&parameters, "it is no base64"),
            },
            Line::Left => Ok(()),
        }
    }

    fn hang(&mut self, attached: Attached) -> Result<()> {
        let reference = format!("{REFERENCE}:{}\r\n", self.apart.attached.len());
        self.apart.attached.push(attached);
        self.text(reference.as_bytes())
    }

    fn lost(&mut self, parameters: &Parameters, why: &str) -> Result<()> {
        let text = format!("what hangs there {:?} is not kept: {why}", parameters.called());
        self.apart.losses.push(Loss::new("attachments", text));
        Ok(())
    }
}

/// Base64 on its way to the spool.
struct Decoder {
    writer: BodyWriter,
    pending: Vec<u8>,
    broken: bool,
}

impl Decoder {
    fn new(writer: BodyWriter) -> Self {
        Self { writer, pending: Vec::new(), broken: false }
    }

    fn take(&mut self, piece: &[u8]) -> Result<()> {
        for part in piece.chunks(BLOCK) {
            self.pending.extend(part.iter().filter(|byte| !byte.is_ascii_whitespace()));
            if self.pending.len() >= BLOCK {
                let whole = self.pending.len() / 4 * 4;
                self.decode(whole)?;
            }
        }
        Ok(())
    }

    fn decode(&mut self, count: usize) -> Result<()> {
        match BASE64.decode(&self.pending[..count]) {
            Ok(octets) if !self.broken => self.writer.push(octets.into())?,
            _ => self.broken = true,
        }
        self.pending.drain(..count);
        Ok(())
    }

    /// The file, unless it is no base64.
    fn finish(mut self) -> Result<Option<Body>> {
        self.decode(self.pending.len())?;
        if self.broken { Ok(None) } else { self.writer.finish().map(Some) }
    }
}
