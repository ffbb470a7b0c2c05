//! Signed statements (RFC 7519, RFC 7523): who we are, for how long, and to whom we say so.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{Algorithm, Certificate, Signer};
use crate::{Error, ErrorKind, Result};

/// How long an application's assertion is good for, in seconds.
const LIFETIME: i64 = 600;

/// How a service account's assertion is limited: Google takes one hour.
pub(super) const SERVICE_ACCOUNT_LIFETIME: i64 = 3600;

/// Header and claims of an application's assertion (RFC 7523 §3). Each has its own id: servers may refuse one that they
/// saw before.
pub(super) async fn of_client(
    certificate: &Certificate,
    signer: &dyn Signer,
    algorithm: Algorithm,
    with_chain: bool,
    client: &str,
    audience: &str,
    now: OffsetDateTime,
) -> Result<SecretString> {
    let mut header = Map::new();
    header.insert("alg".into(), algorithm.as_str().into());
    header.insert("typ".into(), "JWT".into());
    match algorithm {
        Algorithm::Ps256 => header.insert("x5t#S256".into(), base64url(certificate.sha256()).into()),
        Algorithm::Rs256 => header.insert("x5t".into(), base64url(certificate.sha1()).into()),
    };
    if with_chain {
        let all = std::iter::once(certificate.der()).chain(certificate.chain.iter().map(Vec::as_slice));
        header.insert("x5c".into(), all.map(|der| STANDARD.encode(der)).collect::<Vec<_>>().into());
    }
    let now = now.unix_timestamp();
    let claims = json!({
        "aud": audience,
        "iss": client,
        "sub": client,
        "jti": unique()?,
        "iat": now,
        "exp": now + LIFETIME,
    });
    sign(&header.into(), &claims, signer, algorithm).await
}

/// A signed token of this header and these claims, in the compact form.
pub(super) async fn sign(
    header: &Value,
    claims: &Value,
    signer: &dyn Signer,
    algorithm: Algorithm,
) -> Result<SecretString> {
    let message = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
    let signature = signer.sign(algorithm, message.as_bytes()).await?;
    Ok(SecretString::from(format!("{message}.{}", base64url(signature))))
}

/// A random UUID (RFC 9562 §5.4).
pub(super) fn unique() -> Result<String> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::new(ErrorKind::Bug, "this system has no random numbers"))?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
