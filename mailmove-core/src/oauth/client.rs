use std::fmt::{self, Debug};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use secrecy::SecretString;
use time::OffsetDateTime;
use tracing::warn;

use super::{Algorithm, Authority, Certificate, KeySigner, Signer, assertion};
use crate::{Error, ErrorKind, Result};

/// An application as a sign-in service knows it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Client {
    /// Where it signs in.
    pub authority: Authority,
    /// Its id.
    pub id: String,
    /// How it proves who it is.
    pub proof: Proof,
}

/// How an application proves who it is. There is one way, and no other is tried when it fails.
#[derive(Clone)]
#[non_exhaustive]
pub enum Proof {
    /// Not at all: a program on somebody's computer cannot keep a secret. Its users sign in themselves.
    Public,
    /// By a secret.
    Secret(SecretString),
    /// By a certificate.
    Certificates(Certificates),
}

impl Client {
    /// An application that cannot keep a secret.
    pub fn public(authority: Authority, id: impl Into<String>) -> Self {
        Self { authority, id: id.into(), proof: Proof::Public }
    }

    /// An application with a secret.
    pub fn with_secret(authority: Authority, id: impl Into<String>, secret: SecretString) -> Self {
        Self { authority, id: id.into(), proof: Proof::Secret(secret) }
    }

    /// An application with a certificate.
    pub fn with_certificates(authority: Authority, id: impl Into<String>, certificates: Certificates) -> Self {
        Self { authority, id: id.into(), proof: Proof::Certificates(certificates) }
    }
}

impl Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Proof::Public => f.write_str("Public"),
            Proof::Secret(_) => f.write_str("Secret(***)"),
            Proof::Certificates(certificates) => certificates.fmt(f),
        }
    }
}

/// The certificate of an application with the holder of its key; two of them while one is being rolled over to the next.
#[derive(Debug, Clone)]
pub struct Certificates {
    entries: Vec<(Certificate, Arc<dyn Signer>)>,
    algorithm: Algorithm,
    with_chain: bool,
    /// Which one the service took last.
    preferred: Arc<AtomicUsize>,
}

impl Certificates {
    /// A certificate whose key somebody else holds.
    pub fn new(certificate: Certificate, signer: Arc<dyn Signer>) -> Self {
        let entries = vec![(certificate, signer)];
        Self { entries, algorithm: Algorithm::default(), with_chain: false, preferred: Arc::default() }
    }

    /// Certificate and key from PEM texts, which may be the same text.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self> {
        let (certificate, key) = (Certificate::from_pem(certificate)?, KeySigner::from_pem(key)?);
        key.expect(&certificate)?;
        Ok(Self::new(certificate, Arc::new(key)))
    }

    /// Certificate and key from a PKCS#12 file.
    pub fn from_pkcs12(bytes: &[u8], password: &SecretString) -> Result<Self> {
        let (certificate, key) = KeySigner::from_pkcs12(bytes, password)?;
        key.expect(&certificate)?;
        Ok(Self::new(certificate, Arc::new(key)))
    }

    /// The same, when its first certificate has this thumbprint: SHA-1 or SHA-256 in hex.
    pub fn expecting(self, thumbprint: &str) -> Result<Self> {
        self.entries[0].0.expect_thumbprint(thumbprint)?;
        Ok(self)
    }

    /// The same with the certificates of another: while they are rolled, the service may know either. The one that has
    /// just become valid is tried first; the other is tried when the service does not know it.
    pub fn or(mut self, other: Certificates) -> Self {
        self.entries.extend(other.entries);
        self
    }

    /// The same with another algorithm. PS256 is what is signed with unless somebody asks for less.
    pub fn signing_by(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// The same with the certificate itself in each assertion (`x5c`): services that know the issuer and the name of the
    /// certificate then take its successors as well.
    pub fn sending_chain(mut self) -> Self {
        self.with_chain = true;
        self
    }

    /// The certificates.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.entries.iter().map(|(certificate, _)| certificate)
    }

    /// Says in the log which certificates expire before the expected end of the run, and gives them.
    pub fn expiring_before(&self, end: OffsetDateTime) -> Vec<&Certificate> {
        let short: Vec<_> = self.certificates().filter(|one| one.falls_short_of(end).is_some()).collect();
        for certificate in &short {
            warn!(%certificate, expires = %certificate.not_after(), "the certificate expires before the run is over");
        }
        short
    }

    /// Which to try, in this order: the one that was taken before, then the newest. Those that are not valid now are
    /// left out; when none is, the error says why.
    pub(super) fn order(&self, now: OffsetDateTime) -> Result<Vec<usize>> {
        let preferred = self.preferred.load(Ordering::Relaxed);
        let mut valid: Vec<usize> =
            (0..self.entries.len()).filter(|at| self.entries[*at].0.check(now).is_ok()).collect();
        if valid.is_empty() {
            self.entries[0].0.check(now)?;
        }
        valid.sort_by_key(|at| {
            let begins = self.entries[*at].0.not_before().unix_timestamp();
            (*at + 1 != preferred, -begins)
        });
        Ok(valid)
    }

    pub(super) fn prefer(&self, at: usize) {
        // 0 stands for: none was taken yet.
        self.preferred.store(at + 1, Ordering::Relaxed);
    }

    pub(super) async fn assertion(
        &self,
        at: usize,
        client: &str,
        audience: &str,
        now: OffsetDateTime,
    ) -> Result<SecretString> {
        let (certificate, signer) = self.entries.get(at).ok_or_else(|| Error::new(ErrorKind::Bug, "no certificate"))?;
        let (algorithm, chain) = (self.algorithm, self.with_chain);
        assertion::of_client(certificate, signer.as_ref(), algorithm, chain, client, audience, now).await
    }
}
