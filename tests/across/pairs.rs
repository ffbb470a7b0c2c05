//! Every system to every other.

use crate::contents::{LETTERS, RECEIVED, fill, letters, others};
use crate::ends::{End, Make, Move};

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
    for to in [Make::Exchange, Make::Graph, Make::GraphJson, Make::Zimbra] {
        moves(Make::Imap, to).await;
    }
}

#[tokio::test]
async fn from_exchange() {
    for to in [Make::Imap, Make::Graph, Make::GraphJson, Make::Zimbra] {
        moves(Make::Exchange, to).await;
    }
}

#[tokio::test]
async fn from_graph() {
    for to in [Make::Imap, Make::Exchange, Make::Zimbra] {
        moves(Make::Graph, to).await;
        moves(Make::GraphJson, to).await;
    }
}

#[tokio::test]
async fn from_zimbra() {
    for to in [Make::Imap, Make::Exchange, Make::Graph, Make::GraphJson] {
        moves(Make::Zimbra, to).await;
    }
}
