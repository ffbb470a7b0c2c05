//! No secret gets out: not by an error, not by `Debug`, not by the most talkative log.
//!
//! A test program of its own, because the log of a process belongs to the whole process.

#![cfg(feature = "oauth")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::fmt::Debug;
use std::io::Write;
use std::sync::{Arc, Mutex};

use mailmove_core::guard::Limits;
use mailmove_core::http::{Http, HttpSettings, Request, Session};
use mailmove_core::oauth::{Authority, Client, Delegated, OauthCredentials, ServiceAccount};
use mailmove_core::{
    Access, Call, CredentialProvider, FixedCredentials, Guard, Mailbox, MailboxCredentials, Secret, Side, SignIn,
};
use mockito::{Matcher, Server, ServerGuard};
use secrecy::SecretString;
use url::Url;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn show(&self, what: &dyn Debug) {
        writeln!(self.clone(), "{what:?}").unwrap();
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn http() -> Http {
    Http::new(HttpSettings::new().allowing_plaintext()).unwrap()
}

fn alice() -> Mailbox {
    Mailbox::new(Side::Source, "alice@example.org")
}

/// A server that answers with this; `$` stands for what it was sent.
async fn answering(status: usize, body: &'static str) -> (ServerGuard, Url) {
    let mut server = Server::new_async().await;
    let mock = server.mock("POST", Matcher::Any).with_status(status).with_header("content-type", "application/json");
    let answer = |request: &mockito::Request| body.replace('$', &request.utf8_lossy_body().unwrap()).into_bytes();
    mock.with_body_from_request(answer).create_async().await;
    let url = Url::parse(&server.url()).unwrap();
    (server, url)
}

/// Passwords and tokens on their way to a server that repeats them.
async fn requests(log: &Log) {
    for (secret, echo) in [
        (Secret::password("correct horse"), "no correct horse, no YWRtaW46Y29ycmVjdCBob3JzZQ== battery"),
        (Secret::token("eyJcorrect.horse"), "bad token eyJcorrect.horse battery"),
    ] {
        for status in [401, 400] {
            let (_server, url) = answering(status, echo).await;
            let request = Request::post(url.join("/x?key=staple").unwrap())
                .content("text/plain", "correct horse battery staple")
                .hiding(SecretString::from("battery".to_owned()));
            let provider = FixedCredentials::administrator("admin", Access::Impersonate, secret.clone());
            let session = Session::new(http(), Guard::new("test", Limits::new()))
                .signed_in(SignIn::new(Arc::new(provider)), alice());
            let error = session.send(Call::once("POST"), &request).await.unwrap_err();
            assert!(error.to_string().contains("***"), "{error}");
            log.show(&(error.to_string(), error, session, request));
        }
    }
}

/// Every way of asking for a token, from services that grant, refuse, and repeat what they were sent.
async fn tokens(log: &Log) {
    let key = include_str!("keys/a.pem");
    let granted =
        r#"{"access_token":"granted-horse","token_type":"Bearer","expires_in":60,"refresh_token":"next-horse"}"#;
    let refused = r#"{"error":"invalid_client","error_description":"not $"}"#;
    for (status, body) in [(200, granted), (400, refused)] {
        let (_server, url) = answering(status, body).await;
        let authority = Authority::new(url.clone());
        let by_secret = Client::with_secret(authority.clone(), "id", "correct horse".into());
        let account = ServiceAccount::new(
            "mover@example.org",
            None,
            url,
            Arc::new(mailmove_core::oauth::KeySigner::from_pem(key).unwrap()),
        );
        let delegated = Delegated::new("refresh-horse".into());
        log.show(&(&by_secret, &account, &delegated));
        for provider in [
            OauthCredentials::application(http(), by_secret.clone(), &["scope"]),
            OauthCredentials::delegated(http(), by_secret, delegated, &["scope"]),
            OauthCredentials::service_account(http(), account, &["scope"]),
        ] {
            let outcome = provider.credential(&alice()).await;
            assert_eq!(outcome.is_ok(), status == 200);
            log.show(&(outcome, provider));
        }
    }
}

#[tokio::test]
async fn secrets_stay_inside_even_when_the_server_repeats_them() {
    let log = Log::default();
    let writer = log.clone();
    // The server in this process logs what it was sent, as servers may.
    tracing_subscriber::fmt().with_env_filter("trace,mockito=off").with_writer(move || writer.clone()).init();
    requests(&log).await;
    tokens(&log).await;
    let mailboxes = MailboxCredentials::new();
    mailboxes.give(&alice(), None, Secret::password("correct horse"));
    log.show(&mailboxes);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("exchanged") && log.contains("got a token"), "the log was recorded");
    for secret in ["horse", "staple", "battery", "YWRtaW46", "PRIVATE KEY", "MIIE"] {
        assert_eq!(log.lines().find(|line| line.contains(secret)), None, "{secret}");
    }
}
