//! Every way in which somebody else than the owner opens a mailbox, on the server that has it.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::{PASSWORD, USER, config, source};
use mailmove_core::{Access, Connector, ErrorKind, FixedCredentials, Secret};
use mailmove_imap::ImapConnector;
use mailmove_testkit::imap::{ImapServer, ImapServerBuilder, Persona};

const KEY: &str = "the key of the application";
const TOKEN: &str = "0_d2d5...";

/// A way in: the server that has it, who signs in, how, and by which mechanism.
struct Way {
    server: ImapServerBuilder,
    login: &'static str,
    access: Access,
    secret: Secret,
    mechanism: &'static str,
}

fn ways() -> Vec<(&'static str, Way)> {
    let way = |persona: Persona, login, access, secret, mechanism| {
        let server = persona.builder().user(USER, PASSWORD).master(login, KEY);
        Way { server, login, access, secret, mechanism }
    };
    let key = || Secret::password(KEY);
    let token = || Secret::token(TOKEN);
    let master = |separator| Access::Master { separator };
    let mut ways = vec![
        ("authzid", way(Persona::Dovecot, "boss", Access::Authzid, key(), "PLAIN")),
        ("master user", way(Persona::Dovecot, "boss", master('*'), key(), "PLAIN")),
        ("master user with another separator", way(Persona::Dovecot, "boss", master('%'), key(), "PLAIN")),
        ("proxy", way(Persona::Cyrus, "cyrus", Access::Authzid, key(), "PLAIN")),
        ("delegate", way(Persona::ExchangeServer, "DOM\\admin", Access::Delegate, key(), "LOGIN")),
        ("Zimbra by password", way(Persona::Zimbra, "admin", Access::Authzid, key(), "PLAIN")),
        ("Zimbra by token", way(Persona::Zimbra, "admin", Access::Authzid, token(), "X-ZIMBRA")),
        ("Carbonio by token", way(Persona::Carbonio, "admin", Access::Impersonate, token(), "X-ZIMBRA")),
        ("trusted application", way(Persona::GroupWise, "mover", Access::Impersonate, key(), "XGWTRUSTEDAPP")),
        ("master password", way(Persona::Kerio, "admin", Access::Impersonate, key(), "X-MASTERAUTH")),
        ("service account", way(Persona::Gmail, "sa@p.example.org", Access::Impersonate, token(), "XOAUTH2")),
        ("application", way(Persona::ExchangeOnline, "app", Access::Impersonate, token(), "XOAUTH2")),
    ];
    for (name, way) in &mut ways {
        let server = std::mem::take(&mut way.server);
        way.server = match *name {
            "master user with another separator" => server.master_separator('%'),
            _ if matches!(way.secret, Secret::Token(_)) => server.service_token(TOKEN),
            _ => server,
        };
    }
    ways
}

fn connector(server: &ImapServer, way: &Way, secret: Secret) -> ImapConnector {
    let provider = FixedCredentials::administrator(way.login, way.access.clone(), secret);
    ImapConnector::new(config(server), Arc::new(provider))
}

#[tokio::test]
async fn each_opens_the_mailbox_with_one_attempt() {
    for (name, mut way) in ways() {
        let server = std::mem::take(&mut way.server).start().await;
        server.mailbox(USER).create_folder("Hers");
        let opened = connector(&server, &way, way.secret.clone()).source(&source()).await;
        let folders = opened.unwrap_or_else(|error| panic!("{name}: {error}")).folders().await.unwrap();
        assert!(folders.iter().any(|folder| folder.path == ["Hers"]), "{name}: {folders:?}");
        let counters = server.log().counters();
        let accepted: Vec<_> = counters.sign_ins.iter().map(|(name, count)| (name.as_str(), count.accepted)).collect();
        assert_eq!((accepted, counters.sign_ins().refused), (vec![(way.mechanism, 1)], 0), "{name}");
    }
}

#[tokio::test]
async fn each_that_is_refused_is_the_last_of_its_kind() {
    for (name, mut way) in ways() {
        let server = std::mem::take(&mut way.server).start().await;
        let wrong = match way.secret {
            Secret::Token(_) => Secret::token("wrong"),
            _ => Secret::password("wrong"),
        };
        let connector = connector(&server, &way, wrong);
        for _ in 0..2 {
            let error = connector.source(&source()).await.map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credential, "{name}: {error}");
            assert!(!error.to_string().contains("wrong"), "{name}: {error}");
        }
        let sign_ins = server.log().counters().sign_ins;
        let refused: Vec<_> = sign_ins.iter().map(|(name, count)| (name.as_str(), count.refused)).collect();
        assert_eq!(refused, [(way.mechanism, 1)], "{name}");
        assert!(!server.log().lines().concat().contains("wrong"), "{name}");
    }
}

#[tokio::test]
async fn an_application_without_this_user_is_denied_and_not_refused() {
    for (name, mut way) in
        ways().into_iter().filter(|(name, _)| ["trusted application", "master password"].contains(name))
    {
        let server = std::mem::take(&mut way.server).start().await;
        let connector = connector(&server, &way, way.secret.clone());
        let nobody = mailmove_core::Mailbox::new(mailmove_core::Side::Source, "nobody");
        let error = connector.source(&nobody).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AccessDenied, "{name}: {error}");
        assert!(error.to_string().contains("No such user"), "{name}: {error}");
        assert!(connector.source(&source()).await.is_ok(), "{name}: it is still good for others");
    }
}

#[tokio::test]
async fn nobody_impersonates_by_password_where_the_server_knows_no_such_thing() {
    let server = Persona::Dovecot.builder().user(USER, PASSWORD).start().await;
    let provider = FixedCredentials::administrator("boss", Access::Impersonate, Secret::password(KEY));
    let connector = ImapConnector::new(config(&server), Arc::new(provider));
    let error = connector.source(&source()).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("access=authzid"), "{error}");
    assert_eq!(server.log().counters().sign_ins(), Default::default());
}
