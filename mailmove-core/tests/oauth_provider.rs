//! Signing in at a sign-in service that nobody here wrote. `scripts/interop oauth` starts it and runs these.

#![cfg(feature = "oauth")]
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use mailmove_core::guard::Limits;
use mailmove_core::http::{Http, HttpSettings, Method, Request, Session};
use mailmove_core::oauth::{Authority, Certificates, Client, OauthCredentials};
use mailmove_core::{Call, CredentialProvider, ErrorKind, Guard, Mailbox, Result, Side, SignIn};
use url::Url;

const KEY: &str = include_str!("keys/a.pem");
const CERTIFICATE: &str = include_str!("keys/a.crt");

/// Where the service is.
fn service(path: &str) -> Url {
    let address = std::env::var("MAILMOVE_OIDC_PROVIDER").expect("scripts/interop oauth says where the service is");
    Url::parse(&address).unwrap().join(path).unwrap()
}

fn http() -> Http {
    Http::new(HttpSettings::new().allowing_plaintext()).unwrap()
}

fn mailbox() -> Mailbox {
    Mailbox::new(Side::Source, "alice@example.org")
}

fn by_certificate(token: &str, certificates: Certificates) -> OauthCredentials {
    let client = Client::with_certificates(Authority::new(service(token)), "by-certificate", certificates);
    OauthCredentials::application(http(), client, &["mail"])
}

fn certificates() -> Certificates {
    Certificates::from_pem(CERTIFICATE, KEY).unwrap()
}

fn by_secret(secret: &str) -> OauthCredentials {
    let client = Client::with_secret(Authority::new(service("/token")), "by-secret", secret.into());
    OauthCredentials::application(http(), client, &["mail"])
}

fn session(provider: OauthCredentials) -> Session {
    let sign_in = SignIn::new(Arc::new(provider));
    Session::new(http(), Guard::new("mail", Limits::new())).signed_in(sign_in, mailbox())
}

async fn mail(session: &Session, method: Method) -> Result<()> {
    session.send(Call::repeatable("mail"), &Request::new(method, service("/mail"))).await.map(|_| ())
}

#[tokio::test]
#[ignore = "needs scripts/interop oauth"]
async fn a_secret_opens_the_door() {
    mail(&session(by_secret("correct horse")), Method::GET).await.unwrap();
}

#[tokio::test]
#[ignore = "needs scripts/interop oauth"]
async fn a_certificate_opens_the_door() {
    mail(&session(by_certificate("/token", certificates().sending_chain())), Method::GET).await.unwrap();
}

#[tokio::test]
#[ignore = "needs scripts/interop oauth"]
async fn a_wrong_secret_is_refused() {
    let error = mail(&session(by_secret("wrong")), Method::GET).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential, "{error}");
    println!("{error}");
}

#[tokio::test]
#[ignore = "needs scripts/interop oauth"]
async fn the_key_of_somebody_else_is_refused() {
    let key = include_str!("keys/b.pem");
    let pair = rcgen::KeyPair::from_pkcs8_pem_and_sign_algo(key, &rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&pair).unwrap().pem();
    let certificates = Certificates::from_pem(&certificate, key).unwrap();
    let error = by_certificate("/token", certificates).credential(&mailbox()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential, "{error}");
    println!("{error}");
}

#[tokio::test]
#[ignore = "needs scripts/interop oauth"]
async fn an_assertion_for_another_audience_is_refused() {
    let error = by_certificate("/token?another", certificates()).credential(&mailbox()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential, "{error}");
    println!("{error}");
}

#[tokio::test]
#[ignore = "needs scripts/interop oauth"]
async fn a_long_run_with_short_tokens_goes_on() {
    let session = session(by_certificate("/token", certificates()));
    let (began, mut longest, mut asked) = (Instant::now(), Duration::ZERO, 0);
    while began.elapsed() < Duration::from_secs(21) {
        let before = Instant::now();
        mail(&session, Method::GET).await.unwrap();
        longest = longest.max(before.elapsed());
        asked += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("{asked} requests in 21 s, the longest took {longest:?}");
}

#[tokio::test]
#[ignore = "needs scripts/interop oauth"]
async fn a_revoked_token_is_replaced() {
    let session = session(by_secret("correct horse"));
    mail(&session, Method::GET).await.unwrap();
    mail(&session, Method::DELETE).await.unwrap();
    mail(&session, Method::GET).await.unwrap();
}
