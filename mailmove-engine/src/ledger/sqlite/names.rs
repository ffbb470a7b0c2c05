//! Numbers for what repeats in many rows: destination folders with their epoch, reasons, write paths.

use std::collections::HashMap;

use mailmove_core::{Epoch, FolderId};
use rusqlite::{Connection, OptionalExtension};

use super::error::Fault;

/// So many names are remembered at most; then memory begins anew.
const REMEMBERED: usize = 8_192;

/// The names met lately, both ways.
#[derive(Debug, Default)]
pub(super) struct Names {
    targets: HashMap<(i64, FolderId, Epoch), i64>,
    target_of: HashMap<i64, (FolderId, Epoch)>,
    words: HashMap<String, i64>,
    word_of: HashMap<i64, String>,
}

impl Names {
    /// The number of a folder of a destination, given where there is none yet.
    pub(super) fn target(
        &mut self,
        conn: &Connection,
        destination: i64,
        folder: &FolderId,
        epoch: &Epoch,
    ) -> Result<i64, Fault> {
        if let Some(key) = self.known_target(conn, destination, folder, epoch)? {
            return Ok(key);
        }
        conn.prepare_cached("INSERT INTO target (destination, folder, epoch) VALUES (?1, ?2, ?3)")?.execute((
            destination,
            folder.as_str(),
            epoch.as_str(),
        ))?;
        let key = conn.last_insert_rowid();
        self.remember_target(key, destination, folder, epoch);
        Ok(key)
    }

    /// The number of a folder of a destination, if any row ever had it.
    pub(super) fn known_target(
        &mut self,
        conn: &Connection,
        destination: i64,
        folder: &FolderId,
        epoch: &Epoch,
    ) -> Result<Option<i64>, Fault> {
        if let Some(&key) = self.targets.get(&(destination, folder.clone(), epoch.clone())) {
            return Ok(Some(key));
        }
        let key = conn
            .prepare_cached("SELECT key FROM target WHERE destination = ?1 AND folder = ?2 AND epoch = ?3")?
            .query_row((destination, folder.as_str(), epoch.as_str()), |row| row.get(0))
            .optional()?;
        if let Some(key) = key {
            self.remember_target(key, destination, folder, epoch);
        }
        Ok(key)
    }

    /// The folder with this number.
    pub(super) fn target_of(&mut self, conn: &Connection, key: i64) -> Result<(FolderId, Epoch), Fault> {
        if let Some(found) = self.target_of.get(&key) {
            return Ok(found.clone());
        }
        let found = conn
            .prepare_cached("SELECT destination, folder, epoch FROM target WHERE key = ?1")?
            .query_row([key], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)))
            .optional()?;
        let (destination, folder, epoch) = found.ok_or(Fault::Damaged("target of an item"))?;
        let (folder, epoch) = (FolderId::from(folder), Epoch::from(epoch));
        self.remember_target(key, destination, &folder, &epoch);
        Ok((folder, epoch))
    }

    /// The number of a word, given where there is none yet.
    pub(super) fn word(&mut self, conn: &Connection, text: &str) -> Result<i64, Fault> {
        if let Some(&key) = self.words.get(text) {
            return Ok(key);
        }
        let known = conn
            .prepare_cached("SELECT key FROM word WHERE text = ?1")?
            .query_row([text], |row| row.get::<_, i64>(0))
            .optional()?;
        let key = match known {
            Some(key) => key,
            None => {
                conn.prepare_cached("INSERT INTO word (text) VALUES (?1)")?.execute([text])?;
                conn.last_insert_rowid()
            }
        };
        self.remember_word(key, text);
        Ok(key)
    }

    /// The word with this number.
    pub(super) fn word_of(&mut self, conn: &Connection, key: i64) -> Result<String, Fault> {
        if let Some(found) = self.word_of.get(&key) {
            return Ok(found.clone());
        }
        let found: Option<String> = conn
            .prepare_cached("SELECT text FROM word WHERE key = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        let text = found.ok_or(Fault::Damaged("word of an item"))?;
        self.remember_word(key, &text);
        Ok(text)
    }

    fn remember_target(&mut self, key: i64, destination: i64, folder: &FolderId, epoch: &Epoch) {
        if self.target_of.len() >= REMEMBERED {
            self.targets.clear();
            self.target_of.clear();
        }
        self.targets.insert((destination, folder.clone(), epoch.clone()), key);
        self.target_of.insert(key, (folder.clone(), epoch.clone()));
    }

    fn remember_word(&mut self, key: i64, text: &str) {
        if self.word_of.len() >= REMEMBERED {
            self.words.clear();
            self.word_of.clear();
        }
        self.words.insert(text.to_owned(), key);
        self.word_of.insert(key, text.to_owned());
    }
}
