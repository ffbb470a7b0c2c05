//! From a URL to a connector: the one table of schemes.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use mailmove_core::{Connector, CredentialProvider, Error, ErrorKind, Mailbox, Result, Side};

use crate::EndpointUrl;

/// A connector for this URL, with the standard schemes and nothing allowed that weakens it.
///
/// It connects to nobody yet. [`EndpointUrl::mailbox`] is the mailbox to open with it.
///
/// ```
/// use std::sync::Arc;
/// use mailmove::{FixedCredentials, Secret};
///
/// # #[cfg(feature = "imap")] {
/// let credentials = Arc::new(FixedCredentials::owner(Secret::password("correct horse")));
/// let connector = mailmove::connect("imaps://alice@mail.example.org", credentials)?;
/// assert_eq!(connector.name(), "imaps://mail.example.org");
/// # }
/// # Ok::<(), mailmove::Error>(())
/// ```
pub fn connect(url: &str, credentials: Arc<dyn CredentialProvider>) -> Result<Arc<dyn Connector>> {
    Connectors::standard().connect(&url.parse()?, credentials, &ConnectOptions::new())
}

/// What a host decides for all its connections, and no URL can.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ConnectOptions {
    /// Certificates of authorities, in PEM, that are trusted besides those of the system.
    pub trust: Vec<Vec<u8>>,
    /// Whether a URL may ask for a connection without encryption. Passwords and mail can then be read on the way.
    pub allow_plaintext: bool,
    /// The most connections for one mailbox, where the connector has several. `None`: as many as it thinks fit.
    pub connections: Option<usize>,
}

impl ConnectOptions {
    /// The system's authorities, encryption always, as many connections as fit.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the authorities in this PEM file too.
    pub fn trust_file(mut self, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let told = |message: String| {
            let told = Error::new(ErrorKind::Config, message).with("path", path.display());
            told.remedy("give a file with certificates in PEM: -----BEGIN CERTIFICATE-----")
        };
        let pem = std::fs::read(path).map_err(|error| told(format!("cannot read the certificates: {error}")))?;
        if !pem.windows(MARK.len()).any(|window| window == MARK) {
            return Err(told("there is no certificate in this file".to_owned()));
        }
        self.trust.push(pem);
        Ok(self)
    }

    /// Lets URLs ask for connections without encryption.
    pub fn allow_plaintext(mut self) -> Self {
        self.allow_plaintext = true;
        self
    }

    /// At most this many connections for one mailbox.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = Some(connections);
        self
    }
}

const MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Which scheme makes which connector. Open to schemes of one's own.
///
/// ```
/// use std::sync::Arc;
/// use mailmove::{ConnectOptions, Connectors, FixedCredentials, Secret, Side};
/// use mailmove_testkit::MemoryMailbox;
///
/// let connectors = Connectors::standard().with("memory", |_url, _credentials, _options| {
///     Ok(Arc::new(MemoryMailbox::new()))
/// });
/// let url = "memory://alice@here".parse()?;
/// let nobody = Arc::new(FixedCredentials::owner(Secret::password("")));
/// let (connector, mailbox) = connectors.open(&url, Side::Source, nobody, &ConnectOptions::new())?;
/// assert_eq!(mailbox.address, "alice");
/// # Ok::<(), mailmove::Error>(())
/// ```
#[derive(Clone)]
pub struct Connectors {
    factories: BTreeMap<String, Arc<Factory>>,
}

type Factory =
    dyn Fn(&EndpointUrl, Arc<dyn CredentialProvider>, &ConnectOptions) -> Result<Arc<dyn Connector>> + Send + Sync;

/// The schemes of this project, and the feature that each needs.
const FEATURES: [(&str, &str); 5] =
    [("ews", "ews"), ("graph", "graph"), ("imap", "imap"), ("imaps", "imap"), ("zimbra", "zimbra")];

impl Connectors {
    /// No scheme at all.
    pub fn none() -> Self {
        Self { factories: BTreeMap::new() }
    }

    /// The schemes of this project, as far as their features are switched on.
    pub fn standard() -> Self {
        let connectors = Self::none();
        #[cfg(feature = "imap")]
        let connectors = connectors.with("imap", crate::from_url::imap).with("imaps", crate::from_url::imap);
        #[cfg(feature = "ews")]
        let connectors = connectors.with("ews", crate::from_url::ews);
        #[cfg(feature = "graph")]
        let connectors = connectors.with("graph", crate::from_url::graph);
        #[cfg(feature = "zimbra")]
        let connectors = connectors.with("zimbra", crate::from_url::zimbra);
        connectors
    }

    /// The same with one more scheme, or with another connector for one that is there.
    ///
    /// The connector gets the URL as it was read and refuses what it does not understand, see
    /// [`EndpointUrl::check_parameters`]. A URL without encryption reaches it only when the options allow that.
    pub fn with<F>(mut self, scheme: &str, factory: F) -> Self
    where
        F: Fn(&EndpointUrl, Arc<dyn CredentialProvider>, &ConnectOptions) -> Result<Arc<dyn Connector>>
            + Send
            + Sync
            + 'static,
    {
        self.factories.insert(scheme.to_ascii_lowercase(), Arc::new(factory));
        self
    }

    /// The schemes, in alphabetical order.
    pub fn schemes(&self) -> impl Iterator<Item = &str> {
        self.factories.keys().map(String::as_str)
    }

    /// A connector for this URL. It connects to nobody yet.
    pub fn connect(
        &self,
        url: &EndpointUrl,
        credentials: Arc<dyn CredentialProvider>,
        options: &ConnectOptions,
    ) -> Result<Arc<dyn Connector>> {
        let factory = self.factories.get(&url.scheme).ok_or_else(|| self.unknown(&url.scheme))?;
        if url.plain && !options.allow_plaintext {
            let told = Error::new(ErrorKind::Config, "the URL asks for a connection without encryption");
            return Err(told.with("host", &url.host).remedy("take +http or tls=none off the URL, or allow plain text"));
        }
        factory(url, credentials, options)
    }

    /// A connector for this URL and the mailbox that it names on this side. Errors name the side.
    pub fn open(
        &self,
        url: &EndpointUrl,
        side: Side,
        credentials: Arc<dyn CredentialProvider>,
        options: &ConnectOptions,
    ) -> Result<(Arc<dyn Connector>, Mailbox)> {
        let connector = self.connect(url, credentials, options).map_err(|error| error.on(side))?;
        Ok((connector, url.mailbox(side)?))
    }

    fn unknown(&self, scheme: &str) -> Error {
        let known: Vec<&str> = self.schemes().collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let told = Error::new(ErrorKind::Config, format!("the scheme {scheme} of the URL is not known"));
        match FEATURES.into_iter().find(|(name, _)| *name == scheme) {
            Some((_, feature)) => {
                let told = Error::new(ErrorKind::Config, format!("the scheme {scheme} is not built in"));
                told.with("known", known).remedy(format!("build with the feature \"{feature}\""))
            }
            None => told.with("known", known).remedy("correct the scheme, or register a connector for it"),
        }
    }
}

/// As [`standard`](Connectors::standard).
impl Default for Connectors {
    fn default() -> Self {
        Self::standard()
    }
}

impl fmt::Debug for Connectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.factories.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use mailmove_core::{FixedCredentials, Secret};
    use mailmove_testkit::MemoryMailbox;

    use super::*;

    fn nobody() -> Arc<dyn CredentialProvider> {
        Arc::new(FixedCredentials::owner(Secret::password("hunter2")))
    }

    fn memory() -> Connectors {
        Connectors::none().with("Memory", |_, _, _| Ok(Arc::new(MemoryMailbox::new())))
    }

    #[test]
    fn an_unknown_scheme_is_named_with_those_that_are_known() {
        let url = "carrier-pigeon://alice@loft".parse().unwrap();
        let told = memory().connect(&url, nobody(), &ConnectOptions::new()).unwrap_err().to_string();
        assert!(told.contains("carrier-pigeon") && told.contains("known: memory"), "{told}");
    }

    #[test]
    fn a_scheme_that_was_left_out_names_its_feature() {
        let url = "imaps://alice@mail.example.org".parse().unwrap();
        let told = memory().connect(&url, nobody(), &ConnectOptions::new()).unwrap_err().to_string();
        assert!(told.contains("not built in") && told.contains("feature \"imap\""), "{told}");
    }

    #[test]
    fn plain_text_needs_consent() {
        for text in ["memory+http://alice@here", "memory://alice@here?tls=none"] {
            let url = text.parse().unwrap();
            let told = memory().open(&url, Side::Destination, nobody(), &ConnectOptions::new()).unwrap_err();
            assert!(told.to_string().starts_with("destination: the URL asks"), "{told}");
            assert!(memory().open(&url, Side::Source, nobody(), &ConnectOptions::new().allow_plaintext()).is_ok());
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"hello").unwrap();
        let told = ConnectOptions::new().trust_file(file.path()).unwrap_err().to_string();
        assert!(told.contains("no certificate"), "{told}");
        assert!(ConnectOptions::new().trust_file("/no/such/file").unwrap_err().to_string().contains("cannot read"));
    }
}
