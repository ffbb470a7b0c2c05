//! One connection, one request at a time.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderValue, USER_AGENT};
use rustls::pki_types::ServerName;
use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::super::{Http, Request, Response};
use crate::guard::Attempt;
use crate::{Error, ErrorKind, Result, Spool};

/// A connection to one server. It ends when this is dropped.
pub(super) struct Lane {
    sender: SendRequest<reqwest::Body>,
    driver: AbortHandle,
    /// The certificate that the server showed.
    certificate: Option<Vec<u8>>,
    host: String,
    user_agent: HeaderValue,
    largest: u64,
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Lane {
    pub(super) async fn open(http: &Http, url: &Url, attempt: &Attempt) -> Result<Self> {
        let settings = http.settings();
        let opened = tokio::time::timeout(settings.connect_timeout, connect(http, url)).await;
        let opened =
            opened.unwrap_or_else(|_| Err(Error::new(ErrorKind::Network, "the server cannot be reached in time")));
        let (stream, certificate) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                attempt.untouched();
                return Err(error);
            }
        };
        attempt.touch();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| classify(error, attempt))?;
        // How it ended is told to whoever sends.
        let driver = tokio::spawn(async move { drop(connection.await) }).abort_handle();
        let user_agent = HeaderValue::from_str(&settings.user_agent)
            .map_err(|_| Error::new(ErrorKind::Config, "the user agent cannot stand in a header"))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        Ok(Self { sender, driver, certificate, host, user_agent, largest: settings.largest_answer })
    }

    /// Whether another request can be sent.
    pub(super) async fn is_ready(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    pub(super) fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }

    /// The name of the service behind it.
    pub(super) fn target(&self) -> String {
        format!("HTTP/{}", self.host)
    }

    /// Sends a request, with its content or without, and reads the answer to its end.
    pub(super) async fn send(
        &mut self,
        attempt: &Attempt,
        request: &Request,
        authorization: Option<HeaderValue>,
        with_content: bool,
        spool: Option<&Spool>,
        secrets: Vec<SecretString>,
    ) -> Result<Response> {
        let wire = self.wire(attempt, request, authorization, with_content)?;
        let answer = self.sender.send_request(wire).await.map_err(|error| classify(error, attempt))?;
        attempt.touch();
        let (head, mut content) = answer.into_parts();
        let (status, mut bytes, mut body) = (head.status, BytesMut::new(), None);
        match spool.filter(|_| status.is_success()) {
            Some(spool) => {
                let mut writer = spool.writer();
                while let Some(chunk) = next(&mut content, attempt).await? {
                    writer.push(chunk)?;
                }
                body = Some(writer.finish()?);
            }
            None => {
                while let Some(chunk) = next(&mut content, attempt).await? {
                    bytes.extend_from_slice(&chunk);
                    if bytes.len() as u64 > self.largest {
                        return Err(Error::new(
                            ErrorKind::Protocol,
                            "the answer is larger than anything that was asked for",
                        ));
                    }
                }
            }
        }
        Ok(Response { status, headers: head.headers, bytes: bytes.freeze(), body, secrets })
    }

    fn wire(
        &self,
        attempt: &Attempt,
        request: &Request,
        authorization: Option<HeaderValue>,
        with_content: bool,
    ) -> Result<http::Request<reqwest::Body>> {
        let cannot = |error| Error::new(ErrorKind::Bug, "the request cannot be made").because(error);
        let mut built = request.build(attempt);
        if !with_content {
            *built.body_mut() = None;
            built.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(0));
        }
        let url = built.url().clone();
        let mut wire = http::Request::<reqwest::Body>::try_from(built).map_err(cannot)?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{}{query}", url.path());
        *wire.uri_mut() =
            path.parse().map_err(|error| Error::new(ErrorKind::Config, "not an HTTP address").because(error))?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let host = HeaderValue::from_str(&format!("{}{port}", self.host))
            .map_err(|error| Error::new(ErrorKind::Config, "not a host name").because(error))?;
        let headers = wire.headers_mut();
        headers.insert(HOST, host);
        headers.insert(USER_AGENT, self.user_agent.clone());
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, value);
        }
        Ok(wire)
    }
}

async fn next(content: &mut Incoming, attempt: &Attempt) -> Result<Option<Bytes>> {
    loop {
        let Some(frame) = content.frame().await else { return Ok(None) };
        let frame = frame.map_err(|error| classify(error, attempt))?;
        attempt.touch();
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
}

/// What a connection runs over.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

async fn connect(http: &Http, url: &Url) -> Result<(Box<dyn Stream>, Option<Vec<u8>>)> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(443);
    // An address of version 6 stands in brackets in a URL, and without in a socket address.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let addresses: Vec<_> = tokio::net::lookup_host((bare, port))
        .await
        .map_err(|error| Error::new(ErrorKind::Resolve, "the host name has no address").because(error))?
        .collect();
    let unreachable = |error: std::io::Error| {
        Error::new(ErrorKind::Network, "the server cannot be reached").with("reason", &error).because(error)
    };
    let tcp = TcpStream::connect(addresses.as_slice()).await.map_err(unreachable)?;
    tcp.set_nodelay(true).map_err(unreachable)?;
    if url.scheme() == "http" {
        return Ok((Box::new(tcp), None));
    }
    let name = match url.host() {
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).ok(),
        Some(Host::Ipv4(address)) => Some(ServerName::from(std::net::IpAddr::from(address))),
        Some(Host::Ipv6(address)) => Some(ServerName::from(std::net::IpAddr::from(address))),
        None => None,
    };
    let name = name.ok_or_else(|| Error::new(ErrorKind::Config, "not a host name").with("host", host))?;
    let untrusted = |error: std::io::Error| {
        let explained = Error::new(ErrorKind::Tls, "no trustworthy connection to the server");
        explained.with("reason", &error).because(error)
    };
    let tls = TlsConnector::from(http.tls_http1()).connect(name, tcp).await.map_err(untrusted)?;
    let certificates = tls.get_ref().1.peer_certificates();
    let certificate = certificates.and_then(|chain| chain.first()).map(|leaf| leaf.to_vec());
    Ok((Box::new(tls), certificate))
}

/// Why no answer came.
fn classify(error: hyper::Error, attempt: &Attempt) -> Error {
    // A request that never left its queue did nothing.
    if error.is_canceled() {
        attempt.untouched();
    }
    let first: &(dyn std::error::Error + 'static) = &error;
    let causes = std::iter::successors(Some(first), |error| error.source());
    let (mut own, mut reason) = (None, String::new());
    for cause in causes {
        reason = cause.to_string();
        own = own.or_else(|| cause.downcast_ref::<Error>().cloned());
    }
    own.unwrap_or_else(|| Error::new(ErrorKind::Network, "the connection broke").with("reason", reason).because(error))
}
