//! A series with a moved and a cancelled occurrence, through several systems and back.

use std::collections::BTreeSet;

use mailmove_testkit::zimbra::NewItem;

use crate::contents::SERIES;
use crate::ends::{ADDRESS, End, Make, Move, Streams};

/// What a calendar says that must not change: when it begins, how it goes on, what differs and what falls out.
fn said(icalendar: &str) -> BTreeSet<String> {
    let unfolded = icalendar.replace("\r\n ", "").replace("\r\n\t", "");
    let (mut said, mut zone) = (BTreeSet::new(), false);
    for line in unfolded.lines() {
        zone = (zone || line == "BEGIN:VTIMEZONE") && line != "END:VTIMEZONE";
        let name = line.split([':', ';']).next().unwrap_or_default();
        if !zone && ["DTSTART", "DTEND", "RRULE", "EXDATE", "RECURRENCE-ID", "SUMMARY"].contains(&name) {
            // Windows has one zone for Vienna and Berlin. A weekly rule without a day means the day on which it begins.
            let line = line.replace("Europe/Berlin", "Europe/Vienna").replace(";BYDAY=FR", "");
            said.insert(line.replace("\\,", ",").replace("INTERVAL=1;", "").replace(";INTERVAL=1", ""));
        }
    }
    said
}

fn series(end: &End) -> BTreeSet<String> {
    let End::Zimbra(server) = end else { panic!("only Zimbra keeps iCalendar") };
    let items = server.mailbox(ADDRESS).items("Calendar");
    assert_eq!(items.len(), 1);
    said(&String::from_utf8_lossy(&items[0].bytes))
}

async fn through(way: &[Make]) {
    let first = End::start(Make::Zimbra).await;
    let End::Zimbra(server) = &first else { unreachable!() };
    server.mailbox(ADDRESS).add("Calendar", NewItem::appointment(SERIES));
    let before = series(&first);
    let mut ends = vec![first];
    for make in way.iter().copied().chain([Make::Zimbra]) {
        let next = End::start(make).await;
        Move::new(ends.last().unwrap(), &next).run().await;
        ends.push(next);
    }
    assert_eq!(series(ends.last().unwrap()), before, "through {way:?}");
}

#[tokio::test]
async fn comes_back_from_graph_as_it_was() {
    through(&[Make::Graph(Streams::Yes)]).await;
    through(&[Make::Graph(Streams::No)]).await;
    through(&[Make::Graph(Streams::No), Make::Graph(Streams::No)]).await;
}

#[tokio::test]
async fn comes_back_from_exchange_as_it_was() {
    through(&[Make::Exchange]).await;
}

#[tokio::test]
async fn comes_back_from_exchange_and_graph_as_it_was() {
    // By JSON: the streams of the simulated Exchange hold no recurrence that anybody else could read.
    through(&[Make::Exchange, Make::Graph(Streams::No)]).await;
    through(&[Make::Graph(Streams::No), Make::Exchange]).await;
}
