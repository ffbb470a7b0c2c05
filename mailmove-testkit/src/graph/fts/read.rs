//! The property stream, taken apart.

use bytes::Bytes;

use super::marker;
use super::value::{self, Value, guid_text, kind};
use crate::graph::extended::Name;

/// One property.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) name: Name,
    pub(super) kind: &'static str,
    pub(super) many: bool,
    pub(super) values: Vec<Value>,
}

/// The buffers put together, when the frames around them are in order.
pub(super) fn unframed(stream: &Bytes) -> Option<Bytes> {
    let mut reader = Reader::new(stream.clone());
    let (mut content, mut opcodes) = (Vec::new(), Vec::new());
    while !reader.is_empty() {
        let (opcode, length) = (reader.u32()?, reader.u32()?);
        let payload = reader.take(length as usize)?;
        match opcode {
            1 | 3 | 4 if content.is_empty() => {}
            2 => content.extend_from_slice(&payload),
            _ => return None,
        }
        opcodes.push(opcode);
    }
    (opcodes.starts_with(&[1, 3, 4]) && !content.is_empty()).then_some(content.into())
}

pub(super) struct Reader {
    rest: Bytes,
}

impl Reader {
    pub(super) fn new(rest: Bytes) -> Self {
        Self { rest }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn take(&mut self, length: usize) -> Option<Bytes> {
        (length <= self.rest.len()).then(|| self.rest.split_to(length))
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take(4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn u64(&mut self) -> Option<u64> {
        let (low, high) = (self.u32()?, self.u32()?);
        Some(u64::from(high) << 32 | u64::from(low))
    }

    /// The marker that comes next, if one does.
    pub(super) fn marker(&self) -> Option<u32> {
        let next = self.rest.get(..4)?;
        let next = u32::from_le_bytes([next[0], next[1], next[2], next[3]]);
        marker::ALL.contains(&next).then_some(next)
    }

    pub(super) fn property(&mut self) -> Option<Found> {
        let (code, tag) = (self.u16()?, self.u16()?);
        let name = if tag < 0x8000 {
            Name::Tag(tag)
        } else {
            let set = guid_text(&self.take(16)?);
            match self.take(1)?[0] {
                0 => Name::Number(set, self.u32()?),
                1 => Name::Text(set, self.terminated()?),
                _ => return None,
            }
        };
        // Code pages: UTF-16 by its number, everything else as Latin-1.
        if code & 0x8000 != 0 || code == 0x001E {
            let length = self.u32()? as usize;
            let bytes = self.take(length)?;
            let text = match code {
                0x84B0 => value::from_utf16(&bytes),
                _ => bytes.iter().map(|byte| char::from(*byte)).collect::<String>().trim_end_matches('\0').to_owned(),
            };
            return Some(Found { name, kind: "String", many: false, values: vec![Value::Text(text)] });
        }
        // An object's octets are held like those of a binary property.
        let many = code & 0x1000 != 0;
        let kind = kind(if code == 0x000D { 0x0102 } else { code & !0x1000 })?;
        let count = if many { self.u32()? } else { 1 };
        let values = (0..count).map(|_| self.value(kind)).collect::<Option<Vec<_>>>()?;
        Some(Found { name, kind, many, values })
    }

    fn value(&mut self, kind: &str) -> Option<Value> {
        Some(Value::Plain(match kind {
            "Short" => (self.u16()? as i16).to_string(),
            "Integer" => (self.u32()? as i32).to_string(),
            "Long" | "Currency" => (self.u64()? as i64).to_string(),
            "Float" => f32::from_bits(self.u32()?).to_string(),
            "Double" | "ApplicationTime" => f64::from_bits(self.u64()?).to_string(),
            "Boolean" => (self.u16()? != 0).to_string(),
            "SystemTime" => value::moment(self.u64()?),
            "CLSID" => guid_text(&self.take(16)?),
            "String" => {
                let length = self.u32()? as usize;
                return Some(Value::Text(value::from_utf16(&self.take(length)?)));
            }
            "Binary" => {
                let length = self.u32()? as usize;
                return self.take(length).map(Value::Octets);
            }
            _ => return None,
        }))
    }

    fn terminated(&mut self) -> Option<String> {
        let mut units = Vec::new();
        loop {
            match self.u16()? {
                0 => return Some(String::from_utf16_lossy(&units)),
                unit => units.push(unit),
            }
        }
    }
}
