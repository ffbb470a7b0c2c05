//! What a door says when a mailbox is opened: shut for good, or not to be opened now.
#![allow(clippy::unwrap_used)]

mod common;

use common::{ADDRESS, config, connector, server};
use mailmove_core::{Connector, ErrorKind, Kind, Mailbox, Result, Side};
use mailmove_testkit::graph::{Action, Fault};

const SETTINGS: &str = "GET settings/exchange";
const ROOT: &str = "GET mailboxes/folders/{id}";

/// Whether notes are reached when this door answers so.
async fn notes(operation: &str, code: u16) -> Result<bool> {
    let server = server().start().await;
    server.mailbox(ADDRESS).create_folder("Slips", "IPF.StickyNote");
    let answer = Action::Status { code, body: "ErrorOfSomeSort".to_owned(), retry_after: None };
    let fault = server.faults().add(Fault::on(operation).nth(1).then(answer));
    let source = connector(config(&server)).source(&Mailbox::new(Side::Source, ADDRESS)).await;
    assert_eq!(server.faults().strikes(fault), 1, "{operation}");
    let folders = source?.folders().await?;
    Ok(folders.iter().any(|folder| folder.kinds.contains(&Kind::Note)))
}

#[tokio::test]
async fn a_door_that_is_shut_leaves_out_what_is_behind_it() {
    for (operation, code) in [(SETTINGS, 403), (SETTINGS, 404), (SETTINGS, 400), (ROOT, 403), (ROOT, 404)] {
        assert!(!notes(operation, code).await.unwrap(), "{operation} {code}");
    }
}

#[tokio::test]
async fn a_door_that_does_not_answer_now_is_not_one_that_is_shut() {
    let error = notes(SETTINGS, 500).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let error = notes(ROOT, 400).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
}
