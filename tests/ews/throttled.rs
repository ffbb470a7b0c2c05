//! Exchange asks for patience, stops in the middle, and cannot bear some items.

use std::time::Duration;

use mailmove::{Outcome, RowState};
use mailmove_testkit::ews::{EwsServer, Fault, Mishap, Version};

use crate::ends::{ADDRESS, Move, PASSWORD, ews_url, exchange, letters};

/// A back-off of Exchange, a tenth as long.
const BACK_OFF: Duration = Duration::from_millis(500);

/// An Exchange that bears 27 requests at a time, and every now and then none at all.
fn throttled(seed: u64) -> mailmove_testkit::ews::EwsServerBuilder {
    exchange(Version::Exchange2016)
        .max_concurrency(27, BACK_OFF)
        .round_trip(Duration::from_millis(2))
        .fault(Fault::any().chance(0.06, seed).then(Mishap::Busy { back_off: BACK_OFF }))
        .fault(Fault::any().chance(0.03, seed + 1).then(Mishap::BusyInside { back_off: BACK_OFF }))
}

/// Nothing came while the server wanted its peace. What was under way when it said so is excused.
#[track_caller]
fn assert_patient(server: &EwsServer) {
    assert!(server.log().counters().faults > 0, "nothing was throttled");
    let sent = server.log().sent_during_back_off(Duration::from_millis(200));
    assert!(sent.is_empty(), "{sent:#?}");
}

#[tokio::test]
async fn throttled_servers_lose_nothing_and_are_left_alone() {
    for seed in [1, 20] {
        let (old, new) = (throttled(seed).start().await, throttled(seed + 7).start().await);
        letters(&old.mailbox(ADDRESS), 400);
        let moved = Move::new(ews_url(&old), ews_url(&new)).connections(27);
        moved.run_to_the_end().await;
        assert_patient(&old);
        assert_patient(&new);
        old.faults().clear();
        new.faults().clear();
        let audit = moved.audit().await;
        assert!(audit.is_clean() && audit.found == 401 && audit.others == 0, "{audit:#?}");
    }
}

#[tokio::test]
async fn more_requests_than_the_server_bears_are_made_one_after_the_other() {
    let old = exchange(Version::Exchange2016).max_concurrency(1, BACK_OFF).start().await;
    let new = exchange(Version::Exchange2016).max_concurrency(1, BACK_OFF).start().await;
    letters(&old.mailbox(ADDRESS), 60);
    let moved = Move::new(ews_url(&old), ews_url(&new)).connections(8);
    moved.run_to_the_end().await;
    let audit = moved.audit().await;
    assert!(audit.is_clean() && audit.found == 61, "{audit:#?}");
}

#[tokio::test]
async fn batches_that_stop_in_the_middle_lose_nothing() {
    let (old, new) = (exchange(Version::Exchange2016).start().await, exchange(Version::Exchange2016).start().await);
    letters(&old.mailbox(ADDRESS), 120);
    for operation in ["ExportItems", "GetItem"] {
        old.faults().add(Fault::on(operation).every(2).then(Mishap::StopBatch { after: 3 }));
    }
    new.faults().add(Fault::on("UploadItems").every(2).then(Mishap::StopBatch { after: 3 }));
    let moved = Move::new(ews_url(&old), ews_url(&new));
    moved.run_to_the_end().await;
    old.faults().clear();
    new.faults().clear();
    let audit = moved.audit().await;
    assert!(audit.is_clean() && audit.found == 121 && audit.others == 0, "{audit:#?}");
}

/// The id of an item, as a request names it.
fn poison(server: &EwsServer) -> String {
    server.mailbox(ADDRESS).items("Inbox")[3].id.clone()
}

#[tokio::test]
async fn an_item_that_cannot_be_exported_goes_by_the_other_route() {
    let (old, new) = (exchange(Version::Exchange2016).start().await, exchange(Version::Exchange2016).start().await);
    letters(&old.mailbox(ADDRESS), 20);
    let fault = Mishap::SoapFault("ErrorInternalServerError".to_owned());
    old.faults().add(Fault::on("ExportItems").containing(&poison(&old)).then(fault));
    let moved = Move::new(ews_url(&old), ews_url(&new));
    let report = moved.run().await;
    let altered: u64 = report.losses.values().sum();
    assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
    assert_eq!((new.mailbox(ADDRESS).count("Inbox"), altered), (11, 1), "{report:#?}");
}

#[tokio::test]
async fn an_item_that_cannot_be_read_at_all_is_named_and_alone() {
    let (old, new) = (exchange(Version::Exchange2016).start().await, exchange(Version::Exchange2016).start().await);
    letters(&old.mailbox(ADDRESS), 20);
    for operation in ["ExportItems", "GetItem"] {
        let fault = Mishap::SoapFault("ErrorInternalServerError".to_owned());
        old.faults().add(Fault::on(operation).containing(&poison(&old)).then(fault));
    }
    let moved = Move::new(ews_url(&old), ews_url(&new));
    let report = moved.run().await;
    assert_eq!(report.count(&[RowState::Failed]), 1, "{report:#?}");
    assert_eq!(report.problems.len(), 1);
    let why = &report.problems[0].why;
    assert!(why.contains("ErrorInternalServerError") && !why.contains(PASSWORD), "{why}");
    assert_eq!(new.mailbox(ADDRESS).count("Inbox"), 10);
}
