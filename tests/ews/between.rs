//! Between two Exchange servers everything travels as a stream, which comes out as it went in.

use std::collections::BTreeSet;

use mailmove_testkit::ews::{EwsServer, NewItem, Version};

use crate::ends::{ADDRESS, Move, RECEIVED, ews_url, exchange, letter, letters};

const MEETING: &str = "<t:CalendarItem><t:Subject>Meeting</t:Subject><t:Start>2024-02-29T10:00:00Z</t:Start>\
                       <t:End>2024-02-29T11:00:00Z</t:End></t:CalendarItem>";
const ANN: &str = "<t:Contact><t:DisplayName>Ann</t:DisplayName><t:GivenName>Ann</t:GivenName></t:Contact>";
const CHORE: &str = "<t:Task><t:Subject>Do it</t:Subject></t:Task>";

/// A mailbox with something of every kind.
fn fill(server: &EwsServer) {
    let mailbox = server.mailbox(ADDRESS);
    letters(&mailbox, 40);
    mailbox.create_folder("Calendar/Team", "IPF.Appointment");
    mailbox.add("Calendar/Team", NewItem::xml(MEETING).attachment("plan.bin", vec![7; 5000]));
    mailbox.add("Contacts", NewItem::xml(ANN));
    mailbox.add("Tasks", NewItem::xml(CHORE));
    mailbox.add("Notes", NewItem::of_class("IPM.StickyNote").subject("Note").body("sticky"));
    mailbox.add("Journal", NewItem::of_class("IPM.Activity").subject("Call").body("long"));
    mailbox.add("Drafts", NewItem::message(letter(500)).draft());
}

/// Path, class, read state and stream of every item, in the order of paths and streams.
fn streams(server: &EwsServer) -> Vec<(String, String, bool, Vec<u8>)> {
    let snapshot = server.mailbox(ADDRESS).snapshot();
    let items = snapshot.folders.into_iter().flat_map(|folder| {
        let path = folder.path;
        folder.items.into_iter().map(move |item| {
            let stream = item.stream.unwrap_or_else(|| panic!("{path}: {} has no stream", item.subject));
            (path.clone(), item.class, item.read, stream.to_vec())
        })
    });
    let mut all: Vec<_> = items.collect();
    all.sort();
    all
}

#[tokio::test]
async fn streams_of_every_kind_are_the_same_at_both_ends() {
    for (from, to) in [
        (Version::Exchange2010Sp1, Version::Exchange2016),
        (Version::Exchange2016, Version::Exchange2016),
        (Version::Exchange2013, Version::Online),
    ] {
        let (old, new) = (exchange(from).start().await, exchange(to).start().await);
        fill(&old);
        let moved = Move::new(ews_url(&old), ews_url(&new));
        let report = moved.run_to_the_end().await;
        assert!(report.losses.is_empty() && report.problems.is_empty(), "{report:#?}");
        let (left, right) = (streams(&old), streams(&new));
        assert_eq!(left.len(), 47);
        assert!(left == right, "{from:?} to {to:?}: the streams differ");
        let audit = moved.audit().await;
        assert!(audit.is_clean() && audit.found == 47, "{audit:#?}");
        assert_eq!(new.log().counters().sent + old.log().counters().sent, 0);
    }
}

#[tokio::test]
async fn a_second_run_reads_no_item_and_a_delta_only_what_changed() {
    let (old, new) = (exchange(Version::Exchange2016).start().await, exchange(Version::Exchange2016).start().await);
    letters(&old.mailbox(ADDRESS), 60);
    let moved = Move::new(ews_url(&old), ews_url(&new));
    moved.run_to_the_end().await;
    old.log().reset();
    new.log().reset();
    moved.run_to_the_end().await;
    let asked = old.log().counters();
    assert_eq!(asked.operation("ExportItems") + asked.operation("GetItem"), 0, "{asked:#?}");
    assert_eq!(new.log().counters().operation("UploadItems"), 0);

    let mailbox = old.mailbox(ADDRESS);
    mailbox.add("Inbox", NewItem::message(letter(700)).received(RECEIVED));
    let first = mailbox.items("Inbox")[1].id.clone();
    mailbox.set_read(&first, true);
    old.log().reset();
    let report = moved.run_to_the_end().await;
    assert_eq!(report.this_run.copied, 1, "{report:#?}");
    assert_eq!(old.log().counters().operation("ExportItems"), 1);
    let unread = |server: &EwsServer| server.mailbox(ADDRESS).items("Inbox").iter().filter(|item| !item.read).count();
    assert_eq!(unread(&old), unread(&new));
}

#[tokio::test]
async fn an_old_server_without_streams_gives_its_mail_as_mime() {
    let (old, new) = (exchange(Version::Exchange2007Sp1).start().await, exchange(Version::Exchange2016).start().await);
    letters(&old.mailbox(ADDRESS), 20);
    old.mailbox(ADDRESS).add("Contacts", NewItem::xml(ANN));
    old.mailbox(ADDRESS).add("Calendar", NewItem::xml(MEETING));
    let moved = Move::new(ews_url(&old), ews_url(&new));
    let report = moved.run_to_the_end().await;
    assert!(report.problems.is_empty(), "{report:#?}");
    let mailbox = new.mailbox(ADDRESS);
    for folder in ["Inbox", "Inbox/Entwürfe & mehr"] {
        let state = |items: Vec<mailmove_testkit::ews::ItemSnapshot>| {
            let mut all: Vec<_> = items
                .into_iter()
                .map(|item| {
                    let categories: BTreeSet<String> = item.categories.into_iter().collect();
                    (item.mime, item.read, item.draft, item.flagged, categories, item.received)
                })
                .collect();
            all.sort();
            all
        };
        assert_eq!(state(old.mailbox(ADDRESS).items(folder)), state(mailbox.items(folder)), "{folder}");
    }
    assert_eq!((mailbox.count("Contacts"), mailbox.count("Calendar")), (1, 1));
    let audit = moved.audit().await;
    assert!(audit.is_clean(), "{audit:#?}");
}
