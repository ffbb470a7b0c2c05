//! What the tests share: keys, certificates made for the moment, and a sign-in service that remembers what it was sent.

mod application;
mod proofs;
mod service_account;
mod users;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mockito::{Mock, Server, ServerGuard};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use url::Url;
use url::form_urlencoded::parse;

use super::*;
use crate::http::{Http, HttpSettings};
use crate::{Mailbox, Side};

const KEY_A: &str = include_str!("../../../tests/keys/a.pem");
const KEY_B: &str = include_str!("../../../tests/keys/b.pem");

/// A certificate for this key that is valid from so many days ago for so many days from now.
fn certificate(key: &str, since: i64, until: i64) -> String {
    let key = KeyPair::from_pkcs8_pem_and_sign_algo(key, &PKCS_RSA_SHA256).unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "mailmove test");
    params.not_before = OffsetDateTime::now_utc() - Duration::days(since);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(until);
    params.self_signed(&key).unwrap().pem()
}

fn certificates() -> Certificates {
    Certificates::from_pem(&certificate(KEY_A, 1, 90), KEY_A).unwrap()
}

fn http() -> Http {
    Http::new(HttpSettings::new().allowing_plaintext()).unwrap()
}

fn mailbox(name: &str) -> Mailbox {
    Mailbox::new(Side::Source, format!("{name}@example.org"))
}

/// A sign-in service that answers by a function of how often it was asked and with what form.
struct Service {
    server: ServerGuard,
    forms: Arc<Mutex<Vec<HashMap<String, String>>>>,
    _mock: Mock,
}

impl Service {
    async fn new(
        status: usize,
        headers: &[(&str, &str)],
        answer: impl Fn(usize, &HashMap<String, String>) -> Value + Send + Sync + 'static,
    ) -> Self {
        let mut server = Server::new_async().await;
        let forms: Arc<Mutex<Vec<HashMap<String, String>>>> = Arc::default();
        let kept = forms.clone();
        let last = Arc::new(Mutex::new(Value::Null));
        let said = last.clone();
        let mut mock = server.mock("POST", "/token").with_header("content-type", "application/json");
        for (name, value) in headers {
            mock = mock.with_header(*name, value);
        }
        let mock = mock
            .with_status_code_from_request(move |request| {
                let form: HashMap<_, _> = parse(request.body().unwrap()).into_owned().collect();
                let mut kept = kept.lock().unwrap();
                let answer = answer(kept.len(), &form);
                kept.push(form);
                let refused = answer.get("error").is_some();
                *last.lock().unwrap() = answer;
                if refused { 401 } else { status }
            })
            .with_body_from_request(move |_| said.lock().unwrap().to_string().into_bytes())
            .expect_at_least(0)
            .create_async()
            .await;
        Self { server, forms, _mock: mock }
    }

    fn authority(&self) -> Authority {
        Authority::new(self.url("/token"))
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&self.server.url()).unwrap().join(path).unwrap()
    }

    fn forms(&self) -> Vec<HashMap<String, String>> {
        self.forms.lock().unwrap().clone()
    }
}

fn token(text: impl std::fmt::Display) -> Value {
    json!({ "access_token": text.to_string(), "token_type": "Bearer", "expires_in": 3599 })
}

fn refusal(error: &str, description: &str) -> Value {
    json!({ "error": error, "error_description": description, "error_codes": [1], "trace_id": "x" })
}

/// Header, claims, message and signature of a signed token.
fn opened(jwt: &str) -> (Value, Value, String, Vec<u8>) {
    let parts: Vec<_> = jwt.split('.').collect();
    let part = |at: usize| URL_SAFE_NO_PAD.decode(parts[at]).unwrap();
    let json = |at: usize| serde_json::from_slice(&part(at)).unwrap();
    (json(0), json(1), format!("{}.{}", parts[0], parts[1]), part(2))
}
