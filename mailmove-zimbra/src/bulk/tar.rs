//! Tar archives as Zimbra writes them: headers of 512 octets, long names by the GNU extension. Read as a stream.

use std::io::{self, Read};

/// What an archive is made of.
const BLOCK: usize = 512;

/// The longest name that is read, in octets.
const LONGEST_NAME: u64 = 64 << 10;

/// An archive that is being read.
pub(super) struct Archive<R> {
    inner: R,
    /// What is left of the entry that was given last, and the padding behind it.
    rest: u64,
    padding: u64,
}

/// One entry. Its content is read from the archive before the next entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// In octets.
    pub(super) size: u64,
}

impl<R: Read> Archive<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, rest: 0, padding: 0 }
    }

    /// The next entry that is a file; `None` at the end that the archive itself marks. One that just stops is an error.
    pub(super) fn next_file(&mut self) -> io::Result<Option<Entry>> {
        let mut long_name = None;
        loop {
            self.skip_rest()?;
            let mut header = [0; BLOCK];
            self.inner.read_exact(&mut header)?;
            if header.iter().all(|octet| *octet == 0) {
                self.finish()?;
                return Ok(None);
            }
            check(&header)?;
            let size = number(&header[124..136])?;
            self.rest = size;
            self.padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
            match header[156] {
                b'L' => long_name = Some(self.long_name(size)?),
                0 | b'0' => {
                    let name = long_name.take().unwrap_or_else(|| short_name(&header));
                    return Ok(Some(Entry { name, size }));
                }
                _ => long_name = None,
            }
        }
    }

    /// Some octets of the entry that was given last; none at its end.
    pub(super) fn read_content(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = out.len().min(usize::try_from(self.rest).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        let count = self.inner.read(&mut out[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.rest -= count as u64;
        Ok(count)
    }

    fn long_name(&mut self, size: u64) -> io::Result<String> {
        if size > LONGEST_NAME {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a name without an end"));
        }
        let mut name = vec![0; usize::try_from(size).unwrap_or_default()];
        self.inner.read_exact(&mut name)?;
        self.rest = 0;
        Ok(until_nul(&name))
    }

    fn skip_rest(&mut self) -> io::Result<()> {
        let due = self.rest + self.padding;
        (self.rest, self.padding) = (0, 0);
        let skipped = io::copy(&mut (&mut self.inner).take(due), &mut io::sink())?;
        if skipped == due { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Reads what is behind the archive: the packing around it has a sum there.
    fn finish(&mut self) -> io::Result<()> {
        io::copy(&mut self.inner, &mut io::sink()).map(drop)
    }
}

fn short_name(header: &[u8; BLOCK]) -> String {
    let name = until_nul(&header[..100]);
    let prefix =
        if header[257..262] == *b"ustar" && header[262] == 0 { until_nul(&header[345..500]) } else { String::new() };
    if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
}

fn until_nul(octets: &[u8]) -> String {
    let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
    String::from_utf8_lossy(&octets[..end]).into_owned()
}

/// A number in octal digits; one that is too large for them is written in octets, with the first bit set.
fn number(field: &[u8]) -> io::Result<u64> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "a number that is none");
    if field[0] & 0x80 != 0 {
        let octets = &field[field.len() - 8..];
        return octets.try_into().map(u64::from_be_bytes).map_err(|_| wrong());
    }
    let text = std::str::from_utf8(field).map_err(|_| wrong())?;
    let text = text.trim_matches(|char| char == ' ' || char == '\0');
    if text.is_empty() { Ok(0) } else { u64::from_str_radix(text, 8).map_err(|_| wrong()) }
}

/// The sum of a header, counted with blanks in the place of the sum.
fn check(header: &[u8; BLOCK]) -> io::Result<()> {
    let blank = |(at, octet): (usize, &u8)| if (148..156).contains(&at) { 32 } else { u64::from(*octet) };
    let sum: u64 = header.iter().enumerate().map(blank).sum();
    if number(&header[148..156])? == sum {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "the archive is damaged"))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An entry with its header.
    pub(in crate::bulk) fn entry(name: &str, content: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        if name.len() > 100 {
            all.extend(block("././@LongLink", b'L', name.as_bytes()));
        }
        all.extend(block(&name[..name.len().min(100)], b'0', content));
        all
    }

    fn block(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
        let mut header = [0; BLOCK];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[148..156].fill(b' ');
        header[156] = kind;
        let sum: u64 = header.iter().map(|octet| u64::from(*octet)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        let mut all = header.to_vec();
        all.extend(content);
        all.resize(all.len().next_multiple_of(BLOCK), 0);
        all
    }

    fn names(octets: &[u8]) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut archive = Archive::new(octets);
        let mut found = Vec::new();
        while let Some(entry) = archive.next_file()? {
            let mut content = Vec::new();
            let mut buffer = [0; 100];
            while let Ok(count) = archive.read_content(&mut buffer) {
                if count == 0 {
                    break;
                }
                content.extend(&buffer[..count]);
            }
            found.push((entry.name, content));
        }
        Ok(found)
    }

    #[test]
    fn entries_come_with_long_names_and_whole_content() {
        let long = format!("Inbox/{}.eml", "x".repeat(300));
        let mut octets = [entry("Inbox/1.eml", &[7; 1000]), entry(&long, b"two")].concat();
        octets.extend([0; BLOCK * 2]);
        let found = names(&octets).unwrap();
        assert_eq!(found, [("Inbox/1.eml".to_owned(), vec![7; 1000]), (long, b"two".to_vec())]);
    }

    #[test]
    fn an_archive_that_just_stops_is_an_error() {
        let octets = [entry("1", &[7; 1000]), entry("2", b"two")].concat();
        for cut in [0, 100, 512, 1000, 1536, octets.len()] {
            assert!(names(&octets[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn damage_is_seen() {
        let mut octets = [entry("1", b"one"), vec![0; BLOCK * 2]].concat();
        octets[3] = 1;
        assert!(names(&octets).is_err());
    }
}
