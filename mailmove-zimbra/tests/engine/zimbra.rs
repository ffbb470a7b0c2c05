//! Between two Zimbras nothing is lost but what is named.

use mailmove_core::{Connector, Mailbox, Side};
use mailmove_testkit::zimbra::{NewItem, Version, ZimbraServer};

use crate::common::{ADDRESS, By, connector};
use crate::ends::{Move, RECEIVED, Seen, fill, letter, letters, messages, server};

fn between(old: &ZimbraServer, new: &ZimbraServer) -> Move {
    Move::new(connector(old, By::Owner), ADDRESS, connector(new, By::Owner), ADDRESS)
}

/// What a contact is: fields, members, tags.
type Contact = (Vec<(String, String)>, Vec<String>, Vec<String>);

/// The fields of all contacts, without those that are ours.
fn contacts(server: &ZimbraServer) -> Vec<Contact> {
    let ours = ["vCardUID", "mailmoveMark"];
    let snapshot = server.mailbox(ADDRESS).snapshot();
    let seen = snapshot.items("contact").map(|(_, item)| {
        let mut fields = item.fields.clone();
        fields.retain(|(name, _)| !ours.contains(&name.as_str()));
        fields.sort();
        // A member is known by the address in it.
        let address = |value: &String| value.rsplit('<').next().unwrap_or(value).trim_end_matches('>').to_owned();
        let mut members: Vec<String> = item.members.iter().map(|(_, value)| address(value)).collect();
        members.sort();
        (fields, members, item.tags.clone())
    });
    let mut all: Vec<_> = seen.collect();
    all.sort();
    all
}

/// The lines of all calendar entries, without those that a server writes as it likes.
fn entries(server: &ZimbraServer, kind: &str) -> Vec<(String, Vec<String>, Vec<String>)> {
    let snapshot = server.mailbox(ADDRESS).snapshot();
    let seen = snapshot.items(kind).map(|(path, item)| {
        let text = String::from_utf8_lossy(&item.bytes).replace("\r\n ", "");
        let own = ["PRODID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "METHOD", "X-"];
        let mut lines: Vec<String> =
            text.lines().filter(|line| !own.iter().any(|own| line.starts_with(own))).map(str::to_owned).collect();
        lines.sort();
        (path.to_owned(), lines, item.tags.clone())
    });
    seen.collect()
}

#[tokio::test]
async fn everything_arrives_as_it_was() {
    for (from, to) in [
        (Version::Zimbra10, Version::Zimbra10),
        (Version::Zimbra6, Version::Zimbra9),
        (Version::Zimbra88, Version::Zimbra7),
        (Version::Carbonio, Version::Carbonio),
    ] {
        let (old, new) = (server(from).start().await, server(to).start().await);
        let tasks = from != Version::Carbonio;
        fill(&old, tasks);
        let moved = between(&old, &new);
        let report = moved.run().await;
        let named: Vec<&str> = report.losses.keys().map(String::as_str).collect();
        assert_eq!(named, ["rendered-anew"], "{from:?} to {to:?}: {report:#?}");
        assert!(report.altered.is_empty(), "{report:#?}");
        assert!(messages(&old) == messages(&new), "{from:?} to {to:?}: {:#?}\n{:#?}", messages(&old), messages(&new));
        assert_eq!(contacts(&old), contacts(&new), "{from:?} to {to:?}");
        assert_eq!(entries(&old, "appointment"), entries(&new, "appointment"), "{from:?} to {to:?}");
        assert_eq!(entries(&old, "task"), entries(&new, "task"), "{from:?} to {to:?}");
        assert_eq!(entries(&new, "task").len(), usize::from(tasks));
        let audit = moved.audit().await;
        assert!(audit.is_clean(), "{from:?} to {to:?}: {audit:#?}");
        assert_eq!(audit.found, audit.expected);
        assert_eq!(old.log().counters().sent + new.log().counters().sent, 0);
        assert_eq!((old.findings(), new.findings()), (vec![], vec![]), "{from:?} to {to:?}");
    }
}

#[tokio::test]
async fn a_second_run_asks_for_no_item_and_a_delta_only_for_what_changed() {
    let (old, new) = (server(Version::Zimbra10).start().await, server(Version::Zimbra10).start().await);
    letters(&old.mailbox(ADDRESS), 60);
    let moved = between(&old, &new);
    moved.run().await;
    old.log().reset();
    new.log().reset();
    moved.run().await;
    let asked = old.log().counters();
    assert_eq!(asked.operation("GET sync") + asked.operation("GET tgz"), 0, "{asked:#?}");
    assert_eq!(asked.operation("GetMsgMetadataRequest"), 0, "{asked:#?}");
    assert_eq!(new.log().counters().operation("AddMsgRequest"), 0);

    let mailbox = old.mailbox(ADDRESS);
    mailbox.add("Inbox", NewItem::message(letter(700)).received(RECEIVED));
    let items = mailbox.items("Inbox");
    mailbox.set_flags(&items[1].id, "f").set_tags(&items[2].id, &["Blue"]);
    mailbox.move_item(&items[3].id, "Inbox/Entwürfe & mehr").delete(&items[4].id);
    old.log().reset();
    let report = moved.run().await;
    assert_eq!(report.this_run.copied, 1, "{report:#?}");
    assert_eq!(old.log().counters().operation("GET sync"), 1);
    let without = |all: Vec<Seen>| {
        let mut all: Vec<_> = all.into_iter().map(|(path, bytes, ..)| (path, bytes)).collect();
        all.dedup();
        all
    };
    // What was deleted at the source stays at the destination unless somebody asks for more.
    let (left, right) = (without(messages(&old)), without(messages(&new)));
    assert!(left.iter().all(|one| right.contains(one)), "{left:#?}\n{right:#?}");
    let blue = new.mailbox(ADDRESS).items("Inbox").iter().filter(|item| item.tags == ["Blue"]).count();
    assert_eq!(blue, 1);
}

#[tokio::test]
async fn a_changed_exception_is_a_change_of_its_series_and_stays_one_entry() {
    let (old, new) = (server(Version::Zimbra10).start().await, server(Version::Zimbra10).start().await);
    fill(&old, true);
    let moved = between(&old, &new);
    moved.run().await;
    let mailbox = old.mailbox(ADDRESS);
    let id = mailbox.items("Calendar/Team")[0].id.clone();
    mailbox.replace_calendar(&id, &crate::ends::SERIES.replace("T140000", "T160000").replace("T150000", "T170000"));
    let contact = mailbox.items("Contacts")[0].id.clone();
    mailbox.set_field(&contact, "workPhone", Some("+43 2"));
    let report = moved.run().await;
    assert_eq!(report.this_run.updated, 2, "{report:#?}");
    assert_eq!(entries(&old, "appointment"), entries(&new, "appointment"));
    assert_eq!(contacts(&old), contacts(&new));
    assert_eq!(new.mailbox(ADDRESS).count("Calendar/Team"), 1);
    assert!(moved.audit().await.is_clean());
}

#[tokio::test]
async fn members_of_a_group_arrive_by_their_addresses_wherever_these_stand() {
    for version in [Version::Zimbra10, Version::Zimbra8, Version::Carbonio] {
        let (old, new) = (server(version).start().await, server(version).start().await);
        let mailbox = old.mailbox(ADDRESS);
        let reached = mailbox.add("Contacts", NewItem::contact([("lastName", "Lee"), ("email2", "lee@example.org")]));
        let unreached = mailbox.add("Contacts", NewItem::contact([("lastName", "Moe"), ("workPhone", "+43 1")]));
        let members = [("C", reached.as_str()), ("I", "Bob <bob@example.org>"), ("C", unreached.as_str())];
        mailbox.add("Contacts", NewItem::group("Team", members));
        let moved = between(&old, &new);
        let report = moved.run().await;
        assert_eq!(report.losses.get("group-members"), Some(&1), "{version:?}: {report:#?}");
        let arrived = contacts(&new).into_iter().flat_map(|(_, members, _)| members).collect::<Vec<_>>();
        assert_eq!(arrived, ["bob@example.org", "lee@example.org"], "{version:?}");
        let audit = moved.audit().await;
        assert!(audit.is_clean(), "{version:?}: {audit:#?}");
        assert_eq!((old.findings(), new.findings()), (vec![], vec![]), "{version:?}");
    }
}

#[tokio::test]
async fn what_does_not_travel_is_counted_before() {
    let old = server(Version::Zimbra10).start().await;
    fill(&old, true);
    let mailbox = old.mailbox(ADDRESS);
    mailbox.add("Briefcase", NewItem::document("plan.txt", "text/plain", "plan"));
    let losses = connector(&old, By::Owner).inventory(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap();
    let codes: Vec<&str> = losses.iter().map(|loss| loss.code.as_ref()).collect();
    assert_eq!(codes, ["searches", "documents", "tag-colours"], "{losses:#?}");
    assert!(losses[1].text.starts_with("1 documents"), "{losses:#?}");
}
