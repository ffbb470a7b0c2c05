//! Applications that sign in by themselves.

use std::sync::atomic::{AtomicUsize, Ordering};

use secrecy::ExposeSecret;
use tokio::task::JoinSet;

use super::*;
use crate::guard::Limits;
use crate::http::{Request, Session};
use crate::{Access, Call, CredentialProvider, Error, ErrorKind, Guard, Result, Secret, SignIn};

const SCOPE: &str = "https://outlook.office365.com/.default";

fn by_certificate(service: &Service) -> OauthCredentials {
    let client = Client::with_certificates(service.authority(), "client", certificates());
    OauthCredentials::application(http(), client, &[SCOPE])
}

fn by_secret(service: &Service) -> OauthCredentials {
    let client = Client::with_secret(service.authority(), "client", "correct horse".into());
    OauthCredentials::application(http(), client, &[SCOPE])
}

async fn secret(provider: &OauthCredentials, name: &str) -> Result<String> {
    match provider.credential(&mailbox(name)).await?.secret {
        Secret::Token(token) => Ok(token.expose_secret().to_owned()),
        _ => panic!("not a token"),
    }
}

#[tokio::test]
async fn a_secret_goes_in_the_form() {
    let service = Service::new(200, &[], |_, _| token("abc")).await;
    let provider = by_secret(&service);
    let credential = provider.credential(&mailbox("alice")).await.unwrap();
    assert_eq!((credential.login.as_str(), credential.access), ("alice@example.org", Access::Impersonate));
    assert!(credential.expires.unwrap() > OffsetDateTime::now_utc() + Duration::minutes(59));
    assert_eq!(secret(&provider, "bob").await.unwrap(), "abc");
    let forms = service.forms();
    let form: Vec<_> = ["grant_type", "client_id", "client_secret", "scope"].map(|name| forms[0][name].as_str()).into();
    assert_eq!(form, ["client_credentials", "client", "correct horse", SCOPE]);
    assert_eq!((forms.len(), forms[0].len()), (1, 4), "one token for every mailbox");
}

#[tokio::test]
async fn a_certificate_signs_an_assertion_for_the_token_address() {
    let service = Service::new(200, &[], |_, _| token("abc")).await;
    secret(&by_certificate(&service), "alice").await.unwrap();
    let form = &service.forms()[0];
    assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert!(!form.contains_key("client_secret"));
    let (header, claims, ..) = opened(&form["client_assertion"]);
    assert_eq!(header["alg"], "PS256");
    assert_eq!(claims["aud"], service.authority().token.as_str());
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("client"), &json!("client")));
}

#[tokio::test]
async fn a_refused_certificate_is_one_attempt_for_a_hundred_mailboxes_and_nothing_else_is_tried() {
    let refused = "AADSTS700027: The certificate is not registered.\r\nTrace ID: 1\r\nTimestamp: 2";
    let service = Service::new(200, &[], move |_, _| refusal("invalid_client", refused)).await;
    let sign_in = SignIn::new(Arc::new(by_certificate(&service)));
    let doors = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for number in 0..100 {
        let (sign_in, doors) = (sign_in.clone(), doors.clone());
        tasks.spawn(async move {
            let attempt = |_| async {
                doors.fetch_add(1, Ordering::Relaxed);
                Ok(())
            };
            sign_in.with(&mailbox(&format!("user{number}")), attempt).await.unwrap_err()
        });
    }
    for error in tasks.join_all().await {
        assert_eq!((error.kind(), error.side()), (ErrorKind::Credential, Some(Side::Source)));
        let line = error.to_string();
        assert!(line.contains("AADSTS700027") && line.contains("upload the public half"), "{line}");
        assert!(!line.contains("Trace ID"), "{line}");
    }
    assert_eq!(doors.load(Ordering::Relaxed), 0, "no mailbox was tried");
    let forms = service.forms();
    assert_eq!(forms.len(), 1);
    assert!(forms[0].contains_key("client_assertion") && !forms[0].contains_key("client_secret"));
}

#[tokio::test]
async fn a_busy_service_is_asked_again_with_a_fresh_assertion() {
    let mut server = Server::new_async().await;
    let url = Url::parse(&server.url()).unwrap().join("/token").unwrap();
    let ids = Arc::new(Mutex::new(Vec::new()));
    let seen = ids.clone();
    server
        .mock("POST", "/token")
        .with_header("retry-after", "0.01")
        .with_status_code_from_request(move |request| {
            let form: HashMap<_, _> = parse(request.body().unwrap()).into_owned().collect();
            let mut seen = seen.lock().unwrap();
            seen.push(opened(&form["client_assertion"]).1["jti"].clone());
            [429, 503, 200][seen.len() - 1]
        })
        .with_body(token("abc").to_string())
        .create_async()
        .await;
    let client = Client::with_certificates(Authority::new(url), "client", certificates());
    let provider = OauthCredentials::application(http(), client, &[SCOPE]);
    assert_eq!(secret(&provider, "alice").await.unwrap(), "abc");
    let mut ids: Vec<_> = ids.lock().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(ids.len(), 3);
    ids.dedup();
    assert_eq!(ids.len(), 3, "each assertion was sent once");
}

#[tokio::test]
async fn while_certificates_are_rolled_the_one_that_the_service_knows_is_found_and_kept() {
    let old = Certificates::from_pem(&certificate(KEY_A, 300, 30), KEY_A).unwrap();
    let new = Certificates::from_pem(&certificate(KEY_B, 1, 300), KEY_B).unwrap();
    let known = URL_SAFE_NO_PAD.encode(old.certificates().next().unwrap().sha256());
    let taken = known.clone();
    let service = Service::new(200, &[], move |_, form| {
        let (header, ..) = opened(&form["client_assertion"]);
        if header["x5t#S256"] == taken.as_str() { token("abc") } else { refusal("invalid_client", "not known") }
    })
    .await;
    let both = old.or(new);
    let ask = async || {
        let client = Client::with_certificates(service.authority(), "client", both.clone());
        secret(&OauthCredentials::application(http(), client, &[SCOPE]), "alice").await.unwrap();
        service.forms().iter().map(|form| opened(&form["client_assertion"]).0["x5t#S256"] == known.as_str()).collect()
    };
    let first: Vec<bool> = ask().await;
    assert_eq!(first, [false, true], "the newer one was tried first");
    let second: Vec<bool> = ask().await;
    assert_eq!(second, [false, true, true], "and then the one that was taken");
}

#[tokio::test]
async fn an_expired_certificate_asks_nobody() {
    let service = Service::new(200, &[], |_, _| token("abc")).await;
    let expired = Certificates::from_pem(&certificate(KEY_A, 30, -1), KEY_A).unwrap();
    let client = Client::with_certificates(service.authority(), "client", expired);
    let error = secret(&OauthCredentials::application(http(), client, &[SCOPE]), "alice").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential);
    assert!(error.to_string().contains("the certificate has expired"), "{error}");
    assert!(service.forms().is_empty());
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_corrected_by_the_services_own() {
    let ahead = OffsetDateTime::now_utc() + Duration::hours(2);
    let date = ahead.format(&time::format_description::well_known::Rfc2822).unwrap();
    let service = Service::new(200, &[("date", &date)], move |_, form| {
        let issued = opened(&form["client_assertion"]).1["iat"].as_i64().unwrap();
        let apart = (issued - ahead.unix_timestamp()).abs();
        if apart < 300 {
            token("abc")
        } else {
            refusal("invalid_client", "AADSTS700024: not within its valid time range")
        }
    })
    .await;
    assert_eq!(secret(&by_certificate(&service), "alice").await.unwrap(), "abc");
    assert_eq!(service.forms().len(), 2);
}

#[tokio::test]
async fn an_answer_that_is_not_one_of_a_sign_in_service_says_so_and_shows_no_token() {
    for (status, kind, body) in [
        (200, "text/html", "<html>Please pay for the wireless network</html>"),
        (200, "application/json", "{\"token\":\"secret-thing\"}"),
        (404, "text/html", "<html>nothing here</html>"),
        (400, "application/json", "{\"token\":\"secret-thing\"}"),
    ] {
        let mut server = Server::new_async().await;
        let url = Url::parse(&server.url()).unwrap();
        let mock = server.mock("POST", "/").with_status(status).with_header("content-type", kind).with_body(body);
        mock.create_async().await;
        let client = Client::with_secret(Authority::new(url), "client", "correct horse".into());
        let error = secret(&OauthCredentials::application(http(), client, &[SCOPE]), "alice").await.unwrap_err();
        assert_eq!(error.recovery(), crate::Recovery::StopMailbox, "{error}");
        assert!(!format!("{error} {error:?}").contains("secret-thing"), "{error:?}");
    }
}

#[tokio::test]
async fn a_public_application_cannot_sign_in_by_itself() {
    let client = Client::public(Authority::google().unwrap(), "client");
    let error = secret(&OauthCredentials::application(http(), client, &[SCOPE]), "alice").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_token_revoked_in_the_middle_is_replaced_and_the_work_goes_on() {
    let service = Service::new(200, &[], |asked, _| token(format!("token{asked}"))).await;
    let mut mail = Server::new_async().await;
    let good = Arc::new(Mutex::new("Bearer token0".to_owned()));
    let accepted = good.clone();
    mail.mock("GET", "/")
        .with_status_code_from_request(move |request| {
            let sent = request.header("authorization")[0].to_str().unwrap().to_owned();
            if sent == *accepted.lock().unwrap() { 200 } else { 401 }
        })
        .create_async()
        .await;
    let sign_in = SignIn::new(Arc::new(by_secret(&service)));
    let session = Session::new(http(), Guard::new("mail", Limits::new())).signed_in(sign_in, mailbox("alice"));
    let request = Request::get(Url::parse(&mail.url()).unwrap());
    session.send(Call::repeatable("GET"), &request).await.unwrap();
    *good.lock().unwrap() = "Bearer token1".into();
    session.send(Call::once("GET"), &request).await.unwrap();
    assert_eq!(service.forms().len(), 2);
    *good.lock().unwrap() = "nothing".into();
    let error: Error = session.send(Call::repeatable("GET"), &request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential);
    assert_eq!(service.forms().len(), 3, "one fresh token, and no more");
}
