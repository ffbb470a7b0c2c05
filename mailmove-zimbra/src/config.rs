//! What a server is reached with.

use mailmove_core::{Access, Error, ErrorKind, Result};
use secrecy::SecretString;
use url::Url;

/// Where administrators are let in unless somebody moved it.
const ADMIN_PORT: u16 = 7071;

/// A Zimbra or Carbonio server and how to talk to it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ZimbraConfig {
    /// Its address, as users have it: `https://mail.example.org/`. Only scheme, host and port count.
    pub url: Url,
    /// The administrators' address, for an administrator who opens other people's mailboxes. `None`: port 7071 of the
    /// same host.
    pub admin_url: Option<Url>,
    /// How mailboxes are opened. `None`: as the credential says.
    pub access: Option<Access>,
    /// The preauthentication key of the domain. With it mailboxes are opened as their owners, without a password and
    /// without the administrators' port; credentials are not asked for.
    pub preauth_key: Option<SecretString>,
    /// Whether the secrets that credentials carry are preauthentication keys, each of its mailbox's domain.
    pub secrets_are_keys: bool,
    /// Whether secrets and mail may travel unprotected. Without it, an `http` address is refused.
    pub allow_plaintext: bool,
    /// Authorities that are trusted beside the system's, as PEM text.
    pub extra_roots: Vec<String>,
    /// How many requests for one mailbox are in flight at most. Zimbra works on ten for all that its owner does.
    pub connections: usize,
    /// Whether many items travel in one archive or request where that loses nothing. Item by item otherwise.
    pub bulk: bool,
}

impl ZimbraConfig {
    /// A server at this address: access as it comes, TLS, six requests at a time, in bulk.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            admin_url: None,
            access: None,
            preauth_key: None,
            secrets_are_keys: false,
            allow_plaintext: false,
            extra_roots: Vec::new(),
            connections: 6,
            bulk: true,
        }
    }

    /// A server of this name with TLS. The host may carry a port.
    pub fn on_host(host: &str) -> Result<Self> {
        let url = Url::parse(&format!("https://{host}/"));
        url.map(Self::new)
            .map_err(|error| Error::new(ErrorKind::Config, "not a host name").with("host", host).because(error))
    }

    /// The same with this access to mailboxes.
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = Some(access);
        self
    }

    /// The same with another address for administrators.
    pub fn with_admin_url(mut self, url: Url) -> Self {
        self.admin_url = Some(url);
        self
    }

    /// The same with the preauthentication key of the domain.
    pub fn with_preauth_key(mut self, key: impl Into<SecretString>) -> Self {
        self.preauth_key = Some(key.into());
        self
    }

    /// The same with credentials whose secrets are preauthentication keys.
    pub fn with_keys_for_secrets(mut self) -> Self {
        self.secrets_are_keys = true;
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

    /// The same with each item on its own.
    pub fn item_by_item(mut self) -> Self {
        self.bulk = false;
        self
    }

    /// Whether mailboxes are opened by the key of their domain.
    pub(crate) fn opens_by_key(&self) -> bool {
        self.secrets_are_keys || self.preauth_key.is_some()
    }

    /// Where administrators are let in.
    pub(crate) fn admin(&self) -> Url {
        self.admin_url.clone().unwrap_or_else(|| {
            let mut url = self.url.clone();
            // Fails for addresses without a host alone, and those are refused before.
            _ = url.set_port(Some(ADMIN_PORT));
            url
        })
    }

    /// What people call it: `zimbra://mail.example.org`, `zimbra+http://127.0.0.1:8080`.
    pub(crate) fn name(&self) -> String {
        let scheme = if self.url.scheme() == "http" { "zimbra+http" } else { "zimbra" };
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{}{port}", self.url.host_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_whether_it_is_protected_and_holds_no_path() {
        let name = |url: &str| ZimbraConfig::new(Url::parse(url).unwrap()).name();
        assert_eq!(name("https://u:p@mail.example.org/service/soap?x=y"), "zimbra://mail.example.org");
        assert_eq!(name("http://127.0.0.1:8080/"), "zimbra+http://127.0.0.1:8080");
    }

    #[test]
    fn administrators_have_a_port_of_their_own() {
        let config = ZimbraConfig::on_host("mail.example.org").unwrap();
        assert_eq!(config.admin().as_str(), "https://mail.example.org:7071/");
        let moved = config.with_admin_url(Url::parse("https://admin.example.org/").unwrap());
        assert_eq!(moved.admin().as_str(), "https://admin.example.org/");
    }

    #[test]
    fn a_key_does_not_print() {
        let config = ZimbraConfig::on_host("h").unwrap().with_preauth_key("6b7ead");
        assert!(!format!("{config:?}").contains("6b7ead"));
    }
}
