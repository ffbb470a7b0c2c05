//! What a server is reached with.

use std::time::Duration;

use crate::quirks::Quirks;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Security {
    /// TLS from the first byte (`imaps`, port 993).
    #[default]
    Tls,
    /// TLS after STARTTLS, before anybody signs in (`imap`, port 143). A server without STARTTLS is an error, never a
    /// plain connection.
    StartTls,
    /// No protection at all. Also needs [`ImapConfig::allow_plaintext`].
    Plain,
}

impl Security {
    /// The port that goes with it.
    pub fn default_port(self) -> u16 {
        match self {
            Security::Tls => 993,
            Security::StartTls | Security::Plain => 143,
        }
    }

    pub(crate) fn scheme(self) -> &'static str {
        match self {
            Security::Tls => "imaps",
            Security::StartTls | Security::Plain => "imap",
        }
    }
}

/// What becomes of a message with several labels, where folders are labels of messages (Gmail).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Labels {
    /// It stands in the folder of each of its labels. At a destination without labels these are copies.
    #[default]
    Copies,
    /// It stands in one folder: the inbox, else that of the first label by name. The others become keywords.
    First,
}

/// Whether what goes over the wire is deflated, where the server offers it (COMPRESS=DEFLATE, RFC 4978).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Compress {
    /// When it makes the mail go faster. Connections begin without. When two spans of two seconds (or of 4 MiB, where these
    /// take longer) moved alike, and less than 12.5 MB/s, deflated connections take their place as they fall idle. These stay
    /// if they move at least 15 % more; otherwise they are replaced once more, and nothing is tried again by this connector.
    #[default]
    Auto,
    /// On every connection. It pays on links of some tens of megabits per second or less, and costs processor time at both
    /// ends.
    Always,
    /// On none.
    Never,
}

/// An IMAP server and how to talk to it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ImapConfig {
    /// Its host name; also the name that its certificate must carry.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Whether secrets and mail may travel unprotected. Without it, [`Security::Plain`] is refused.
    pub allow_plaintext: bool,
    /// Certificates in PEM that are trusted beside the system's: of an authority, or the server's own.
    pub extra_roots: Vec<u8>,
    /// How many connections one mailbox takes at most. Fewer when the server refuses more. At least 1.
    pub connections: usize,
    /// How many connections all mailboxes of a connector take together before none takes a further one. Each has its first,
    /// and keeps those that it has; less than `connections` is as much as `connections`.
    pub connections_together: usize,
    /// How long connecting and signing in may take, each.
    pub connect_timeout: Duration,
    /// How long the server may be silent, and take nothing, while it owes an answer.
    pub idle_timeout: Duration,
    /// Whether what goes over the wire is deflated.
    pub compress: Compress,
    /// What goes before the server's own folders, against what NAMESPACE says (`INBOX.`).
    pub prefix: Option<String>,
    /// How labels are read, where the server has them.
    pub labels: Labels,
    /// What this program knows of kinds of servers beyond [what is known here](Quirks). Looked at first.
    pub quirks: Vec<Quirks>,
}

impl ImapConfig {
    /// A server with TLS on its usual port: four connections per mailbox, eight in all, 20 seconds to connect, 120 seconds of
    /// silence.
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: Security::Tls.default_port(),
            security: Security::Tls,
            allow_plaintext: false,
            extra_roots: Vec::new(),
            connections: 4,
            connections_together: 8,
            connect_timeout: Duration::from_secs(20),
            // Cyrus needs half a minute for one fsync on a bad day; nothing healthy needs two.
            idle_timeout: Duration::from_secs(120),
            compress: Compress::default(),
            prefix: None,
            labels: Labels::default(),
            quirks: Vec::new(),
        }
    }

    /// The same with another protection, on its usual port.
    pub fn with_security(mut self, security: Security) -> Self {
        self.security = security;
        self.port = security.default_port();
        self
    }

    /// The same on another port.
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// What people call it: `imaps://mail.example.org`, the port only when it is not the usual one.
    pub fn url(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let scheme = self.security.scheme();
        match self.port {
            port if port == self.security.default_port() => format!("{scheme}://{host}"),
            port => format!("{scheme}://{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_names_what_is_not_usual() {
        assert_eq!(ImapConfig::new("h").url(), "imaps://h");
        assert_eq!(ImapConfig::new("::1").with_security(Security::Plain).with_port(1143).url(), "imap://[::1]:1143");
    }
}
