//! Users who sign in themselves.

use secrecy::{ExposeSecret, SecretString};

use super::*;
use crate::{Access, CredentialProvider, ErrorKind, Secret};

const SCOPES: &[&str] = &["offline_access", "https://outlook.office.com/IMAP.AccessAsUser.All"];

fn with_refresh(access: &str, refresh: &str) -> Value {
    let mut answer = token(access);
    answer["refresh_token"] = refresh.into();
    answer
}

#[tokio::test]
async fn a_refresh_token_is_used_and_replaced_by_the_next() {
    let service = Service::new(200, &[], |asked, form| {
        assert_eq!(form["refresh_token"], format!("refresh{asked}"));
        with_refresh(&format!("access{asked}"), &format!("refresh{}", asked + 1))
    })
    .await;
    let client = Client::public(service.authority(), "client");
    let delegated = Delegated::new("refresh0".into());
    let provider = OauthCredentials::delegated(http(), client, delegated, SCOPES);
    for asked in 0..3 {
        let credential = provider.credential(&mailbox("alice")).await.unwrap();
        assert_eq!((credential.access.clone(), credential.login.as_str()), (Access::Owner, "alice@example.org"));
        let Secret::Token(secret) = &credential.secret else { panic!("not a token") };
        assert_eq!(secret.expose_secret(), format!("access{asked}"));
        provider.accepted(&mailbox("alice"), &credential).await;
        provider.rejected(&mailbox("alice"), &credential).await.unwrap();
    }
    assert_eq!(provider.refresh_token().unwrap().expose_secret(), "refresh3");
}

#[tokio::test]
async fn a_user_who_must_show_up_again_is_told_so() {
    let said = "AADSTS50076: Due to a configuration change made by your administrator, you must use multi-factor authentication";
    let service = Service::new(200, &[], move |_, _| refusal("invalid_grant", said)).await;
    let client = Client::public(service.authority(), "client");
    let provider = OauthCredentials::delegated(http(), client, Delegated::new("refresh".into()), SCOPES);
    let error = provider.credential(&mailbox("alice")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential);
    assert!(error.to_string().contains("aadsts: 50076"), "{error}");
}

#[tokio::test]
async fn a_device_code_waits_until_the_user_has_signed_in() {
    let service = Service::new(200, &[], |asked, form| {
        assert_eq!(form["device_code"], "the device");
        match asked {
            0 | 1 => refusal("authorization_pending", ""),
            _ => with_refresh("access", "refresh"),
        }
    })
    .await;
    let mut server = Server::new_async().await;
    let details = json!({
        "device_code": "the device", "user_code": "ABCD", "verification_uri": "https://login.example.org/device",
        "expires_in": 900, "interval": 0,
    });
    let mock = server
        .mock("POST", "/device")
        .match_body(mockito::Matcher::UrlEncoded("scope".into(), SCOPES.join(" ")))
        .with_header("content-type", "application/json")
        .with_body(details.to_string())
        .create_async()
        .await;
    let mut authority = service.authority();
    authority.device = Some(Url::parse(&server.url()).unwrap().join("/device").unwrap());
    let sign_in = DeviceSignIn::begin(http(), Client::public(authority, "client"), SCOPES).await.unwrap();
    mock.assert_async().await;
    assert_eq!((sign_in.code(), sign_in.address()), ("ABCD", "https://login.example.org/device"));
    assert_eq!(sign_in.patience().as_secs(), 900);
    assert!(!format!("{sign_in:?}").contains("the device"));
    assert_eq!(sign_in.finish().await.unwrap().refresh_token.expose_secret(), "refresh");
    assert_eq!(service.forms().len(), 3);
}

#[tokio::test]
async fn a_user_who_says_no_is_a_refusal() {
    let service = Service::new(200, &[], |_, _| refusal("access_denied", "the user said no")).await;
    let mut server = Server::new_async().await;
    let details = json!({ "device_code": "d", "user_code": "u", "verification_uri": "https://x/", "expires_in": 9 });
    let mock = server.mock("POST", "/device").with_header("content-type", "application/json");
    mock.with_body(details.to_string()).create_async().await;
    let mut authority = service.authority();
    authority.device = Some(Url::parse(&server.url()).unwrap().join("/device").unwrap());
    let sign_in = DeviceSignIn::begin(http(), Client::public(authority, "client"), SCOPES).await.unwrap();
    assert_eq!(sign_in.finish().await.unwrap_err().kind(), ErrorKind::Credential);
}

fn browser(service: &Service) -> BrowserSignIn {
    let mut authority = service.authority();
    authority.authorization = Some(service.url("/authorize"));
    let redirect = Url::parse("http://localhost:1234/back").unwrap();
    BrowserSignIn::begin(http(), Client::public(authority, "client"), redirect, SCOPES).unwrap()
}

fn query(url: &Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn a_browser_comes_back_with_a_code_that_only_we_can_use() {
    let service = Service::new(200, &[], |_, _| with_refresh("access", "refresh")).await;
    let sign_in = browser(&service);
    let asked = query(sign_in.address());
    assert_eq!((asked["response_type"].as_str(), asked["code_challenge_method"].as_str()), ("code", "S256"));
    let back = Url::parse(&format!("http://localhost:1234/back?code=thecode&state={}", asked["state"])).unwrap();
    assert!(!format!("{sign_in:?}").contains(&asked["state"]));
    assert_eq!(sign_in.finish(&back).await.unwrap().refresh_token.expose_secret(), "refresh");
    let form = &service.forms()[0];
    assert_eq!((form["code"].as_str(), form["redirect_uri"].as_str()), ("thecode", "http://localhost:1234/back"));
    let challenge = ring::digest::digest(&ring::digest::SHA256, form["code_verifier"].as_bytes());
    assert_eq!(URL_SAFE_NO_PAD.encode(challenge), asked["code_challenge"]);
}

#[tokio::test]
async fn an_answer_to_another_question_is_not_taken() {
    let service = Service::new(200, &[], |_, _| with_refresh("access", "refresh")).await;
    for back in ["?code=thecode&state=other", "?code=thecode", "?error=access_denied&state=other"] {
        let back = Url::parse(&format!("http://localhost:1234/back{back}")).unwrap();
        assert_eq!(browser(&service).finish(&back).await.unwrap_err().kind(), ErrorKind::Credential);
    }
    let sign_in = browser(&service);
    let state = &query(sign_in.address())["state"];
    let back =
        format!("http://localhost:1234/back?error=consent_required&error_description=AADSTS65001%3A+no&state={state}");
    let error = sign_in.finish(&Url::parse(&back).unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("65001"), "{error}");
    assert!(service.forms().is_empty());
}

#[tokio::test]
async fn a_sign_in_that_would_not_last_is_an_error() {
    let service = Service::new(200, &[], |_, _| token("access")).await;
    let sign_in = browser(&service);
    let state = &query(sign_in.address())["state"];
    let back = Url::parse(&format!("http://localhost:1234/back?code=c&state={state}")).unwrap();
    let error = sign_in.finish(&back).await.unwrap_err();
    assert!(error.to_string().contains("offline_access"), "{error}");
    let _: SecretString = Delegated::new("x".into()).refresh_token;
}
