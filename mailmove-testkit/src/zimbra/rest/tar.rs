//! Archives in the form of tar, as Zimbra writes them: long names by GNU's extension, the type of an item in the number
//! of a device and in the name of a group, an unread one without the owner's right to write.

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    /// Seconds since 1970.
    pub(super) time: i64,
    /// The number of the item's type, 0 when it is not known.
    pub(super) kind: u8,
    pub(super) unread: bool,
}

const BLOCK: usize = 512;

/// Appends a file.
pub(super) fn write(out: &mut Vec<u8>, entry: &Entry, kind: &str) {
    if entry.name.len() >= 100 {
        let name = [entry.name.as_bytes(), b"\0"].concat();
        header(out, "././@LongLink", name.len(), entry, kind, b'L');
        padded(out, &name);
    }
    header(out, &entry.name, entry.bytes.len(), entry, kind, b'0');
    padded(out, &entry.bytes);
}

/// The end of an archive.
pub(super) fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0; 2 * BLOCK]);
}

fn padded(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}

fn header(out: &mut Vec<u8>, name: &str, size: usize, entry: &Entry, kind: &str, flag: u8) {
    let mut block = [0u8; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &name.as_bytes()[..name.len().min(100)]);
    put(100, if entry.unread { b"0000440\0" } else { b"0000660\0" });
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, format!("{:011o}\0", entry.time.max(0)).as_bytes());
    put(148, b"        ");
    put(156, &[flag]);
    put(257, b"ustar  \0");
    put(297, &kind.as_bytes()[..kind.len().min(31)]);
    put(329, format!("{:07o}\0", entry.kind).as_bytes());
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    out.extend_from_slice(&block);
}

/// The files of an archive.
///
/// # Errors
/// With a reason when it ends too early or is none.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let (mut at, mut entries, mut long) = (0, Vec::new(), None);
    loop {
        let block = bytes.get(at..at + BLOCK).ok_or("the archive ends too early")?;
        at += BLOCK;
        if block.iter().all(|byte| *byte == 0) {
            return Ok(entries);
        }
        let sum: u32 = block
            .iter()
            .enumerate()
            .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
            .sum();
        if octal(&block[148..156]) != Some(u64::from(sum)) {
            return Err("a header with a wrong sum".to_owned());
        }
        let size =
            octal(&block[124..136]).and_then(|size| usize::try_from(size).ok()).ok_or("a header without size")?;
        let content = bytes.get(at..at + size).ok_or("a file ends too early")?;
        at += size.next_multiple_of(BLOCK);
        let name = match long.take() {
            Some(name) => name,
            None => {
                let (name, prefix) = (text(&block[..100]), text(&block[345..500]));
                // GNU's own form keeps other things where the prefix is in that of POSIX.
                let posix = &block[257..263] == b"ustar\0" && !prefix.is_empty();
                if posix { format!("{prefix}/{name}") } else { name }
            }
        };
        match block[156] {
            b'L' => long = Some(text(content)),
            b'0' | 0 => entries.push(Entry {
                name,
                bytes: content.to_vec(),
                time: octal(&block[136..148]).and_then(|time| i64::try_from(time).ok()).unwrap_or(0),
                kind: octal(&block[329..337]).and_then(|kind| u8::try_from(kind).ok()).unwrap_or(0),
                unread: octal(&block[100..108]).unwrap_or(0o600) & 0o200 == 0,
            }),
            _ => {}
        }
    }
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits: String = text(field).trim().to_owned();
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(&digits, 8).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let short = Entry { name: "Inbox/a.eml".into(), bytes: vec![7; 513], time: 5, kind: 5, unread: true };
        let long =
            Entry { name: format!("Inbox/{}.eml", "ü".repeat(70)), bytes: Vec::new(), unread: false, ..short.clone() };
        let mut out = Vec::new();
        [&short, &long].into_iter().for_each(|entry| write(&mut out, entry, "message"));
        assert!(read(&out).is_err(), "no end");
        end(&mut out);
        assert_eq!(read(&out), Ok(vec![short, long]));
        out[3] ^= 1;
        assert!(read(&out).is_err());
    }
}
