//! Sign-in, sessions, and what goes wrong at a server: everything is told, nothing is lost, nothing is tried twice that
//! must not be.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{ADDRESS, ADMIN, By, KEY, SECRET, configured, connector};
use mailmove_core::diagnosis::{Cause, Diagnosis};
use mailmove_core::{
    Access, Change, Connector, Cursor, Detail, ErrorKind, FeedId, FixedCredentials, FolderId, Format, Forwarding, Item,
    ItemRef, Kind, Mailbox, Mark, Recovery, Result, Secret, Side, Source, Spool, Stage, Wanted, Write,
};
use mailmove_testkit::zimbra::{
    AccountStatus, Action, Fault, Mishap, NewItem, Trouble, Version, ZimbraServer, ZimbraServerBuilder,
};
use mailmove_zimbra::{ZimbraConfig, ZimbraConnector};

fn owned() -> ZimbraServerBuilder {
    ZimbraServer::builder().user(ADDRESS, SECRET)
}

fn source_of(address: &str) -> Mailbox {
    Mailbox::new(Side::Source, address)
}

fn letter(number: usize) -> String {
    format!("Message-ID: <{number}@example.org>\r\nFrom: a@x\r\nSubject: {number}\r\n\r\nLetter {number}.\r\n")
}

fn filled(server: &ZimbraServer, count: usize) {
    (0..count).for_each(|number| _ = server.mailbox(ADDRESS).add("Inbox", NewItem::message(letter(number))));
}

async fn opened(server: &ZimbraServer) -> Arc<dyn Source> {
    connector(server, By::Owner).source(&source_of(ADDRESS)).await.unwrap()
}

async fn listed(source: &dyn Source) -> Vec<ItemRef> {
    let page = source.changes(&FeedId::new("mailbox"), None, Detail::Listing).await.unwrap();
    let present = |change| if let Change::Present(item) = change { Some(item) } else { None };
    page.changes.into_iter().filter_map(present).collect()
}

async fn read(source: &dyn Source, items: &[ItemRef]) -> Vec<Result<Item>> {
    source.fetch(items, &Format::RFC5322, &Spool::new(1 << 20)).await
}

fn mail(number: usize) -> Write {
    let body = mailmove_core::Body::unpooled(letter(number));
    Write::Create { item: Item::new("1", Kind::Mail, Format::RFC5322, body), mark: Mark::new("m") }
}

async fn refusal(connector: &dyn Connector, address: &str) -> (Stage, mailmove_core::Error) {
    let verification = connector.verify(&source_of(address)).await;
    let shut = verification.stages.into_iter().find_map(|stage| Some((stage.stage, stage.error?)));
    shut.expect("every door opened")
}

#[tokio::test]
async fn a_wrong_password_of_an_administrator_is_tried_once_for_a_hundred_mailboxes() {
    let server = owned().admin(ADMIN, "another").start().await;
    let connector = connector(&server, By::Administrator);
    let mailboxes: Vec<Mailbox> = (0..100).map(|number| source_of(&format!("user{number}@example.org"))).collect();
    let opened = futures_util::future::join_all(mailboxes.iter().map(|mailbox| connector.source(mailbox))).await;
    assert!(opened.iter().all(|one| one.as_ref().is_err_and(|error| error.kind() == ErrorKind::Credential)));
    assert_eq!(server.log().counters().operation("AuthRequest"), 1);
}

#[tokio::test]
async fn an_administrator_signs_in_once_and_each_mailbox_has_a_token_of_its_own() {
    let mut server = ZimbraServer::builder().admin(ADMIN, SECRET);
    for number in 0..5 {
        server = server.mailbox(&format!("user{number}@example.org"));
    }
    let server = server.start().await;
    let connector = connector(&server, By::Administrator);
    for number in 0..5 {
        connector.source(&source_of(&format!("user{number}@example.org"))).await.unwrap();
    }
    let counters = server.log().counters();
    assert_eq!((counters.operation("AuthRequest"), counters.operation("DelegateAuthRequest")), (1, 5));
    // A session of the administrator that is over is made anew, once.
    server.expire_tokens();
    connector.source(&source_of("user0@example.org")).await.unwrap();
    let counters = server.log().counters();
    assert_eq!((counters.operation("AuthRequest"), counters.operation("DelegateAuthRequest")), (2, 7));
}

#[tokio::test]
async fn a_missing_right_a_closed_port_and_an_unknown_mailbox_say_what_to_do() {
    let server = owned().delegated_admin(ADMIN, SECRET).start().await;
    let administrator = connector(&server, By::Administrator);
    let (stage, error) = refusal(administrator.as_ref(), ADDRESS).await;
    assert_eq!((stage, error.kind()), (Stage::Open, ErrorKind::AccessDenied));
    assert!(error.to_string().contains("adminLoginAs"), "{error}");
    server.grant(ADMIN, "adminLoginAs", "account", ADDRESS);
    assert!(administrator.verify(&source_of(ADDRESS)).await.is_ok());
    let unknown = source_of("nobody@example.org");
    let error = administrator.source(&unknown).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AccessDenied), "{error}");

    let closed = owned().admin_port_closed().start().await;
    let config = ZimbraConfig::new(closed.url().parse().unwrap()).allowing_plaintext();
    let config = config.with_admin_url("http://127.0.0.1:9/".parse().unwrap());
    let provider = FixedCredentials::administrator(ADMIN, Access::Impersonate, Secret::password(SECRET));
    let connector = ZimbraConnector::new(config, Arc::new(provider)).unwrap();
    let (_, error) = refusal(&connector, ADDRESS).await;
    assert!(error.to_string().contains("preauthentication key"), "{error}");
}

#[tokio::test]
async fn accounts_that_cannot_be_opened_are_told_apart() {
    let server = owned().second_factor(ADDRESS, "123456").start().await;
    let verification = connector(&server, By::Owner).verify(&source_of(ADDRESS)).await;
    let diagnosis = Diagnosis::from(verification.evidence().unwrap());
    assert_eq!((diagnosis.stage, diagnosis.cause()), (Some(Stage::SignIn), Cause::InteractiveStepRequired));
    for (status, kind, cause) in [
        (AccountStatus::Locked, ErrorKind::Credential, Cause::BadCredentials),
        (AccountStatus::MustChangePassword, ErrorKind::Credential, Cause::PasswordExpired),
        (AccountStatus::Maintenance, ErrorKind::Unavailable, Cause::MailboxDatabaseUnavailable),
    ] {
        let server = owned().status(ADDRESS, status).start().await;
        let verification = connector(&server, By::Owner).verify(&source_of(ADDRESS)).await;
        let error = verification.error().unwrap().clone();
        assert_eq!(error.kind(), kind, "{status:?}: {error}");
        assert_eq!(Diagnosis::from(verification.evidence().unwrap()).cause(), cause, "{status:?}: {error}");
        assert!(server.log().counters().operation("AuthRequest") == 1, "{status:?}");
    }
}

#[tokio::test]
async fn a_key_opens_what_wants_a_second_factor_and_a_wrong_one_is_tried_once() {
    let server = || ZimbraServer::builder().user(ADDRESS, SECRET).mailbox("bob@example.org").admin_port_closed();
    let right = server().second_factor(ADDRESS, "1").preauth_key(KEY).start().await;
    assert!(connector(&right, By::Key).verify(&source_of(ADDRESS)).await.is_ok());
    let wrong = server().preauth_key(&KEY.replace('6', "7")).start().await;
    let connector = connector(&wrong, By::Key);
    for address in [ADDRESS, "bob@example.org"] {
        let error = connector.source(&source_of(address)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential, "{error}");
        assert!(!error.to_string().contains(KEY));
    }
    assert_eq!(wrong.log().counters().operation("AuthRequest"), 1);
}

#[tokio::test]
async fn a_session_that_is_over_in_the_middle_is_made_anew_for_every_kind_of_request() {
    let server = owned().start().await;
    filled(&server, 6);
    let source = opened(&server).await;
    let items = listed(source.as_ref()).await;
    let destination =
        connector(&server, By::Owner).destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap();
    for count in [1, 6] {
        server.expire_tokens();
        assert!(read(source.as_ref(), &items[..count]).await.iter().all(Result::is_ok));
    }
    server.expire_tokens();
    assert_eq!(listed(source.as_ref()).await.len(), 6);
    server.expire_tokens();
    let large = Item::new("1", Kind::Mail, Format::RFC5322, mailmove_core::Body::unpooled(vec![b'x'; 100_000]));
    let writes = [mail(9), Write::Create { item: large, mark: Mark::new("m") }];
    let verdicts = destination.write(&FolderId::new("2"), &writes).await;
    assert!(verdicts.iter().all(Result::is_ok), "{verdicts:?}");
    assert_eq!(server.mailbox(ADDRESS).count("Inbox"), 8);
}

#[tokio::test]
async fn a_server_that_wants_less_is_given_less_and_everything_is_done() {
    let server = owned().max_per_second(30).start().await;
    filled(&server, 50);
    let config = |config: ZimbraConfig| config.item_by_item();
    let source = configured(&server, By::Owner, config).source(&source_of(ADDRESS)).await.unwrap();
    let items = listed(source.as_ref()).await;
    assert!(read(source.as_ref(), &items).await.iter().all(Result::is_ok));
    assert!(server.peak(ADDRESS) <= 10, "{} at once", server.peak(ADDRESS));
    assert!(server.log().counters().status(503) > 0, "nothing was refused");
}

#[tokio::test]
async fn a_fault_is_no_failure_of_the_way_and_a_failure_of_the_way_is_no_refusal() {
    let server = owned().start().await;
    let destination =
        connector(&server, By::Owner).destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap();
    let inbox = FolderId::new("2");
    let troubles = server.troubles();
    troubles.add(Trouble::on("AddMsgRequest").nth(2).then(Mishap::Refuse("mail.QUOTA_EXCEEDED".to_owned())));
    let verdicts = destination.write(&inbox, &[mail(1), mail(2), mail(3)]).await;
    assert!(verdicts[0].is_ok() && verdicts[2].is_ok());
    assert_eq!(verdicts[1].as_ref().unwrap_err().kind(), ErrorKind::Quota);
    troubles.clear();
    // The answer is lost: it may have happened, and it did.
    server.faults().add(Fault::on("BatchRequest").then(Action::LoseAnswer));
    let verdicts = destination.write(&inbox, &[mail(4), mail(5)]).await;
    server.faults().clear();
    for (number, verdict) in [4, 5].into_iter().zip(verdicts) {
        assert_eq!(verdict.unwrap_err().recovery(), Recovery::Locate);
        let Write::Create { item, .. } = mail(number) else { unreachable!() };
        let found = destination.locate(&inbox, &[Wanted::Like(item.fingerprint)], None).await.unwrap();
        assert_eq!(found[0].len(), 1, "what was stored is found");
    }
    assert_eq!(server.mailbox(ADDRESS).count("Inbox"), 4);
}

#[tokio::test]
async fn a_cursor_that_the_server_forgot_lists_again_and_one_of_a_listing_goes_on() {
    let server = owned().start().await;
    filled(&server, 1_200);
    let source = opened(&server).await;
    let feed = FeedId::new("mailbox");
    let first = source.changes(&feed, None, Detail::Listing).await.unwrap();
    assert!(first.more);
    // Another process goes on where this one was, and what changed in between is told.
    server.mailbox(ADDRESS).add("Inbox", NewItem::message(letter(5_000)));
    let other = opened(&server).await;
    let (mut cursor, mut seen) = (first.next, first.changes.len());
    loop {
        let page = other.changes(&feed, Some(&cursor), Detail::Listing).await.unwrap();
        seen += page.changes.len();
        cursor = page.next;
        if !page.more {
            break;
        }
    }
    assert!(seen >= 1_200, "{seen} of 1200");
    let delta = other.changes(&feed, Some(&cursor), Detail::Listing).await.unwrap();
    assert_eq!(delta.changes.len(), 1, "what came in between is told");
    server.mailbox(ADDRESS).forget_changes();
    let error = other.changes(&feed, Some(&cursor), Detail::Listing).await.unwrap_err();
    assert_eq!((error.kind(), error.recovery()), (ErrorKind::CursorExpired, Recovery::Relist));
    let odd = other.changes(&feed, Some(&Cursor::new("delta:not a token")), Detail::Listing).await.unwrap_err();
    assert_eq!(odd.kind(), ErrorKind::CursorExpired);
}

#[tokio::test]
async fn what_the_server_cannot_give_fails_alone() {
    let server = owned().start().await;
    filled(&server, 8);
    let source = opened(&server).await;
    let items = listed(source.as_ref()).await;
    server.mailbox(ADDRESS).lose_blob(items[2].id.as_str()).shorten_blob(items[5].id.as_str(), 10);
    let verdicts = read(source.as_ref(), &items).await;
    assert!(verdicts[2].is_err());
    let good = verdicts.iter().enumerate().filter(|(at, _)| ![2, 5].contains(at));
    for (at, verdict) in good {
        assert_eq!(verdict.as_ref().unwrap().body.bytes().unwrap(), letter(at), "{at}");
    }
}

#[tokio::test]
async fn an_entry_that_an_import_swallows_is_refused_and_a_uid_that_is_there_is_kept() {
    let server = owned().start().await;
    let destination =
        connector(&server, By::Owner).destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap();
    let entry = |uid: &str| {
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20240101T000000Z\r\n\
             DTSTART:20240229T100000Z\r\nSUMMARY:{uid}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        let mut item = Item::new("1", Kind::Event, Format::ICALENDAR, mailmove_core::Body::unpooled(text));
        item.fingerprint.uid = Some(uid.to_owned());
        Write::Create { item, mark: Mark::new("m") }
    };
    let calendar = FolderId::new("10");
    let nothing = Action::Status { code: 200, retry_after: None, body: String::new() };
    server.faults().add(Fault::on("POST ics").then(nothing));
    let verdicts = destination.write(&calendar, &[entry("lost@x")]).await;
    assert_eq!(verdicts[0].as_ref().unwrap_err().kind(), ErrorKind::Refused);
    server.faults().clear();
    let verdicts = destination.write(&calendar, &[entry("a@x"), entry("b@x"), entry("a@x")]).await;
    assert!(verdicts[0].is_ok() && verdicts[1].is_ok(), "{verdicts:?}");
    assert_eq!(verdicts[2].as_ref().unwrap_err().kind(), ErrorKind::Conflict);
    let elsewhere = destination.write(&FolderId::new("10"), &[entry("b@x")]).await;
    assert_eq!(elsewhere[0].as_ref().unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(server.mailbox(ADDRESS).count("Calendar"), 2);
}

#[tokio::test]
async fn a_forwarding_is_told_set_and_taken_away() {
    let server = owned().start().await;
    let connector = connector(&server, By::Owner);
    let control = connector.forwarding().unwrap();
    let mailbox = source_of(ADDRESS);
    assert!(control.forwardings(&mailbox).await.unwrap().is_empty());
    let targets = [Forwarding::to("ann@new.example.org"), Forwarding::to("b@new.example.org")];
    control.forward(&mailbox, &targets).await.unwrap();
    assert_eq!(control.forwardings(&mailbox).await.unwrap(), targets);
    control.forward(&mailbox, &[]).await.unwrap();
    assert!(control.forwardings(&mailbox).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_administrators_right_is_given_up_and_tried() {
    let server = owned().delegated_admin(ADMIN, SECRET).start().await;
    server.grant(ADMIN, "adminLoginAs", "account", ADDRESS);
    let delegated = connector(&server, By::Administrator);
    let mailbox = source_of(ADDRESS);
    let told = delegated.revocation().unwrap().revoke(&mailbox).await;
    match told {
        Ok(told) => {
            assert!(told.contains("taken away"), "{told}");
            let again = delegated.revocation().unwrap().revoke(&mailbox).await.unwrap();
            assert!(again.contains("no right"), "{again}");
        }
        // Who may not give a right may not take it either; then people are told how.
        Err(error) => assert!(error.to_string().contains("zmprov"), "{error}"),
    }
    let global = owned().admin(ADMIN, SECRET).start().await;
    let error = connector(&global, By::Administrator).revocation().unwrap().revoke(&mailbox).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("revokeRight domain example.org"), "{error}");
    let keyed = ZimbraServer::builder().mailbox(ADDRESS).preauth_key(KEY).start().await;
    let error = connector(&keyed, By::Key).revocation().unwrap().revoke(&mailbox).await.unwrap_err();
    assert!(error.to_string().contains("generateDomainPreAuthKey"), "{error}");
}

#[tokio::test]
async fn a_full_mailbox_is_told_before_anything_is_written() {
    let server = owned().quota(ADDRESS, 100).start().await;
    let mailbox = Mailbox::new(Side::Destination, ADDRESS);
    let connector = connector(&server, By::Owner);
    let storage = connector.source(&mailbox).await.unwrap().storage().await.unwrap();
    assert_eq!(storage.quota, Some(100));
    let destination = connector.destination(&mailbox).await.unwrap();
    let verdicts = destination.write(&FolderId::new("2"), &[mail(1), mail(2)]).await;
    assert!(verdicts.iter().any(|verdict| verdict.as_ref().is_err_and(|error| error.kind() == ErrorKind::Quota)));
}

#[tokio::test]
async fn another_server_at_this_address_is_told_as_such() {
    let server = owned().version(Version::Zimbra10).start().await;
    server.faults().add(Fault::on("AuthRequest").then(Action::Status {
        code: 404,
        retry_after: None,
        body: String::new(),
    }));
    let connector = connector(&server, By::Owner);
    let error = tokio::time::timeout(Duration::from_secs(30), connector.source(&source_of(ADDRESS))).await.unwrap();
    let error = error.unwrap_err();
    assert_eq!((error.kind(), error.side()), (ErrorKind::Config, Some(Side::Source)), "{error}");
}
