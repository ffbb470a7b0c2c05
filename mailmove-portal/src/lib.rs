//! The page behind the link: users of mailboxes give their user name and password, once.
//!
//! [`Portal::router`] is an [`axum::Router`] for the host's own server. It speaks plain HTTP: put it behind TLS, and let
//! the batch's links begin with where it is reached: `Batch::on(ledger).requests("https://move.example.org/answer/", …)`
//! with the router nested at `/answer`.
//!
//! - A stranger learns nothing: every key that does not open a question gets the same page.
//! - Looking uses nothing up, so that programs which follow links in mails do no harm; answering does.
//! - Forms of other pages are refused: by a token that belongs to the key and this process, and by where the request says
//!   it comes from.
//! - Requests per minute are limited, per client where the server knows clients
//!   (`into_make_service_with_connect_info::<SocketAddr>()`), otherwise for all together. Behind a proxy all clients are one:
//!   limit them there, and give this one room.
//! - The page needs no scripts, loads nothing, is kept nowhere, and works with a keyboard and a screen reader.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod limit;
mod page;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use mailmove_core::{Error, ErrorKind, Result, Secret};
use mailmove_engine::batch::Batch;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use tokio::net::TcpListener;

use limit::Limit;

/// The page on which users answer what a batch asks them.
#[derive(Debug, Clone)]
pub struct Portal {
    batch: Batch,
    title: String,
    per_minute: u32,
}

/// So many bytes may an answer have.
const FORM: usize = 8 << 10;

impl Portal {
    /// The page for the users of this batch.
    pub fn new(batch: Batch) -> Self {
        Self { batch, title: "Your mailbox is moving".to_owned(), per_minute: 30 }
    }

    /// With this title.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// At most so many requests per minute and client.
    pub fn per_minute(mut self, requests: u32) -> Self {
        self.per_minute = requests;
        self
    }

    /// Serves the page to whoever connects here, below this path, until the future is dropped: for a host without a server
    /// of its own. It speaks plain HTTP: put a proxy before it that adds TLS and leaves the path as it is.
    ///
    /// # Errors
    ///
    /// [`Network`](ErrorKind::Network): nobody can connect any more.
    pub async fn serve(self, listener: TcpListener, path: &str) -> Result<()> {
        let router = self.routes(path.trim_end_matches('/'))?;
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
            .await
            .map_err(|broken| Error::new(ErrorKind::Network, "the page cannot be served any more").because(broken))
    }

    /// The routes: `/{key}`.
    pub fn router(self) -> Result<Router> {
        self.routes("")
    }

    fn routes(self, path: &str) -> Result<Router> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)
            .map_err(|error| Error::new(ErrorKind::Bug, "this system has no random numbers").with("reason", error))?;
        let limit = Limit::new(self.per_minute);
        let shared = Arc::new(Shared { batch: self.batch, title: self.title, secret, limit });
        Ok(Router::new()
            .route(&format!("{path}/{{key}}"), get(look).post(answer))
            .fallback(nothing)
            .layer(DefaultBodyLimit::max(FORM))
            .layer(middleware::from_fn_with_state(shared.clone(), guard))
            .with_state(shared))
    }
}

struct Shared {
    batch: Batch,
    title: String,
    /// Ties a form to its key and to this process.
    secret: [u8; 32],
    limit: Limit,
}

impl Shared {
    fn token(&self, key: &str) -> blake3::Hash {
        blake3::keyed_hash(&self.secret, key.as_bytes())
    }

    fn page(&self, status: StatusCode, content: &str) -> Response {
        (status, Html(page::whole(&self.title, content))).into_response()
    }

    fn nothing(&self) -> Response {
        self.page(StatusCode::NOT_FOUND, page::NOTHING)
    }
}

async fn look(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response {
    match shared.batch.asked(&SecretString::from(key.as_str())).await {
        Some(mailbox) => {
            let token = shared.token(&key).to_hex();
            shared.page(StatusCode::OK, &page::form(&mailbox, &token))
        }
        None => shared.nothing(),
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    headers: HeaderMap,
    form: Bytes,
) -> Response {
    let mut given = Answer::default();
    // The decoded text is wiped; the buffer of the connection is the server's.
    for (name, value) in url::form_urlencoded::parse(&form) {
        match &*name {
            "login" => given.login = Some(value.trim().to_owned()).filter(|login| !login.is_empty()),
            "password" => given.password = Zeroizing::new(value.into_owned()),
            "token" => given.token = value.into_owned(),
            _ => {}
        }
    }
    let token = blake3::Hash::from_hex(&given.token).ok().filter(|token| *token == shared.token(&key));
    if token.is_none() || is_foreign(&headers) || given.password.is_empty() {
        return shared.page(StatusCode::BAD_REQUEST, page::AGAIN);
    }
    let secret = Secret::password(given.password.as_str());
    match shared.batch.submit(&SecretString::from(key), given.login, secret).await {
        Ok(()) => shared.page(StatusCode::OK, page::THANKS),
        Err(error) if error.kind() == ErrorKind::NotFound => shared.nothing(),
        Err(error) => {
            tracing::info!(%error, "an answer did not open its mailbox");
            let text = if error.kind() == ErrorKind::Credential { page::WRONG } else { page::LATER };
            shared.page(StatusCode::OK, text)
        }
    }
}

async fn nothing(State(shared): State<Arc<Shared>>) -> Response {
    shared.nothing()
}

#[derive(Default)]
struct Answer {
    login: Option<String>,
    password: Zeroizing<String>,
    token: String,
}

/// Whether the browser says that another site sent this.
fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let host = text("x-forwarded-host").or_else(|| text("host"));
    let origin = text("origin").and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    site || origin.is_some_and(|origin| Some(origin) != host)
}

/// Not too many requests, and nothing of a page is kept, framed, or told to other sites.
async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let client = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let mut response = if shared.limit.takes(client.unwrap_or(IpAddr::from([0, 0, 0, 0]))) {
        next.run(request).await
    } else {
        shared.page(StatusCode::TOO_MANY_REQUESTS, page::SLOWLY)
    };
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
