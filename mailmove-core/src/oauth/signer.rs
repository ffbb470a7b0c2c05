use std::fmt::{self, Debug};

use async_trait::async_trait;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};

use super::Certificate;
use super::certificate::significant;
use crate::{Error, ErrorKind, Result};

/// How an assertion is signed (RFC 7518 §3.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PSS with SHA-256, the certificate named by `x5t#S256`.
    #[default]
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, the certificate named by `x5t`. For services that know nothing better.
    Rs256,
}

impl Algorithm {
    /// The name in a header.
    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::Ps256 => "PS256",
            Algorithm::Rs256 => "RS256",
        }
    }
}

/// Whoever holds a private key: this process, a key vault, a hardware module. The key never has to leave it.
#[async_trait]
pub trait Signer: Debug + Send + Sync + 'static {
    /// The signature of this message by this algorithm. Hashing is part of it.
    ///
    /// An algorithm that the holder cannot do is [`ErrorKind::Unsupported`]; a holder that cannot be reached is
    /// [`ErrorKind::Network`] or [`ErrorKind::Unavailable`], and is asked again.
    async fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>>;
}

/// An RSA key in this process.
pub struct KeySigner {
    pair: RsaKeyPair,
    random: SystemRandom,
}

impl KeySigner {
    /// From PEM text with an unencrypted key (PKCS#8 or PKCS#1). Certificates in the same text are passed over.
    pub fn from_pem(pem: &str) -> Result<Self> {
        if pem.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
            return Err(unreadable().remedy("take the password off the key, or give a PKCS#12 file with its password"));
        }
        Self::from_der(&PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| unreadable().because(error))?)
    }

    fn from_der(key: &PrivateKeyDer<'_>) -> Result<Self> {
        let pair = match key {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(unreadable().remedy("give an RSA key of 2048 bits or more")),
        };
        // The reason names what is wrong with the key, never a part of it.
        let pair =
            pair.map_err(|reason| unreadable().with("reason", reason).remedy("give an RSA key of 2048 to 4096 bits"))?;
        Ok(Self { pair, random: SystemRandom::new() })
    }

    /// Certificate and key from a PKCS#12 file, encrypted or not.
    pub fn from_pkcs12(bytes: &[u8], password: &SecretString) -> Result<(Certificate, Self)> {
        let store = KeyStore::from_pkcs12(bytes, password.expose_secret(), Pkcs12ImportPolicy::Relaxed);
        let store = store.map_err(|error| {
            Error::new(ErrorKind::Config, "the PKCS#12 file cannot be opened")
                .with("reason", error)
                .remedy("check the file and its password")
        })?;
        let Some((_, entry)) = store.private_key_chain() else { return Err(unreadable()) };
        let (first, chain) = entry.certs().split_first().ok_or_else(unreadable)?;
        let mut certificate = Certificate::from_der(first.as_der())?;
        certificate.chain = chain.iter().map(|next| next.as_der().to_vec()).collect();
        let key = PrivateKeyDer::Pkcs8(entry.key().as_der().to_vec().into());
        Ok((certificate, Self::from_der(&key)?))
    }

    /// Refuses to go on when this is not the key of that certificate.
    pub(super) fn expect(&self, certificate: &Certificate) -> Result<()> {
        let public = PublicKeyComponents::<Vec<u8>>::from(self.pair.public());
        if significant(&public.n) == certificate.modulus() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Config, "the key does not belong to the certificate")
            .with("certificate", certificate)
            .remedy("give the key that was made together with the certificate"))
    }
}

#[async_trait]
impl Signer for KeySigner {
    async fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>> {
        let encoding: &'static dyn RsaEncoding = match algorithm {
            Algorithm::Ps256 => &RSA_PSS_SHA256,
            Algorithm::Rs256 => &RSA_PKCS1_SHA256,
        };
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(encoding, &self.random, message, &mut signature)
            .map_err(|_| Error::new(ErrorKind::Bug, "the key cannot sign"))?;
        Ok(signature)
    }
}

/// Nothing of the key.
impl Debug for KeySigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySigner")
    }
}

fn unreadable() -> Error {
    Error::new(ErrorKind::Config, "the private key cannot be read").remedy("give an unencrypted RSA key in PEM form")
}
