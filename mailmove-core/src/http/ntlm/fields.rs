//! AV pairs: what a server tells about itself, and what a client adds.

use crate::{Error, ErrorKind, Result};

pub(super) const END: u16 = 0;
pub(super) const FLAGS: u16 = 6;
pub(super) const TIMESTAMP: u16 = 7;
pub(super) const TARGET_NAME: u16 = 9;
pub(super) const CHANNEL_BINDINGS: u16 = 10;

/// The flag that says: there is a message integrity code.
pub(super) const WITH_MIC: u32 = 2;

/// Pairs in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pairs(Vec<(u16, Vec<u8>)>);

impl Pairs {
    pub(super) fn read(mut bytes: &[u8]) -> Result<Self> {
        let broken = || Error::new(ErrorKind::Protocol, "the NTLM challenge of the server is damaged");
        let mut pairs = Vec::new();
        while !bytes.is_empty() {
            let (head, rest) = bytes.split_at_checked(4).ok_or_else(broken)?;
            let (id, length) = (u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]]));
            let (value, rest) = rest.split_at_checked(length.into()).ok_or_else(broken)?;
            if id == END {
                break;
            }
            pairs.push((id, value.to_vec()));
            bytes = rest;
        }
        Ok(Self(pairs))
    }

    pub(super) fn value(&self, wanted: u16) -> Option<&[u8]> {
        self.0.iter().find(|(id, _)| *id == wanted).map(|(_, value)| value.as_slice())
    }

    /// Sets a value, in the place of one that is there.
    pub(super) fn set(&mut self, id: u16, value: Vec<u8>) {
        match self.0.iter_mut().find(|(known, _)| *known == id) {
            Some((_, known)) => *known = value,
            None => self.0.push((id, value)),
        }
    }

    /// When the server says it is.
    pub(super) fn time(&self) -> Option<u64> {
        Some(u64::from_le_bytes(self.value(TIMESTAMP)?.try_into().ok()?))
    }

    /// With the pair that ends them.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (id, value) in &self.0 {
            bytes.extend_from_slice(&id.to_le_bytes());
            bytes.extend_from_slice(&u16::try_from(value.len()).unwrap_or_default().to_le_bytes());
            bytes.extend_from_slice(value);
        }
        bytes.extend_from_slice(&[0; 4]);
        bytes
    }
}
