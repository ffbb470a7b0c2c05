use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Flags, ItemId, Mark, Revision};

/// The BLAKE3 digest of a body; `b3sum` prints the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest([u8; 32]);

impl Digest {
    /// A digest from its 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every item written is marked by one: a table is many times faster than the formatter.
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Is it the same thing elsewhere? Strongest evidence first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fingerprint {
    /// Our own mark, where the format allows one.
    pub mark: Option<Mark>,
    /// The digest of the whole body. Equal digests are the same bytes; servers that rewrite what they store break it.
    pub digest: Option<Digest>,
    /// The length of the body in bytes.
    pub size: u64,
    /// The identifier the format itself carries: UID of iCalendar and vCard, Message-ID of mail. Proves nothing alone
    /// for mail: about 3 % of real mail repeats one with another text.
    pub uid: Option<String>,
    /// What survives a server that rewrites header octets, see [`Fingerprint::mail_key`]. Weak.
    pub key: Option<Digest>,
}

impl Fingerprint {
    /// The fingerprint of a body, without what its format carries.
    pub fn new(digest: Digest, size: u64) -> Self {
        Self { digest: Some(digest), size, ..Self::default() }
    }

    /// The Message-ID and the weak key of a mail, from its header block (everything before the first blank line).
    ///
    /// The key covers Message-ID, Date, From, To and Subject. Octets that servers are known to change are left out of
    /// it: everything that is not printable ASCII, blanks, line folding, and the letter `X`, which Cyrus puts in the
    /// place of 8-bit octets. Without a Message-ID there is no key: the other fields repeat too often.
    pub fn mail_key(header: &[u8]) -> (Option<String>, Option<Digest>) {
        const NAMES: [&[u8]; 5] = [b"message-id", b"date", b"from", b"to", b"subject"];
        let mut values: [Option<Vec<u8>>; 5] = Default::default();
        let mut current: Option<usize> = None;
        for line in header.split(|&byte| byte == b'\n') {
            match line.first() {
                Some(b' ' | b'\t') => {}
                Some(_) => {
                    current = line.iter().position(|&byte| byte == b':').and_then(|colon| {
                        let name = line[..colon].trim_ascii_end();
                        let at = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))?;
                        values[at].is_none().then_some(at)
                    });
                    if let Some(at) = current {
                        values[at] = Some(Vec::with_capacity(line.len()));
                    }
                }
                None => current = None,
            }
            if let Some(value) = current.and_then(|at| values[at].as_mut()) {
                let text = if matches!(line.first(), Some(b' ' | b'\t')) {
                    line
                } else {
                    line.iter().position(|&byte| byte == b':').map_or(line, |colon| &line[colon + 1..])
                };
                value.extend(text.iter().filter(|byte| byte.is_ascii_graphic() && **byte != b'X'));
            }
        }
        let Some(id) = values[0].as_ref().filter(|id| !id.is_empty()) else { return (None, None) };
        let uid = String::from_utf8_lossy(id).into_owned();
        let mut hasher = blake3::Hasher::new();
        for value in &values {
            hasher.update(value.as_deref().unwrap_or_default());
            hasher.update(b"\n");
        }
        (Some(uid), Some(Digest(*hasher.finalize().as_bytes())))
    }
}

/// What [`Destination::locate`](crate::Destination::locate) shall look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The item with this id: is it still there?
    Known(ItemId),
    /// Items that are the same as this, by any evidence the fingerprint gives.
    Like(Fingerprint),
}

/// One item that answers to what was wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Match {
    /// The item at the destination.
    pub id: ItemId,
    /// Why it is taken for the same.
    pub by: Evidence,
    /// Its revision there, when the system has one.
    pub revision: Option<Revision>,
    /// False: a create of several steps that never came to its end; it may be removed.
    pub complete: bool,
    /// Its flags there, where the endpoint can tell them at no cost of their own: they tell twins apart.
    pub flags: Option<Flags>,
    /// When it was received, on the same terms.
    pub received: Option<OffsetDateTime>,
}

impl Match {
    /// A complete match.
    pub fn new(id: ItemId, by: Evidence) -> Self {
        Self { id, by, revision: None, complete: true, flags: None, received: None }
    }
}

/// Why two items are taken for the same, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// It has the id we know.
    Id,
    /// It carries our mark.
    Mark,
    /// It has the same bytes.
    Digest,
    /// It carries the format's own identifier.
    Uid,
    /// Its key is the same; weak, counts only as a multiset and is named in the report.
    Key,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_survives_what_servers_do_to_header_octets() {
        let sent = b"Message-ID: <1@x>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nSubject: \xe4\xf6 fine\r\n";
        let munged = b"Message-Id: <1@x>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nSubject: XX\r\n fine\r\n";
        assert_eq!(Fingerprint::mail_key(sent).1, Fingerprint::mail_key(munged).1);
        assert_eq!(Fingerprint::mail_key(sent).0.as_deref(), Some("<1@x>"));
    }

    #[test]
    fn another_subject_is_another_key_and_no_message_id_is_none() {
        let one = Fingerprint::mail_key(b"Message-ID: <1@x>\r\nSubject: a\r\n").1;
        let two = Fingerprint::mail_key(b"Message-ID: <1@x>\r\nSubject: b\r\n").1;
        assert_ne!(one, two);
        assert_eq!(Fingerprint::mail_key(b"Subject: a\r\nDate: today\r\n"), (None, None));
    }
}
