//! As little of a client as tests need.

use std::collections::BTreeMap;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::graph::{ALL_ROLES, GraphServer, GraphServerBuilder};

pub(super) const ANN: &str = "ann@x.test";

/// A server with one mailbox, and a client with a token for it.
pub(super) struct Client {
    pub(super) server: GraphServer,
    token: String,
    pub(super) prefer: Option<String>,
}

/// An answer.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) octets: Bytes,
    pub(super) json: Value,
}

impl Client {
    pub(super) async fn new() -> Self {
        Self::with(GraphServer::builder()).await
    }

    pub(super) async fn with(builder: GraphServerBuilder) -> Self {
        let server = builder.user(ANN).app("app", "secret", &ALL_ROLES).start().await;
        let mut client = Self { server, token: String::new(), prefer: None };
        client.token = client.sign_in("secret").await.json["access_token"].as_str().unwrap_or_default().to_owned();
        client
    }

    pub(super) async fn sign_in(&self, secret: &str) -> Answered {
        self.sign_in_as("app", secret).await
    }

    pub(super) async fn sign_in_as(&self, app: &str, secret: &str) -> Answered {
        let form = format!(
            "grant_type=client_credentials&client_id={app}&client_secret={secret}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
        );
        let url = self.server.token_url(&self.server.tenant());
        self.send(Method::POST, &url, &[("content-type", "application/x-www-form-urlencoded")], form).await.unwrap()
    }

    /// From now on with the token of an application that may do this.
    pub(super) fn as_app_with(&mut self, roles: &[&str]) {
        self.token = format!("token for {}", roles.join("+")).replace(' ', "-");
        self.server.app_token(&self.token, roles);
    }

    /// A request with any header fields; none when the connection ends before there is an answer.
    pub(super) async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Option<Answered> {
        let mut tcp = TcpStream::connect(self.server.addr()).await.unwrap();
        let (path, body) = (url.strip_prefix(self.server.url()).unwrap_or(url), body.into());
        let length = body.len();
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n");
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        head.push_str("\r\n");
        tcp.write_all(head.as_bytes()).await.unwrap();
        tcp.write_all(&body).await.ok()?;
        let mut answer = Vec::new();
        tcp.read_to_end(&mut answer).await.ok()?;
        let end = answer.windows(4).position(|end| end == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let octets = Bytes::from(answer).slice(end + 4..);
        let status = StatusCode::from_bytes(head.split(' ').nth(1)?.as_bytes()).ok()?;
        let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers: BTreeMap<String, String> =
            fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let whole = headers.get("content-length").is_none_or(|length| length.parse() == Ok(octets.len()));
        let json = serde_json::from_slice(&octets).unwrap_or_default();
        whole.then_some(Answered { status, headers, octets, json })
    }

    /// A request of a user's mailbox, path without `/v1.0/users/…`; one that begins with a slash is used as it is.
    pub(super) async fn call(&self, method: Method, path: &str, kind: &str, body: impl Into<Bytes>) -> Answered {
        let url = match path.starts_with(['/', 'h']) {
            true => path.to_owned(),
            false => format!("/v1.0/users/{ANN}/{path}"),
        };
        let bearer = format!("Bearer {}", self.token);
        let mut headers = vec![("authorization", bearer.as_str()), ("content-type", kind)];
        headers.extend(self.prefer.as_deref().map(|prefer| ("prefer", prefer)));
        self.send(method, &url, &headers, body).await.unwrap()
    }

    pub(super) async fn get(&self, path: &str) -> Answered {
        self.call(Method::GET, path, "application/json", Bytes::new()).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Answered {
        self.call(Method::POST, path, "application/json", body.to_string()).await
    }

    pub(super) async fn patch(&self, path: &str, body: Value) -> Answered {
        self.call(Method::PATCH, path, "application/json", body.to_string()).await
    }

    pub(super) async fn delete(&self, path: &str) -> Answered {
        self.call(Method::DELETE, path, "application/json", Bytes::new()).await
    }
}

impl Answered {
    /// What was answered, when it was a success.
    #[track_caller]
    pub(super) fn ok(self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.json);
        self.json
    }

    /// The error's code, when it was one.
    #[track_caller]
    pub(super) fn error(&self) -> &str {
        assert!(!self.status.is_success(), "{}: {}", self.status, self.json);
        self.json["error"]["code"].as_str().unwrap_or_default()
    }

    /// The error of the token endpoint.
    #[track_caller]
    pub(super) fn error_text(&self) -> &str {
        assert!(!self.status.is_success(), "{}: {}", self.status, self.json);
        self.json["error"].as_str().unwrap_or_default()
    }

    pub(super) fn id(&self) -> String {
        self.json["id"].as_str().unwrap_or_default().to_owned()
    }
}

/// A message that has a subject and nothing else.
pub(super) fn message(subject: &str) -> Value {
    json!({"subject": subject, "body": {"contentType": "text", "content": "hello"}})
}
