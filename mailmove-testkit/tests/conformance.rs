//! The in-memory endpoint keeps the contract, whatever it can do.
#![allow(clippy::unwrap_used)]

use mailmove_testkit::Options;
use mailmove_testkit::conformance::{MemoryHarness, case_names, run_all};
use mailmove_testkit::memory::Removals;

mailmove_testkit::conformance!(everything, MemoryHarness::default());
mailmove_testkit::conformance!(plain, MemoryHarness::new(Options::plain()));

#[tokio::test]
async fn the_endpoint_in_memory_runs_every_case() {
    let report = run_all(&MemoryHarness::default()).await;
    assert!(report.is_ok() && report.skipped.is_empty(), "{report}");
    assert_eq!(report.kept, case_names());
}

#[tokio::test]
async fn whatever_an_endpoint_cannot_do_is_skipped_and_nothing_is_broken() {
    let variants = [
        Options::new(),
        Options::new().with_fast_transfer(),
        Options::new().with(|options| options.removals = Removals::Unknown),
        Options::new().with(|options| options.replaces_in_place = true),
        Options::new().with(|options| options.rewrites_headers = true),
        Options::new().with(|options| options.categories_kept = false),
        Options::new().with(|options| (options.ids, options.revisions, options.marks) = (false, false, false)),
        Options::new().with(|options| (options.states, options.positions, options.page) = (false, false, 1)),
        Options::new().with(|options| {
            let names = &mut options.capabilities.names;
            (names.ignores_case, names.trims, names.no_controls, names.max_chars) = (true, true, true, Some(60));
            names.forbidden = vec!['/', '%'];
            (options.capabilities.batch_items, options.capabilities.moves, options.capabilities.removes) =
                (3, false, false);
        }),
    ];
    for options in variants {
        let report = run_all(&MemoryHarness::new(options.clone())).await;
        assert!(report.is_ok(), "{report}\n{options:?}");
    }
}
