//! The sheet of a batch: one mailbox pair per line, in the seven columns of the bulk format.

use std::path::Path;

use mailmove::{Error, ErrorKind, Mailbox, MailboxCredentials, MailboxFlags, Result, Secret, Side};

/// The columns, in the order in which they are expected when a sheet is written anew. They are found by name.
pub(crate) const COLUMNS: [&str; 7] = [
    "Source Email",
    "Source Login Name",
    "Source Password",
    "Destination Email",
    "Destination Login Name",
    "Destination Password",
    "Flags",
];

/// One mailbox pair.
#[derive(Debug)]
pub(crate) struct Pair {
    /// Where it stands in the file, from 1.
    pub(crate) line: u64,
    pub(crate) source: Mailbox,
    pub(crate) destination: Mailbox,
    pub(crate) flags: MailboxFlags,
}

/// What a sheet holds.
pub(crate) struct Sheet {
    pub(crate) pairs: Vec<Pair>,
    passwords: [MailboxCredentials; 2],
}

impl Sheet {
    /// Reads a sheet. The first line that cannot be read is the error: half a batch is not what was asked for.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read(path).map_err(|error| refuse(path, format!("cannot read the sheet: {error}")))?;
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let head = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        // Spreadsheets of some countries write semicolons.
        let delimiter = if head.contains(&b';') { b';' } else { b',' };
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::Headers).flexible(true).from_reader(text);
        let headers = reader.headers().map_err(|_| refuse(path, "the first line cannot be read"))?.clone();
        let mut at = [0; COLUMNS.len()];
        for (at, column) in at.iter_mut().zip(COLUMNS) {
            let found = headers.iter().position(|header| header.eq_ignore_ascii_case(column));
            *at = found.ok_or_else(|| refuse(path, format!("there is no column \"{column}\"")))?;
        }
        let mut sheet = Self { pairs: Vec::new(), passwords: Default::default() };
        for record in reader.records() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(0, |position| line_at(text, position));
                refuse(path, "a line is not UTF-8").with("line", line)
            })?;
            let line = record.position().map_or(0, |position| line_at(text, position));
            sheet.take(&record, &at, line).map_err(|told| told.with("sheet", path.display()).with("line", line))?;
        }
        if sheet.pairs.is_empty() {
            return Err(refuse(path, "the sheet names no mailbox"));
        }
        Ok(sheet)
    }

    fn take(&mut self, record: &csv::StringRecord, at: &[usize; COLUMNS.len()], line: u64) -> Result<()> {
        // Passwords may begin or end with blanks, nothing else does.
        let field = |column: usize| record.get(at[column]).unwrap_or_default();
        if record.iter().all(|field| field.trim().is_empty()) {
            return Ok(());
        }
        let mailbox = |side: Side, first: usize| {
            let (address, login) = (field(first).trim(), field(first + 1).trim());
            if address.is_empty() {
                let told = Error::new(ErrorKind::Config, format!("the column \"{}\" is empty", COLUMNS[first]));
                return Err(told.on(side).remedy("name the mailbox"));
            }
            let mut mailbox = Mailbox::new(side, address);
            if !login.is_empty() && login != address {
                mailbox = mailbox.with_login(login);
            }
            let secret = field(first + 2);
            if !secret.is_empty() {
                self.passwords[side as usize].give(&mailbox, None, Secret::password(secret));
            }
            Ok(mailbox)
        };
        let (source, destination) = (mailbox(Side::Source, 0)?, mailbox(Side::Destination, 3)?);
        let flags = MailboxFlags::parse_strict(field(6))?;
        if self.pairs.iter().any(|pair| pair.source == source && pair.destination == destination) {
            let told = Error::new(ErrorKind::Config, "the sheet names this pair of mailboxes twice");
            return Err(told.with("source", &source).with("destination", &destination).remedy("take one line out"));
        }
        self.pairs.push(Pair { line, source, destination, flags });
        Ok(())
    }

    /// The passwords of the mailboxes of this side.
    pub(crate) fn passwords(&mut self, side: Side) -> MailboxCredentials {
        std::mem::take(&mut self.passwords[side as usize])
    }
}

/// The line at which a record begins, from 1. Its position may stand before the end of the line above it.
fn line_at(text: &[u8], position: &csv::Position) -> u64 {
    let at = (position.byte() as usize).min(text.len());
    let ends = text[at..].iter().take_while(|byte| b"\r\n".contains(byte)).count();
    1 + text[..at + ends].iter().filter(|byte| **byte == b'\n').count() as u64
}

fn refuse(path: &Path, message: impl Into<String>) -> Error {
    let told = Error::new(ErrorKind::Config, message).with("sheet", path.display());
    told.remedy(format!("give a file with the columns {}", COLUMNS.join(", ")))
}
