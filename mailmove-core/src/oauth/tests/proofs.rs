//! Certificates, keys and what is signed with them.

use async_trait::async_trait;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaKeyPair, RsaParameters, UnparsedPublicKey,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};

use super::*;
use crate::{Error, ErrorKind, Result};

const BUNDLE: &str = include_str!("../../../tests/keys/a.crt");
const AUDIENCE: &str = "https://login.example.org/tenant/oauth2/v2.0/token";

async fn assertion(certificates: &Certificates) -> (Value, Value, String, Vec<u8>) {
    let jwt = certificates.assertion(0, "client", AUDIENCE, OffsetDateTime::UNIX_EPOCH).await.unwrap();
    opened(jwt.expose_secret())
}

fn verify(algorithm: &'static RsaParameters, message: &str, signature: &[u8]) {
    let key = PrivatePkcs8KeyDer::from_pem_slice(KEY_A.as_bytes()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    UnparsedPublicKey::new(algorithm, pair.public().as_ref()).verify(message.as_bytes(), signature).unwrap();
}

#[tokio::test]
async fn an_assertion_says_who_we_are_to_whom_and_for_ten_minutes() {
    let certificates = certificates();
    let (header, mut claims, message, signature) = assertion(&certificates).await;
    let thumbprint = URL_SAFE_NO_PAD.encode(certificates.certificates().next().unwrap().sha256());
    assert_eq!(header, json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint }));
    let id = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(claims, json!({ "aud": AUDIENCE, "iss": "client", "sub": "client", "iat": 0, "exp": 600 }));
    assert_eq!(id.as_str().unwrap().len(), 36);
    verify(&RSA_PSS_2048_8192_SHA256, &message, &signature);
    assert_ne!(assertion(&certificates).await.1["jti"], id, "each is good once");
}

#[tokio::test]
async fn less_is_signed_with_only_when_asked_for() {
    let certificates = certificates().signing_by(Algorithm::Rs256).sending_chain();
    let (header, _, message, signature) = assertion(&certificates).await;
    let certificate = certificates.certificates().next().unwrap();
    let der = base64::engine::general_purpose::STANDARD.encode(certificate.der());
    let thumbprint = URL_SAFE_NO_PAD.encode(certificate.sha1());
    assert_eq!(header, json!({ "alg": "RS256", "typ": "JWT", "x5t": thumbprint, "x5c": [der] }));
    verify(&RSA_PKCS1_2048_8192_SHA256, &message, &signature);
}

#[tokio::test]
async fn the_key_may_live_elsewhere() {
    #[derive(Debug)]
    struct Vault;

    #[async_trait]
    impl Signer for Vault {
        async fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>> {
            assert_eq!(algorithm, Algorithm::Ps256);
            assert!(message.starts_with(b"eyJ"));
            Ok(b"signed by the vault".to_vec())
        }
    }

    let certificate = Certificate::from_pem(&certificate(KEY_A, 1, 90)).unwrap();
    let certificates = Certificates::new(certificate, Arc::new(Vault));
    assert_eq!(assertion(&certificates).await.3, b"signed by the vault");
}

#[test]
fn keys_are_read_in_every_usual_form() {
    for key in [KEY_A, include_str!("../../../tests/keys/a-pkcs1.pem")] {
        Certificates::from_pem(BUNDLE, key).unwrap();
    }
    let both = format!("{KEY_A}{BUNDLE}");
    Certificates::from_pem(&both, &both).unwrap();
    for bundle in
        [include_bytes!("../../../tests/keys/a.p12").as_slice(), include_bytes!("../../../tests/keys/a-legacy.p12")]
    {
        let certificates = Certificates::from_pkcs12(bundle, &"correct horse".into()).unwrap();
        assert_eq!(certificates.certificates().next().unwrap().subject(), "CN=bundle");
        let error = Certificates::from_pkcs12(bundle, &"wrong".into()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}

#[test]
fn what_cannot_sign_is_refused_before_anybody_is_asked() {
    let refused = |outcome: Result<Certificates>, words: &str| {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    refused(Certificates::from_pem(&certificate(KEY_A, 1, 1), KEY_B), "does not belong");
    refused(Certificates::from_pem(include_str!("../../../tests/keys/short.crt"), KEY_A), "too short");
    refused(
        Certificates::from_pem(BUNDLE, include_str!("../../../tests/keys/a-encrypted.pem")),
        "take the password off",
    );
    refused(Certificates::from_pem(BUNDLE, "nonsense"), "private key cannot be read");
    refused(Certificates::from_pem("nonsense", KEY_A), "certificate cannot be read");
    refused(Certificates::from_pkcs12(b"nonsense", &SecretString::from("x")), "PKCS#12");
    let elliptic = rcgen::generate_simple_self_signed(["x".to_owned()]).unwrap();
    refused(Certificates::from_pem(&elliptic.cert.pem(), KEY_A), "not RSA");
}

#[test]
fn a_certificate_must_be_the_one_with_the_thumbprint() {
    let pem = certificate(KEY_A, 1, 90);
    let certificate = Certificate::from_pem(&pem).unwrap();
    let hex = |bytes: Vec<u8>, separator: &str| {
        bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(separator)
    };
    for thumbprint in
        [hex(certificate.sha1(), ""), hex(certificate.sha1(), ":"), hex(certificate.sha256(), " ").to_lowercase()]
    {
        certificates_of(&pem).expecting(&thumbprint).unwrap();
    }
    let other = hex(Certificate::from_pem(BUNDLE).unwrap().sha1(), "");
    for thumbprint in [other.as_str(), "", "00"] {
        assert_eq!(certificates_of(&pem).expecting(thumbprint).unwrap_err().kind(), ErrorKind::Config, "{thumbprint}");
    }
}

fn certificates_of(pem: &str) -> Certificates {
    Certificates::from_pem(pem, KEY_A).unwrap()
}

#[test]
fn dates_are_looked_at() {
    let now = OffsetDateTime::now_utc();
    let at = |since, until| Certificate::from_pem(&certificate(KEY_A, since, until)).unwrap();
    at(1, 1).check(now).unwrap();
    for (certificate, words) in [(at(10, -1), "expired"), (at(-1, 10), "not valid yet")] {
        let error: Error = certificate.check(now).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential);
        assert!(error.to_string().contains(words), "{error}");
    }
    assert_eq!(at(1, 10).falls_short_of(now + Duration::days(9)), None);
    assert_eq!(at(1, 10).falls_short_of(now + Duration::days(12)).unwrap().whole_hours(), 48);
    let soon = certificates_of(&certificate(KEY_A, 1, 10));
    assert_eq!(soon.expiring_before(now + Duration::days(30)).len(), 1);
    assert!(soon.expiring_before(now).is_empty());
}

#[test]
fn neither_key_nor_secret_prints() {
    let authority = Authority::google().unwrap();
    let by_secret = Client::with_secret(authority.clone(), "id", "correct horse".into());
    let by_certificate = Client::with_certificates(authority, "id", certificates());
    let shown = format!("{by_secret:?} {by_certificate:?} {:?}", KeySigner::from_pem(KEY_A).unwrap());
    assert!(shown.contains("Secret(***)") && shown.contains("KeySigner"), "{shown}");
    assert!(!shown.contains("horse"), "{shown}");
}
