//! Many items in one archive or request cost a fraction of one after the other, and lose nothing when the server swallows
//! what it could not do.

use mailmove_testkit::zimbra::{Mishap, Trouble, Version, ZimbraServer};

use crate::common::{ADDRESS, By, configured};
use crate::ends::{Move, letters, messages, server};

/// How many messages are moved.
const MANY: usize = 300;

async fn ends() -> (ZimbraServer, ZimbraServer) {
    let (old, new) = (server(Version::Zimbra10).start().await, server(Version::Zimbra10).start().await);
    letters(&old.mailbox(ADDRESS), MANY);
    (old, new)
}

/// Requests at both ends for a move, item by item or many together.
async fn requests(bulk: bool) -> (usize, usize) {
    let (old, new) = ends().await;
    let open = |server| configured(server, By::Owner, |config| if bulk { config } else { config.item_by_item() });
    Move::new(open(&old), ADDRESS, open(&new), ADDRESS).run().await;
    assert!(messages(&old) == messages(&new));
    (old.log().requests().len(), new.log().requests().len())
}

#[tokio::test]
async fn in_bulk_there_are_at_least_five_times_fewer_round_trips() {
    let (single, bulk) = (requests(false).await, requests(true).await);
    assert!(single.0 >= 5 * bulk.0, "reading took {} and {} round trips", single.0, bulk.0);
    assert!(single.1 >= 5 * bulk.1, "writing took {} and {} round trips", single.1, bulk.1);
}

#[tokio::test]
async fn what_an_archive_swallows_is_fetched_on_its_own() {
    let (old, new) = ends().await;
    let troubles = old.troubles();
    let mishaps = [Mishap::SkipExported(3), Mishap::EndExport(7), Mishap::Refuse("service.FAILURE".to_owned())];
    let exports = (1..).map(|nth| Trouble::on("GET tgz").nth(nth));
    let rules: Vec<_> = exports.zip(mishaps).map(|(export, mishap)| troubles.add(export.then(mishap))).collect();
    let open = |server| configured(server, By::Owner, |config| config);
    let moved = Move::new(open(&old), ADDRESS, open(&new), ADDRESS);
    moved.run().await;
    let struck: u64 = rules.into_iter().map(|rule| troubles.strikes(rule)).sum();
    assert!(struck >= 2, "nothing went wrong");
    assert!(messages(&old) == messages(&new));
    assert!(moved.audit().await.is_clean());
}
