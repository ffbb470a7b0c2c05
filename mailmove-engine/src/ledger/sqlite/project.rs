//! The mailboxes of a batch, in tables of their own beside the ledger's.

use async_trait::async_trait;
use mailmove_core::Result;
use rusqlite::OptionalExtension;

use super::SqliteLedger;
use super::error::Fault;
use super::store::Store;
use super::thread::{Answer, Reads, Request};
use crate::ledger::project::{pass_is_there, random_salt};
use crate::ledger::{ProjectChange, ProjectStore};

impl SqliteLedger {
    /// Runs this in the file's thread, outside of every group of records.
    async fn at_store<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Store) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let act = |answer: Answer<T>| Request::Read {
            // Commits what waits: no transaction is open then.
            what: Reads::Tally,
            read: Box::new(move |store| {
                let result = act(store).map_err(|fault| fault.told(&store.path));
                let _ = answer.send(result);
            }),
        };
        self.file.ask(act).await
    }
}

#[async_trait]
impl ProjectStore for SqliteLedger {
    async fn salt(&self) -> Result<[u8; 32]> {
        let fresh = random_salt()?;
        self.at_store(move |store| {
            let read = "SELECT salt FROM project WHERE key = 1";
            if let Some(salt) = store.conn.prepare_cached(read)?.query_row((), |row| row.get(0)).optional()? {
                return Ok(salt);
            }
            store.conn.prepare_cached("INSERT INTO project (key, salt) VALUES (1, ?1)")?.execute([fresh])?;
            Ok(fresh)
        })
        .await
    }

    async fn mailboxes(&self) -> Result<Vec<(String, String)>> {
        self.at_store(|store| {
            let mut read = store.conn.prepare_cached("SELECT id, record FROM mailbox ORDER BY position")?;
            let rows = read.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn change(&self, changes: Vec<ProjectChange>) -> Result<()> {
        self.at_store(move |store| {
            store.begin()?;
            let done = changes.iter().try_for_each(|change| apply(store, change)).and_then(|()| store.commit());
            if done.is_err() {
                store.roll_back();
            }
            done
        })
        .await
    }

    async fn passes(&self, mailbox: &str) -> Result<Vec<String>> {
        let mailbox = mailbox.to_owned();
        self.at_store(move |store| {
            let mut read = store.conn.prepare_cached("SELECT record FROM pass WHERE mailbox = ?1 ORDER BY number")?;
            let rows = read.query_map([mailbox], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn apply(store: &Store, change: &ProjectChange) -> Result<(), Fault> {
    let conn = &store.conn;
    match change {
        ProjectChange::Put { mailbox, record } => {
            conn.prepare_cached(
                "INSERT INTO mailbox (id, record, position)
                 VALUES (?1, ?2, (SELECT ifnull(max(position), 0) + 1 FROM mailbox))
                 ON CONFLICT (id) DO UPDATE SET record = excluded.record",
            )?
            .execute((mailbox, record))?;
        }
        ProjectChange::Remove { mailbox } => {
            conn.prepare_cached("DELETE FROM mailbox WHERE id = ?1")?.execute([mailbox])?;
            conn.prepare_cached("DELETE FROM pass WHERE mailbox = ?1")?.execute([mailbox])?;
        }
        ProjectChange::Pass { mailbox, number, record } => {
            let known = "SELECT 1 FROM pass WHERE mailbox = ?1 AND number = ?2";
            if conn.prepare_cached(known)?.exists((mailbox, number))? {
                return Err(Fault::Refused(pass_is_there(mailbox, *number)));
            }
            conn.prepare_cached("INSERT INTO pass (mailbox, number, record) VALUES (?1, ?2, ?3)")?
                .execute((mailbox, number, record))?;
        }
    }
    Ok(())
}
