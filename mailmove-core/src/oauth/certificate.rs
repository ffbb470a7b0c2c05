use std::fmt;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

use crate::{Error, ErrorKind, Result};

/// The smallest RSA key that signs an application in, in bits.
const SMALLEST_KEY: usize = 2048;

/// How far the clocks of two honest computers may be apart.
const SKEW: Duration = Duration::minutes(5);

/// The certificate of an application: the public half, as it was uploaded.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    /// The rest of the chain, nearest first.
    pub(super) chain: Vec<Vec<u8>>,
    subject: String,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    modulus: Vec<u8>,
}

impl Certificate {
    /// From PEM text. The first certificate is the application's; others are its chain. Keys in the same text are passed
    /// over.
    pub fn from_pem(pem: &str) -> Result<Self> {
        let mut all = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            all.push(certificate.map_err(|error| unreadable().because(error))?);
        }
        let mut all = all.into_iter();
        let mut certificate = Self::from_der(&all.next().ok_or_else(unreadable)?)?;
        certificate.chain = all.map(|next| next.to_vec()).collect();
        Ok(certificate)
    }

    /// From DER.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let (_, parsed) = X509Certificate::from_der(der).map_err(|_| unreadable())?;
        let Ok(PublicKey::RSA(key)) = parsed.public_key().parsed() else {
            return Err(Error::new(ErrorKind::Config, "the certificate's key is not RSA")
                .with("subject", parsed.subject())
                .remedy("make a certificate with an RSA key of 2048 bits or more"));
        };
        let modulus = significant(key.modulus);
        let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
        if bits < SMALLEST_KEY {
            return Err(Error::new(ErrorKind::Config, "the certificate's key is too short")
                .with("subject", parsed.subject())
                .with("bits", bits)
                .remedy("make a certificate with an RSA key of 2048 bits or more"));
        }
        Ok(Self {
            der: der.to_vec(),
            chain: Vec::new(),
            subject: parsed.subject().to_string(),
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
            modulus: modulus.to_vec(),
        })
    }

    /// The certificate itself.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whom it names.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// From when it is valid.
    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// Until when.
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// The SHA-1 thumbprint, which portals show and `x5t` carries.
    pub fn sha1(&self) -> Vec<u8> {
        digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der).as_ref().to_vec()
    }

    /// The SHA-256 thumbprint, which `x5t#S256` carries.
    pub fn sha256(&self) -> Vec<u8> {
        digest(&SHA256, &self.der).as_ref().to_vec()
    }

    /// Refuses to go on when this is another certificate than the one with this thumbprint: SHA-1 or SHA-256 in hex, in
    /// any case, with or without separators.
    pub fn expect_thumbprint(&self, thumbprint: &str) -> Result<()> {
        let wanted: String = thumbprint.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        if wanted == hex(&self.sha1()) || wanted == hex(&self.sha256()) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Config, "the certificate is not the one with the given thumbprint")
            .with("given", thumbprint)
            .with("certificate", self)
            .remedy("give the file of the certificate that was uploaded, or its thumbprint"))
    }

    /// Refuses a certificate that is not valid at this time. Clocks may be five minutes apart.
    pub fn check(&self, now: OffsetDateTime) -> Result<()> {
        let refusal = if now > self.not_after {
            "the certificate has expired"
        } else if now + SKEW < self.not_before {
            "the certificate is not valid yet"
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::Credential, refusal)
            .with("certificate", self)
            .with("from", self.not_before.date())
            .with("to", self.not_after.date())
            .remedy("upload a new certificate to the application and use it; no other way of signing in is tried"))
    }

    /// How long before this time it expires, when it does. A run that is expected to end then will not.
    pub fn falls_short_of(&self, end: OffsetDateTime) -> Option<Duration> {
        (self.not_after < end).then(|| end - self.not_after)
    }

    /// The modulus of its RSA key, big-endian.
    pub(super) fn modulus(&self) -> &[u8] {
        &self.modulus
    }
}

/// Whom it names, and its SHA-1 thumbprint.
impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subject, hex(&self.sha1()).to_uppercase())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({self})")
    }
}

/// Big-endian numbers in DER may begin with a zero byte that is only a sign.
pub(super) fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unreadable() -> Error {
    Error::new(ErrorKind::Config, "the certificate cannot be read")
        .remedy("give a file with the certificate in PEM or PKCS#12 form")
}
