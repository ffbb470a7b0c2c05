//! Notes, journal entries and groups of contacts, between systems that know them as streams alone.

use mailmove_testkit::{ews, graph};

use crate::ends::{ADDRESS, End, Make, Move, Streams};

const GRAPH: Make = Make::Graph(Streams::Yes);

/// Folders by their names in every mailbox, and what is put in.
const CLASSES: [(&str, &str, &str); 4] = [
    ("Notes", "IPM.StickyNote", "Shopping"),
    ("Notes", "IPM.StickyNote", "Ideas"),
    ("Journal", "IPM.Activity", "Call"),
    ("Contacts", "IPM.DistList", "The team"),
];

fn fill(end: &End) {
    for (folder, class, subject) in CLASSES {
        match end {
            End::Exchange(server) => {
                let item = ews::NewItem::of_class(class).subject(subject).body("text");
                server.mailbox(ADDRESS).add(folder, item);
            }
            End::Graph(server, _) => {
                let item = graph::NewItem::of_class(class)
                    .property("String 0x0037", subject)
                    .property("String 0x3001", subject)
                    .property("String 0x1000", "text");
                server.mailbox(ADDRESS).add(folder, item);
            }
            End::Imap(_) | End::Zimbra(_) => panic!("they have no such things"),
        }
    }
}

/// Class and stream of every item in a folder, in no order.
fn streams(end: &End, folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<(String, Vec<u8>)> = match end {
        End::Exchange(server) => {
            let folders = server.mailbox(ADDRESS).snapshot().folders;
            let folder = folders.into_iter().find(|there| there.path == folder).unwrap();
            folder.items.into_iter().map(|item| (item.class, item.stream.unwrap().to_vec())).collect()
        }
        End::Graph(server, _) => {
            let items = server.mailbox(ADDRESS).items(folder).into_iter();
            items.map(|item| (item.class, item.stream.unwrap().to_vec())).collect()
        }
        End::Imap(_) | End::Zimbra(_) => Vec::new(),
    };
    found.sort();
    found
}

async fn whole(from: Make, to: Make) {
    let (old, new) = (End::start(from).await, End::start(to).await);
    fill(&old);
    let moved = Move::new(&old, &new);
    let report = moved.run().await;
    assert_eq!(report.this_run.copied, CLASSES.len() as u64, "{from:?} to {to:?}: {report:#?}");
    for folder in ["Notes", "Journal", "Contacts"] {
        let sent = streams(&old, folder);
        assert!(!sent.is_empty() && sent == streams(&new, folder), "{from:?} to {to:?}: {folder}");
    }
    assert!(moved.audit().await.is_clean(), "{from:?} to {to:?}");
    assert_eq!(moved.run().await.this_run.copied, 0, "{from:?} to {to:?}: a second run has nothing to do");
    // The ledger is lost: everything is found where it is.
    let again = Move::new(&old, &new);
    assert_eq!(again.run().await.this_run.copied, 0, "{from:?} to {to:?}: nothing is there twice");
}

#[tokio::test]
async fn notes_journal_and_groups_move_octet_by_octet() {
    whole(GRAPH, GRAPH).await;
    whole(Make::Exchange, GRAPH).await;
    whole(GRAPH, Make::Exchange).await;
}

#[tokio::test]
async fn what_has_no_way_in_is_told_and_everything_else_moves() {
    let (old, new) = (End::start(Make::Exchange).await, End::start(Make::Graph(Streams::No)).await);
    fill(&old);
    crate::contents::fill(&old);
    let report = Move::new(&old, &new).finish().await;
    let mut told: Vec<String> = report.problems.iter().map(|problem| problem.folder.join("/")).collect();
    told.sort();
    assert_eq!(told, ["Contacts", "Journal", "Notes", "Notes"], "{report:#?}");
    assert_eq!(crate::contents::letters(&new), crate::contents::letters(&old));
}
