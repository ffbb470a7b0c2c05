//! TLS: what is trusted, and why a handshake failed.

use std::io;
use std::sync::{Arc, OnceLock};

use mailmove_core::{Error, ErrorKind, Result};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const NAME_CA: &str = "if you trust this server, give its certificate or its authority with --ca FILE";

/// Whom to trust. Made once for all connections to a server.
#[derive(Debug)]
pub(crate) struct Trust {
    extra: Vec<u8>,
    client: OnceLock<Result<Arc<ClientConfig>>>,
}

impl Trust {
    /// The system's authorities and these certificates, in PEM.
    pub(crate) fn new(extra_roots: &[u8]) -> Self {
        Self { extra: extra_roots.to_vec(), client: OnceLock::new() }
    }

    /// The handshake. Says the protocol version on success.
    pub(super) async fn handshake(&self, host: &str, stream: TcpStream) -> Result<(TlsStream<TcpStream>, String)> {
        let client = self.client.get_or_init(|| configure(&self.extra)).clone()?;
        let name = ServerName::try_from(host.to_owned()).map_err(|error| {
            Error::new(ErrorKind::Config, format!("`{host}` is no name that a certificate can carry")).because(error)
        })?;
        let stream = TlsConnector::from(client).connect(name, stream).await.map_err(|error| explain(error, host))?;
        let version = stream.get_ref().1.protocol_version().map_or("TLS".to_owned(), |version| format!("{version:?}"));
        Ok((stream, version))
    }
}

fn configure(extra: &[u8]) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    let pinned = CertificateDer::pem_slice_iter(extra).collect::<Result<Vec<_>, _>>();
    let pinned = pinned.map_err(|error| unreadable(error.to_string()))?;
    if pinned.is_empty() && !extra.is_empty() {
        return Err(unreadable("there is no certificate in it".to_owned()));
    }
    for certificate in &pinned {
        roots.add(certificate.clone()).map_err(|error| unreadable(error.to_string()))?;
    }
    // Certificates of the system that cannot be read are the system's business; one that is needed will be missed.
    for certificate in rustls_native_certs::load_native_certs().certs {
        let _ = roots.add(certificate);
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(roots, pinned, provider.clone())?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Tls, "no TLS version to offer").because(error))?
        .dangerous() // only so that a certificate the caller gave may be the server's own; see `Verifier`
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn unreadable(why: String) -> Error {
    Error::new(ErrorKind::Config, format!("the extra certificates cannot be read: {why}"))
        .remedy("give a PEM file with the server's certificate or its authority's")
}

/// The usual verification, with one addition: a self-signed certificate that the caller gave as trusted may be the
/// server's own, even if it says that it is an authority, as most self-signed ones do. Its dates and its name count as
/// ever.
#[derive(Debug)]
struct Verifier {
    usual: Option<Arc<WebPkiServerVerifier>>,
    pinned: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(roots: RootCertStore, pinned: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Result<Self> {
        // Without a single authority, nobody can be trusted: that shows when a server comes.
        let usual = (!roots.is_empty())
            .then(|| WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build())
            .transpose()
            .map_err(|error| Error::new(ErrorKind::Tls, "cannot verify certificates").because(error))?;
        Ok(Self { usual, pinned, provider })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(usual) = &self.usual else { return Err(CertificateError::UnknownIssuer.into()) };
        match usual.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(error) if is_authority(&error) => {
                if !self.pinned.contains(end_entity) {
                    return Err(error);
                }
                // Dates were checked before; the name was not.
                rustls::client::verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) if is_self_signed(end_entity) => {
                Err(rustls::Error::General(SELF_SIGNED.to_owned()))
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

const SELF_SIGNED: &str = "self-signed certificate";

fn is_authority(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::InvalidCertificate(CertificateError::Other(other))
        if matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity)))
}

fn is_self_signed(certificate: &CertificateDer<'_>) -> bool {
    webpki::EndEntityCert::try_from(certificate).is_ok_and(|parsed| parsed.issuer() == parsed.subject())
}

/// Cause and remedy of a handshake that failed.
fn explain(error: io::Error, host: &str) -> Error {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let (what, remedy) = match cause {
        Some(rustls::Error::General(text)) if text == SELF_SIGNED => ("its certificate is self-signed".into(), NAME_CA),
        Some(cause) if is_authority(cause) => ("its certificate is self-signed".into(), NAME_CA),
        Some(rustls::Error::InvalidCertificate(why)) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                ("its certificate has expired".into(), "renew the server's certificate, or check this computer's clock")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                ("its certificate is not valid yet".into(), "check this computer's clock, or the server's certificate")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                (format!("its certificate is not for `{host}`"), "use the host name that stands in the certificate")
            }
            CertificateError::UnknownIssuer => ("nobody we know signed its certificate".into(), NAME_CA),
            CertificateError::Revoked => ("its certificate was revoked".into(), "renew the server's certificate"),
            other => (format!("its certificate is not good: {other:?}"), NAME_CA),
        },
        Some(rustls::Error::AlertReceived(alert)) => {
            (format!("it ended the handshake: {alert:?}"), "check which TLS versions the server allows")
        }
        Some(rustls::Error::InvalidMessage(_)) => {
            ("it does not speak TLS on this port".into(), "check the port: 993 is TLS, 143 is STARTTLS")
        }
        Some(other) => (other.to_string(), "check which TLS versions and ciphers the server allows"),
        None => {
            return Error::new(ErrorKind::Network, format!("the connection broke in the TLS handshake: {error}"))
                .because(error);
        }
    };
    Error::new(ErrorKind::Tls, format!("no trustworthy connection to {host}: {what}")).remedy(remedy).because(error)
}
