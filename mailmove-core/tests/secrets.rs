//! No secret gets out: not by an error, not by `Debug`, not by the most talkative log.
//!
//! A test program of its own, because the log of a process belongs to the whole process.

#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::Write;
use std::sync::{Arc, Mutex};

use mailmove_core::guard::Limits;
use mailmove_core::http::{Http, HttpSettings, Request, Session};
use mailmove_core::{Access, Call, FixedCredentials, Guard, Mailbox, Secret, Side, SignIn};
use mockito::{Matcher, Server};
use secrecy::SecretString;
use url::Url;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn secrets_stay_inside_even_when_the_server_repeats_them() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).init();
    let mut shown = String::new();
    for (secret, echo) in [
        (Secret::password("correct horse"), "no correct horse, no YWRtaW46Y29ycmVjdCBob3JzZQ=="),
        (Secret::token("eyJcorrect.horse"), "bad token eyJcorrect.horse"),
    ] {
        for status in [401, 400] {
            let mut server = Server::new_async().await;
            let body = format!("{echo} battery");
            server.mock("POST", Matcher::Any).with_status(status).with_body(body).create_async().await;
            let url = Url::parse(&server.url()).unwrap().join("/x?key=staple").unwrap();
            let request = Request::post(url)
                .content("text/plain", "correct horse battery staple")
                .hiding(SecretString::from("battery".to_owned()));
            let provider = FixedCredentials::administrator("admin", Access::Impersonate, secret.clone());
            let http = Http::new(HttpSettings::new().allowing_plaintext()).unwrap();
            let session = Session::new(http, Guard::new("test", Limits::new()))
                .signed_in(SignIn::new(Arc::new(provider)), Mailbox::new(Side::Source, "alice@example.org"));
            let error = session.send(Call::once("POST"), &request).await.unwrap_err();
            assert!(error.to_string().contains("***"), "{error}");
            shown += &format!("{error} {error:?} {session:?} {request:?}\n");
        }
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("exchanged"), "the log was recorded");
    shown += &log;
    for secret in ["horse", "staple", "battery", "YWRtaW46"] {
        assert_eq!(shown.lines().find(|line| line.contains(secret)), None, "{secret}");
    }
}
