//! How a server comes into being.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::capability::{Capability, Mechanism};
use super::fault::Fault;
use super::refusal::{NameRule, Refusal, Rewrite, munge_header};
use super::server::ImapServer;
use super::settings::{Encryption, Keywords, Settings};
use super::users::{BothNames, Users};

/// Says what a server is like, then starts it. Without a word it is a plain-text server with the capabilities of a
/// well-equipped one, `/` as delimiter, no prefix, no limits, and no user.
#[derive(Debug, Default)]
pub struct ImapServerBuilder {
    settings: Settings,
    users: Vec<Entry>,
    both_names: BothNames,
    quota: Option<u64>,
    faults: Vec<Fault>,
    names: Option<Vec<String>>,
    port: u16,
}

enum Entry {
    Password(String, String),
    Token(String, String),
    ServiceToken(String),
    Master(String, String),
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Password(user, _) | Self::Token(user, _) | Self::Master(user, _) => user,
            Self::ServiceToken(_) => "service token",
        })
    }
}

impl ImapServerBuilder {
    /// A user with a password and an empty INBOX.
    #[must_use]
    pub fn user(mut self, name: &str, password: &str) -> Self {
        self.users.push(Entry::Password(name.to_owned(), password.to_owned()));
        self
    }

    /// An OAuth token that lets this user in.
    #[must_use]
    pub fn token(mut self, user: &str, token: &str) -> Self {
        self.users.push(Entry::Token(user.to_owned(), token.to_owned()));
        self
    }

    /// An OAuth token that lets every user in, as an application's does.
    #[must_use]
    pub fn service_token(mut self, token: &str) -> Self {
        self.users.push(Entry::ServiceToken(token.to_owned()));
        self
    }

    /// A master, who signs in for others: by the authorization identity of PLAIN, or as `user*master`.
    #[must_use]
    pub fn master(mut self, name: &str, password: &str) -> Self {
        self.users.push(Entry::Master(name.to_owned(), password.to_owned()));
        self
    }

    /// What stands between the two names of a master who signs in as `user*master`.
    #[must_use]
    pub fn master_separator(mut self, separator: char) -> Self {
        self.both_names = BothNames::UserFirst(separator);
        self
    }

    /// A master signs in as `domain\master\user`; the master's name is what stands before the last backslash.
    #[must_use]
    pub fn master_first(mut self) -> Self {
        self.both_names = BothNames::MasterFirst;
        self
    }

    /// Encrypted from the first octet on.
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.settings.encryption = Encryption::FromTheStart;
        self
    }

    /// Plain, and encrypted when the client asks for it.
    #[must_use]
    pub fn starttls(mut self) -> Self {
        self.settings.encryption = Encryption::StartTls;
        self
    }

    /// LOGINDISABLED: no sign-in on an unencrypted connection, by whatever mechanism.
    #[must_use]
    pub fn login_disabled(mut self) -> Self {
        self.settings.login_disabled = true;
        self
    }

    /// Names and addresses in the certificate, instead of `localhost` and `127.0.0.1`.
    #[must_use]
    pub fn certificate_for(mut self, names: &[&str]) -> Self {
        self.names = Some(names.iter().map(|name| (*name).to_owned()).collect());
        self
    }

    /// The ways to sign in with AUTHENTICATE.
    #[must_use]
    pub fn mechanisms(mut self, mechanisms: &[Mechanism]) -> Self {
        self.settings.mechanisms = mechanisms.to_vec();
        self
    }

    /// With this capability too.
    #[must_use]
    pub fn with(mut self, capability: Capability) -> Self {
        self.settings.capabilities.insert(capability);
        self
    }

    /// Without this capability. QRESYNC goes with CONDSTORE.
    #[must_use]
    pub fn without(mut self, capability: Capability) -> Self {
        self.settings.capabilities.remove(&capability);
        if capability == Capability::Condstore {
            self.settings.capabilities.remove(&Capability::Qresync);
        }
        self
    }

    /// With these capabilities and no others; none is plain RFC 3501.
    #[must_use]
    pub fn only(mut self, capabilities: &[Capability]) -> Self {
        self.settings.capabilities = capabilities.iter().copied().collect();
        self
    }

    /// A word in the CAPABILITY answer after sign-in that means nothing to this server.
    #[must_use]
    pub fn advertise(mut self, word: &str) -> Self {
        self.settings.advertised.push(word.to_owned());
        self
    }

    /// Capabilities are told only when asked for, neither with the greeting nor with the sign-in.
    #[must_use]
    pub fn taciturn(mut self) -> Self {
        self.settings.volunteers_capabilities = false;
        self
    }

    /// The text of the greeting.
    #[must_use]
    pub fn greeting(mut self, text: &str) -> Self {
        self.settings.greeting = text.to_owned();
        self
    }

    /// The fields of the ID answer.
    #[must_use]
    pub fn id(mut self, fields: &[(&str, &str)]) -> Self {
        self.settings.id = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self
    }

    /// The delimiter of folder names.
    #[must_use]
    pub fn delimiter(mut self, delimiter: char) -> Self {
        self.settings.layout.delimiter = delimiter;
        self
    }

    /// The prefix of the personal namespace, delimiter included: `INBOX.`. All folders but INBOX lie below it.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.settings.layout.prefix = prefix.to_owned();
        self
    }

    /// No `\*` in PERMANENTFLAGS: these keywords and no others. What else a client sets is dropped without a word.
    #[must_use]
    pub fn only_keywords(mut self, keywords: &[&str]) -> Self {
        self.settings.keywords = Keywords::Only(keywords.iter().map(|keyword| (*keyword).to_owned()).collect());
        self
    }

    /// At most so many keywords in one folder; what comes later is dropped without a word, and `\*` disappears.
    #[must_use]
    pub fn keyword_limit(mut self, keywords: usize) -> Self {
        self.settings.keywords = Keywords::Any { limit: keywords };
        self
    }

    /// APPENDLIMIT: the largest message, in bytes.
    #[must_use]
    pub fn append_limit(mut self, bytes: u64) -> Self {
        self.settings.append_limit = Some(bytes);
        self
    }

    /// The quota of every user, in bytes.
    #[must_use]
    pub fn quota(mut self, bytes: u64) -> Self {
        self.quota = Some(bytes);
        self
    }

    /// The longest command line without its literals, in bytes; 65,536 otherwise. A longer one ends the connection.
    #[must_use]
    pub fn max_line(mut self, bytes: usize) -> Self {
        self.settings.max_line = bytes;
        self
    }

    /// Connections open at the same time; more are sent away with BYE.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.settings.max_connections = Some(connections);
        self
    }

    /// Sessions of one user at the same time; more are refused at sign-in.
    #[must_use]
    pub fn max_connections_per_user(mut self, connections: usize) -> Self {
        self.settings.max_connections_per_user = Some(connections);
        self
    }

    /// How long an octet takes to the client and its answer back: a server far away.
    #[must_use]
    pub fn round_trip(mut self, time: Duration) -> Self {
        self.settings.round_trip = time;
        self
    }

    /// A rule for messages that APPEND refuses.
    #[must_use]
    pub fn refuse(mut self, refusal: Refusal) -> Self {
        self.settings.refusals.push(refusal);
        self
    }

    /// APPEND turns octets above 127 in headers into `X`.
    #[must_use]
    pub fn munge_headers(self) -> Self {
        self.rewrite(munge_header)
    }

    /// APPEND stores something else than it was given. Called again, the rules work one after the other.
    #[must_use]
    pub fn rewrite(mut self, rule: impl Fn(&Bytes) -> Bytes + Send + Sync + 'static) -> Self {
        self.settings.rewrites.push(Rewrite(Arc::new(rule)));
        self
    }

    /// A rule for folder names that CREATE and RENAME refuse: what it returns is the text after NO. It is asked with
    /// the whole name, decoded.
    #[must_use]
    pub fn refuse_names(mut self, rule: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.settings.name_rules.push(NameRule(Arc::new(rule)));
        self
    }

    /// Messages that are there but cannot be read: a FETCH of their bodies ends with NO when it comes to one, and what
    /// was asked for behind it is not answered. The rule is a refusal turned around; its text is not used.
    #[must_use]
    pub fn unreadable(mut self, rule: Refusal) -> Self {
        self.settings.unreadable.push(rule);
        self
    }

    /// NUL goes out as 0x80, since a literal must not hold it (RFC 3501, 9). Otherwise it goes out as it is.
    #[must_use]
    pub fn mask_nul(mut self) -> Self {
        self.settings.masks_nul = true;
        self
    }

    /// `*` and `%` may stand in folder names, as Dovecot and Cyrus have it. Otherwise they are refused.
    #[must_use]
    pub fn wildcard_names(mut self) -> Self {
        self.settings.wildcard_names = true;
        self
    }

    /// Bodies of up to 100 octets that a quoted string can hold go out as one, as they may.
    #[must_use]
    pub fn quote_short_bodies(mut self) -> Self {
        self.settings.quotes_short_bodies = true;
        self
    }

    /// HIGHESTMODSEQ is told after the tagged OK of SELECT and EXAMINE, not before.
    #[must_use]
    pub fn modseq_after_select(mut self) -> Self {
        self.settings.modseq_after_select = true;
        self
    }

    /// Pipelined FETCHes run side by side: the data of the next one may come before the tagged OK of the one before.
    #[must_use]
    pub fn overlapping_answers(mut self) -> Self {
        self.settings.answers_overlap = true;
        self
    }

    /// Folders are labels: every message stands in `[Gmail]/All Mail` once, X-GM-LABELS tells its labels, and a message
    /// that comes a second time is the same message.
    #[must_use]
    pub fn labels(mut self) -> Self {
        self.settings.layout.labels = true;
        self
    }

    /// Names in modified UTF-7 have no characters beyond U+FFFF: they are refused, and who lists a mailbox that has one is
    /// thrown out. Behind ENABLE UTF8=ACCEPT they are as good as others.
    #[must_use]
    pub fn narrow_names(mut self) -> Self {
        self.settings.narrow_names = true;
        self
    }

    /// A folder has at most so many messages, the latest, for a client that did not enable UIDONLY (RFC 9586); nothing is
    /// said about the others.
    #[must_use]
    pub fn view_limit(mut self, messages: usize) -> Self {
        self.settings.view_limit = messages;
        self
    }

    /// Misbehaviour from the start on.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// A port of your own instead of a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Starts the server on the current tokio runtime.
    ///
    /// # Panics
    /// When there is no port to listen on; see [`try_start`](Self::try_start).
    pub async fn start(self) -> ImapServer {
        self.try_start().await.unwrap_or_else(|error| panic!("the IMAP simulator cannot start: {error}"))
    }

    /// Starts the server on the current tokio runtime.
    ///
    /// # Errors
    /// When the port is taken, or the certificate names are no names.
    pub async fn try_start(self) -> io::Result<ImapServer> {
        let mut users = Users::new(self.settings.layout.clone(), self.quota);
        users.write_names(self.both_names);
        for entry in &self.users {
            match entry {
                Entry::Password(user, password) => users.set_password(user, password),
                Entry::Token(user, token) => users.add_token(user, token),
                Entry::ServiceToken(token) => users.add_service_token(token),
                Entry::Master(user, password) => users.add_master(user, password),
            }
        }
        let names = self.names.unwrap_or_else(|| vec!["localhost".to_owned(), "127.0.0.1".to_owned()]);
        ImapServer::start(self.settings, users, self.faults, &names, self.port).await
    }
}
