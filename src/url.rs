//! Where a mailbox is and how it is opened, in one line of text.

mod parse;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use mailmove_core::{Access, Error, ErrorKind, FixedCredentials, Mailbox, Result, Root, Secret, Side};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The address of an endpoint:
///
/// ```text
/// scheme[+http]://[login@]host[:port][/service-path][?name=value&…]
/// ```
///
/// | parameter | meaning |
/// |---|---|
/// | `mailbox` | the mailbox, when it is not the one that signs in |
/// | `root` | `primary` (as without it), `archive`, `public-folders`, `recoverable` |
/// | `access` | `owner` (as without it), or how somebody else opens it: `authzid`, `master`, `impersonate`, `delegate` |
/// | `separator` | for `access=master`: what stands between the two names, `*` as without it |
/// | `auth` | the only way to sign in that may be taken, by the connector's name for it |
/// | `tls` | `none`: without encryption |
///
/// Names and values are percent-encoded. Further parameters belong to the connector. There is no place for a secret:
/// whoever lists processes reads command lines.
///
/// ```
/// use mailmove::{EndpointUrl, Side};
///
/// let url: EndpointUrl = "imaps://admin@mail.example.org?mailbox=alice@example.org&access=authzid".parse()?;
/// assert_eq!(url.mailbox(Side::Source)?.address, "alice@example.org");
/// assert!("imaps://alice:secret@mail.example.org".parse::<EndpointUrl>().is_err());
/// # Ok::<(), mailmove::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndpointUrl {
    /// The kind of server, in lower case, without `+http`.
    pub scheme: String,
    /// Without encryption: `+http` or `tls=none`.
    pub plain: bool,
    /// Who signs in, decoded.
    pub login: Option<String>,
    /// The host name or address, in ASCII; an IPv6 address without brackets. Empty where the URL names none.
    pub host: String,
    /// The port, where it is not the scheme's own.
    pub port: Option<u16>,
    /// The path of the service, with its leading slash, as it was written; empty without one.
    pub path: String,
    /// The mailbox, when it is not that of the login.
    pub mailbox: Option<String>,
    /// Which of the trees of the mailbox.
    pub root: Root,
    /// How the login opens the mailbox.
    pub access: Access,
    /// The only way to sign in that may be taken.
    pub auth: Option<String>,
    /// What else was asked for.
    pub parameters: BTreeMap<String, String>,
}

impl EndpointUrl {
    /// The mailbox that this URL names, on this side.
    ///
    /// # Errors
    ///
    /// When it names none: a login that opens other people's mailboxes is not the name of one.
    pub fn mailbox(&self, side: Side) -> Result<Mailbox> {
        let owner = self.access == Access::Owner;
        let mailbox = match (&self.mailbox, &self.login) {
            (Some(address), Some(login)) if owner && address != login => Mailbox::new(side, address).with_login(login),
            (Some(address), _) => Mailbox::new(side, address),
            (None, Some(login)) if owner => Mailbox::new(side, login),
            (None, Some(_)) => {
                let told = Error::new(ErrorKind::Config, "the URL names an administrator and no mailbox");
                return Err(told.on(side).remedy("name the mailbox with ?mailbox="));
            }
            (None, None) => {
                let told = Error::new(ErrorKind::Config, "the URL names no mailbox");
                return Err(told
                    .on(side)
                    .remedy(format!("write the login before the host, {EXAMPLE}, or add ?mailbox=")));
            }
        };
        Ok(mailbox.with_root(self.root))
    }

    /// Credentials of this secret: the owner's, or those of whom the URL names as the one who signs in for others.
    pub fn credentials(&self, secret: Secret) -> Result<FixedCredentials> {
        match (&self.access, &self.login) {
            (Access::Owner, _) => Ok(FixedCredentials::owner(secret)),
            (access, Some(login)) => Ok(FixedCredentials::administrator(login, access.clone(), secret)),
            (_, None) => {
                let told = Error::new(ErrorKind::Config, "the URL says that somebody else signs in, and not who");
                Err(told.remedy("write the administrator's login before the host, or take access= off the URL"))
            }
        }
    }

    /// The host, where there has to be one.
    pub fn required_host(&self) -> Result<&str> {
        if self.host.is_empty() {
            let told = Error::new(ErrorKind::Config, "the URL names no host");
            return Err(told.remedy(format!("write the host behind ://, {EXAMPLE}")));
        }
        Ok(&self.host)
    }

    /// Refuses parameters with other names than these. A connector calls it, so that a slip of the pen is not passed over.
    pub fn check_parameters(&self, known: &[&str]) -> Result<()> {
        match self.parameters.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let all: Vec<&str> = parse::PARAMETERS.iter().chain(known).copied().collect();
                let told = Error::new(ErrorKind::Config, format!("{} knows no parameter of this name", self.scheme));
                Err(told.with("parameter", name).with("known", all.join(", ")).remedy("correct the URL"))
            }
        }
    }
}

const EXAMPLE: &str = "like imaps://alice@mail.example.org";

impl FromStr for EndpointUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse::parse(text)
    }
}

/// In the same form as it is read.
impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let http = self.plain && !by_parameter(&self.scheme);
        write!(f, "{}{}://", self.scheme, if http { "+http" } else { "" })?;
        if let Some(login) = &self.login {
            write!(f, "{}@", encode(login))?;
        }
        match self.host.contains(':') {
            true => write!(f, "[{}]", self.host)?,
            false => f.write_str(&self.host)?,
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.path)?;
        let mut parameters = Vec::new();
        let mut add = |name: &str, value: &str| parameters.push(format!("{}={}", encode(name), encode(value)));
        if let Some(mailbox) = &self.mailbox {
            add("mailbox", mailbox);
        }
        if self.root != Root::Primary {
            add("root", &self.root.to_string());
        }
        if let Some(word) = parse::access_word(&self.access) {
            add("access", word);
        }
        if let Access::Master { separator } = self.access
            && separator != parse::SEPARATOR
        {
            add("separator", &separator.to_string());
        }
        if let Some(auth) = &self.auth {
            add("auth", auth);
        }
        if self.plain && !http {
            add("tls", "none");
        }
        self.parameters.iter().for_each(|(name, value)| add(name, value));
        if parameters.is_empty() { Ok(()) } else { write!(f, "?{}", parameters.join("&")) }
    }
}

/// Whether this scheme says by `tls=none` that it is plain. Schemes that ride on HTTP say it by `+http`.
fn by_parameter(scheme: &str) -> bool {
    scheme.starts_with("imap")
}

/// What may stand in a login, a name or a value as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encode(text: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(text, PLAIN)
}

#[cfg(test)]
mod tests;
