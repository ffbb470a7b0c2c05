//! Signs in at a sign-in service that nobody here wrote. `scripts/interop oauth` starts it and runs each of these.
//!
//! `oauth_provider SERVICE CHECK`: ends with 0 when the check holds.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mailmove_core::guard::Limits;
use mailmove_core::http::{Http, HttpSettings, Method, Request, Session};
use mailmove_core::oauth::{Authority, Certificates, Client, OauthCredentials};
use mailmove_core::{Call, CredentialProvider, ErrorKind, Guard, Mailbox, Result, Side, SignIn};
use url::Url;

const KEY: &str = include_str!("../tests/keys/a.pem");
const CERTIFICATE: &str = include_str!("../tests/keys/a.crt");
const OTHER_KEY: &str = include_str!("../tests/keys/b.pem");

/// How long a long run is.
const LONG: Duration = Duration::from_secs(21);

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(check)) = (arguments.next(), arguments.next()) else {
        println!("usage: oauth_provider SERVICE CHECK");
        return ExitCode::from(2);
    };
    let service = Service(Url::parse(&address).unwrap());
    match check.as_str() {
        "a_secret_opens_the_door" => {
            service.mail(&session(service.by_secret("correct horse")), Method::GET).await.unwrap()
        }
        "a_certificate_opens_the_door" => {
            let provider = service.by_certificate("/token", certificates().sending_chain());
            service.mail(&session(provider), Method::GET).await.unwrap();
        }
        "a_wrong_secret_is_refused" => {
            refused(service.mail(&session(service.by_secret("wrong")), Method::GET).await);
        }
        "the_key_of_somebody_else_is_refused" => {
            refused(service.by_certificate("/token", somebody_elses()).credential(&mailbox()).await);
        }
        "an_assertion_for_another_audience_is_refused" => {
            refused(service.by_certificate("/token?another", certificates()).credential(&mailbox()).await);
        }
        "a_long_run_with_short_tokens_goes_on" => service.long_run().await,
        "a_revoked_token_is_replaced" => {
            let session = session(service.by_secret("correct horse"));
            for method in [Method::GET, Method::DELETE, Method::GET] {
                service.mail(&session, method).await.unwrap();
            }
        }
        other => {
            println!("there is no check {other}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// Where the service is.
struct Service(Url);

impl Service {
    fn at(&self, path: &str) -> Url {
        self.0.join(path).unwrap()
    }

    fn by_certificate(&self, token: &str, certificates: Certificates) -> OauthCredentials {
        let client = Client::with_certificates(Authority::new(self.at(token)), "by-certificate", certificates);
        OauthCredentials::application(http(), client, &["mail"])
    }

    fn by_secret(&self, secret: &str) -> OauthCredentials {
        let client = Client::with_secret(Authority::new(self.at("/token")), "by-secret", secret.into());
        OauthCredentials::application(http(), client, &["mail"])
    }

    async fn mail(&self, session: &Session, method: Method) -> Result<()> {
        session.send(Call::repeatable("mail"), &Request::new(method, self.at("/mail"))).await.map(|_| ())
    }

    async fn long_run(&self) {
        let session = session(self.by_certificate("/token", certificates()));
        let (began, mut longest, mut asked) = (Instant::now(), Duration::ZERO, 0);
        while began.elapsed() < LONG {
            let before = Instant::now();
            self.mail(&session, Method::GET).await.unwrap();
            longest = longest.max(before.elapsed());
            asked += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        println!("{asked} requests in {} s, the longest took {longest:?}", LONG.as_secs());
    }
}

fn refused<T: std::fmt::Debug>(outcome: Result<T>) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential, "{error}");
    println!("{error}");
}

fn certificates() -> Certificates {
    Certificates::from_pem(CERTIFICATE, KEY).unwrap()
}

/// A key that the service does not know, with a certificate of its own.
fn somebody_elses() -> Certificates {
    let pair = rcgen::KeyPair::from_pkcs8_pem_and_sign_algo(OTHER_KEY, &rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&pair).unwrap().pem();
    Certificates::from_pem(&certificate, OTHER_KEY).unwrap()
}

fn http() -> Http {
    Http::new(HttpSettings::new().allowing_plaintext()).unwrap()
}

fn mailbox() -> Mailbox {
    Mailbox::new(Side::Source, "alice@example.org")
}

fn session(provider: OauthCredentials) -> Session {
    let sign_in = SignIn::new(Arc::new(provider));
    Session::new(http(), Guard::new("mail", Limits::new())).signed_in(sign_in, mailbox())
}
