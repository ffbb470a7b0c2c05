//! Faults strike where they were told, and nowhere else.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use mailmove_core::{
    Connector, Destination, Error, ErrorKind, FolderId, Format, Item, ItemRef, Kind, Mailbox, Mark, NewFolder,
    Recovery, Result, Side, Source, Spool, Write, Written,
};
use mailmove_testkit::{Fault, Faults, Faulty, MemoryMailbox, Method, NewItem, Options, Rest, Schedule, When};

const LATE: Duration = Duration::from_millis(5);

struct Bench {
    mailbox: MemoryMailbox,
    faults: Faults,
    schedule: Schedule,
    inbox: FolderId,
}

impl Bench {
    fn new() -> Self {
        let mailbox = MemoryMailbox::new();
        Self { inbox: mailbox.inbox(), mailbox, faults: Faults::new(), schedule: Schedule::new() }
    }

    async fn write(&self, numbers: impl IntoIterator<Item = u64>) -> Vec<Result<Written>> {
        let destination = Faulty::new(self.mailbox.destination(), &self.faults, &self.schedule);
        let batch: Vec<Write> = numbers.into_iter().map(create).collect();
        destination.write(&self.inbox, &batch).await
    }

    fn there(&self) -> usize {
        self.mailbox.items(&self.inbox).len()
    }
}

fn create(number: u64) -> Write {
    let body = Spool::new(1 << 16).body(format!("Subject: {number}\r\n\r\n")).unwrap();
    Write::Create { item: Item::new("1", Kind::Mail, Format::RFC5322, body), mark: Mark::new(number.to_string()) }
}

fn recoveries(verdicts: &[Result<Written>]) -> Vec<Option<Recovery>> {
    verdicts.iter().map(|verdict| verdict.as_ref().err().map(Error::recovery)).collect()
}

#[tokio::test]
async fn an_error_before_the_call_executes_nothing_and_strikes_once() {
    let bench = Bench::new();
    bench.faults.at(Method::Write, 2, Fault::error(ErrorKind::Throttled));
    assert!(bench.write([1]).await[0].is_ok());
    assert_eq!(bench.write([2, 3]).await[1].as_ref().unwrap_err().kind(), ErrorKind::Throttled);
    assert!(bench.write([4]).await[0].is_ok());
    assert_eq!((bench.there(), bench.faults.struck(), bench.faults.calls(Method::Write)), (2, 1, 3));
}

#[tokio::test]
async fn a_lost_answer_leaves_the_work_done() {
    let bench = Bench::new();
    bench.faults.next(Method::Write, Fault::answer_lost());
    assert_eq!(recoveries(&bench.write([1, 2]).await), [Some(Recovery::Locate); 2]);
    assert_eq!(bench.there(), 2);
}

#[tokio::test]
async fn half_a_batch_is_done_and_the_rest_is_what_it_is_said_to_be() {
    let cases = [
        (Rest::Untouched, Recovery::Requeue, 1),
        (Rest::Unknown, Recovery::Locate, 1),
        (Rest::Unanswered, Recovery::Locate, 3),
    ];
    for (rest, recovery, there) in cases {
        let bench = Bench::new();
        bench.faults.always(Method::Write, Fault::Half(rest));
        assert_eq!(recoveries(&bench.write([1, 2, 3]).await), [None, Some(recovery), Some(recovery)]);
        assert_eq!(bench.there(), there, "{rest:?}");
    }
}

#[tokio::test]
async fn a_late_commit_appears_after_the_caller_gave_up() {
    let bench = Bench::new();
    bench.faults.next(Method::Write, Fault::Late(LATE));
    assert_eq!(recoveries(&bench.write([1, 2]).await), [Some(Recovery::Locate); 2]);
    assert_eq!(bench.there(), 0);
    bench.schedule.quiet().await;
    assert_eq!(bench.there(), 2);
}

#[tokio::test]
async fn a_refused_item_fails_nobody_else() {
    let bench = Bench::new();
    let refused = |write: &Write| matches!(write, Write::Create { mark, .. } if mark.as_str() == "2");
    bench.faults.refuse(refused, Error::new(ErrorKind::Refused, "no"));
    let verdicts = bench.write([1, 2, 3]).await;
    assert_eq!(recoveries(&verdicts), [None, Some(Recovery::SkipItem), None]);
    bench.faults.clear();
    assert!(bench.write([2]).await[0].is_ok());
    assert_eq!((bench.there(), bench.faults.struck()), (3, 1));
}

#[tokio::test]
async fn a_hidden_item_fails_in_its_place() {
    let bench = Bench::new();
    let ids = bench.mailbox.add_all(&bench.inbox, (1..=3).map(NewItem::numbered_mail));
    let hidden = ids[1].clone();
    bench.faults.hide(move |item| item.id == hidden, Error::new(ErrorKind::Refused, "cannot be read"));
    let source = Faulty::new(bench.mailbox.source(), &bench.faults, &bench.schedule);
    let items: Vec<ItemRef> = ids.into_iter().map(|id| ItemRef::new(id, bench.inbox.clone(), 0)).collect();
    let verdicts = source.fetch(&items, &Format::RFC5322, &Spool::new(1 << 16)).await;
    assert_eq!(verdicts.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
}

#[tokio::test]
async fn what_a_faulty_connector_opens_is_faulty() {
    let bench = Bench::new();
    let connector: Arc<dyn Connector> = Arc::new(bench.mailbox.clone());
    let connector = Faulty::new(connector, &bench.faults, &bench.schedule);
    bench.faults.always(Method::Folders, Fault::After(Error::new(ErrorKind::Unavailable, "busy")));
    let source = connector.source(&Mailbox::new(Side::Source, "a@example.org")).await.unwrap();
    assert_eq!(source.folders().await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(bench.mailbox.counts().folders, 1);
    assert_eq!(bench.schedule.names(), ["open", "folders"]);
}

#[tokio::test]
async fn a_run_that_dies_leaves_behind_what_the_moment_says() {
    for (when, at_death, in_the_end) in
        [(When::Before, 1, 1), (When::Half, 2, 2), (When::After, 4, 4), (When::Late(LATE), 1, 4)]
    {
        let bench = Bench::new();
        bench.schedule.crash_at(2, when);
        let run = async {
            assert!(bench.write([1]).await[0].is_ok());
            bench.write([2, 3, 4]).await;
        };
        assert_eq!(bench.schedule.drive(run).await, None, "{when:?}");
        assert_eq!(bench.there(), at_death, "{when:?}");
        bench.schedule.quiet().await;
        assert_eq!(bench.there(), in_the_end, "{when:?}");

        bench.schedule.restart();
        assert!(bench.schedule.drive(bench.write([9])).await.unwrap()[0].is_ok());
    }
}

#[tokio::test]
async fn a_run_can_die_between_the_two_steps_of_a_create() {
    let bench = Bench::new();
    let schedule = Schedule::new();
    let mailbox = MemoryMailbox::with_options(Options::new().with(|options| options.two_steps = true));
    let destination = mailbox.clone().with_steps(&schedule).destination();
    schedule.crash_at(2, When::Before);
    let batch = [create(1), create(2), create(3)];
    assert!(schedule.drive(destination.write(&bench.inbox, &batch)).await.is_none());
    assert_eq!((mailbox.items(&mailbox.inbox()).len(), mailbox.unfinished()), (1, 1));
}

#[tokio::test]
async fn half_of_the_new_folders_are_there_after_a_death_in_the_middle() {
    let bench = Bench::new();
    let destination = Faulty::new(bench.mailbox.destination(), &bench.faults, &bench.schedule);
    bench.schedule.crash_at(1, When::Half);
    let folders = ["A", "B"].map(|name| NewFolder::new(vec![name.into()]));
    assert!(bench.schedule.drive(destination.ensure_folders(&folders)).await.is_none());
    assert!(bench.mailbox.find_folder(&["A"]).is_some() && bench.mailbox.find_folder(&["B"]).is_none());
}
