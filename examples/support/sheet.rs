//! The sheet of a batch: one mailbox pair per line, in the seven columns of the bulk format.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use mailmove::{
    Credential, CredentialProvider, Error, ErrorKind, Mailbox, MailboxFlags, Result, Secret, Side, async_trait,
};

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
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) pairs: Vec<Pair>,
    secrets: [HashMap<Mailbox, Secret>; 2],
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
        let mut sheet = Self { pairs: Vec::new(), secrets: Default::default() };
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
        let mut mailbox = |side: Side, first: usize| {
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
                self.secrets[side as usize].insert(mailbox.clone(), Secret::password(secret));
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

    /// How many mailboxes of this side have a password.
    pub(crate) fn passwords(&self, side: Side) -> usize {
        self.secrets[side as usize].len()
    }

    /// Gives each mailbox of this side its own password.
    pub(crate) fn credentials(&self, side: Side) -> OwnPasswords {
        OwnPasswords { secrets: self.secrets[side as usize].clone(), rejected: Mutex::default() }
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

/// Each owner's own password. One that was refused is not given again.
#[derive(Debug)]
pub(crate) struct OwnPasswords {
    secrets: HashMap<Mailbox, Secret>,
    rejected: Mutex<HashSet<Mailbox>>,
}

#[async_trait]
impl CredentialProvider for OwnPasswords {
    async fn credential(&self, mailbox: &Mailbox) -> Result<Credential> {
        let refuse = |message: &str, remedy: &str| {
            let told = Error::new(ErrorKind::Credential, message).on(mailbox.side).with("mailbox", mailbox);
            Err(told.remedy(remedy))
        };
        let Some(secret) = self.secrets.get(mailbox) else {
            return refuse("the sheet has no password for this mailbox", "fill it in, or sign in as an administrator");
        };
        if self.rejected.lock().unwrap_or_else(PoisonError::into_inner).contains(mailbox) {
            return refuse("this password was refused before and is not offered again", "correct it in the sheet");
        }
        let mut credential = Credential::new(mailbox.login_name(), secret.clone());
        credential.grant = mailbox.to_string();
        Ok(credential)
    }

    async fn rejected(&self, mailbox: &Mailbox, _credential: &Credential) -> Result<()> {
        self.rejected.lock().unwrap_or_else(PoisonError::into_inner).insert(mailbox.clone());
        Ok(())
    }
}
