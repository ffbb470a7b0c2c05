//! Every system to every other.

use crate::contents::{LETTERS, RECEIVED, fill, letters, others};
use crate::ends::{ADDRESS, End, Make, Move, Streams};

const GRAPH: Make = Make::Graph(Streams::Yes);
const JSON: Make = Make::Graph(Streams::No);

async fn moves(from: Make, to: Make) {
    let (old, new) = (End::start(from).await, End::start(to).await);
    fill(&old);
    let moved = Move::new(&old, &new);
    let report = moved.run().await;
    let arrived = letters(&new);
    assert_eq!(arrived, letters(&old), "{from:?} to {to:?}");
    assert!(arrived.len() as u64 == LETTERS && arrived.values().all(|(_, date)| *date == RECEIVED.unix_timestamp()));
    let expected = if to == Make::Imap { (0, 0) } else { others(&old) };
    assert_eq!(others(&new), expected, "{from:?} to {to:?}: {report:#?}");
    let audit = moved.audit().await;
    assert!(audit.is_clean(), "{from:?} to {to:?}: {audit:#?}");
    assert_eq!(moved.run().await.this_run.copied, 0, "{from:?} to {to:?}: a second run has nothing to do");
}

#[tokio::test]
async fn from_imap() {
    for to in [Make::Exchange, GRAPH, JSON, Make::Graph(Streams::Foreign), Make::Zimbra] {
        moves(Make::Imap, to).await;
    }
}

#[tokio::test]
async fn from_exchange() {
    for to in [Make::Imap, GRAPH, JSON, Make::Zimbra] {
        moves(Make::Exchange, to).await;
    }
}

#[tokio::test]
async fn from_graph() {
    for to in [Make::Imap, Make::Exchange, Make::Zimbra] {
        moves(GRAPH, to).await;
        moves(JSON, to).await;
    }
}

#[tokio::test]
async fn from_zimbra() {
    for to in [Make::Imap, Make::Exchange, GRAPH, JSON] {
        moves(Make::Zimbra, to).await;
    }
}

#[tokio::test]
async fn streams_come_from_exchange_to_graph_octet_by_octet() {
    let (old, new) = (End::start(Make::Exchange).await, End::start(GRAPH).await);
    fill(&old);
    Move::new(&old, &new).run().await;
    let (End::Exchange(from), End::Graph(to, _)) = (&old, &new) else { unreachable!() };
    for folder in ["Inbox", "Calendar", "Contacts"] {
        let sent = from.mailbox(ADDRESS).snapshot().folders.into_iter().find(|there| there.path == folder).unwrap();
        let mut sent: Vec<_> = sent.items.into_iter().map(|item| item.stream.unwrap()).collect();
        let mut arrived: Vec<_> =
            to.mailbox(ADDRESS).items(folder).into_iter().map(|item| item.stream.unwrap()).collect();
        sent.sort();
        arrived.sort();
        assert!(!sent.is_empty() && sent == arrived, "{folder}");
    }
}
