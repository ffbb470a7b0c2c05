//! Users and strangers at the page.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use mailmove_core::{
    Connector, CredentialProvider, Destination, Error, ErrorKind, Mailbox, MailboxFlags, Result, Secret, Side, Source,
    Stage, Verification, async_trait,
};
use mailmove_engine::MemoryLedger;
use mailmove_engine::batch::{
    Batch, BatchJob, MemorySecrets, Pass, SecretStore, Selection, Server, State, StoredCredentials,
};
use mailmove_portal::Portal;
use mailmove_testkit::{MemoryMailbox, NewItem};
use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

/// A mailbox that opens with one password.
#[derive(Debug)]
struct Locked(MemoryMailbox, StoredCredentials);

impl Locked {
    async fn enter(&self, mailbox: &Mailbox) -> Result<()> {
        match self.1.credential(mailbox).await?.secret {
            Secret::Password(given) if given.expose_secret() == "right & proper" => Ok(()),
            _ => Err(Error::new(ErrorKind::Credential, "refused").on(mailbox.side)),
        }
    }
}

#[async_trait]
impl Connector for Locked {
    fn name(&self) -> &str {
        "locked:"
    }

    async fn verify(&self, mailbox: &Mailbox) -> Verification {
        match self.enter(mailbox).await {
            Ok(()) => self.0.verify(mailbox).await,
            Err(error) => Verification::new(mailbox.clone()).failed(Stage::SignIn, error),
        }
    }

    async fn source(&self, mailbox: &Mailbox) -> Result<Arc<dyn Source>> {
        self.enter(mailbox).await?;
        Connector::source(&self.0, mailbox).await
    }

    async fn destination(&self, mailbox: &Mailbox) -> Result<Arc<dyn Destination>> {
        Connector::destination(&self.0, mailbox).await
    }
}

struct Host {
    batch: Batch,
    router: Router,
    key: String,
}

impl Host {
    async fn new() -> Self {
        let secrets: Arc<dyn SecretStore> = Arc::new(MemorySecrets::new());
        let old = MemoryMailbox::new();
        old.add(&old.inbox(), NewItem::numbered_mail(1));
        let batch = Batch::on(Arc::new(MemoryLedger::new()))
            .source(Server::new(Arc::new(Locked(old, StoredCredentials::new(secrets.clone())))))
            .destination(Server::new(Arc::new(MemoryMailbox::new())))
            .secrets(secrets)
            .requests("https://host.example/", Duration::from_secs(60))
            .open()
            .await
            .unwrap();
        let from = Mailbox::new(Side::Source, "<a>@old.example");
        let job = BatchJob::new(from, Mailbox::new(Side::Destination, "a@new.example"));
        batch.add([job.flags(MailboxFlags::REQUEST_SOURCE)]).await.unwrap();
        let started = batch.start(&Selection::All, Pass::Full).await.unwrap();
        let key = started.requests[0].key.expose_secret().to_owned();
        let router = Portal::new(batch.clone()).title("Move").per_minute(20).router().unwrap();
        Self { batch, router, key }
    }

    async fn get(&self, key: &str) -> (StatusCode, String) {
        self.send(Request::get(format!("/{key}")).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, key: &str, form: &str, origin: &str) -> (StatusCode, String) {
        let request = Request::post(format!("/{key}")).header("host", "host.example").header("origin", origin);
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("frame-ancestors 'none'") && response.headers()["cache-control"] == "no-store");
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn token(&self) -> String {
        let page = self.get(&self.key).await.1;
        page.split("name=\"token\" value=\"").nth(1).unwrap()[..64].to_owned()
    }

    async fn state(&self) -> State {
        self.batch.items().await[0].state
    }
}

const HERE: &str = "https://host.example";

#[tokio::test]
async fn a_user_looks_twice_answers_once_and_the_mailbox_moves() {
    let host = Host::new().await;
    let (status, page) = host.get(&host.key).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("&lt;a&gt;@old.example") && !page.contains("<a>@") && !page.contains("<script"));
    let form = format!("token={}&login=a&password=right+%26+proper", host.token().await);
    let (status, page) = host.post(&host.key, &form, HERE).await;
    assert!(status == StatusCode::OK && page.contains("Thank you"), "{page}");
    host.batch.run().await.unwrap();
    assert_eq!(host.state().await, State::Completed);
    let (status, page) = host.post(&host.key, &form, HERE).await;
    assert!(status == StatusCode::NOT_FOUND && !page.contains("old.example"));
}

#[tokio::test]
async fn a_wrong_password_is_said_and_uses_the_link_up() {
    let host = Host::new().await;
    let form = format!("token={}&login=a&password=wrong", host.token().await);
    let (_, page) = host.post(&host.key, &form, HERE).await;
    assert!(page.contains("used up"), "{page}");
    assert_eq!(host.state().await, State::Failed);
    assert_eq!(host.get(&host.key).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_stranger_gets_the_same_page_whatever_is_tried() {
    let host = Host::new().await;
    let mut pages = Vec::new();
    for guess in ["x", &"0".repeat(64), &host.key[..63], "a/b", ""] {
        pages.push(host.get(guess).await);
    }
    pages.dedup();
    assert_eq!(pages.len(), 1);
    assert_eq!(pages[0].0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn forms_of_other_pages_and_forged_tokens_do_nothing() {
    let host = Host::new().await;
    let token = host.token().await;
    let right = format!("token={token}&password=right+%26+proper");
    for (form, origin) in [
        (right.as_str(), "https://evil.example"),
        ("password=right+%26+proper", HERE),
        (&format!("token={}&password=x", "0".repeat(64)), HERE),
        (&format!("token={token}"), HERE),
    ] {
        assert_eq!(host.post(&host.key, form, origin).await.0, StatusCode::BAD_REQUEST, "{form} {origin}");
    }
    assert_eq!(host.state().await, State::WaitingForUser);
    let large = format!("{right}&more={}", "x".repeat(20_000));
    assert_eq!(host.post(&host.key, &large, HERE).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(host.post(&host.key, &right, HERE).await.0, StatusCode::OK);
}

#[tokio::test]
async fn whoever_asks_too_often_has_to_wait() {
    let host = Host::new().await;
    for _ in 0..20 {
        assert_eq!(host.get("guess").await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(host.get(&host.key).await.0, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_host_without_a_server_of_its_own_serves_the_page_below_a_path() {
    let host = Host::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(Portal::new(host.batch.clone()).serve(listener, "/answer/"));
    let get = async |path: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: host.example\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).await.unwrap();
        page
    };
    let form = get(&format!("/answer/{}", host.key)).await;
    assert!(form.starts_with("HTTP/1.1 200") && form.contains("name=\"password\""), "{form}");
    for nowhere in [format!("/{}", host.key), "/answer/".to_owned(), "/answer/x".to_owned(), "/".to_owned()] {
        let page = get(&nowhere).await;
        assert!(page.starts_with("HTTP/1.1 404") && page.contains("This link does not work"), "{nowhere}: {page}");
    }
    serving.abort();
}
