//! What Zimbra has, into Exchange Online as streams that are made on the way.

use mailmove_testkit::zimbra::NewItem;

use crate::contents::SERIES;
use crate::ends::{ADDRESS, End, Make, Move, Streams};

const PEOPLE: &str = "ORGANIZER;CN=Boss:mailto:boss@example.com\r\n\
    ATTENDEE;CN=Ann;PARTSTAT=ACCEPTED:mailto:ann@example.org\r\n\
    ATTENDEE;CN=Bob;PARTSTAT=DECLINED:mailto:bob@example.com\r\nRRULE:FREQ=WEEKLY";

#[tokio::test]
async fn a_meeting_keeps_its_people_and_nobody_is_told() {
    let (old, new) = (End::start(Make::Zimbra).await, End::start(Make::Graph(Streams::Foreign)).await);
    crate::contents::fill(&old);
    let (End::Zimbra(from), End::Graph(to, _)) = (&old, &new) else { unreachable!() };
    let meeting = SERIES.replace("series@example.org", "meeting@example.org").replace("RRULE:FREQ=WEEKLY", PEOPLE);
    from.mailbox(ADDRESS).add("Calendar", NewItem::appointment(&meeting));
    let moved = Move::new(&old, &new);
    moved.run().await;
    let there = to.mailbox(ADDRESS).items("Calendar");
    assert_eq!(there.len(), 2);
    let answers: Vec<&str> = there
        .iter()
        .flat_map(|event| event.fields["attendees"].as_array().unwrap())
        .map(|one| one["status"]["response"].as_str().unwrap())
        .collect();
    assert_eq!(answers, ["accepted", "declined"]);
    for event in &there {
        assert!(event.stream.is_some() && event.cancelled == ["2024-01-19"], "{event:#?}");
        assert_eq!(event.exceptions["2024-01-12"].subject, "Weekly, moved");
    }
    assert_eq!(to.log().counters().sent, 0);
    assert_eq!(crate::contents::letters(&new), crate::contents::letters(&old));
    assert!(moved.audit().await.is_clean());
    assert_eq!(moved.run().await.this_run.copied, 0, "a second run has nothing to do");
}
