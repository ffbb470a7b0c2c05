//! What shall be moved, from arguments.

use clap::Args;
use mailmove::{FolderMap, FolderPattern, MailboxFlags, Removals, Role, Rules};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

/// What shall be moved.
#[derive(Debug, Args)]
pub(crate) struct RuleArguments {
    /// The sum of the mailbox flags of the bulk format, like 2097155
    #[arg(long, value_name = "N", value_parser = flags)]
    flags: Option<MailboxFlags>,
    /// Only messages received at this date or later (2024-12-31, or with a time as in RFC 3339)
    #[arg(long, value_name = "DATE", value_parser = date)]
    since: Option<OffsetDateTime>,
    /// Only messages received before this date
    #[arg(long, value_name = "DATE", value_parser = date)]
    before: Option<OffsetDateTime>,
    /// Only messages up to this size
    #[arg(long, value_name = "MIB")]
    max_size: Option<u64>,
    /// Only this folder and what is below it; * stands for any text. May be given again
    #[arg(long, value_name = "PATTERN")]
    include: Vec<String>,
    /// Not this folder, nor what is below it. May be given again
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Not the folder of this role: trash, junk, drafts, sent, archive. May be given again
    #[arg(long, value_name = "ROLE", value_parser = role)]
    skip_role: Vec<Role>,
    /// Folder A, with what is below it, becomes B; a / or = in a name is written \/ or \=. May be given again
    #[arg(long, value_name = "A=B", value_parser = map)]
    map: Vec<FolderMap>,
    /// Everything goes below this folder
    #[arg(long, value_name = "FOLDER")]
    below: Option<String>,
    /// Keep folder names even where the destination has a folder for the same purpose under another name
    #[arg(long)]
    keep_names: bool,
    /// Remove at the destination what was moved there and is gone from the source since
    #[arg(long)]
    mirror: bool,
    /// With --mirror: even when more than a tenth of a folder is gone at once
    #[arg(long, requires = "mirror")]
    force: bool,
}

impl RuleArguments {
    /// The rules.
    pub(crate) fn rules(&self) -> Rules {
        let mut rules = Rules::default();
        rules.flags = self.flags.unwrap_or_default();
        (rules.since, rules.before) = (self.since, self.before);
        rules.max_bytes = self.max_size.map(|mib| mib << 20);
        rules.include = self.include.iter().map(FolderPattern::new).collect();
        rules.exclude = self.exclude.iter().map(FolderPattern::new).collect();
        rules.skip_roles.extend(&self.skip_role);
        rules.map = self.map.clone();
        rules.below = self.below.as_deref().map(path).unwrap_or_default();
        rules.map_roles = !self.keep_names;
        if self.mirror {
            rules.removals = Removals::Mirror { force: self.force };
        }
        rules
    }
}

fn flags(text: &str) -> Result<MailboxFlags, String> {
    MailboxFlags::parse_strict(text).map_err(|error| error.to_string())
}

/// A date is its first moment in UTC.
fn date(text: &str) -> Result<OffsetDateTime, String> {
    let day = Date::parse(text, format_description!("[year]-[month]-[day]")).map(|day| day.midnight().assume_utc());
    day.or_else(|_| OffsetDateTime::parse(text, &Rfc3339))
        .map_err(|_| "a date is written like 2024-12-31 or 2024-12-31T23:59:00+01:00".to_owned())
}

fn role(text: &str) -> Result<Role, String> {
    let known = [Role::Trash, Role::Junk, Role::Drafts, Role::Sent, Role::Archive, Role::Inbox];
    let found = known.into_iter().find(|role| role.as_str().eq_ignore_ascii_case(text));
    found.ok_or_else(|| format!("a role is one of {}", known.map(Role::as_str).join(", ")))
}

fn map(text: &str) -> Result<FolderMap, String> {
    let told = || "a mapping is written A=B".to_owned();
    let at = unescaped(text, '=').next().ok_or_else(told)?;
    let (from, to) = (path(&text[..at]), path(&text[at + 1..]));
    if from.iter().chain(&to).any(String::is_empty) { Err(told()) } else { Ok(FolderMap { from, to }) }
}

/// The names of a path; a backslash takes the next character as it is.
fn path(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut start = 0;
    for end in unescaped(text, '/').chain([text.len()]) {
        let mut name = String::new();
        let mut characters = text[start..end].chars();
        while let Some(c) = characters.next() {
            name.extend(if c == '\\' { characters.next() } else { Some(c) });
        }
        names.push(name);
        start = end + 1;
    }
    names
}

/// Where this character stands without a backslash before it.
fn unescaped(text: &str, wanted: char) -> impl Iterator<Item = usize> + '_ {
    let mut taken = false;
    text.char_indices().filter_map(move |(at, c)| {
        let found = !taken && c == wanted;
        taken = !taken && c == '\\';
        found.then_some(at)
    })
}
