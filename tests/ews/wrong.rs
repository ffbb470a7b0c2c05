//! Thirteen ways in which servers, and imitations of them, answer wrongly: each is noticed or repaired, never silently
//! lost.

use std::collections::BTreeSet;

use mailmove::{Outcome, RowState};
use mailmove_testkit::ews::{EwsServer, Fault, Mishap, Mistake, Version};

use crate::ends::{ADDRESS, Move, ews_url, exchange, letters};

/// How one run over wrong answers went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// It says that something is wrong: an error, a failed item, something not carried.
    Noticed,
    /// It says that all is well, and all is well.
    Repaired,
}

fn there(server: &EwsServer) -> Vec<(String, bool, BTreeSet<String>)> {
    let folders = server.mailbox(ADDRESS).snapshot().folders;
    let items = folders.into_iter().flat_map(|folder| folder.items);
    let mut all: Vec<_> = items.map(|item| (item.subject, item.read, item.categories.into_iter().collect())).collect();
    all.sort();
    all
}

async fn run(mistake: Mistake, at_source: bool, version: Version) -> Ending {
    let what = format!("{mistake:?}, {}, {version:?}", if at_source { "source" } else { "destination" });
    let (old, new) = (exchange(version).start().await, exchange(Version::Exchange2016).start().await);
    letters(&old.mailbox(ADDRESS), 30);
    let server = if at_source { &old } else { &new };
    server.faults().add(Fault::any().then(Mishap::Spoil(mistake)));
    let moved = Move::new(ews_url(&old), ews_url(&new));
    let report = moved.run().await;
    let said = !matches!(report.outcome, Outcome::Completed)
        || report.count(&[RowState::Failed, RowState::Lost, RowState::Pending, RowState::Intended]) > 0;
    let same = there(&old) == there(&new);
    assert!(said || same, "{what}: nobody noticed\n{report:#?}");
    // The server is well again: nothing is lost nor doubled for good.
    server.faults().clear();
    moved.run_to_the_end().await;
    assert_eq!(there(&old), there(&new), "{what}");
    if said { Ending::Noticed } else { Ending::Repaired }
}

/// What an answer lacks, or says wrongly, that nothing else says, cannot be repaired.
fn is_fatal(mistake: Mistake, at_source: bool) -> bool {
    match mistake {
        Mistake::UnknownCode | Mistake::SuccessWithError | Mistake::NoLastInRange => true,
        Mistake::NoSyncState | Mistake::NoBase64 => at_source,
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_wrong_answer_costs_anything_in_silence() {
    let mut runs = tokio::task::JoinSet::new();
    for mistake in Mistake::ALL {
        for version in [Version::Exchange2007Sp1, Version::Exchange2016] {
            for at_source in [true, false] {
                runs.spawn(async move { (mistake, at_source, run(mistake, at_source, version).await) });
            }
        }
    }
    let mut count = 0;
    while let Some(done) = runs.join_next().await {
        let (mistake, at_source, ending) = done.unwrap();
        let noticed = ending == Ending::Noticed;
        assert!(noticed || !is_fatal(mistake, at_source), "{mistake:?}, at the source: {at_source}");
        count += 1;
    }
    assert_eq!(count, 13 * 4);
}
