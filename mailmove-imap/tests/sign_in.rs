//! The way in: mechanisms, TLS, refusals, and no secret in any output.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{PASSWORD, USER, config, connector, destination, provider, server, source};
use mailmove_core::{
    Access, Connector, Credential, CredentialProvider, Error, ErrorKind, FixedCredentials, Mailbox, Secret, Side,
    Stage, async_trait,
};
use mailmove_imap::{ImapConfig, ImapConnector, Security};
use mailmove_testkit::imap::{Action, Capability, Fault, ImapServer, Mechanism};

const TOKEN: &str = "ya29.token-that-nobody-may-see";

fn with(server: &ImapServer, secret: Secret, access: Access, login: &str) -> ImapConnector {
    ImapConnector::new(config(server), Arc::new(FixedCredentials::administrator(login, access, secret)))
}

fn encrypted(server: &ImapServer, security: Security, trusted: bool) -> ImapConnector {
    let mut config = ImapConfig::new("localhost").with_security(security).with_port(server.port());
    if trusted {
        config.extra_roots = server.ca_pem().unwrap().as_bytes().to_vec();
    }
    ImapConnector::new(config, provider())
}

async fn refused(connector: &ImapConnector) -> Error {
    connector.source(&source()).await.map(drop).unwrap_err()
}

#[tokio::test]
async fn every_mechanism_lets_in_with_one_attempt_and_the_best_is_taken() {
    let token = || Secret::token(TOKEN);
    let password = || Secret::password(PASSWORD);
    let boss = |separator| match separator {
        Some(separator) => (Secret::password("master's word"), Access::Master { separator }, "boss"),
        None => (Secret::password("master's word"), Access::Authzid, "boss"),
    };
    let all = [Mechanism::Plain, Mechanism::XOAuth2, Mechanism::OAuthBearer];
    for (mechanisms, (secret, access, login), expected) in [
        (&all[..], (password(), Access::Owner, USER), "PLAIN"),
        (&[], (password(), Access::Owner, USER), "LOGIN"),
        (&all, (token(), Access::Owner, USER), "XOAUTH2"),
        (&all[2..], (token(), Access::Owner, USER), "OAUTHBEARER"),
        (&all, boss(None), "PLAIN"),
        (&[], boss(Some('*')), "LOGIN"),
    ] {
        for initial in [true, false] {
            let server = server(|server| {
                let server = server.token(USER, TOKEN).master("boss", "master's word").mechanisms(mechanisms);
                if initial { server } else { server.without(Capability::SaslIr) }
            })
            .await;
            let connector = with(&server, secret.clone(), access.clone(), login);
            connector.source(&source()).await.unwrap_or_else(|error| panic!("{expected}: {error}"));
            let sign_ins = server.log().counters().sign_ins;
            // PLAIN costs a round trip more than LOGIN without an initial response.
            let expected = if expected == "PLAIN" && !initial && access == Access::Owner { "LOGIN" } else { expected };
            assert_eq!(sign_ins.get(expected).map(|count| count.accepted), Some(1), "{expected}: {sign_ins:?}");
            assert_eq!(server.log().counters().sign_ins().refused, 0);
        }
    }
}

#[tokio::test]
async fn a_refused_credential_is_tried_once_and_named_to_its_provider() {
    for mechanisms in [&[][..], &[Mechanism::Plain]] {
        let server = server(|server| server.mechanisms(mechanisms)).await;
        let connector = with(&server, Secret::password("wrong"), Access::Owner, USER);
        let error = refused(&connector).await;
        assert_eq!((error.kind(), error.side()), (ErrorKind::Credential, Some(Side::Source)));
        assert!(error.to_string().contains(USER) && !error.to_string().contains("wrong"));
        assert_eq!(refused(&connector).await.kind(), ErrorKind::Credential);
        assert_eq!(server.log().counters().sign_ins().refused, 1);
    }
}

#[tokio::test]
async fn a_refused_token_ends_the_exchange_tidily() {
    for mechanism in [Mechanism::XOAuth2, Mechanism::OAuthBearer] {
        let server = server(|server| server.mechanisms(&[mechanism])).await;
        let connector = with(&server, Secret::token("stale"), Access::Owner, USER);
        assert_eq!(refused(&connector).await.kind(), ErrorKind::Credential);
        assert_eq!(server.log().counters().sign_ins().refused, 1);
    }
}

/// Gives a token that has expired, and a fresh one when that was named.
#[derive(Debug, Default)]
struct Refreshing(AtomicU64);

#[async_trait]
impl CredentialProvider for Refreshing {
    async fn credential(&self, mailbox: &Mailbox) -> mailmove_core::Result<Credential> {
        let generation = self.0.load(Ordering::Relaxed);
        let token = Secret::token(if generation > 0 { TOKEN } else { "stale" });
        let mut credential = Credential::new(mailbox.login_name(), token);
        credential.generation = generation;
        let now = time::OffsetDateTime::now_utc();
        credential.expires = Some(if generation > 0 { now + time::Duration::HOUR } else { now });
        Ok(credential)
    }

    async fn rejected(&self, _: &Mailbox, credential: &Credential) -> mailmove_core::Result<()> {
        self.0.store(credential.generation + 1, Ordering::Relaxed);
        Ok(())
    }
}

#[tokio::test]
async fn an_expired_token_is_asked_for_once_more() {
    let server = server(|server| server.token(USER, TOKEN).mechanisms(&[Mechanism::XOAuth2])).await;
    let connector = ImapConnector::new(config(&server), Arc::new(Refreshing::default()));
    connector.source(&source()).await.unwrap();
    assert_eq!(server.log().counters().sign_ins().refused, 1);
}

#[tokio::test]
async fn tls_is_trusted_by_its_authority_and_refused_by_name_and_reason() {
    let known = server(|server| server.tls()).await;
    encrypted(&known, Security::Tls, true).source(&source()).await.unwrap();
    let error = refused(&encrypted(&known, Security::Tls, false)).await;
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert!(error.to_string().contains("signed") && error.to_string().contains("--ca"), "{error}");
    let other = server(|server| server.tls().certificate_for(&["elsewhere.example.org"])).await;
    let error = refused(&encrypted(&other, Security::Tls, true)).await;
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert!(error.to_string().contains("not for `localhost`"), "{error}");
}

#[tokio::test]
async fn starttls_is_used_and_never_done_without() {
    let able = server(|server| server.starttls().login_disabled()).await;
    encrypted(&able, Security::StartTls, true).source(&source()).await.unwrap();
    let unable = server(|server| server).await;
    let mut config = config(&unable).with_security(Security::StartTls).with_port(unable.port());
    config.allow_plaintext = true;
    let error = refused(&ImapConnector::new(config, provider())).await;
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert_eq!(unable.log().counters().sign_ins(), Default::default());
}

#[tokio::test]
async fn nothing_travels_unprotected_unasked() {
    let server = server(|server| server.starttls().login_disabled()).await;
    let error = refused(&connector(&server)).await;
    assert!(error.to_string().contains("LOGINDISABLED") && error.to_string().contains("imaps://"), "{error}");
    let mut config = config(&server);
    config.allow_plaintext = false;
    let error = refused(&ImapConnector::new(config, provider())).await;
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn each_shut_door_is_named() {
    let shut = |verification: mailmove_core::Verification| {
        let last = verification.stages.last().unwrap().clone();
        (last.stage, last.error.map(|error| error.kind()))
    };
    let unknown = ImapConnector::new(ImapConfig::new("no-such-host.invalid"), provider());
    assert_eq!(shut(unknown.verify(&source()).await), (Stage::Resolve, Some(ErrorKind::Resolve)));
    let server = server(|server| server).await;
    let wrong = with(&server, Secret::password("wrong"), Access::Owner, USER);
    assert_eq!(shut(wrong.verify(&source()).await), (Stage::SignIn, Some(ErrorKind::Credential)));
    assert_eq!(shut(connector(&server).verify(&destination()).await), (Stage::Write, None));
    assert_eq!(shut(connector(&server).verify(&source()).await), (Stage::Read, None));
    let mut closed = config(&server);
    drop(server);
    closed.connect_timeout = std::time::Duration::from_secs(5);
    let closed = ImapConnector::new(closed, provider());
    assert_eq!(shut(closed.verify(&source()).await), (Stage::Connect, Some(ErrorKind::Network)));
}

#[tokio::test]
async fn a_greeting_that_is_a_bye_says_why() {
    let fault = Fault::on("CONNECT").then(Action::Bye("Too many connections, try again later".to_owned()));
    let server = server(|server| server.fault(fault)).await;
    let verification = connector(&server).verify(&source()).await;
    let error = verification.error().unwrap();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert!(error.to_string().contains("Too many connections"));
}

#[tokio::test]
async fn a_server_that_dies_in_the_middle_is_not_mistaken_for_a_wrong_port() {
    let server = server(|server| server).await;
    let nobody_home = || Fault::on("CONNECT").then(Action::CutBefore);
    let fault = server.faults().add(nobody_home());
    let error = refused(&connector(&server)).await;
    assert!(error.what_to_do().contains("check host and port"), "{error}");
    server.faults().remove(fault);
    let opened = connector(&server).source(&source()).await.unwrap();
    server.faults().add(Fault::on("LIST").then(Action::CutBefore));
    server.faults().add(nobody_home());
    let error = opened.folders().await.map(drop).unwrap_err();
    assert!(error.what_to_do().contains("still runs"), "{error}");
}

#[tokio::test]
async fn whatever_else_a_server_says_before_the_sign_in_is_over_is_passed_over() {
    let odd = b"* X-ODD (a {3}\r\nb)c \"\r\n* 7 NEW-THING \xff\r\n* OK [ALERT] Read this\r\n*\r\n".to_vec();
    for command in ["AUTHENTICATE", "LOGIN", "CAPABILITY"] {
        let server = server(|server| {
            let server = if command == "LOGIN" { server.mechanisms(&[]) } else { server };
            let server = if command == "CAPABILITY" { server.taciturn() } else { server };
            server.fault(Fault::on(command).then(Action::Garbage(odd.clone().into())))
        })
        .await;
        connector(&server).source(&source()).await.unwrap_or_else(|error| panic!("{command}: {error}"));
    }
}
