//! What is known of kinds of servers beyond their capabilities.
//!
//! One row per kind, [as data](table). A program that knows a server better adds rows of its own with
//! [`ImapConfig::quirks`](crate::ImapConfig::quirks): they are looked at first.

mod table;

use std::borrow::Cow;
use std::time::Duration;

use mailmove_core::{Error, ErrorKind, Recovery};

use crate::capabilities::Offered;

/// How a kind of server is known. Texts are compared in lower case; any part of what the server says will do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sign {
    /// A part of the greeting.
    Greeting(Cow<'static, str>),
    /// A part of a value in the answer to ID (RFC 2971).
    Id(Cow<'static, str>),
    /// A word that CAPABILITY names.
    Capability(Cow<'static, str>),
    /// The host is this one, or lies below it.
    Host(Cow<'static, str>),
}

/// How an application opens other people's mailboxes with a password of its own, beside the means of SASL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Impersonation {
    /// GroupWise: `XGWTRUSTEDAPP` with the application's name and key, then LOGIN without a password.
    TrustedApplication,
    /// Kerio: `X-MASTERAUTH` with the master password, then `X-SETUSER`.
    MasterPassword,
}

/// What is known of a kind of server. Made with [`Quirks::new`], which knows nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quirks {
    /// What people call it.
    pub name: Cow<'static, str>,
    /// Where all this is from.
    pub source: Cow<'static, str>,
    /// Any of these is enough.
    pub signs: Cow<'static, [Sign]>,
    /// The prefix of one's own folders, with its delimiter, where the server has no NAMESPACE to tell it.
    pub prefix: Option<Cow<'static, str>>,
    /// It changes octets of what it stores, so that equal mail need not have equal bytes: mail is known by its header.
    pub rewrites: bool,
    /// Octets beyond ASCII in headers become `X`, and nothing is said about it.
    pub munges_headers: bool,
    /// ASCII characters that cannot stand in a folder's name, beside the delimiter.
    pub forbidden: Cow<'static, str>,
    /// Blanks at the ends of a name are lost or refused.
    pub trims: bool,
    /// Names that differ in case only are one folder.
    pub ignores_case: bool,
    /// The longest name of one level, in characters.
    pub longest_name: Option<usize>,
    /// It lets nobody select who did not say who they are.
    pub wants_id: bool,
    /// How many connections to one mailbox it bears, or are of any use.
    pub connections: Option<usize>,
    /// The largest message that it takes, in octets, where APPENDLIMIT does not say so.
    pub append_limit: Option<u64>,
    /// It loses commands that come behind a message: every APPEND is sent alone, and waits for its invitation.
    pub no_pipeline_append: bool,
    /// It locks no folder before the end of an APPEND, and gives UIDs then: what belongs into one folder may come in by
    /// several connections at once and keep its order, when only the ends of the commands wait for each other.
    pub appends_abreast: bool,
    /// Flags and keywords that mean something else there, or make it refuse the message.
    pub never_sent: Cow<'static, [Cow<'static, str>]>,
    /// It sends a read receipt when its user reads a message that arrived unread and asks for one, however old it is: the
    /// request is set aside.
    pub read_receipts: bool,
    /// How many messages of a folder it shows to clients that do not know UIDONLY (RFC 9586).
    pub view_limit: Option<u64>,
    /// Names beyond ASCII reach it whole only behind ENABLE UTF8=ACCEPT (RFC 9755): it is switched on where it is offered.
    pub utf8: bool,
    /// What it says when it wants a pause, and for how long, beside what many servers say: any part of a text will do. A
    /// pause that the server itself names counts more.
    pub throttles: Cow<'static, [(Cow<'static, str>, Duration)]>,
    /// Names of folders may have been encoded twice, and are shown as they were meant.
    pub encodes_twice: bool,
    /// How many octets of one mailbox it gives out in a day, by IMAP. Then the run pauses until the next one.
    pub daily_download: Option<u64>,
    /// How many it takes in.
    pub daily_upload: Option<u64>,
    /// How an application impersonates people there.
    pub impersonation: Option<Impersonation>,
}

impl Quirks {
    /// A server of which nothing is known. RFC 3501 §5.1 advises against wildcards in names, and most servers refuse them.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            source: Cow::Borrowed(""),
            signs: Cow::Borrowed(&[]),
            prefix: None,
            rewrites: false,
            munges_headers: false,
            forbidden: Cow::Borrowed("%*"),
            trims: false,
            ignores_case: false,
            longest_name: None,
            wants_id: false,
            connections: None,
            append_limit: None,
            no_pipeline_append: false,
            appends_abreast: false,
            never_sent: Cow::Borrowed(&[]),
            read_receipts: false,
            view_limit: None,
            utf8: false,
            throttles: Cow::Borrowed(&[]),
            encodes_twice: false,
            daily_download: None,
            daily_upload: None,
            impersonation: None,
        }
    }

    /// The error of a refusal, once more, for who knows this server's own words for a pause.
    pub(crate) fn reread(&self, error: Error) -> Error {
        let answer = error.context().find(|(name, _)| *name == "answer").map(|(_, answer)| answer.to_owned());
        let Some(answer) = answer.filter(|_| error.kind() != ErrorKind::Throttled) else { return error };
        let Some((_, pause)) = self.throttles.iter().find(|(part, _)| contains(&answer, part)) else { return error };
        let throttled =
            Error::new(ErrorKind::Throttled, error.message()).with_recovery(Recovery::Retry { after: Some(*pause) });
        error.context().fold(throttled, |throttled, (name, value)| throttled.with(name, value))
    }

    /// The row for this server: of `own`, then of the table. `None`: nobody knows it.
    pub(crate) fn find(own: &[Self], seen: &Seen<'_>) -> Option<Self> {
        own.iter().chain(table::KNOWN.iter()).find(|row| row.signs.iter().any(|sign| seen.has(sign))).cloned()
    }
}

/// What a server showed of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) host: &'a str,
    pub(crate) greeting: &'a str,
    pub(crate) offered: &'a Offered,
    /// The values of its ID.
    pub(crate) id: &'a [String],
}

impl Seen<'_> {
    fn has(&self, sign: &Sign) -> bool {
        match sign {
            Sign::Greeting(part) => contains(self.greeting, part),
            Sign::Id(part) => self.id.iter().any(|value| contains(value, part)),
            Sign::Capability(word) => self.offered.has(word),
            Sign::Host(name) => {
                let host = self.host.to_ascii_lowercase();
                host.strip_suffix(&**name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
        }
    }
}

/// What a provider says when it wants a pause, in lower case, and how long it means. A pause that the text itself names
/// counts more.
pub(crate) const THROTTLES: &[(&str, Duration)] = table::THROTTLES;

fn contains(text: &str, part: &str) -> bool {
    text.to_ascii_lowercase().contains(&part.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(host: &str, greeting: &str, capabilities: &[&str], id: &[&str]) -> Option<String> {
        let offered = Offered::new(capabilities.iter().map(|name| (*name).to_owned()));
        let id: Vec<String> = id.iter().map(|value| (*value).to_owned()).collect();
        Quirks::find(&[], &Seen { host, greeting, offered: &offered, id: &id }).map(|row| row.name.into_owned())
    }

    #[test]
    fn a_server_is_known_by_any_of_its_signs() {
        assert_eq!(found("h", "mail Cyrus IMAP 3.6.1 server ready", &[], &[]).as_deref(), Some("Cyrus"));
        assert_eq!(found("h", "hello", &["X-GM-EXT-1"], &[]).as_deref(), Some("Gmail"));
        assert_eq!(found("h", "IMAP4rev1 proxy server ready", &[], &["Zimbra"]).as_deref(), Some("Zimbra"));
        assert_eq!(found("imap.mail.yahoo.com", "hello", &[], &[]).as_deref(), Some("Yahoo"));
        assert_eq!(found("notmail.yahoo.com.example", "hello", &[], &[]), None);
        assert_eq!(found("h", "hello", &[], &[]), None);
    }

    #[test]
    fn a_row_of_ones_own_comes_first() {
        let mut own = Quirks::new("Ours");
        own.signs = vec![Sign::Greeting("dovecot".into())].into();
        own.connections = Some(1);
        let offered = Offered::default();
        let seen = Seen { host: "h", greeting: "Dovecot ready.", offered: &offered, id: &[] };
        assert_eq!(Quirks::find(std::slice::from_ref(&own), &seen), Some(own));
    }

    #[test]
    fn a_row_knows_its_servers_words_for_a_pause() {
        let mut own = Quirks::new("Ours");
        own.throttles = vec![("Easy, Tiger".into(), Duration::from_secs(7))].into();
        let said = |text: &str| own.reread(Error::new(ErrorKind::Refused, "no").with("answer", text)).recovery();
        assert_eq!(said("NO easy, tiger!"), Recovery::Retry { after: Some(Duration::from_secs(7)) });
        assert_eq!(said("NO not today"), ErrorKind::Refused.recovery());
    }

    #[test]
    fn every_row_names_its_source_and_a_sign() {
        for row in table::KNOWN.iter() {
            assert!(!row.source.is_empty() && !row.signs.is_empty(), "{}", row.name);
            assert!(row.signs.iter().all(|sign| !matches!(sign, Sign::Greeting(text) if text.is_empty())));
        }
    }
}
