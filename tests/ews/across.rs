//! Between Exchange and a server of another make.

use std::collections::BTreeSet;

use mailmove::Report;
use mailmove_testkit::ews::Version;
use mailmove_testkit::imap::NewMessage;
use mailmove_testkit::nasty;

use crate::ends::{ADDRESS, Move, RECEIVED, USER, ews_url, exchange, imap, imap_url, letter, letters};

/// What a move between Exchange and IMAP may lose, by name.
const NAMED: [&str; 5] = ["rendered-anew", "flags", "categories", "junk-flag", "draft-flag"];

#[track_caller]
fn only_named_losses(report: &Report) {
    let named: BTreeSet<&str> = NAMED.into();
    let unnamed: Vec<_> = report.losses.keys().filter(|code| !named.contains(code.as_str())).collect();
    assert!(unnamed.is_empty() && report.problems.is_empty(), "{report:#?}");
}

#[tokio::test]
async fn mail_from_exchange_arrives_by_imap() {
    for version in [Version::Exchange2007Sp1, Version::Exchange2016] {
        let (old, new) = (exchange(version).start().await, imap().start().await);
        letters(&old.mailbox(ADDRESS), 40);
        let moved = Move::new(ews_url(&old), imap_url(&new));
        let report = moved.run_to_the_end().await;
        only_named_losses(&report);
        for (from, to) in [("Inbox", "INBOX"), ("Inbox/Entwürfe & mehr", "INBOX/Entwürfe & mehr")] {
            let mut left: Vec<_> =
                old.mailbox(ADDRESS).items(from).into_iter().map(|item| (item.mime, item.read, item.flagged)).collect();
            let right = new.mailbox(USER).messages(to).into_iter();
            let has = |flags: &[String], name: &str| flags.iter().any(|flag| flag.eq_ignore_ascii_case(name));
            let mut right: Vec<_> = right
                .inspect(|message| assert_eq!(message.received, RECEIVED))
                .map(|message| (message.bytes.clone(), has(&message.flags, "\\Seen"), has(&message.flags, "\\Flagged")))
                .collect();
            left.sort();
            right.sort();
            assert!(left == right, "{version:?}: {from} differs");
        }
        let audit = moved.audit().await;
        assert!(audit.is_clean() && audit.found == 41, "{audit:#?}");
    }
}

#[tokio::test]
async fn mail_from_imap_arrives_at_exchange_and_is_no_draft() {
    for version in [Version::Exchange2007Sp1, Version::Exchange2016] {
        let (old, new) = (imap().start().await, exchange(version).start().await);
        let mailbox = old.mailbox(USER);
        mailbox.create_folder("Work").create_folder("Work/Entwürfe & mehr").create_folder("Nasty");
        for number in 0..40 {
            let flags: &[&str] = match number % 3 {
                0 => &["\\Seen"],
                1 => &["\\Flagged", "red"],
                _ => &["\\Answered"],
            };
            let folder = ["INBOX", "Work", "Work/Entwürfe & mehr"][number % 3];
            mailbox.append(folder, NewMessage::new(letter(number)).flags(flags.iter().copied()).received(RECEIVED));
        }
        mailbox.append("INBOX", NewMessage::new(letter(0)).flags(["\\Seen"]).received(RECEIVED));
        for sample in nasty::samples(mailmove::Kind::Mail) {
            mailbox.append("Nasty", NewMessage::new(sample.bytes).received(RECEIVED));
        }
        let moved = Move::new(imap_url(&old), ews_url(&new));
        let report = moved.run_to_the_end().await;
        only_named_losses(&report);
        for (from, to) in [("INBOX", "Inbox"), ("Work", "Work"), ("Nasty", "Nasty")] {
            let mut left: Vec<_> = mailbox
                .messages(from)
                .into_iter()
                .map(|message| (message.bytes.clone(), message.flags.iter().any(|flag| flag == "\\Seen")))
                .collect();
            let items = new.mailbox(ADDRESS).items(to);
            assert!(items.iter().all(|item| !item.draft && item.received == RECEIVED), "{to}");
            let mut right: Vec<_> = items.into_iter().map(|item| (item.mime, item.read)).collect();
            left.sort();
            right.sort();
            assert!(left == right, "{version:?}: {from} differs");
        }
        let audit = moved.audit().await;
        assert!(audit.is_clean(), "{audit:#?}");
        assert_eq!(new.log().counters().sent, 0);
    }
}
