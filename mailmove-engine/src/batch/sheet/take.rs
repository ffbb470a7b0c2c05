//! Row by row, until everything that is wrong is known.

use std::collections::HashMap;

use csv::ByteRecord;
use mailmove_core::{FlagError, Mailbox, MailboxCredentials, MailboxFlags, Secret, Side};

use super::{Column, Issue, Sheet, SheetErrors, SheetOptions, SheetRow};

pub(super) struct Taking<'a> {
    options: &'a SheetOptions,
    /// Where each column stands.
    at: HashMap<Column, usize>,
    width: usize,
    errors: Vec<Issue>,
    warnings: Vec<Issue>,
    rows: Vec<SheetRow>,
    passwords: [MailboxCredentials; 2],
    /// Addresses met so far, in lower case, with their line.
    sources: HashMap<String, u64>,
    destinations: HashMap<String, u64>,
    /// Cells that are ignored, per side.
    ignored: [u64; 2],
}

impl<'a> Taking<'a> {
    pub(super) fn new(options: &'a SheetOptions) -> Self {
        Self {
            options,
            at: HashMap::new(),
            width: 0,
            errors: Vec::new(),
            warnings: Vec::new(),
            rows: Vec::new(),
            passwords: Default::default(),
            sources: HashMap::new(),
            destinations: HashMap::new(),
            ignored: [0; 2],
        }
    }

    pub(super) fn header(&mut self, record: &ByteRecord) {
        self.width = record.len();
        for (at, name) in record.iter().enumerate() {
            let name = String::from_utf8_lossy(name);
            match Column::parse(&name) {
                Some(column) if self.at.contains_key(&column) => {
                    self.errors.push(Issue::new(1, column, "there are two columns of this name; take one out"));
                }
                Some(column) => drop(self.at.insert(column, at)),
                None if name.trim().is_empty() => {}
                None => {
                    // A header is no secret, unless the file has none.
                    let text = match name.contains('@') {
                        true => "the first line is not a header; begin the file with the names of the columns".into(),
                        false => format!("there is no column \"{}\" in this format; take it out", name.trim()),
                    };
                    let issue = Issue::new(1, None, text);
                    if self.options.lenient { self.warnings.push(issue) } else { self.errors.push(issue) }
                }
            }
        }
        for column in [Column::SourceEmail, Column::DestinationEmail] {
            let derived = column == Column::DestinationEmail && !self.options.rewrites.is_empty();
            if !self.at.contains_key(&column) && !derived {
                self.errors.push(Issue::new(1, column, "this column is required and is not there"));
            }
        }
    }

    pub(super) fn row(&mut self, line: u64, record: &ByteRecord) {
        if record.len() > self.width && record.iter().skip(self.width).any(|cell| !cell.trim_ascii().is_empty()) {
            let (cells, columns) = (record.len(), self.width);
            let text = format!("{cells} cells for {columns} columns; put a cell that holds a comma between quotes");
            self.errors.push(Issue::new(line, None, text));
            return;
        }
        let flags = self.flags(line, record);
        let source = self.address(line, record, Column::SourceEmail);
        let destination = self.destination(line, record, source.as_deref());
        let source = source.and_then(|address| self.mailbox(line, record, Side::Source, address, flags));
        let destination = destination.and_then(|address| self.mailbox(line, record, Side::Destination, address, flags));
        let (Some(source), Some(destination)) = (source, destination) else { return };
        if let Some(first) = self.sources.insert(source.address.to_lowercase(), line) {
            let text = format!("the source mailbox stands in line {first} already; take one of the two out");
            self.errors.push(Issue::new(line, Column::SourceEmail, text));
        }
        if let Some(first) = self.destinations.insert(destination.address.to_lowercase(), line)
            && !self.options.merge
        {
            let text =
                format!("line {first} goes into this mailbox already; allow merging, or take one of the two out");
            self.errors.push(Issue::new(line, Column::DestinationEmail, text));
        }
        self.rows.push(SheetRow { line, source, destination, flags: flags.unwrap_or_default() });
    }

    pub(super) fn done(mut self, headed: bool) -> Result<Sheet, SheetErrors> {
        if !headed {
            self.errors.push(Issue::new(None, None, "the sheet is empty; begin it with the names of the columns"));
        } else if self.rows.is_empty() && self.errors.is_empty() {
            self.errors.push(Issue::new(None, None, "the sheet names no mailbox"));
        }
        for side in [Side::Source, Side::Destination] {
            let ignored = self.ignored[side as usize];
            if ignored > 0 {
                let text = format!(
                    "{ignored} login names and passwords are ignored: an administrator opens the mailboxes; \
                     do not collect them"
                );
                self.warnings.push(Issue::new(None, Column::of(side)[2], text));
            }
        }
        if !self.errors.is_empty() {
            return Err(SheetErrors(self.errors));
        }
        Ok(Sheet { rows: self.rows, warnings: self.warnings, passwords: self.passwords })
    }

    fn cell<'r>(&mut self, line: u64, record: &'r ByteRecord, column: Column) -> Option<&'r str> {
        let cell = self.at.get(&column).and_then(|at| record.get(*at)).unwrap_or_default();
        let text = std::str::from_utf8(cell);
        if text.is_err() {
            self.errors.push(Issue::new(line, column, "the cell is not UTF-8; save the file as UTF-8"));
        }
        text.ok()
    }

    fn address(&mut self, line: u64, record: &ByteRecord, column: Column) -> Option<String> {
        if !self.at.contains_key(&column) {
            return None;
        }
        let address = self.cell(line, record, column)?.trim();
        let wrong = match address {
            "" => "the address is missing",
            _ if self.options.names && is_name(address) => return Some(address.to_owned()),
            _ if !is_address(address) => "this is not an address; write it as name@domain",
            _ => return Some(address.to_owned()),
        };
        self.errors.push(Issue::new(line, column, wrong));
        None
    }

    fn destination(&mut self, line: u64, record: &ByteRecord, source: Option<&str>) -> Option<String> {
        let column = Column::DestinationEmail;
        let given = self.cell(line, record, column)?.trim();
        let rewrite = |address: &str| self.options.rewrites.iter().find_map(|rule| rule.apply(address));
        if given.is_empty() && !self.options.rewrites.is_empty() {
            // What is wrong with the source's address was said.
            let made = rewrite(source?);
            if made.is_none() {
                let text = "the address is missing, and no rule makes one of the source's";
                self.errors.push(Issue::new(line, column, text));
            }
            return made;
        }
        let address = self.address(line, record, column)?;
        Some(rewrite(&address).unwrap_or(address))
    }

    fn mailbox(
        &mut self,
        line: u64,
        record: &ByteRecord,
        side: Side,
        address: String,
        flags: Option<MailboxFlags>,
    ) -> Option<Mailbox> {
        let [_, login_column, password_column] = Column::of(side);
        let login = self.cell(line, record, login_column)?.trim();
        let password = self.cell(line, record, password_column)?;
        let mut mailbox = Mailbox::new(side, address);
        if self.options.administrators.contains(&side) {
            self.ignored[side as usize] += u64::from(!login.is_empty()) + u64::from(!password.is_empty());
            if flags.is_some_and(|flags| flags.requests(side)) {
                let text =
                    "the flags ask the user, and an administrator opens the mailbox; the user is asked all the same";
                self.warnings.push(Issue::new(line, Column::Flags, text));
            }
            return Some(mailbox);
        }
        if !login.is_empty() && login != mailbox.address {
            mailbox = mailbox.with_login(login);
        }
        let asked = flags.is_some_and(|flags| flags.requests(side));
        if !password.is_empty() {
            self.passwords[side as usize].give(&mailbox, None, Secret::password(password));
        } else if !asked && self.at.contains_key(&password_column) {
            let text = "there is no password and its user is not asked for one; it has to be given later";
            self.warnings.push(Issue::new(line, password_column, text));
        }
        if asked && !password.is_empty() {
            let text = "there is a password, and the flags ask the user for it; the user is asked";
            self.warnings.push(Issue::new(line, password_column, text));
            self.passwords[side as usize].clear(&mailbox);
        }
        Some(mailbox)
    }

    fn flags(&mut self, line: u64, record: &ByteRecord) -> Option<MailboxFlags> {
        let text = self.cell(line, record, Column::Flags)?;
        let column = Column::Flags;
        let (flags, problems) = match MailboxFlags::parse_lenient(text) {
            Ok(read) => read,
            Err(_) => {
                let text = "this is not a number; write the sum of the flags, or nothing";
                self.errors.push(Issue::new(line, column, text));
                return None;
            }
        };
        let list = if self.options.lenient { &mut self.warnings } else { &mut self.errors };
        list.extend(problems.iter().map(|problem: &FlagError| Issue::new(line, column, problem.to_string())));
        for conflict in flags.conflicts() {
            let list = if conflict.is_error() { &mut self.errors } else { &mut self.warnings };
            list.push(Issue::new(line, column, conflict.to_string()));
        }
        Some(flags)
    }
}

/// Something that names a mailbox: nothing that stands in no address, and no domain.
fn is_name(text: &str) -> bool {
    !text.contains('@') && is_address(&format!("{text}@domain"))
}

/// One `@` with something on both sides of it, and nothing that stands in no address.
fn is_address(text: &str) -> bool {
    let strange = |c: char| c.is_whitespace() || c.is_control() || "<>(),;:\"[]\\".contains(c);
    let parts = text.split_once('@').filter(|(user, domain)| !user.is_empty() && !domain.is_empty());
    parts.is_some_and(|(_, domain)| !domain.contains('@')) && text.len() <= 320 && !text.contains(strange)
}
