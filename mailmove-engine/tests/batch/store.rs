//! Where a batch is kept: in memory and in the ledger's file alike.

use std::sync::Arc;

use mailmove_engine::ledger::{ProjectChange, ProjectStore};
use mailmove_engine::{MemoryLedger, SqliteLedger};

fn put(mailbox: &str, record: &str) -> ProjectChange {
    ProjectChange::Put { mailbox: mailbox.to_owned(), record: record.to_owned() }
}

fn pass(mailbox: &str, number: u32, record: &str) -> ProjectChange {
    ProjectChange::Pass { mailbox: mailbox.to_owned(), number, record: record.to_owned() }
}

async fn ids(store: &dyn ProjectStore) -> Vec<(String, String)> {
    store.mailboxes().await.unwrap()
}

#[tokio::test]
async fn records_come_back_in_their_order_and_passes_are_written_once() {
    let home = tempfile::tempdir().unwrap();
    let file = SqliteLedger::open(home.path().join("ledger")).unwrap();
    let stores: [Arc<dyn ProjectStore>; 2] = [Arc::new(MemoryLedger::new()), Arc::new(file)];
    for store in stores {
        store.change(vec![put("b", "1"), put("a", "1"), pass("b", 1, "first"), pass("b", 2, "second")]).await.unwrap();
        store.change(vec![put("b", "2"), pass("a", 1, "other")]).await.unwrap();
        assert_eq!(ids(&*store).await, [("b".into(), "2".into()), ("a".into(), "1".into())]);
        assert_eq!(store.passes("b").await.unwrap(), ["first", "second"]);

        let error = store.change(vec![put("a", "lost"), pass("b", 1, "again")]).await.unwrap_err();
        assert!(error.to_string().contains("recorded already"), "{error}");
        assert_eq!(ids(&*store).await[1].1, "1", "all or none");
        assert_eq!(store.passes("b").await.unwrap()[0], "first");

        store.change(vec![ProjectChange::Remove { mailbox: "b".into() }]).await.unwrap();
        assert_eq!(ids(&*store).await.len(), 1);
        assert!(store.passes("b").await.unwrap().is_empty());
        assert_eq!(store.salt().await.unwrap(), store.salt().await.unwrap());
    }
}

#[tokio::test]
async fn a_project_survives_in_its_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    let salt = {
        let store = SqliteLedger::open(&path).unwrap();
        store.change(vec![put("a", "kept"), pass("a", 1, "done")]).await.unwrap();
        store.salt().await.unwrap()
    };
    let store = SqliteLedger::open(&path).unwrap();
    assert_eq!(ids(&store).await, [("a".into(), "kept".into())]);
    assert_eq!(store.passes("a").await.unwrap(), ["done"]);
    assert_eq!(store.salt().await.unwrap(), salt);
    assert_ne!(salt, [0; 32]);
}

#[tokio::test]
async fn a_ledger_of_the_first_version_gets_room_for_a_project() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    drop(SqliteLedger::open(&path).unwrap());
    let old = "DROP TABLE project; DROP TABLE mailbox; DROP TABLE pass; PRAGMA user_version = 1";
    rusqlite::Connection::open(&path).unwrap().execute_batch(old).unwrap();
    let store = SqliteLedger::open(&path).unwrap();
    store.change(vec![put("a", "1")]).await.unwrap();
    drop(store);
    let version: i32 =
        rusqlite::Connection::open(&path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 2);
}
