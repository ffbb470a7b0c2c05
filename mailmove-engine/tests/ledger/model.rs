//! Whatever is recorded, the file answers as the ledger in memory does.

use mailmove_core::{Digest, Epoch, FolderId, ItemId, Kind, Loss};
use mailmove_engine::ledger::{
    Entry, FeedRow, FolderKey, FolderRow, Journal, Ledger, MemoryLedger, Row, RowState, Select, SqliteLedger,
};
use proptest::prelude::*;
use proptest::sample::select;

use crate::sample::*;

const JOBS: [(&str, &str); 3] = [("a", "x"), ("b", "x"), ("c", "y")];
const NAMES: [&str; 3] = ["INBOX", "Sent", "T"];
const ITEMS: [&str; 5] = ["1", "10", "2", "a", "ü"];
const BYTES: [&str; 3] = ["one", "two", "three"];

/// One thing to do, with folders by their place in [`NAMES`].
#[derive(Debug, Clone)]
enum Step {
    Put(usize, Box<Row>),
    Forget(usize, &'static str),
    Live(usize, bool),
    Feed(&'static str, bool),
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_file_answers_as_memory_does(runs in prop::collection::vec((0..JOBS.len(), steps()), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let home = tempfile::tempdir().unwrap();
            let memory = MemoryLedger::new();
            let file = SqliteLedger::open(home.path().join("ledger")).unwrap();
            for (job, steps) in runs {
                let (one, two) = (journal(&memory, job).await, journal(&file, job).await);
                for steps in steps.chunks(4) {
                    record(&*one, steps).await;
                    record(&*two, steps).await;
                }
            }
            for job in 0..JOBS.len() {
                compare(&*journal(&memory, job).await, &*journal(&file, job).await).await;
            }
        });
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let folder = 0..NAMES.len();
    let step = prop_oneof![
        8 => (folder.clone(), row_strategy()).prop_map(|(folder, row)| Step::Put(folder, Box::new(row))),
        1 => (folder.clone(), select(&ITEMS)).prop_map(|(folder, item)| Step::Forget(folder, item)),
        1 => (folder, any::<bool>()).prop_map(|(folder, live)| Step::Live(folder, live)),
        1 => (select(&NAMES), any::<bool>()).prop_map(|(feed, complete)| Step::Feed(feed, complete)),
    ];
    prop::collection::vec(step, 1..24)
}

fn row_strategy() -> impl Strategy<Value = Row> {
    let target = prop::option::weighted(0.8, (select(&NAMES), prop::option::weighted(0.7, select(&ITEMS))));
    let bytes = prop::option::weighted(0.8, select(&BYTES));
    let rare = (prop::option::of(select(&BYTES)), prop::option::weighted(0.2, select(&BYTES)));
    let fixed = (select(&ITEMS), select(&RowState::ALL), select(&Kind::ALL), 0_u64..5);
    (fixed, bytes, prop::option::of(select(&BYTES)), target, rare).prop_map(|(fixed, bytes, identity, target, rare)| {
        let (item, state, kind, size) = fixed;
        let mut row = row(FolderKey(0), item, state);
        (row.kind, row.size) = (kind, size);
        row.digest = bytes.map(|bytes| Digest::of(bytes.as_bytes()));
        row.identity = identity.map(str::to_owned);
        row.reason = rare.0.map(str::to_owned);
        row.losses = rare.1.map(|code| Loss::new(code, "text")).into_iter().collect();
        match target {
            Some((name, item)) => standing(row, name, item),
            None => row,
        }
    })
}

async fn journal(ledger: &dyn Ledger, job: usize) -> std::sync::Arc<dyn Journal> {
    let (job, destination) = JOBS[job];
    let journal = claim(ledger, job, destination).await;
    journal.open_folders(&NAMES.map(folder)).await.unwrap();
    journal
}

async fn record(journal: &dyn Journal, steps: &[Step]) {
    let keys = journal.open_folders(&NAMES.map(folder)).await.unwrap();
    let entry = |step: &Step| match step {
        Step::Put(folder, row) => {
            let mut row = row.clone();
            row.place.folder = keys[*folder];
            Entry::Row(row)
        }
        Step::Forget(folder, item) => Entry::Forget(place(keys[*folder], item)),
        Step::Live(at, live) => {
            let (id, epoch) = folder(NAMES[*at]);
            let mut row = FolderRow::new(keys[*at], id, epoch, vec![NAMES[*at].into()]);
            row.live = *live;
            Entry::Folder(row)
        }
        Step::Feed(feed, complete) => {
            let mut row = FeedRow::new((*feed).into());
            row.complete = *complete;
            Entry::Feed(row)
        }
    };
    journal.record(steps.iter().map(entry).collect()).await.unwrap();
}

/// Every question, asked of both.
async fn compare(one: &dyn Journal, two: &dyn Journal) {
    macro_rules! same {
        ($method:ident($($argument:expr),*)) => {
            assert_eq!(one.$method($($argument),*).await.unwrap(), two.$method($($argument),*).await.unwrap());
        };
    }
    let epoch = Epoch::from("1");
    let items = ITEMS.map(ItemId::from);
    let digests = BYTES.map(|bytes| Digest::of(bytes.as_bytes()));
    assert_eq!(one.run(), two.run());
    same!(folders());
    same!(feeds());
    same!(summary());
    same!(remarks());
    same!(scan(&Select::all(), None, usize::MAX));
    same!(scan(&Select::all().in_states(&[RowState::Intended, RowState::Failed]), None, 3));
    same!(alike(&digests));
    same!(identical(&BYTES.map(str::to_owned)));
    for row in one.folders().await.unwrap() {
        same!(rows(row.key, &items));
        same!(scan(&Select::all().in_folder(row.key), Some(&place(row.key, "10")), 2));
    }
    for name in NAMES {
        let target = FolderId::from(name);
        same!(scan(&Select::all().at_target(target.clone()), None, usize::MAX));
        same!(owners(&target, &epoch, &items));
        same!(owned(&target, &epoch));
        same!(anonymous(&target, &epoch, &digests));
    }
}
