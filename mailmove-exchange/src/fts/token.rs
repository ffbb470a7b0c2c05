use std::io::Read;

use super::{Frames, FtsError};

/// Values beyond this many bytes are passed over: longer than any header block that is worth reading.
const KEPT: u32 = 128 * 1024;

/// The longest name of a property, in UTF-16 units.
const LONGEST_NAME: usize = 512;

/// The most values that one property has.
const MOST_VALUES: u32 = 1 << 20;

/// What a property stream is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// Something begins or ends.
    Marker(Marker),
    /// A property of what is being read.
    Property(Property),
}

/// Where recipients, attachments and messages inside messages begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Marker {
    StartRecipient,
    EndRecipient,
    StartAttachment,
    EndAttachment,
    StartEmbedded,
    EndEmbedded,
}

/// A property: its type and id, its name when it has one, and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// The type: 0x0003 a number, 0x001F a text.
    pub kind: u16,
    /// The id. From 0x8000 on it means nothing without the name.
    pub id: u16,
    /// The name.
    pub name: Option<Name>,
    /// The value.
    pub value: Value,
}

/// A named property: its set and what it is called there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// By number.
    Number([u8; 16], u32),
    /// By text.
    Text([u8; 16], String),
}

/// A value, as far as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// The bits of a number, a truth or a time.
    Number(u64),
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// Several texts.
    Texts(Vec<String>),
    /// Several values of bytes.
    Binaries(Vec<Vec<u8>>),
    /// Several values; of each no more than its length is told.
    Many(Vec<u32>),
    /// A value too long to be kept: its length in bytes.
    Long(u32),
}

/// The tokens of a stream.
#[derive(Debug)]
pub struct Tokens<R> {
    frames: Frames<R>,
    kept: u32,
}

impl<R: Read> Tokens<R> {
    /// The tokens in these frames.
    pub fn new(frames: Frames<R>) -> Self {
        Self::keeping(frames, KEPT)
    }

    /// The same, where values of up to so many bytes are kept.
    pub fn keeping(frames: Frames<R>, kept: u32) -> Self {
        Self { frames, kept }
    }

    /// The frames, and what they told so far.
    pub fn frames(&self) -> &Frames<R> {
        &self.frames
    }

    /// The next token; `None` at the end of a stream that is whole.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Token>, FtsError> {
        let mut tag = [0; 4];
        match self.frames.read(&mut tag[..1])? {
            0 => return Ok(None),
            _ => self.exact(&mut tag[1..])?,
        }
        let (kind, id) = (u16::from_le_bytes([tag[0], tag[1]]), u16::from_le_bytes([tag[2], tag[3]]));
        if let Some(marker) = Marker::of(kind, id) {
            return Ok(Some(Token::Marker(marker)));
        }
        let name = if id >= 0x8000 { Some(self.name()?) } else { None };
        let value = self.value(kind)?;
        Ok(Some(Token::Property(Property { kind, id, name, value })))
    }

    fn name(&mut self) -> Result<Name, FtsError> {
        let set = self.array::<16>()?;
        match self.array::<1>()? {
            [0] => Ok(Name::Number(set, self.number()?)),
            [1] => {
                let mut units = Vec::new();
                loop {
                    match u16::from_le_bytes(self.array()?) {
                        0 => return Ok(Name::Text(set, String::from_utf16_lossy(&units))),
                        _ if units.len() == LONGEST_NAME => {
                            return Err(FtsError::Content("a property's name has no end"));
                        }
                        unit => units.push(unit),
                    }
                }
            }
            _ => Err(FtsError::Content("a property's name is neither a number nor a text")),
        }
    }

    fn value(&mut self, kind: u16) -> Result<Value, FtsError> {
        if let Some(width) = width(kind) {
            let mut bits = [0; 16];
            self.exact(&mut bits[..width])?;
            let low = [0, 1, 2, 3, 4, 5, 6, 7].map(|at: usize| bits[at]);
            return Ok(if width > 8 { Value::Binary(bits.to_vec()) } else { Value::Number(u64::from_le_bytes(low)) });
        }
        if is_variable(kind) {
            return self.variable(kind);
        }
        let single = kind & !0x1000;
        if kind & 0x1000 == 0 || !(is_variable(single) || width(single).is_some()) {
            return Err(FtsError::Content("a property has a type that is not known"));
        }
        let count = self.number()?;
        if count > MOST_VALUES {
            return Err(FtsError::Content("a property has more values than can be"));
        }
        let (mut lengths, mut texts, mut binaries) = (Vec::new(), Vec::new(), Vec::new());
        let mut kept = 0;
        for _ in 0..count {
            let length = match width(single) {
                Some(width) => width as u32,
                None => self.number()?,
            };
            kept += u64::from(length);
            match single {
                0x001e | 0x001f if kept <= u64::from(self.kept) => texts.push(self.text(single, length)?),
                0x0102 if kept <= u64::from(self.kept) => binaries.push(self.bytes(length)?),
                _ => self.pass_over(length)?,
            }
            lengths.push(length);
        }
        Ok(match lengths.len() {
            0 => Value::Many(lengths),
            count if count == texts.len() => Value::Texts(texts),
            count if count == binaries.len() => Value::Binaries(binaries),
            _ => Value::Many(lengths),
        })
    }

    fn variable(&mut self, kind: u16) -> Result<Value, FtsError> {
        let length = self.number()?;
        if length > self.kept {
            self.pass_over(length)?;
            return Ok(Value::Long(length));
        }
        if matches!(kind, 0x001e | 0x001f | 0x8000..) {
            return self.text(kind, length).map(Value::Text);
        }
        self.bytes(length).map(Value::Binary)
    }

    fn bytes(&mut self, length: u32) -> Result<Vec<u8>, FtsError> {
        let mut bytes = vec![0; length as usize];
        self.exact(&mut bytes)?;
        Ok(bytes)
    }

    /// A text of so many bytes, without the zero at its end.
    fn text(&mut self, kind: u16, length: u32) -> Result<String, FtsError> {
        let bytes = self.bytes(length)?;
        let text = if matches!(kind, 0x001f | 0x84b0) {
            let units: Vec<u16> = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
            String::from_utf16_lossy(&units)
        } else {
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Ok(text.trim_end_matches('\0').to_owned())
    }

    fn number(&mut self) -> Result<u32, FtsError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FtsError> {
        let mut bytes = [0; N];
        self.exact(&mut bytes)?;
        Ok(bytes)
    }

    fn exact(&mut self, out: &mut [u8]) -> Result<(), FtsError> {
        let mut filled = 0;
        while filled < out.len() {
            match self.frames.read(&mut out[filled..])? {
                0 => return Err(FtsError::Content("the properties end in the middle of one")),
                count => filled += count,
            }
        }
        Ok(())
    }

    fn pass_over(&mut self, mut length: u32) -> Result<(), FtsError> {
        let mut scratch = [0; 4096];
        while length > 0 {
            let piece = length.min(4096);
            self.exact(&mut scratch[..piece as usize])?;
            length -= piece;
        }
        Ok(())
    }
}

impl Marker {
    const IDS: [(Marker, u16); 6] = [
        (Marker::StartAttachment, 0x4000),
        (Marker::EndAttachment, 0x400e),
        (Marker::StartEmbedded, 0x4001),
        (Marker::EndEmbedded, 0x4002),
        (Marker::StartRecipient, 0x4003),
        (Marker::EndRecipient, 0x4004),
    ];

    fn of(kind: u16, id: u16) -> Option<Self> {
        let found = Marker::IDS.iter().find(|(_, known)| kind == 0x0003 && *known == id);
        found.map(|(marker, _)| *marker)
    }

    /// Type and id in one number, as a stream has them.
    pub(super) fn tag(self) -> u32 {
        let id = Marker::IDS.iter().find(|(known, _)| *known == self).map_or(0, |(_, id)| *id);
        u32::from(id) << 16 | 0x0003
    }
}

/// How many bytes a value of this type has, when all have as many.
fn width(kind: u16) -> Option<usize> {
    Some(match kind {
        0x0002 | 0x000b => 2,
        0x0003 | 0x0004 | 0x000a => 4,
        0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => 8,
        0x0048 => 16,
        _ => return None,
    })
}

/// Texts (of any code page), bytes and objects: their length stands before them.
fn is_variable(kind: u16) -> bool {
    matches!(kind, 0x000d | 0x001e | 0x001f | 0x00fb | 0x00fd | 0x00fe | 0x0102 | 0x8000..)
}
