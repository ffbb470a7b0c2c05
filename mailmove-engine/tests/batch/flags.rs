//! Every flag does what it says: each test fails when the flag is ignored.

use mailmove_core::{Error, ErrorKind, Item, Kind, MailboxFlags, Side};
use mailmove_engine::batch::{About, Batch, Pass, Recipient, State};
use mailmove_engine::{Event, JobId};
use mailmove_testkit::NewItem;

use crate::common::{World, flagged, go, id, item, state};

/// Whether this is the message of that number.
pub(crate) fn is_message(item: &Item, number: u64) -> bool {
    let text = item.body.bytes().unwrap();
    String::from_utf8_lossy(&text).contains(&format!("\r\nSubject: message {number}\r\n"))
}

/// The server refuses the message of this number, whenever it comes.
fn refuse(world: &World, number: u64) {
    let error = Error::new(ErrorKind::Refused, "the server does not like it");
    let which = move |write: &mailmove_core::Write| match write {
        mailmove_core::Write::Create { item, .. } => is_message(item, number),
        _ => false,
    };
    world.new.faults().refuse(which, error);
}

async fn batch(world: &World, flags: u32, messages: u64) -> Batch {
    let batch = world.batch().await;
    world.fill(&["a"], messages);
    batch.add([flagged("a", flags)]).await.unwrap();
    batch
}

fn told(world: &World) -> Vec<(Recipient, String, State)> {
    let sent = world.post.sent.lock().unwrap();
    let ended = sent.iter().filter_map(|notice| match &notice.about {
        About::Ended { report, .. } => Some((notice.to, notice.address.clone(), report.state)),
        _ => None,
    });
    ended.collect()
}

#[tokio::test]
async fn notices_go_to_those_whom_the_flags_name_1_to_32() {
    let recipients = [
        (1, 2, Recipient::Administrator, "admin@host.example"),
        (4, 8, Recipient::User(Side::Source), "a@old.example"),
        (16, 32, Recipient::User(Side::Destination), "a@new.example"),
    ];
    for (success, failure, recipient, address) in recipients {
        for (flag, fails) in [(success, false), (success, true), (failure, false), (failure, true)] {
            let world = World::new();
            let batch = batch(&world, flag, 2).await;
            if fails {
                world.old.trouble("a@old.example", Error::new(ErrorKind::AccessDenied, "no right"));
            }
            go(&batch, Pass::Full).await;
            let end = if fails { State::Failed } else { State::Completed };
            let expected: Vec<_> = match (flag == failure) == fails {
                true => vec![(recipient, address.to_owned(), end)],
                false => Vec::new(),
            };
            assert_eq!(told(&world), expected, "flag {flag}, fails: {fails}");
        }
    }
}

#[tokio::test]
async fn all_notices_at_once_and_some_items_not_moved_is_no_success() {
    let world = World::new();
    let batch = batch(&world, 63, 2).await;
    go(&batch, Pass::Full).await;
    assert_eq!(told(&world).len(), 3);
    world.fill(&["a"], 4);
    refuse(&world, 3);
    go(&batch, Pass::Full).await;
    let told = told(&world);
    assert_eq!(told.len(), 6);
    assert!(told[3..].iter().all(|(_, _, state)| *state == State::CompletedWithErrors));
}

#[tokio::test]
async fn a_notice_that_cannot_be_sent_fails_nothing_and_is_noted() {
    let world = World::new();
    world.post.broken.store(true, std::sync::atomic::Ordering::Relaxed);
    let batch = batch(&world, 1, 2).await;
    go(&batch, Pass::Full).await;
    let done = item(&batch, "a").await;
    assert_eq!((done.state, done.notes.len()), (State::Completed, 1));
    assert!(done.notes[0].contains("does not answer"), "{:?}", done.notes);
}

#[tokio::test]
async fn users_are_asked_by_192_and_768() {
    for (flags, sides) in [
        (0, vec![]),
        (192, vec![Side::Source]),
        (768, vec![Side::Destination]),
        (960, vec![Side::Source, Side::Destination]),
    ] {
        let world = World::new();
        let batch = batch(&world, flags, 1).await;
        go(&batch, Pass::Full).await;
        let asked: Vec<_> = world.post.sent.lock().unwrap().iter().map(|notice| notice.to).collect();
        assert_eq!(asked, sides.iter().map(|side| Recipient::User(*side)).collect::<Vec<_>>());
        let expected = if flags == 0 { State::Completed } else { State::WaitingForUser };
        assert_eq!(state(&batch, "a").await, expected);
    }
}

#[tokio::test]
async fn duplicates_are_not_looked_for_with_1024() {
    for (flags, there) in [(0, 3), (1024, 6)] {
        let world = World::new();
        let batch = batch(&world, flags, 3).await;
        let mailbox = world.new.mailbox("a@new.example");
        let inbox = mailbox.inbox();
        (0..3).for_each(|number| drop(mailbox.add(&inbox, NewItem::numbered_mail(number))));
        go(&batch, Pass::Full).await;
        assert_eq!(world.arrived("a"), there, "flags {flags}");
    }
}

#[tokio::test]
async fn what_was_moved_and_deleted_comes_back_only_with_2048() {
    for (flags, there) in [(0, 2), (2048, 3)] {
        let world = World::new();
        let batch = batch(&world, flags, 3).await;
        go(&batch, Pass::Full).await;
        let mailbox = world.new.mailbox("a@new.example");
        let inbox = mailbox.inbox();
        mailbox.delete(&inbox, &mailbox.items(&inbox)[0]);
        go(&batch, Pass::Full).await;
        assert_eq!(world.arrived("a"), there, "flags {flags}");
        go(&batch, Pass::Full).await;
        assert_eq!(world.arrived("a"), there, "never twice, flags {flags}");
    }
}

#[tokio::test]
async fn each_kind_stays_behind_by_its_own_flag() {
    for left_out in [None].into_iter().chain(Kind::ALL.map(Some)) {
        let world = World::new();
        let flags = left_out.map_or(MailboxFlags::empty(), MailboxFlags::skipping);
        let batch = batch(&world, flags.bits(), 0).await;
        let mailbox = world.old.mailbox("a@old.example");
        for kind in Kind::ALL {
            let folder = mailbox.create_folder_of(&[kind.as_str()], &[kind], None);
            mailbox.add(&folder, NewItem::new(kind, format!("UID:{kind}\r\n")));
        }
        go(&batch, Pass::Full).await;
        let expected = if left_out.is_some() { 5 } else { 6 };
        assert_eq!(world.arrived("a"), expected, "without {left_out:?}");
        if let Some(kind) = left_out {
            let there = world.new.mailbox("a@new.example");
            let empty = there.find_folder(&[kind.as_str()]).is_none_or(|folder| there.items(&folder).is_empty());
            assert!(empty, "{kind}");
        }
    }
}

/// How often the message that is refused was tried.
fn tries(world: &World, of: &JobId) -> usize {
    let events = world.events.lock().unwrap();
    let failed = |event: &&mailmove_engine::batch::BatchEvent| match event {
        mailmove_engine::batch::BatchEvent::Run { id, event: Event::ItemFailed { .. } } => id == of,
        _ => false,
    };
    events.iter().filter(failed).count()
}

#[tokio::test]
async fn failed_items_are_tried_three_times_always_again_by_2097152_and_never_by_4194304() {
    for (flags, expected) in [(0, 3), (2_097_152, 5), (4_194_304, 1)] {
        let world = World::new();
        let batch = batch(&world, flags, 3).await;
        refuse(&world, 1);
        for _ in 0..5 {
            go(&batch, Pass::Full).await;
        }
        assert_eq!(tries(&world, &id("a")), expected, "flags {flags}");
        assert_eq!(world.arrived("a"), 2);
    }
}

#[tokio::test]
async fn subjects_of_failed_items_are_told_only_by_8388608() {
    let mut digests = Vec::new();
    for (flags, shown) in [(0, false), (8_388_608, true)] {
        let world = World::new();
        let batch = batch(&world, flags, 3).await;
        refuse(&world, 1);
        go(&batch, Pass::Full).await;
        let passes = batch.passes(&id("a")).await.unwrap();
        let why = passes[0].problems[0].why.clone();
        assert_eq!(why.contains("message 1"), shown, "{why}");
        let events = format!("{:?}", world.events.lock().unwrap());
        assert_eq!(events.contains("message 1"), shown);
        if !shown {
            digests.push(why.split("subject digest: ").nth(1).unwrap()[..16].to_owned());
        }
    }
    // The digest is salted: another project has another one for the same subject.
    let world = World::new();
    let batch = batch(&world, 0, 3).await;
    refuse(&world, 1);
    go(&batch, Pass::Full).await;
    let why = batch.passes(&id("a")).await.unwrap()[0].problems[0].why.clone();
    assert!(!why.contains(&digests[0]), "{why}");
}

#[tokio::test]
async fn flags_that_contradict_each_other_start_nothing() {
    for flags in [4_194_304 + 2_097_152, 4096 + 8192 + 16_384 + 262_144 + 524_288 + 1_048_576] {
        let world = World::new();
        let batch = batch(&world, flags, 1).await;
        let error = batch.start(&crate::common::only("a"), Pass::Full).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(state(&batch, "a").await, State::NotSubmitted);
    }
}
