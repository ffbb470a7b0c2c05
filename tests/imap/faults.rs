//! Lost answers, late commits, broken connections: nothing is lost and nothing is doubled.

use std::time::Duration;

use mailmove::Outcome;
use mailmove_testkit::imap::{Action, Capability, Fault};

use crate::pair::{Pair, letters, server};

/// A run while this goes wrong at the destination, then runs until everything is there.
async fn survives(pair: &Pair, fault: Fault) {
    letters(&pair.source(), 60);
    let id = pair.new.faults().add(fault);
    pair.run().await;
    assert!(pair.new.faults().strikes(id) > 0, "the fault never happened: {:#?}", pair.new.log().lines());
    pair.new.faults().clear();
    pair.run_to_the_end().await;
    pair.assert_equal();
}

#[tokio::test]
async fn an_append_whose_answer_was_lost_is_not_written_twice() {
    let pair = Pair::start().await;
    survives(&pair, Fault::on("APPEND").nth(2).then(Action::CutAfter)).await;
}

#[tokio::test]
async fn an_append_that_is_carried_out_late_is_not_written_twice() {
    let pair = Pair::start().await;
    survives(&pair, Fault::on("APPEND").nth(1).then(Action::CommitLate(Duration::from_millis(300)))).await;
}

#[tokio::test]
async fn an_append_that_was_never_carried_out_is_written() {
    let pair = Pair::start().await;
    survives(&pair, Fault::on("APPEND").nth(2).then(Action::CutBefore)).await;
}

#[tokio::test]
async fn an_append_that_was_cut_in_its_middle_is_written_once() {
    let pair = Pair::start().await;
    survives(&pair, Fault::on("APPEND").nth(1).then(Action::CutInput { after: 700 })).await;
}

#[tokio::test]
async fn half_a_multiappend_is_completed() {
    let pair = Pair::start().await;
    survives(&pair, Fault::on("APPEND").nth(1).then(Action::Half(3))).await;
}

#[tokio::test]
async fn lost_answers_without_uidplus_end_well_too() {
    let pair = Pair::of(server(), server().without(Capability::UidPlus)).await;
    survives(&pair, Fault::on("APPEND").nth(1).then(Action::CutAfter)).await;
}

#[tokio::test]
async fn answers_that_break_off_lose_nothing() {
    let pair = Pair::start().await;
    letters(&pair.source(), 60);
    pair.old.faults().add(Fault::on("FETCH").every(3).times(4).then(Action::CutOutput { after: 900 }));
    pair.run().await;
    pair.old.faults().clear();
    pair.run_to_the_end().await;
    pair.assert_equal();
}

#[tokio::test]
async fn a_run_that_dies_is_taken_up_at_once() {
    let pair = Pair::start().await;
    letters(&pair.source(), 90);
    for round in 1..=4 {
        // Answers come late, so that the run dies while the server works for it.
        let slow = pair.new.faults().add(Fault::on("APPEND").nth(round).then(Action::Wait(Duration::from_millis(60))));
        let run = tokio::time::timeout(Duration::from_millis(25 * round), pair.run());
        let _ = run.await;
        pair.new.faults().remove(slow);
    }
    pair.run_to_the_end().await;
    pair.assert_equal();
}

#[tokio::test]
async fn new_ids_at_the_source_double_nothing() {
    let pair = Pair::start().await;
    letters(&pair.source(), 30);
    pair.run_to_the_end().await;
    pair.source().change_uid_validity("Work").change_uid_validity("INBOX");
    let report = pair.run_to_the_end().await;
    assert_eq!(report.this_run.copied, 0, "{report:#?}");
    pair.assert_equal();
}

#[tokio::test]
async fn new_ids_at_the_destination_double_nothing() {
    let pair = Pair::start().await;
    letters(&pair.source(), 30);
    pair.run_to_the_end().await;
    pair.destination().change_uid_validity("Work");
    pair.run_to_the_end().await;
    pair.assert_equal();
    pair.destination().recreate_folder("Work").subscribe("Work");
    pair.run_to_the_end().await;
    pair.assert_equal();
}

#[tokio::test]
async fn moved_messages_and_renamed_folders_move_along() {
    let pair = Pair::start().await;
    letters(&pair.source(), 30);
    pair.run_to_the_end().await;
    let source = pair.source();
    let uids = source.uids("INBOX");
    source.move_messages("INBOX", &uids[..3], "Work/Old");
    pair.forget();
    let report = pair.run_to_the_end().await;
    assert_eq!(report.this_run.copied, 0, "{report:#?}");
    assert_eq!(pair.new.log().counters().command("APPEND"), 0);
    assert!(matches!(report.outcome, Outcome::Completed));
    // What left the inbox was moved, not removed and written again.
    assert_eq!(pair.destination().count("Work/Old"), source.count("Work/Old"));
    assert_eq!(pair.destination().count("INBOX"), source.count("INBOX"));
}
