//! How often a credential is tried, and what everybody is told who shares one that is refused.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::{Arc, Mutex};

use common::{PASSWORD, config};
use mailmove_core::diagnosis::{Cause, Diagnosis};
use mailmove_core::http::{Http, HttpSettings};
use mailmove_core::oauth::{Authority, Certificates, Client, OauthCredentials};
use mailmove_core::{
    Access, Connector, CredentialProvider, ErrorKind, FixedCredentials, Mailbox, Secret, Side, Stage, Verification,
};
use mailmove_imap::ImapConnector;
use mailmove_testkit::imap::{Action, Fault, ImapServer, Mechanism};
use tokio::sync::Barrier;

const MAILBOXES: usize = 100;

async fn start() -> ImapServer {
    let users = (0..MAILBOXES).fold(ImapServer::builder(), |server, number| server.user(&user(number), PASSWORD));
    users.master("boss", "right").start().await
}

fn user(number: usize) -> String {
    format!("user{number}@example.org")
}

fn connector(server: &ImapServer, provider: impl CredentialProvider) -> Arc<ImapConnector> {
    Arc::new(ImapConnector::new(config(server), Arc::new(provider)))
}

/// Knocks at so many mailboxes at the same moment.
async fn knock(connector: &Arc<ImapConnector>, mailboxes: usize) -> Vec<Verification> {
    let together = Arc::new(Barrier::new(mailboxes));
    let tasks: Vec<_> = (0..mailboxes)
        .map(|number| {
            let (connector, together) = (connector.clone(), together.clone());
            tokio::spawn(async move {
                together.wait().await;
                connector.verify(&Mailbox::new(Side::Destination, user(number))).await
            })
        })
        .collect();
    let mut seen = Vec::new();
    for task in tasks {
        seen.push(task.await.unwrap());
    }
    seen
}

/// Each mailbox knows on which side and at which door it failed, why, and what to do.
#[track_caller]
fn assert_explained(seen: &[Verification], cause: Cause) {
    for verification in seen {
        let diagnosis = Diagnosis::from(verification.evidence().unwrap());
        assert_eq!((diagnosis.side, diagnosis.stage), (Some(Side::Destination), Some(Stage::SignIn)), "{diagnosis}");
        assert_eq!(diagnosis.cause(), cause, "{diagnosis}");
        assert!(!diagnosis.findings[0].remedies.is_empty(), "{diagnosis}");
        assert!(verification.error().unwrap().to_string().contains(&verification.mailbox.address));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_administrator_password_is_one_attempt_for_all_and_all_know_why() {
    for mailboxes in [2, MAILBOXES] {
        let server = start().await;
        let wrong = FixedCredentials::administrator("boss", Access::Authzid, Secret::password("wrong"));
        let seen = knock(&connector(&server, wrong), mailboxes).await;
        assert_explained(&seen, Cause::BadCredentials);
        let sign_ins = server.log().counters().sign_ins();
        assert_eq!((sign_ins.accepted, sign_ins.refused), (0, 1), "{mailboxes} mailboxes");
        assert_eq!(server.log().counters().connections, 1, "nobody else even connects");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_said_once_is_told_to_everybody() {
    let server = start().await;
    server.faults().add(Fault::on("AUTHENTICATE").then(Action::No("[EXPIRED] Password expired".to_owned())));
    let expired = FixedCredentials::administrator("boss", Access::Authzid, Secret::password("right"));
    let seen = knock(&connector(&server, expired), 10).await;
    assert_explained(&seen, Cause::PasswordExpired);
    assert_eq!(server.log().counters().command("AUTHENTICATE"), 1, "an expired password is not tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_is_refused_keeps_nobody_else_out() {
    let server = start().await;
    let connector = connector(&server, FixedCredentials::owner(Secret::password(PASSWORD)));
    let stranger = Mailbox::new(Side::Destination, "nobody@example.org");
    for _ in 0..2 {
        assert_eq!(connector.verify(&stranger).await.error().unwrap().kind(), ErrorKind::Credential);
    }
    assert!(knock(&connector, 10).await.iter().all(Verification::is_ok));
    assert_eq!(server.log().counters().sign_ins().refused, 1);
}

#[tokio::test]
async fn an_administrator_without_the_right_to_one_mailbox_still_opens_others() {
    let server = start().await;
    let boss = FixedCredentials::administrator("boss", Access::Authzid, Secret::password("right"));
    let connector = connector(&server, boss);
    let at = |name: &str| Mailbox::new(Side::Source, name);
    assert!(connector.verify(&at(&user(0))).await.is_ok());
    assert!(!connector.verify(&at("typo@example.org")).await.is_ok());
    assert!(connector.verify(&at(&user(1))).await.is_ok());
}

#[tokio::test]
async fn a_token_that_is_revoked_in_the_middle_is_replaced() {
    let server = ImapServer::builder().user("alice", PASSWORD).service_token("token 0").start().await;
    let mut service = mockito::Server::new_async().await;
    let asked = Mutex::new(0);
    let answer = move |_: &mockito::Request| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        format!(r#"{{"access_token":"token {}","token_type":"Bearer","expires_in":3599}}"#, *asked - 1).into_bytes()
    };
    let mock = service.mock("POST", "/token").with_header("content-type", "application/json");
    let mock = mock.with_body_from_request(answer).expect(2).create_async().await;
    let client = Client::with_secret(authority(&service), "application", "correct horse".into());
    let connector = connector(&server, OauthCredentials::application(http(), client, &["mail"]));
    let alice = Mailbox::new(Side::Source, "alice");
    let first = connector.source(&alice).await.unwrap();
    server.revoke_token("token 0");
    server.add_service_token("token 1");
    let second = connector.source(&alice).await.unwrap();
    assert!(second.folders().await.is_ok() && first.folders().await.is_ok());
    mock.assert_async().await;
    let sign_ins = server.log().counters().sign_ins();
    assert_eq!((sign_ins.accepted, sign_ins.refused), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_certificate_is_the_end_of_it() {
    let server = start().await;
    let mut service = mockito::Server::new_async().await;
    let refusal =
        r#"{"error":"invalid_client","error_description":"AADSTS700027: The certificate is not registered."}"#;
    let forms: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = forms.clone();
    let mock = service.mock("POST", "/token").with_header("content-type", "application/json").with_status(401);
    let mock = mock.with_body_from_request(move |request| {
        kept.lock().unwrap().push(request.utf8_lossy_body().unwrap().into_owned());
        refusal.as_bytes().to_vec()
    });
    let _mock = mock.create_async().await;
    let client = Client::with_certificates(authority(&service), "application", certificates());
    let connector = connector(&server, OauthCredentials::application(http(), client, &["mail"]));
    let seen = knock(&connector, MAILBOXES).await;
    assert_explained(&seen, Cause::CertificateUnknown);
    let forms = forms.lock().unwrap().clone();
    assert_eq!(forms.len(), 1, "one attempt");
    assert!(forms[0].contains("client_assertion=") && !forms[0].contains("client_secret"), "of one kind");
    assert_eq!(server.log().counters().connections, 0, "and nothing of another kind anywhere else");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_server_refuses_is_one_attempt_and_no_password_follows() {
    let server = start().await;
    let token = FixedCredentials::administrator("application", Access::Impersonate, Secret::token("not good"));
    let seen = knock(&connector(&server, token), MAILBOXES).await;
    assert_explained(&seen, Cause::BadCredentials);
    let counters = server.log().counters();
    assert_eq!(counters.sign_ins().refused, 1);
    assert_eq!(counters.sign_ins.keys().collect::<Vec<_>>(), [Mechanism::XOAuth2.name()]);
}

fn http() -> Http {
    Http::new(HttpSettings::new().allowing_plaintext()).unwrap()
}

fn authority(service: &mockito::ServerGuard) -> Authority {
    Authority::new(format!("{}/token", service.url()).parse().unwrap())
}

fn certificates() -> Certificates {
    let pem = include_str!("../../mailmove-core/tests/keys/a.pem");
    let key = rcgen::KeyPair::from_pkcs8_pem_and_sign_algo(pem, &rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    Certificates::from_pem(&certificate.pem(), pem).unwrap()
}
