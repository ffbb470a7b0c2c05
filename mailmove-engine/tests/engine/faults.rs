//! Servers that fail in the middle, and callers that stop.

use mailmove_core::{Error, ErrorKind, Recovery};
use mailmove_engine::{Event, Observer, Outcome, Removals, RowState, Stop};
use mailmove_testkit::{Fault, Method, NewItem, Rest};

use crate::common::{Pair, fill, options, plain};

#[tokio::test]
async fn half_a_batch_is_finished_without_doubling_the_other_half() {
    for rest in [Rest::Untouched, Rest::Unknown, Rest::Unanswered] {
        for destination in [options(), plain()] {
            let pair = Pair::with(options(), destination);
            fill(&pair.source, 20);
            pair.faults.at(Method::Write, 2, Fault::Half(rest));
            pair.run_and_compare().await;
            assert_eq!(pair.faults.struck(), 1);
        }
    }
}

#[tokio::test]
async fn a_passing_error_is_tried_again() {
    for method in [Method::Write] {
        let pair = Pair::new();
        fill(&pair.source, 20);
        pair.faults.at(method, 1, Fault::error(ErrorKind::Unavailable));
        pair.run_and_compare().await;
    }
}

#[tokio::test]
async fn a_destination_that_stays_away_leaves_the_work_due() {
    let pair = Pair::new();
    fill(&pair.source, 20);
    pair.faults.always(Method::Write, Fault::error(ErrorKind::Network));
    let report = pair.run().await;
    assert_eq!(report.outcome.as_str(), "completed with errors");
    assert_eq!(report.count(&[RowState::Failed]), 0, "no item is to blame");
    assert_eq!(report.count(&RowState::ALL), 23, "the sums close: {:?}", report.totals);
    pair.faults.clear();
    pair.run_and_compare().await;
}

#[tokio::test]
async fn a_full_mailbox_stops_the_run_and_the_next_one_goes_on() {
    let pair = Pair::with(options(), options().with(|options| options.quota = Some(1_500)));
    fill(&pair.source, 20);
    let report = pair.run().await;
    assert!(matches!(&report.outcome, Outcome::Failed { why } if why.kind() == ErrorKind::Quota), "{report:#?}");
    pair.destination.change_options(|options| options.quota = None);
    pair.run_and_compare().await;
}

#[tokio::test]
async fn an_item_that_is_too_large_fails_alone() {
    let pair = Pair::with(options(), options().with_max_bytes(2_000));
    fill(&pair.source, 5);
    pair.source.add(&pair.source.inbox(), NewItem::mail(vec![b'x'; 5_000]));
    let report = pair.run().await;
    assert_eq!(report.count(&[RowState::Failed]), 1);
    assert_eq!(report.count(&[RowState::Copied]), 8);
}

#[tokio::test]
async fn an_error_of_the_whole_mailbox_ends_the_run_with_its_name() {
    let pair = Pair::new();
    fill(&pair.source, 20);
    let error =
        Error::new(ErrorKind::CredentialPending, "waiting for the user").with_recovery(Recovery::Pause { until: None });
    pair.faults.next(Method::Write, Fault::Before(error));
    let report = pair.run().await;
    assert!(matches!(report.outcome, Outcome::Paused { .. }), "{report:#?}");
    pair.faults.clear();
    pair.run_and_compare().await;
}

#[tokio::test]
async fn a_stop_is_tidy_and_the_next_run_goes_on() {
    let pair = Pair::new();
    fill(&pair.source, 60);
    let stop = Stop::new();
    let asked = stop.clone();
    let observer = Observer::new(move |event| {
        if matches!(event, Event::Progress(progress) if progress.copied >= 6) {
            asked.stop();
        }
    });
    let report = pair.migration().observer(observer).stop(stop).run(None).await.unwrap();
    assert!(matches!(report.outcome, Outcome::Stopped));
    assert_eq!(report.count(&[RowState::Intended]), 0, "nothing is left in doubt");
    assert!(report.this_run.copied < 60);
    pair.run_and_compare().await;
}

#[tokio::test]
async fn a_plan_that_was_overtaken_is_not_run() {
    let pair = Pair::new();
    fill(&pair.source, 6);
    let plan = pair.migration().plan().await.unwrap();
    pair.source.add(&pair.source.inbox(), NewItem::numbered_mail(50));
    assert_eq!(pair.migration().plan().await.unwrap().digest, plan.digest, "mail that arrives changes no decision");
    pair.source.create_folder(&["New"]);
    let report = pair.migration().run(Some(&plan)).await.unwrap();
    assert_eq!(report.error.unwrap().kind(), ErrorKind::PlanStale);
    assert_eq!(pair.destination.counts().written, 0);
}

#[tokio::test]
async fn two_runs_of_one_job_exclude_each_other() {
    let pair = Pair::new();
    let journal = pair.ledger.claim(&mailmove_engine::JobId::new("other"), "new@example.org").await.unwrap();
    let error = pair.migration().run(None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LedgerInUse);
    drop(journal);
    pair.run_and_compare().await;
}

#[tokio::test]
async fn removals_are_mirrored_only_when_asked_and_only_what_is_ours() {
    let mut pair = Pair::new();
    fill(&pair.source, 60);
    pair.run_and_compare().await;
    let (inbox, there) = (pair.source.inbox(), pair.destination.inbox());
    pair.destination.add(&there, NewItem::numbered_mail(5_000));
    let first = pair.source.items(&inbox)[0].clone();
    pair.source.delete(&inbox, &first);
    let before = pair.destination.snapshot().len();
    assert_eq!(pair.run().await.count(&[RowState::GoneAtSource]), 1);
    assert_eq!(pair.destination.snapshot().len(), before, "removals: keep");
    pair.rules.removals = Removals::Mirror { force: false };
    pair.run().await;
    assert_eq!(pair.destination.snapshot().len(), before - 1);
    for id in pair.source.items(&inbox).into_iter().take(10) {
        pair.source.delete(&inbox, &id);
    }
    let report = pair.run().await;
    assert!(report.notes.iter().any(|note| note.contains("force")), "{:?}", report.notes);
    assert_eq!(pair.destination.snapshot().len(), before - 1);
    pair.rules.removals = Removals::Mirror { force: true };
    pair.run().await;
    assert_eq!(pair.destination.snapshot().len(), before - 11);
}
