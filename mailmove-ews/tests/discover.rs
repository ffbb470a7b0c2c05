//! From an address to its server, and never with the credential to somebody else.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::{ADDRESS, SECRET};
use mailmove_core::{Connector, Error, ErrorKind, FixedCredentials, Mailbox, Result, Secret, Side, Source, Stage};
use mailmove_ews::{Autodiscover, EwsConfig, EwsConnector, Place, Protocol};
use mailmove_testkit::ews::{Direction, EwsServer, EwsServerBuilder};

fn builder() -> EwsServerBuilder {
    EwsServer::builder().user(ADDRESS, SECRET)
}

fn at(server: &EwsServer) -> Place {
    Place::At(origin(server))
}

fn origin(server: &EwsServer) -> String {
    format!("http://127.0.0.1:{}", server.port())
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn pox(server: &EwsServer) -> String {
    format!("{}/autodiscover/autodiscover.xml", origin(server))
}

fn connector(autodiscover: Autodiscover, secret: &str) -> EwsConnector {
    let config = EwsConfig::discovered(autodiscover).allowing_plaintext();
    EwsConnector::new(config, Arc::new(FixedCredentials::owner(Secret::password(secret)))).unwrap()
}

async fn open(connector: &EwsConnector, address: &str) -> Result<Arc<dyn Source>> {
    connector.source(&Mailbox::new(Side::Source, address)).await
}

fn asked(server: &EwsServer) -> Vec<String> {
    server.log().operations().into_iter().filter(|name| name.starts_with("autodiscover")).collect()
}

/// Requests to autodiscover that carried a credential.
fn shown(server: &EwsServer) -> usize {
    let requests = server.log().requests();
    requests.iter().filter(|one| one.operation.starts_with("auto") && one.headers.contains_key("authorization")).count()
}

#[track_caller]
fn refused(opened: Result<Arc<dyn Source>>) -> Error {
    opened.map(|_| ()).unwrap_err()
}

#[tokio::test]
async fn every_protocol_finds_the_server_in_the_order_that_was_chosen() {
    for (protocol, name) in [
        (Protocol::Json, "autodiscover.json"),
        (Protocol::Soap, "autodiscover.svc"),
        (Protocol::Pox, "autodiscover.xml"),
    ] {
        let server = builder().start().await;
        let discover = Autodiscover::new().at([at(&server)]).speaking([protocol]);
        let connector = connector(discover, SECRET);
        assert!(!open(&connector, ADDRESS).await.unwrap().folders().await.unwrap().is_empty());
        assert!(asked(&server).iter().all(|asked| asked == name), "{:?}", asked(&server));
        // The second time nobody is asked.
        server.log().reset();
        open(&connector, ADDRESS).await.unwrap();
        assert!(asked(&server).is_empty());
        let verified = connector.verify(&Mailbox::new(Side::Source, ADDRESS)).await;
        assert!(verified.is_ok(), "{verified:?}");
    }
}

#[tokio::test]
async fn what_was_of_use_for_a_domain_is_asked_first_for_its_next_mailbox() {
    let blank = EwsServer::builder().account(ADDRESS, SECRET).account("bob@example.org", SECRET).start().await;
    let server = builder().user("bob@example.org", SECRET).start().await;
    let connector = connector(Autodiscover::new().at([at(&blank), at(&server)]), SECRET);
    open(&connector, ADDRESS).await.unwrap();
    assert!(!asked(&blank).is_empty());
    blank.log().reset();
    open(&connector, "bob@example.org").await.unwrap();
    assert!(asked(&blank).is_empty());
}

#[tokio::test]
async fn redirects_to_another_address_and_another_place_are_followed() {
    let server = builder().start().await;
    for protocol in [Protocol::Soap, Protocol::Pox] {
        let to = format!(
            "{}/autodiscover/autodiscover.{}",
            origin(&server),
            match protocol {
                Protocol::Soap => "svc",
                _ => "xml",
            }
        );
        let first = EwsServer::builder()
            .account(ADDRESS, SECRET)
            .direct(ADDRESS, Direction::Address("other@example.net".to_owned()))
            .direct("other@example.net", Direction::Url(to))
            .start()
            .await;
        // The second place knows the other address.
        let second = EwsServer::builder()
            .account(ADDRESS, SECRET)
            .direct("other@example.net", Direction::Service(server.url()))
            .start()
            .await;
        let discover = Autodiscover::new().at([at(&first), at(&second)]).speaking([protocol]).trusting("127.0.0.1");
        assert!(open(&connector(discover, SECRET), ADDRESS).await.is_ok());
    }
}

#[tokio::test]
async fn a_circle_of_addresses_or_of_places_ends_with_an_error() {
    let circle = builder()
        .direct(ADDRESS, Direction::Address("other@example.org".to_owned()))
        .direct("other@example.org", Direction::Address(ADDRESS.to_owned()))
        .start()
        .await;
    let discover = Autodiscover::new().at([at(&circle)]).speaking([Protocol::Pox]);
    let error = refused(open(&connector(discover, SECRET), ADDRESS).await);
    assert!(matches!(error.kind(), ErrorKind::Config | ErrorKind::Resolve), "{error}");
    assert!(asked(&circle).len() <= 4, "{:?}", asked(&circle));

    let ports = [free_port(), free_port()];
    let towards = |port: u16| Direction::Url(format!("http://127.0.0.1:{port}/autodiscover/autodiscover.xml"));
    let [one, two] = [(ports[0], ports[1]), (ports[1], ports[0])]
        .map(|(port, other)| EwsServer::builder().account(ADDRESS, SECRET).direct(ADDRESS, towards(other)).port(port));
    let (one, two) = (one.start().await, two.start().await);
    let discover = Autodiscover::new().at([at(&one)]).speaking([Protocol::Pox]).trusting("127.0.0.1");
    let error = refused(open(&connector(discover, SECRET), ADDRESS).await);
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.to_string().contains("circle"), "{error}");
    drop((one, two));
}

#[tokio::test]
async fn more_than_ten_redirects_are_too_many() {
    let mut builder = builder().account("0@example.org", SECRET);
    for number in 0..30 {
        let to = Direction::Address(format!("{}@example.org", number + 1));
        builder = builder.direct(&format!("{number}@example.org"), to);
    }
    let server = builder.start().await;
    let discover = Autodiscover::new().at([at(&server)]).speaking([Protocol::Pox]);
    let error = refused(open(&connector(discover, SECRET), "0@example.org").await);
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.to_string().contains("more than 10"), "{error}");
}

#[tokio::test]
async fn nobody_outside_of_the_domain_sees_the_credential_unless_trusted() {
    let server = builder().start().await;
    let stranger =
        EwsServer::builder().account(ADDRESS, SECRET).direct(ADDRESS, Direction::Service(server.url())).start().await;
    // A place of the domain sends us to a stranger.
    let own =
        EwsServer::builder().account(ADDRESS, SECRET).direct(ADDRESS, Direction::Url(pox(&stranger))).start().await;
    let discover = Autodiscover::new().at([at(&own)]).speaking([Protocol::Pox]);
    let error = refused(open(&connector(discover.clone(), SECRET), ADDRESS).await);
    assert!(error.to_string().contains("outside of the mailbox's domain"), "{error}");
    assert_eq!((shown(&own), shown(&stranger)), (1, 0));
    assert!(!error.to_string().contains(SECRET));
    // Once it is trusted, it is asked.
    assert!(open(&connector(discover.trusting("127.0.0.1"), SECRET), ADDRESS).await.is_ok());
    assert_eq!(shown(&stranger), 1);
}

#[tokio::test]
async fn a_pointer_is_told_nothing_and_believed_only_in_https() {
    let server = builder().start().await;
    let pointer = EwsServer::builder().pointer(&pox(&server)).start().await;
    let discover = Autodiscover::new().at([Place::Pointer(origin(&pointer))]).speaking([Protocol::Pox]);
    // Plain text is not allowed: what the pointer says in http is not believed.
    let config = EwsConfig::discovered(discover);
    let strict = EwsConnector::new(config, Arc::new(FixedCredentials::owner(Secret::password(SECRET)))).unwrap();
    let error = refused(open(&strict, ADDRESS).await);
    assert_eq!(error.kind(), ErrorKind::Resolve, "{error}");
    assert!(asked(&server).is_empty(), "{:?}", asked(&server));
    assert_eq!(shown(&pointer), 0);
}

#[tokio::test]
async fn a_wrong_password_is_shown_at_one_door_only() {
    let (one, two) = (builder().start().await, builder().start().await);
    let places = [at(&one), at(&two)];
    let connector = connector(Autodiscover::new().at(places).speaking([Protocol::Soap, Protocol::Pox]), "wrong");
    let error = refused(open(&connector, ADDRESS).await);
    assert_eq!(error.kind(), ErrorKind::Credential, "{error}");
    assert_eq!((shown(&one), shown(&two)), (1, 0));
    let verified = connector.verify(&Mailbox::new(Side::Source, ADDRESS)).await;
    assert_eq!(verified.stages.last().unwrap().stage, Stage::SignIn);
    assert_eq!((shown(&one), shown(&two)), (1, 0));
}

#[tokio::test]
async fn an_address_that_nobody_knows_says_who_was_asked() {
    let server = EwsServer::builder().account(ADDRESS, SECRET).start().await;
    let error = refused(open(&connector(Autodiscover::new().at([at(&server)]), SECRET), ADDRESS).await);
    assert_eq!(error.kind(), ErrorKind::Resolve);
    let text = error.to_string();
    assert!(text.contains("InvalidUser") && text.contains("UserNotFound") && text.contains("ews://"), "{text}");
    let error = refused(open(&connector(Autodiscover::new(), SECRET), "ann").await);
    assert_eq!(error.kind(), ErrorKind::Config);
}
