//! What a server is reached with.

use mailmove_core::http::Session;
use mailmove_core::{Access, Error, ErrorKind, Result};
use url::Url;

use crate::{Autodiscover, Version};

/// Where a web service is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Address {
    /// Here: `https://mail.example.org/EWS/Exchange.asmx`.
    Url(Url),
    /// Where the domain of each mailbox says.
    Autodiscover(Autodiscover),
}

/// How passwords travel. Tokens travel as bearer tokens, whatever is said here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Passwords {
    /// In every request, as basic authentication has it.
    #[default]
    Basic,
    /// By NTLM: NTLMv2, bound to the server's certificate over TLS. Each connection signs in once. Logins are
    /// `DOMAIN\user` or addresses.
    #[cfg(feature = "ntlm")]
    Ntlm,
}

impl Passwords {
    /// The same session, with passwords that travel so.
    pub(crate) fn over(self, session: Session) -> Session {
        match self {
            Self::Basic => session,
            #[cfg(feature = "ntlm")]
            Self::Ntlm => session.by_ntlm(),
        }
    }
}

/// An Exchange server and how to talk to it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EwsConfig {
    /// Where its web service is.
    pub address: Address,
    /// The schema version to speak. `None`: the newest that the mailbox takes.
    pub version: Option<Version>,
    /// How mailboxes are opened. `None`: as the credential says.
    pub access: Option<Access>,
    /// How passwords travel.
    pub passwords: Passwords,
    /// Whether secrets and mail may travel unprotected. Without it, an `http` address is refused.
    pub allow_plaintext: bool,
    /// Authorities that are trusted beside the system's, as PEM text.
    pub extra_roots: Vec<String>,
    /// How many requests for one mailbox are in flight at most. Exchange counts 10 to 27 for all that its owner does.
    pub connections: usize,
}

impl EwsConfig {
    /// A server at this address: version and access as they come, TLS, four requests at a time.
    pub fn new(url: Url) -> Self {
        Self::of(Address::Url(url))
    }

    /// The server that the domain of each mailbox names, the rest as with [`new`](Self::new).
    pub fn discovered(autodiscover: Autodiscover) -> Self {
        Self::of(Address::Autodiscover(autodiscover))
    }

    fn of(address: Address) -> Self {
        Self {
            address,
            version: None,
            access: None,
            passwords: Passwords::Basic,
            allow_plaintext: false,
            extra_roots: Vec::new(),
            connections: 4,
        }
    }

    /// A server of this name with TLS, its web service where Exchange has it. The host may carry a port.
    pub fn on_host(host: &str) -> Result<Self> {
        let url = Url::parse(&format!("https://{host}/EWS/Exchange.asmx"));
        url.map(Self::new)
            .map_err(|error| Error::new(ErrorKind::Config, "not a host name").with("host", host).because(error))
    }

    /// The same with this access to mailboxes.
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = Some(access);
        self
    }

    /// The same with passwords that travel so.
    pub fn with_passwords(mut self, passwords: Passwords) -> Self {
        self.passwords = passwords;
        self
    }

    /// The same with this schema version and no other.
    pub fn with_version(mut self, version: Version) -> Self {
        self.version = Some(version);
        self
    }

    /// The same with plain connections allowed.
    pub fn allowing_plaintext(mut self) -> Self {
        self.allow_plaintext = true;
        self
    }

    /// The same with one more authority, as PEM text.
    pub fn trusting(mut self, pem: impl Into<String>) -> Self {
        self.extra_roots.push(pem.into());
        self
    }

    /// What people call it: `ews://mail.example.org`, `ews+http://127.0.0.1:8080`.
    pub(crate) fn name(&self) -> String {
        let Address::Url(url) = &self.address else { return "ews://autodiscover".to_owned() };
        let scheme = if url.scheme() == "http" { "ews+http" } else { "ews" };
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{}{port}", url.host_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_whether_it_is_protected_and_holds_no_path() {
        let name = |url: &str| EwsConfig::new(Url::parse(url).unwrap()).name();
        assert_eq!(name("https://u:p@mail.example.org/EWS/Exchange.asmx?x=y"), "ews://mail.example.org");
        assert_eq!(name("http://127.0.0.1:8080/"), "ews+http://127.0.0.1:8080");
        assert_eq!(EwsConfig::discovered(Autodiscover::new()).name(), "ews://autodiscover");
        let Address::Url(url) = EwsConfig::on_host("h:444").unwrap().address else { panic!("no address") };
        assert_eq!(url.as_str(), "https://h:444/EWS/Exchange.asmx");
    }
}
