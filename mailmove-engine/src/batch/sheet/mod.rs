//! The sheet of a batch: one mailbox pair per row, in the columns of the bulk format.

mod columns;
mod export;
mod issue;
mod rewrite;
mod take;

use std::io::Read;

use csv::{ByteRecord, ReaderBuilder, Trim};
use mailmove_core::{Mailbox, MailboxCredentials, MailboxFlags, Side};
use secrecy::zeroize::Zeroizing;

pub use columns::Column;
pub(crate) use export::cell;
pub use issue::{Issue, SheetErrors};
pub use rewrite::DomainRewrite;
use take::Taking;

/// How sheets of a project are read.
#[derive(Debug, Clone, Default)]
pub struct SheetOptions {
    administrators: Vec<Side>,
    merge: bool,
    lenient: bool,
    names: bool,
    rewrites: Vec<DomainRewrite>,
}

/// What a sheet holds.
#[derive(Debug)]
#[non_exhaustive]
pub struct Sheet {
    /// The mailbox pairs, in the order of the file.
    pub rows: Vec<SheetRow>,
    /// What a person should know and that stops nothing.
    pub warnings: Vec<Issue>,
    passwords: [MailboxCredentials; 2],
}

/// One mailbox pair.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SheetRow {
    /// The line of the file in which it begins, from 1.
    pub line: u64,
    /// The source mailbox.
    pub source: Mailbox,
    /// The destination mailbox.
    pub destination: Mailbox,
    /// Its flags.
    pub flags: MailboxFlags,
}

impl Sheet {
    /// The passwords of the mailboxes of one side. They are given away once.
    pub fn passwords(&mut self, side: Side) -> MailboxCredentials {
        std::mem::take(&mut self.passwords[side as usize])
    }
}

impl SheetOptions {
    /// No administrators, nothing merged, nothing let pass.
    pub fn new() -> Self {
        Self::default()
    }

    /// An administrator opens every mailbox of this side: login names and passwords of the sheet are not read, and a
    /// warning says so.
    pub fn administrator(mut self, side: Side) -> Self {
        self.administrators.push(side);
        self
    }

    /// Two rows may go into one destination mailbox.
    pub fn merge(mut self) -> Self {
        self.merge = true;
        self
    }

    /// Unknown columns, and flags that stand for nothing, are warnings instead of errors.
    pub fn lenient(mut self) -> Self {
        self.lenient = true;
        self
    }

    /// A mailbox may go by a name without a domain, as its server knows it. No mail goes to such a mailbox.
    pub fn names(mut self) -> Self {
        self.names = true;
        self
    }

    /// Destination addresses of one domain become those of another; an empty destination address is made of the source's.
    /// The first rule that fits is used.
    pub fn rewrite(mut self, rule: DomainRewrite) -> Self {
        self.rewrites.push(rule);
        self
    }

    /// Reads a sheet: comma or semicolon, with or without a byte order mark, any line ends.
    ///
    /// Only the two addresses are required. Everything that is wrong is told at once, by line and column. Passwords go
    /// straight into secrets; the text of the file is wiped.
    pub fn read(&self, mut file: impl Read) -> Result<Sheet, SheetErrors> {
        let mut text = Zeroizing::new(Vec::new());
        let failed = |error: std::io::Error| SheetErrors(vec![Issue::new(None, None, format!("cannot read: {error}"))]);
        file.read_to_end(&mut text).map_err(failed)?;
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let head = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        // Spreadsheets of some countries write semicolons.
        let delimiter = if head.contains(&b';') && !head.contains(&b',') { b';' } else { b',' };
        // No cell is trimmed by the reader: passwords may begin or end with blanks.
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .trim(Trim::None)
            .flexible(true)
            .has_headers(false)
            .from_reader(text);
        let mut taking = Taking::new(self);
        let mut record = ByteRecord::new();
        let mut headed = false;
        // Reading from memory into bytes cannot fail.
        while reader.read_byte_record(&mut record).unwrap_or(false) {
            let line = record.position().map_or(0, |position| line_at(text, position.byte()));
            if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            if headed {
                taking.row(line, &record);
            } else {
                headed = true;
                taking.header(&record);
            }
        }
        taking.done(headed)
    }
}

/// The line at which a record begins, from 1. Its position may stand before the end of the line above it.
fn line_at(text: &[u8], position: u64) -> u64 {
    let at = usize::try_from(position).unwrap_or(usize::MAX).min(text.len());
    let ends = text[at..].iter().take_while(|byte| b"\r\n".contains(byte)).count();
    let ends = if ends == text.len() - at { 0 } else { ends };
    1 + text[..at + ends].iter().filter(|byte| **byte == b'\n').count() as u64
}
