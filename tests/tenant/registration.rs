//! The application with which mailmove signs in.

use std::sync::Arc;
use std::time::Duration;

use mailmove::graph::GraphConnector;
use mailmove::http::Http;
use mailmove::oauth::{Certificate, Certificates, Client};
use mailmove::{
    Connector, CredentialProvider, Error, ErrorKind, Format, Item, Kind, Mailbox, Mark, NewFolder, Result, Secret,
    Side, Spool, Write,
};
use mailmove_testkit::graph::{Action, Fault, GraphServer, GraphServerBuilder};

use super::directory::{Directory, Made, RIGHTS, STREAMS, TAG};
use super::{ADDRESS, TOKEN, config, settings};
use crate::support::exit;

const CERTIFICATE: &str = include_str!("../../mailmove-core/tests/keys/a.crt");
const KEY: &str = include_str!("../../mailmove-core/tests/keys/a.pem");
const ADMINISTRATOR: [&str; 2] = ["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"];
/// How long a directory takes to know what was made.
const REPLICATION: Duration = Duration::from_millis(60);

fn tenant() -> GraphServerBuilder {
    GraphServer::builder().user(ADDRESS).app_token(TOKEN, &ADMINISTRATOR)
}

fn directory(server: &GraphServer, token: Secret) -> Directory {
    let mut directory = Directory::new(&format!("{}/v1.0", server.url()), settings(), token).unwrap();
    directory.pause = REPLICATION / 2;
    directory
}

async fn make(server: &GraphServer) -> Result<Made> {
    let certificate = Certificate::from_pem(CERTIFICATE).unwrap();
    let rights: Vec<&str> = RIGHTS.into_iter().chain(STREAMS).collect();
    directory(server, Secret::token(TOKEN)).make("mailmove", &certificate, &rights).await
}

/// There is one application, and it has all it shall have.
fn whole(server: &GraphServer) {
    let all = server.applications();
    let ours: Vec<_> = all.iter().filter(|one| one.tags == [TAG]).collect();
    assert_eq!(ours.len(), 1, "{all:?}");
    assert_eq!((ours[0].certificates, ours[0].principals), (1, 1), "{ours:?}");
    let mut rights: Vec<&str> = ours[0].rights.iter().map(String::as_str).collect();
    let mut wanted: Vec<&str> = RIGHTS.into_iter().chain(STREAMS).collect();
    rights.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(rights, wanted);
}

fn changes(server: &GraphServer) -> usize {
    server.log().operations().iter().filter(|operation| !operation.starts_with("GET ")).count()
}

#[tokio::test]
async fn it_is_made_once_however_slowly_the_directory_learns() {
    let server = tenant().replication(REPLICATION).start().await;
    let made = make(&server).await.unwrap();
    assert_eq!(made.changed.len(), 2 + RIGHTS.len() + STREAMS.len(), "{:?}", made.changed);
    assert!(made.unknown.is_empty());
    whole(&server);
    tokio::time::sleep(REPLICATION).await;
    let before = changes(&server);
    let again = make(&server).await.unwrap();
    assert_eq!((again.id, again.changed), (made.id, Vec::new()));
    assert_eq!(changes(&server), before);
    whole(&server);
}

#[tokio::test]
async fn its_certificate_signs_in_and_opens_a_mailbox() {
    let server = tenant().start().await;
    let made = make(&server).await.unwrap();
    let config = config(&server);
    let connector = |key: &str| {
        let certificates = Certificates::from_pem(CERTIFICATE, key)?;
        let client = Client::with_certificates(config.token_authority()?, &made.id, certificates);
        let provider = config.application(Http::new(settings())?, client);
        GraphConnector::new(config.clone(), Arc::new(provider))
    };
    let mailbox = Mailbox::new(Side::Destination, ADDRESS);
    let connector = connector(KEY).unwrap();
    let verified = connector.verify(&mailbox).await;
    assert!(verified.is_ok(), "{verified:?}");
    assert!(verified.stages.iter().any(|stage| stage.seen == "the token was taken"), "{verified:?}");
    let destination = connector.destination(&mailbox).await.unwrap();
    let folder = destination.ensure_folders(&[NewFolder::new(vec!["New".to_owned()])]).await.swap_remove(0).unwrap();
    let body = Spool::new(1 << 20).body("Subject: hello\r\n\r\nhello\r\n".as_bytes().to_vec()).unwrap();
    let item = Item::new("1", Kind::Mail, Format::RFC5322, body);
    let written = destination.write(&folder.id, &[Write::Create { item, mark: Mark::new("1") }]).await.swap_remove(0);
    written.unwrap();
    assert_eq!(server.mailbox(ADDRESS).count("New"), 1);
}

/// A token that somebody got with a secret.
async fn token_of(server: &GraphServer, application: &str) -> Secret {
    let config = config(server);
    let client = Client::with_secret(config.token_authority().unwrap(), application, "secret".to_owned().into());
    let provider = config.application(Http::new(settings()).unwrap(), client);
    provider.credential(&Mailbox::new(Side::Destination, "administrator")).await.unwrap().secret
}

#[tokio::test]
async fn a_token_that_can_be_read_names_the_tenant() {
    let server = GraphServer::builder().app("root", "secret", &ADMINISTRATOR).start().await;
    let certificate = Certificate::from_pem(CERTIFICATE).unwrap();
    let directory = directory(&server, token_of(&server, "root").await);
    let made = directory.make("mailmove", &certificate, &["Mail.Read", "Mind.Read"]).await.unwrap();
    assert_eq!((made.tenant, made.unknown), (Some(server.tenant()), vec!["Mind.Read".to_owned()]));
    assert_eq!(server.applications()[0].rights, ["Mail.Read"]);
}

/// Every request that changes something is refused or loses its answer, one after the other; the next run completes
/// what was begun, whether the directory knows of it by then or not.
#[tokio::test]
async fn what_died_half_way_is_completed_by_the_next_run() {
    let grants = RIGHTS.len() + STREAMS.len();
    let steps = [("POST applications", 1), ("POST servicePrincipals", 1)].into_iter();
    let steps = steps.chain((1..=grants).map(|at| ("POST servicePrincipals/{id}/appRoleAssignments", at)));
    for (operation, at) in steps {
        for action in [Action::CutBefore, Action::LoseAnswer] {
            let server = tenant().replication(REPLICATION).start().await;
            server.faults().add(Fault::on(operation).nth(at as u64).then(action.clone()));
            let died = make(&server).await;
            assert!(died.is_err(), "{operation} {at} {action:?}");
            server.faults().clear();
            // What nobody knows of yet would be made again.
            if !operation.ends_with("appRoleAssignments") {
                tokio::time::sleep(REPLICATION).await;
            }
            let made = make(&server).await.unwrap();
            whole(&server);
            assert_eq!(server.applications()[0].app_id, made.id);
        }
    }
}

#[tokio::test]
async fn another_certificate_is_added_to_the_first() {
    let server = tenant().start().await;
    let id = server.register("made by hand, taken over by its tag", &[TAG]);
    let made = make(&server).await.unwrap();
    assert_eq!(made.id, id);
    whole(&server);
}

#[tokio::test]
async fn it_lists_and_removes_what_it_made_and_nothing_else() {
    let server = tenant().page(1).start().await;
    server.register("somebody else's", &["WindowsAzureActiveDirectoryIntegratedApp"]);
    server.register("almost the same tag", &["mailmove-migration-2"]);
    make(&server).await.unwrap();
    server.register("of another day", &[TAG]);
    let directory = directory(&server, Secret::token(TOKEN));
    let ours = directory.ours().await.unwrap();
    assert_eq!(ours.len(), 2);
    for one in &ours {
        directory.remove(one).await.unwrap();
    }
    let left: Vec<String> = server.applications().into_iter().map(|one| one.name).collect();
    assert_eq!(left, ["somebody else's", "almost the same tag"]);
    assert!(directory.ours().await.unwrap().is_empty());
}

/// What somebody reads who may not do this.
fn one_clear_line(error: Error) {
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    let line = exit::line(&error);
    assert!(!line.contains('\n') && ADMINISTRATOR.iter().all(|right| line.contains(right)), "{line}");
}

#[tokio::test]
async fn missing_rights_end_in_one_clear_line() {
    // A token that says nothing of itself is refused by the directory, at the door or half way.
    for (rights, made) in [(&["Mail.ReadWrite"][..], 0), (&["Application.ReadWrite.All"], 1)] {
        let server = GraphServer::builder().app_token(TOKEN, rights).start().await;
        one_clear_line(make(&server).await.unwrap_err());
        assert_eq!(server.applications().len(), made);
    }
    // One that can be read is refused before anything is made.
    let server = GraphServer::builder().app("somebody", "secret", &["Application.ReadWrite.All"]).start().await;
    let token = token_of(&server, "somebody").await;
    let certificate = Certificate::from_pem(CERTIFICATE).unwrap();
    one_clear_line(directory(&server, token).make("mailmove", &certificate, &RIGHTS).await.unwrap_err());
    assert!(server.applications().is_empty() && changes(&server) == 1, "{:?}", server.log().operations());
}
