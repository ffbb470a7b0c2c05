//! Cases in which mail was once lost or doubled, each with the rule that prevents it.

use std::time::Duration;

use mailmove_core::{ErrorKind, ItemFlags, Kind, MailboxFlags};
use mailmove_engine::{JobId, RowState};
use mailmove_testkit::{Fault, Method, NewItem, When};
use time::OffsetDateTime;

use crate::common::{Pair, fill, options, plain};

fn no_identities() -> mailmove_testkit::Options {
    options().with(|options| options.identities = false)
}

#[tokio::test]
async fn another_epoch_at_the_source_copies_nothing_again() {
    for source in [options(), no_identities(), plain()] {
        let pair = Pair::with(source, options());
        fill(&pair.source, 20);
        pair.run_and_compare().await;
        let inbox = pair.source.inbox();
        pair.source.change_epoch(&inbox);
        pair.source.add(&inbox, NewItem::numbered_mail(600));
        let report = pair.run_and_compare().await;
        assert_eq!(report.this_run.copied, 1, "only what is new");
        let report = pair.run_and_compare().await;
        assert_eq!((report.this_run.copied, report.this_run.seen), (0, 0));
    }
}

#[tokio::test]
async fn a_mailbox_that_was_created_again_with_the_same_mail_copies_nothing_again() {
    for source in [no_identities(), plain()] {
        let pair = Pair::with(source, options());
        fill(&pair.source, 20);
        pair.run_and_compare().await;
        let work = pair.source.folder(&["Work"]);
        let bytes: Vec<_> = pair
            .source
            .items(&work)
            .iter()
            .map(|id| (pair.source.bytes(&work, id), pair.source.flags(&work, id)))
            .collect();
        let deep = pair.source.folder(&["Work", "2024", "Grüße & more"]);
        let below: Vec<_> = pair.source.items(&deep).iter().map(|id| pair.source.bytes(&deep, id)).collect();
        let before = pair.destination.snapshot().len();
        let work = pair.source.recreate_folder(&work);
        let deep = pair
            .source
            .find_folder(&["Work", "2024", "Grüße & more"])
            .unwrap_or_else(|| pair.source.create_folder(&["Work", "2024", "Grüße & more"]));
        for (bytes, flags) in bytes {
            pair.source.add(&work, NewItem::mail(bytes).state(flags.state));
        }
        for bytes in below {
            pair.source.add(&deep, NewItem::mail(bytes));
        }
        let report = pair.run().await;
        assert_eq!(report.this_run.copied, 0, "{report:#?}");
        assert_eq!(pair.destination.snapshot().len(), before);
    }
}

#[tokio::test]
async fn a_wider_date_range_and_another_kind_bring_what_was_left_out() {
    let mut pair = Pair::new();
    fill(&pair.source, 20);
    let calendar = pair.source.create_folder_of(&["Calendar"], &[Kind::Event], None);
    pair.source.add(&calendar, NewItem::new(Kind::Event, "UID:1\r\n"));
    let late = OffsetDateTime::from_unix_timestamp(1_704_067_200 + 60 * 10).unwrap();
    pair.rules.since = Some(late);
    pair.rules.flags = MailboxFlags::SKIP_CALENDARS;
    let report = pair.run().await;
    assert_eq!(report.count(&[RowState::Filtered]), 10);
    assert_eq!(report.count(&[RowState::Copied]), 13);
    pair.rules.since = None;
    pair.rules.flags = MailboxFlags::empty();
    let report = pair.run_and_compare().await;
    assert_eq!(report.count(&[RowState::Filtered]), 0);
    assert_eq!(report.this_run.copied, 11);
}

#[tokio::test]
async fn an_item_that_failed_behind_the_cursor_is_still_due() {
    let pair = Pair::new();
    fill(&pair.source, 20);
    let refused = |write: &mailmove_core::Write| match write {
        mailmove_core::Write::Create { item, .. } => {
            item.body.bytes().unwrap().windows(10).any(|w| w == b"message 7\r")
        }
        _ => false,
    };
    pair.faults.refuse(refused, mailmove_core::Error::new(ErrorKind::Refused, "no such thing here"));
    let report = pair.run().await;
    assert_eq!(report.outcome.as_str(), "completed with errors");
    assert_eq!(report.count(&[RowState::Failed]), 1);
    assert!(report.problems[0].why.contains("no such thing here"));
    pair.faults.clear();
    let report = pair.run_and_compare().await;
    assert_eq!((report.this_run.copied, report.count(&[RowState::Failed])), (1, 0));
}

#[tokio::test]
async fn an_item_that_failed_too_often_rests_until_it_is_asked_for() {
    let mut pair = Pair::new();
    pair.source.add(&pair.source.inbox(), NewItem::numbered_mail(1));
    pair.faults.refuse(|_| true, mailmove_core::Error::new(ErrorKind::Refused, "no"));
    for _ in 0..5 {
        pair.run().await;
    }
    assert_eq!(pair.faults.struck(), 3, "three attempts, then it rests");
    pair.faults.clear();
    assert_eq!(pair.run().await.count(&[RowState::Failed]), 1);
    pair.rules.flags = MailboxFlags::REMIGRATE_FAILED;
    pair.run_and_compare().await;
}

#[tokio::test]
async fn an_item_that_moved_at_the_source_moves_at_the_destination() {
    for source in [options(), no_identities(), plain()] {
        let pair = Pair::with(source, options());
        fill(&pair.source, 20);
        pair.run_and_compare().await;
        let (inbox, work) = (pair.source.inbox(), pair.source.folder(&["Work"]));
        let ids = pair.source.items(&inbox);
        pair.source.move_item(&inbox, &ids[0], &work);
        pair.source.move_item(&inbox, &ids[3], &work);
        let report = pair.run_and_compare().await;
        assert_eq!((report.this_run.copied, report.this_run.updated), (0, 2), "{report:#?}");
    }
}

#[tokio::test]
async fn an_item_that_moved_into_a_folder_that_is_listed_first_is_not_copied_before_it_is_known_to_have_gone() {
    for source in [options(), no_identities(), plain()] {
        let pair = Pair::with(source.with(|options| options.capabilities.folders = 1), options());
        fill(&pair.source, 20);
        pair.run_and_compare().await;
        let (inbox, work) = (pair.source.inbox(), pair.source.folder(&["Work"]));
        let first = pair.source.items(&work)[0].clone();
        pair.source.move_item(&work, &first, &inbox);
        let report = pair.run_and_compare().await;
        assert_eq!((report.this_run.copied, report.this_run.updated), (0, 1), "{report:#?}");
    }
}

#[tokio::test]
async fn an_item_that_moved_is_not_doubled_where_nothing_can_be_moved() {
    let pair = Pair::with(options(), plain());
    fill(&pair.source, 20);
    pair.run_and_compare().await;
    let (inbox, work) = (pair.source.inbox(), pair.source.folder(&["Work"]));
    let ids = pair.source.items(&inbox);
    pair.source.move_item(&inbox, &ids[0], &work);
    let before = pair.destination.snapshot().len();
    let report = pair.run().await;
    assert_eq!(report.this_run.copied, 0);
    assert_eq!(pair.destination.snapshot().len(), before);
    assert_eq!(report.count(&[RowState::GoneAtSource]), 0, "its row stands under its new place");
}

#[tokio::test]
async fn a_copy_of_an_item_is_a_second_item_even_in_another_folder() {
    for source in [no_identities(), plain()] {
        let pair = Pair::with(source, options());
        fill(&pair.source, 20);
        pair.run_and_compare().await;
        let (inbox, work) = (pair.source.inbox(), pair.source.folder(&["Work"]));
        let first = pair.source.items(&inbox)[0].clone();
        pair.source.add(&work, NewItem::mail(pair.source.bytes(&inbox, &first)));
        pair.source.add(&inbox, NewItem::mail(pair.source.bytes(&inbox, &first)));
        let report = pair.run().await;
        assert_eq!(report.this_run.copied, 2, "{report:#?}");
        assert_eq!(pair.destination.snapshot().len(), pair.source.snapshot().len());
    }
}

#[tokio::test]
async fn a_renamed_folder_is_neither_lost_nor_doubled() {
    for source in [options(), no_identities(), plain()] {
        let pair = Pair::with(source, options());
        fill(&pair.source, 20);
        pair.run_and_compare().await;
        let work = pair.source.folder(&["Work"]);
        pair.source.rename_folder(&work, &["Projects"]);
        let before = pair.destination.snapshot().len();
        let report = pair.run().await;
        assert_eq!(report.outcome.as_str(), "completed");
        assert_eq!(report.this_run.copied, 0, "{report:#?}");
        assert_eq!(pair.destination.snapshot().len(), before);
        assert_eq!(pair.run().await.this_run.updated, 0, "the second run has nothing to do");
    }
}

#[tokio::test]
async fn flags_changed_at_both_ends_are_both_kept() {
    for destination in [options(), plain()] {
        let pair = Pair::with(options(), destination);
        let inbox = pair.source.inbox();
        let id = pair.source.add(&inbox, NewItem::numbered_mail(1).state(ItemFlags::SEEN).category("Work"));
        pair.run_and_compare().await;
        let there = pair.destination.inbox();
        let copy = pair.destination.items(&there)[0].clone();
        pair.destination.flag(&there, &copy, ItemFlags::ANSWERED, ItemFlags::SEEN);
        pair.source.flag(&inbox, &id, ItemFlags::FLAGGED, ItemFlags::empty());
        pair.run().await;
        let flags = pair.destination.flags(&there, &copy);
        assert_eq!(flags.state, ItemFlags::ANSWERED | ItemFlags::FLAGGED);
        assert!(flags.has_category("work"));
    }
}

#[tokio::test]
async fn an_item_that_was_edited_at_the_destination_is_kept() {
    let pair = Pair::new();
    let inbox = pair.source.inbox();
    let id = pair.source.add(&inbox, NewItem::numbered_mail(1));
    pair.run_and_compare().await;
    let there = pair.destination.inbox();
    let copy = pair.destination.items(&there)[0].clone();
    pair.destination.edit(&there, &copy, "Subject: mine\r\n\r\nmine\r\n");
    pair.source.edit(&inbox, &id, "Subject: theirs\r\n\r\ntheirs\r\n");
    let report = pair.run().await;
    assert_eq!(report.count(&[RowState::Kept]), 1);
    let bytes = pair.destination.bytes(&there, &pair.destination.items(&there)[0]);
    assert!(bytes.starts_with(b"Subject: mine"));
}

#[tokio::test]
async fn a_folder_created_again_at_the_destination_is_looked_at_again() {
    for destination in [options(), plain()] {
        let pair = Pair::with(options(), destination);
        fill(&pair.source, 20);
        pair.run_and_compare().await;
        // Only its ids are new: everything is found.
        pair.destination.change_epoch(&pair.destination.inbox());
        let report = pair.run_and_compare().await;
        assert_eq!(report.this_run.copied, 0, "{report:#?}");
        // It is empty: everything is written again.
        let deep = pair.destination.folder(&["Work", "2024", "Grüße & more"]);
        let items = pair.destination.items(&deep).len() as u64;
        pair.destination.recreate_folder(&deep);
        let report = pair.run_and_compare().await;
        assert_eq!(report.this_run.copied, items);
    }
}

#[tokio::test]
async fn what_the_user_removed_at_the_destination_is_told_and_not_copied_back() {
    let mut pair = Pair::new();
    fill(&pair.source, 20);
    pair.run_and_compare().await;
    let there = pair.destination.inbox();
    let first = pair.destination.items(&there)[0].clone();
    pair.destination.delete(&there, &first);
    let report = pair.run().await;
    assert_eq!((report.this_run.copied, report.count(&[RowState::GoneAtDestination])), (0, 1));
    pair.rules.flags = MailboxFlags::REMIGRATE_SUCCESSFUL;
    let report = pair.run_and_compare().await;
    assert_eq!(report.this_run.copied, 1);
}

#[tokio::test]
async fn two_jobs_with_the_same_message_into_one_destination_keep_both() {
    for destination in [options(), plain()] {
        let mut pair = Pair::with(options(), destination);
        pair.source.add(&pair.source.inbox(), NewItem::numbered_mail(1));
        pair.job = Some(JobId::new("primary"));
        pair.run_and_compare().await;
        let archive = mailmove_testkit::MemoryMailbox::with_options(options());
        archive.add(&archive.inbox(), NewItem::numbered_mail(1));
        pair.source = archive;
        pair.job = Some(JobId::new("archive"));
        let report = pair.run().await;
        assert_eq!(report.this_run.copied, 1, "the other job's message is not this one's");
        assert_eq!(pair.destination.items(&pair.destination.inbox()).len(), 2);
        assert_eq!(pair.run().await.this_run.copied, 0);
    }
}

#[tokio::test]
async fn a_lost_answer_that_is_committed_late_doubles_nothing() {
    for destination in [options(), plain(), options().with(|options| options.marks = false)] {
        let pair = Pair::with(options(), destination);
        fill(&pair.source, 20);
        for nth in [1, 3] {
            pair.faults.at(Method::Write, nth, Fault::Late(Duration::from_millis(25)));
        }
        pair.faults.at(Method::Write, 5, Fault::answer_lost());
        pair.run().await;
        pair.schedule.quiet().await;
        pair.compare();
        assert_eq!(pair.faults.struck(), 3);
    }
}

#[tokio::test]
async fn a_create_that_died_between_its_steps_is_made_once() {
    let two_steps = || options().with(|options| options.two_steps = true);
    let pair = Pair::with(options(), two_steps());
    fill(&pair.source, 6);
    let mut steps = 0;
    pair.run_and_compare().await;
    let all = pair.schedule.steps();
    while steps < all {
        steps += 1;
        let mut pair = Pair::with(options(), two_steps());
        pair.destination = pair.destination.with_steps(&pair.schedule);
        fill(&pair.source, 6);
        pair.schedule.crash_at(steps, When::Before);
        let migration = pair.migration();
        let _report = pair.schedule.drive(migration.run(None)).await;
        drop(migration);
        pair.schedule.restart();
        pair.run_and_compare().await;
        assert_eq!(pair.destination.unfinished(), 0, "killed at step {steps}");
    }
}

#[tokio::test]
async fn a_replacement_that_died_before_the_former_version_was_gone_leaves_one() {
    let two_steps = || options().with(|options| options.two_steps = true);
    let mut died = false;
    for step in 1..60 {
        let mut pair = Pair::with(options(), two_steps());
        pair.destination = pair.destination.with_steps(&pair.schedule);
        let inbox = pair.source.inbox();
        let ids = [1, 2, 3].map(|number| pair.source.add(&inbox, NewItem::numbered_mail(number)));
        pair.run_and_compare().await;
        for id in &ids {
            pair.source.edit(&inbox, id, format!("Message-ID: <{id}@x>\r\nSubject: edited\r\n\r\nedited\r\n"));
        }
        pair.schedule.crash_at(step, When::Before);
        let migration = pair.migration();
        died |= pair.schedule.drive(migration.run(None)).await.is_none();
        drop(migration);
        pair.schedule.restart();
        pair.run_and_compare().await;
    }
    assert!(died);
}

#[tokio::test]
async fn without_the_search_for_duplicates_a_crash_after_the_intent_still_doubles_nothing() {
    for step in 0.. {
        let mut pair = Pair::new();
        pair.rules.flags = MailboxFlags::NO_DUPLICATE_SEARCH;
        fill(&pair.source, 9);
        pair.schedule.crash_at(step + 1, When::After);
        let migration = pair.migration();
        let died = pair.schedule.drive(migration.run(None)).await.is_none();
        drop(migration);
        pair.schedule.restart();
        pair.run_and_compare().await;
        if !died {
            break;
        }
    }
}

#[tokio::test]
async fn without_the_search_for_duplicates_nothing_is_looked_for() {
    let mut pair = Pair::new();
    fill(&pair.source, 6);
    fill(&pair.destination, 6);
    pair.rules.flags = MailboxFlags::NO_DUPLICATE_SEARCH;
    pair.run().await;
    assert_eq!(pair.destination.counts().locate, 0);
    assert_eq!(pair.destination.snapshot().len(), 2 * pair.source.snapshot().len());
}

#[tokio::test]
async fn remigrating_a_complete_mailbox_verifies_it_and_writes_nothing() {
    for destination in [options(), plain()] {
        let mut pair = Pair::with(options(), destination);
        fill(&pair.source, 20);
        pair.run_and_compare().await;
        pair.rules.flags = MailboxFlags::REMIGRATE_SUCCESSFUL;
        pair.destination.reset_counts();
        let report = pair.run_and_compare().await;
        assert_eq!(report.this_run.copied, 0);
        assert_eq!(pair.destination.counts().written, 0);
        assert_eq!(pair.destination.counts().located, 23, "each item was looked for");
    }
}
