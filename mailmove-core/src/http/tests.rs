use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mockito::{Matcher, Server, ServerGuard};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use super::*;
use crate::diagnosis::{Cause, Diagnosis, Evidence};
use crate::guard::Limits;
use crate::{
    Access, Call, Error, ErrorKind, FixedCredentials, Guard, Mailbox, Recovery, Result, Secret, Side, SignIn, Spool,
};

fn limits() -> Limits {
    let mut limits = Limits::new().attempts(3);
    limits.first_backoff = Duration::from_millis(1);
    limits
}

fn plain() -> Http {
    Http::new(HttpSettings::new().allowing_plaintext()).unwrap()
}

fn session() -> Session {
    Session::new(plain(), Guard::new("test", limits()))
}

fn signed_in(secret: Secret) -> Session {
    let provider = FixedCredentials::administrator("admin", Access::Impersonate, secret);
    session().signed_in(SignIn::new(Arc::new(provider)), Mailbox::new(Side::Source, "alice@example.org"))
}

fn url(server: &ServerGuard, path: &str) -> Url {
    Url::parse(&server.url()).unwrap().join(path).unwrap()
}

async fn answering(status: usize, headers: &[(&str, &str)], body: &str) -> ServerGuard {
    let mut server = Server::new_async().await;
    let mut mock = server.mock("GET", "/").with_status(status).with_body(body);
    for (name, value) in headers {
        mock = mock.with_header(*name, value);
    }
    mock.create_async().await;
    server
}

async fn error_of(status: usize, headers: &[(&str, &str)]) -> Error {
    let server = answering(status, headers, "").await;
    let call = Call::once("GET").attempts(1);
    let guard = Guard::new("test", limits().patience(Duration::ZERO));
    Session::new(plain(), guard).send(call, &Request::get(url(&server, "/"))).await.unwrap_err()
}

#[tokio::test]
async fn a_success_is_given_as_it_came() {
    let server = answering(200, &[("x-thing", "value")], "{\"a\":1}").await;
    let answer = session().send(Call::repeatable("GET"), &Request::get(url(&server, "/"))).await.unwrap();
    assert_eq!((answer.status(), answer.header("X-Thing")), (StatusCode::OK, Some("value")));
    assert_eq!(answer.json::<serde_json::Value>().unwrap()["a"], 1);
    assert_eq!(answer.json::<Vec<u8>>().unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn every_status_has_its_kind_and_recovery() {
    use ErrorKind::*;
    let retry = Recovery::Retry { after: None };
    for (status, kind, recovery) in [
        (302, Config, Recovery::StopMailbox),
        (400, Refused, Recovery::SkipItem),
        (401, Credential, Recovery::StopMailbox),
        (403, AccessDenied, Recovery::StopMailbox),
        (404, NotFound, Recovery::SkipItem),
        (405, Unsupported, Recovery::OtherRoute),
        (407, Config, Recovery::StopMailbox),
        (408, Unavailable, retry),
        (409, Conflict, Recovery::KeepTheirs),
        (412, Conflict, Recovery::KeepTheirs),
        (413, TooLarge, Recovery::OtherRoute),
        (440, CredentialExpired, retry),
        (456, Credential, Recovery::StopMailbox),
        (500, Unavailable, Recovery::Locate),
        (502, Unavailable, Recovery::Locate),
        (503, Unavailable, retry),
        (504, Unavailable, Recovery::Locate),
        (507, Quota, Recovery::StopMailbox),
    ] {
        let error = error_of(status, &[]).await;
        assert_eq!((error.kind(), error.recovery()), (kind, recovery), "{status}");
        assert!(error.to_string().contains(&format!("status: {status}")), "{error}");
    }
}

#[tokio::test]
async fn an_error_holds_the_facts_that_a_diagnosis_needs() {
    let headers = [
        ("www-authenticate", "Negotiate"),
        ("www-authenticate", "Basic realm=\"mail\""),
        ("request-id", "42"),
        ("content-type", "text/html"),
    ];
    let server = answering(403, &headers, "<html><p>You may\nnot</p></html>").await;
    let error = session().send(Call::once("GET"), &Request::get(url(&server, "/"))).await.unwrap_err();
    let facts: Vec<_> = error.context().collect();
    assert_eq!(
        facts,
        [
            ("status", "403"),
            ("challenges", "Negotiate, Basic realm=\"mail\""),
            ("request", "42"),
            ("answer", "You may not")
        ]
    );
}

#[tokio::test]
async fn a_wait_is_read_in_every_form_in_which_servers_ask_for_it() {
    let date = "Fri, 20 Nov 2026 10:00:00 GMT";
    for (headers, seconds) in [
        (vec![("retry-after", "7")], 7.0),
        (vec![("retry-after", "2.128")], 2.128),
        (vec![("retry-after", "Fri, 20 Nov 2026 10:02:00 GMT"), ("date", date)], 120.0),
        (vec![("retry-after", "Fri, 20 Nov 2026 09:00:00 GMT"), ("date", date)], 0.0),
        (vec![("retry-after-ms", "1500"), ("retry-after", "9")], 1.5),
        (vec![("retry-after", "-3")], 0.0),
    ] {
        let server = answering(429, &headers, "").await;
        let asked = session()
            .send_and(Call::once("GET"), &Request::get(url(&server, "/")), |answer| Ok(answer.retry_after()))
            .await
            .unwrap();
        assert_eq!(asked, Some(Duration::from_secs_f64(seconds)), "{headers:?}");
    }
    let server = answering(503, &[("retry-after", "soon")], "").await;
    let asked = session().send_and(Call::once("GET"), &Request::get(url(&server, "/")), |a| Ok(a.retry_after())).await;
    assert_eq!(asked.unwrap(), None);
}

#[tokio::test]
async fn a_throttle_is_waited_for_and_repeated_even_for_a_once_call() {
    let mut server = Server::new_async().await;
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = seen.clone();
    let mock = server
        .mock("POST", "/")
        .match_body("text")
        .with_status_code_from_request(move |_| if counted.fetch_add(1, Ordering::Relaxed) < 2 { 429 } else { 201 })
        .with_header("retry-after", "0.01")
        .expect(3)
        .create_async()
        .await;
    let request = Request::post(url(&server, "/")).content("text/plain", "text");
    let answer = session().send(Call::once("POST"), &request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    mock.assert_async().await;
}

#[tokio::test]
async fn a_failed_server_is_asked_again_only_when_that_is_harmless() {
    let mut server = Server::new_async().await;
    let mock = server.mock("POST", "/").with_status(500).expect(3 + 1).create_async().await;
    let request = Request::post(url(&server, "/"));
    let error = session().send(Call::repeatable("POST"), &request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let error = session().send(Call::once("POST"), &request).await.unwrap_err();
    assert_eq!(error.recovery(), Recovery::Locate);
    mock.assert_async().await;
}

#[tokio::test]
async fn passwords_go_as_basic_and_tokens_as_bearer() {
    for (secret, header) in
        [(Secret::password("pass:word"), "Basic YWRtaW46cGFzczp3b3Jk"), (Secret::token("abc.def"), "Bearer abc.def")]
    {
        let mut server = Server::new_async().await;
        let mock = server.mock("GET", "/").match_header("authorization", header).create_async().await;
        signed_in(secret).send(Call::repeatable("GET"), &Request::get(url(&server, "/"))).await.unwrap();
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn a_refused_credential_is_offered_once() {
    let mut server = Server::new_async().await;
    let mock = server.mock("GET", "/").with_status(401).expect(1).create_async().await;
    let session = signed_in(Secret::password("wrong"));
    let request = Request::get(url(&server, "/"));
    for _ in 0..3 {
        let error = session.send(Call::repeatable("GET"), &request).await.unwrap_err();
        assert_eq!((error.kind(), error.side()), (ErrorKind::Credential, Some(Side::Source)));
    }
    mock.assert_async().await;
}

#[tokio::test]
async fn a_refused_password_is_diagnosed_by_what_the_server_offers_instead() {
    for (offered, cause) in [
        ("Basic realm=\"mail, and more\"", Cause::BadCredentials),
        ("Bearer client_id=\"0-0\", authorization_uri=\"x\"", Cause::BasicAuthenticationDisabled),
    ] {
        let server = answering(401, &[("www-authenticate", offered)], "").await;
        let session = signed_in(Secret::password("wrong"));
        let error = session.send(Call::repeatable("GET"), &Request::get(url(&server, "/"))).await.unwrap_err();
        assert_eq!(Diagnosis::from(Evidence::of(&error).with_token(false)).cause(), cause, "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let mut server = Server::new_async().await;
    let target = server.mock("GET", "/there").expect(0).create_async().await;
    let location = format!("{}/there?token=abc", server.url());
    server.mock("GET", "/").with_status(302).with_header("location", &location).create_async().await;
    let error = signed_in(Secret::token("abc"))
        .send(Call::repeatable("GET"), &Request::get(url(&server, "/")))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("/there)") || error.to_string().contains("/there,"), "{error}");
    target.assert_async().await;
}

#[tokio::test]
async fn a_plain_address_is_refused_unless_allowed() {
    let mut server = Server::new_async().await;
    let mock = server.mock("GET", "/").expect(0).create_async().await;
    let session = Session::new(Http::new(HttpSettings::new()).unwrap(), Guard::new("test", limits()));
    let error = session.send(Call::repeatable("GET"), &Request::get(url(&server, "/?key=abc"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert!(!error.to_string().contains("abc"), "{error}");
    mock.assert_async().await;
}

#[tokio::test]
async fn large_content_is_streamed_with_its_length_and_again_when_repeated() {
    let mut server = Server::new_async().await;
    let text: String = (0..60_000).map(|number| format!("{number:05}\n")).collect();
    let spool = Spool::new(10_000);
    let body = spool.body(text.clone()).unwrap();
    assert!(spool.spilled() > 0);
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = seen.clone();
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &text);
    let whole = format!("<a>{text}</a><b>{encoded}</b>");
    let mock = server
        .mock("POST", "/")
        .match_header("content-length", whole.len().to_string().as_str())
        .match_header("transfer-encoding", Matcher::Missing)
        .match_body(whole.as_str())
        .with_status_code_from_request(move |_| if counted.fetch_add(1, Ordering::Relaxed) == 0 { 503 } else { 200 })
        .expect(2)
        .create_async()
        .await;
    let bytes = |text: &'static str| Part::Bytes(text.into());
    let parts =
        vec![bytes("<a>"), Part::Body(body.clone()), bytes("</a><b>"), Part::Base64(body.clone()), bytes("</b>")];
    let request = Request::post(url(&server, "/")).parts("text/xml", parts);
    session().send(Call::once("POST"), &request).await.unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn a_download_goes_to_the_spool_and_an_error_does_not() {
    let text = "x".repeat(300_000);
    let server = answering(200, &[], &text).await;
    let spool = Spool::new(1000);
    let answer = session().download(Call::repeatable("GET"), &Request::get(url(&server, "/")), &spool).await.unwrap();
    assert!(answer.bytes().is_empty());
    assert_eq!(answer.body().unwrap().bytes().unwrap(), text.as_bytes());
    let server = answering(404, &[], "not here").await;
    let error = session().download(Call::repeatable("GET"), &Request::get(url(&server, "/")), &spool).await;
    assert!(error.unwrap_err().to_string().contains("not here"));
}

#[tokio::test]
async fn an_answer_beyond_all_bounds_is_not_read() {
    let server = answering(200, &[], &"x".repeat(2000)).await;
    let mut settings = HttpSettings::new().allowing_plaintext();
    settings.largest_answer = 1000;
    let session = Session::new(Http::new(settings).unwrap(), Guard::new("test", limits()));
    let error = session.send(Call::repeatable("GET"), &Request::get(url(&server, "/"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

/// Takes connections, reads what comes, answers with these bytes and hangs up. Says where, and counts.
async fn raw(answer: &'static str) -> (Url, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            let mut buffer = [0; 1024];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address, count)
}

#[tokio::test]
async fn an_answer_cut_short_is_no_answer() {
    for cut in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"] {
        let (address, count) = raw(cut).await;
        let error = session().send(Call::once("GET"), &Request::get(address.clone())).await.unwrap_err();
        assert_eq!((error.kind(), error.recovery()), (ErrorKind::Network, Recovery::Locate), "{cut:?}");
        assert_eq!(count.swap(0, Ordering::Relaxed), 1, "{cut:?}");
        let error = session().send(Call::repeatable("GET"), &Request::get(address)).await.unwrap_err();
        assert_eq!((error.kind(), error.recovery()), (ErrorKind::Network, Recovery::Retry { after: None }));
        assert_eq!(count.load(Ordering::Relaxed), 3, "{cut:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_was_not_touched() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let error = session().send(Call::once("GET"), &Request::get(address)).await.unwrap_err();
    assert_eq!((error.kind(), error.recovery()), (ErrorKind::Network, Recovery::Retry { after: None }));
    assert!(error.to_string().contains("attempts: 3"), "{error}");
    let nowhere = Url::parse("http://nowhere.invalid/").unwrap();
    let error = session().send(Call::once("GET"), &Request::get(nowhere)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Resolve, "{error}");
}

/// A TLS server for `localhost` that answers every request, and the certificate that it shows.
async fn tls_server() -> (u16, String) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut buffer = [0; 1024];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine").await;
            let _ = stream.shutdown().await;
        }
    });
    (port, certified.cert.pem())
}

#[tokio::test]
async fn a_certificate_of_a_stranger_is_refused_and_an_extra_root_is_taken() {
    let (port, pem) = tls_server().await;
    let ask = async |settings: HttpSettings, host: &str| {
        let session = Session::new(Http::new(settings).unwrap(), Guard::new("test", limits()));
        let address = Url::parse(&format!("https://{host}:{port}/")).unwrap();
        session.send(Call::repeatable("GET"), &Request::get(address)).await
    };
    let stranger = ask(HttpSettings::new(), "localhost").await.unwrap_err();
    assert_eq!(stranger.kind(), ErrorKind::Tls);
    assert!(stranger.to_string().contains("UnknownIssuer"), "{stranger}");
    assert_eq!(Diagnosis::from(Evidence::of(&stranger)).cause(), Cause::TlsUntrusted);
    let trusting = HttpSettings::new().trusting(pem);
    assert_eq!(ask(trusting.clone(), "localhost").await.unwrap().bytes().as_ref(), b"fine");
    let other_name = ask(trusting, "127.0.0.1").await.unwrap_err();
    assert_eq!(other_name.kind(), ErrorKind::Tls);
    assert!(other_name.to_string().contains("not valid for name"), "{other_name}");
    assert_eq!(Diagnosis::from(Evidence::of(&other_name)).cause(), Cause::TlsNameMismatch);
}

#[test]
fn a_root_that_is_no_certificate_is_an_error() {
    for pem in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert_eq!(Http::new(HttpSettings::new().trusting(pem)).unwrap_err().kind(), ErrorKind::Config, "{pem}");
    }
}

#[tokio::test]
async fn what_the_connector_reads_in_an_answer_is_judged_like_a_status() -> Result<()> {
    let server = answering(200, &[], "busy").await;
    let asked = AtomicUsize::new(0);
    let read = |answer: Response| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Err(Error::new(ErrorKind::Unavailable, answer.text())),
        _ => Ok(answer.text().into_owned()),
    };
    let answer = session().send_and(Call::once("GET"), &Request::get(url(&server, "/")), read).await?;
    assert_eq!(answer, "busy");
    assert_eq!(asked.into_inner(), 2);
    Ok(())
}
