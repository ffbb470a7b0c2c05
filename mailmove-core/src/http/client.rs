use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use crate::{Error, ErrorKind, Result};

/// How to reach servers by HTTP.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HttpSettings {
    /// Whether the roots that the system trusts are trusted.
    pub system_roots: bool,
    /// Authorities that are trusted besides, as PEM text with one or more certificates each.
    pub extra_roots: Vec<String>,
    /// Whether `http:` addresses are taken: everything, credentials included, can be read on the way.
    pub allow_plaintext: bool,
    /// Whether HTTP/2 is never spoken. Some ways of signing in are bound to one connection.
    pub http1_only: bool,
    /// How long a connection may take to come about, TLS included.
    pub connect_timeout: Duration,
    /// The largest answer that is read into memory, in bytes. [`Session::download`](super::Session::download) has no
    /// such bound.
    pub largest_answer: u64,
    /// What servers are told about who asks.
    pub user_agent: String,
}

impl HttpSettings {
    /// System roots, TLS only, half a minute to connect, answers up to 64 MiB.
    pub fn new() -> Self {
        Self {
            system_roots: true,
            extra_roots: Vec::new(),
            allow_plaintext: false,
            http1_only: false,
            connect_timeout: Duration::from_secs(30),
            largest_answer: 64 << 20,
            user_agent: concat!("mailmove/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// The same with one more authority, as PEM text.
    pub fn trusting(mut self, pem: impl Into<String>) -> Self {
        self.extra_roots.push(pem.into());
        self
    }

    /// The same with plain connections allowed.
    pub fn allowing_plaintext(mut self) -> Self {
        self.allow_plaintext = true;
        self
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self::new()
    }
}

/// An HTTP client with its connections. Clones share them.
#[derive(Clone)]
pub struct Http(Arc<Inner>);

struct Inner {
    client: reqwest::Client,
    /// For connections that are not the client's.
    #[cfg(feature = "ntlm")]
    tls: Arc<ClientConfig>,
    settings: HttpSettings,
}

impl Http {
    /// A client. Fails when a root certificate cannot be read, or when there is none at all.
    pub fn new(settings: HttpSettings) -> Result<Self> {
        let mut tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::new(ErrorKind::Bug, "cannot set up TLS").because(error))?
            .with_root_certificates(roots(&settings)?)
            .with_no_client_auth();
        tls.alpn_protocols = if settings.http1_only { vec![] } else { vec![b"h2".to_vec()] };
        tls.alpn_protocols.push(b"http/1.1".to_vec());

        #[cfg(feature = "ntlm")]
        let own = {
            let mut own = tls.clone();
            own.alpn_protocols = vec![b"http/1.1".to_vec()];
            Arc::new(own)
        };
        let mut client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            // The guard is the only one who repeats.
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(settings.connect_timeout)
            .user_agent(&settings.user_agent);
        if settings.http1_only {
            client = client.http1_only();
        }
        let client =
            client.build().map_err(|error| Error::new(ErrorKind::Config, "cannot set up HTTP").because(error))?;
        Ok(Self(Arc::new(Inner {
            client,
            #[cfg(feature = "ntlm")]
            tls: own,
            settings,
        })))
    }

    /// With which settings.
    pub fn settings(&self) -> &HttpSettings {
        &self.0.settings
    }

    pub(super) fn client(&self) -> &reqwest::Client {
        &self.0.client
    }

    /// The same trust, for connections that speak HTTP/1.1 alone.
    #[cfg(feature = "ntlm")]
    pub(super) fn tls_http1(&self) -> Arc<ClientConfig> {
        self.0.tls.clone()
    }

    /// Refuses addresses that would carry secrets in the open.
    pub(super) fn check(&self, url: &Url) -> Result<()> {
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.0.settings.allow_plaintext => Ok(()),
            "http" => Err(Error::new(ErrorKind::Tls, "the address is not encrypted")
                .with("address", shown(url))
                .remedy("use an https address, or allow plaintext if everybody on the way may read everything")),
            _ => Err(Error::new(ErrorKind::Config, "not an HTTP address").with("address", shown(url))),
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

/// An address as people may see it: queries, user names and fragments can hold secrets.
pub(super) fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), url.path())
}

fn roots(settings: &HttpSettings) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    if settings.system_roots {
        // Some systems carry certificates that cannot be parsed; what matters is that one is left.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    for pem in &settings.extra_roots {
        let unreadable = || {
            Error::new(ErrorKind::Config, "an extra root certificate cannot be read")
                .remedy("give a file with certificates in PEM form")
        };
        let mut found = false;
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|error| unreadable().because(error))?;
            roots.add(certificate).map_err(|error| unreadable().because(error))?;
            found = true;
        }
        if !found {
            return Err(unreadable());
        }
    }
    if roots.is_empty() && !settings.allow_plaintext {
        return Err(Error::new(ErrorKind::Tls, "no authority is trusted: this system has no root certificates")
            .remedy("install the system's root certificates, or give the authority to trust"));
    }
    Ok(roots)
}
