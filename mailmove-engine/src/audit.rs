//! Proof: the destination is read back and held against the rows.

use std::collections::{BTreeMap, HashMap};

use mailmove_core::{Detail, Endpoint, Format, ItemId, ItemRef, Kind, Result, Source};
use serde::Serialize;

use crate::ledger::{Journal, Row, RowState, Select};
use crate::migration::Settings;

/// How deep an audit looks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AuditLevel {
    /// Every item that was moved is there.
    Counts,
    /// Its flags, categories and received date as well.
    Metadata,
    /// Its bytes as well, of this share of the items: 1.0 is all.
    Content {
        /// Between 0.0 and 1.0; which items fall under a share is the same at every audit.
        share: f64,
    },
}

/// What an audit found.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct Audit {
    /// Items that the ledger says are at the destination.
    pub expected: u64,
    /// Items that were found there.
    pub found: u64,
    /// Items whose bytes were compared.
    pub read: u64,
    /// Items of those whose bytes are others, as was predicted: the destination keeps their parts and renders them anew
    /// (the loss `rendered-anew`). Mail among them has its Message-ID; flags, categories and date were compared as ever.
    pub rendered: u64,
    /// Items at the destination, in the folders looked at, that no row of this job owns.
    pub others: u64,
    /// What differs, by its stable name: `missing`, `flags`, `categories`, `date`, `content`, `rewritten`.
    pub differences: BTreeMap<String, u64>,
    /// The first of them, in words.
    pub examples: Vec<String>,
}

impl Audit {
    /// Whether everything is there and equal.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }

    fn differs(&mut self, code: &str, folder: &str, row: &Row, text: &str) {
        *self.differences.entry(code.to_owned()).or_default() += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(format!("{code}: \"{folder}\", source item {}: {text}", row.place.item));
        }
    }
}

const EXAMPLES: usize = 50;
const PAGE: usize = 500;

pub(crate) async fn audit(
    settings: &Settings,
    journal: &dyn Journal,
    destination: &dyn Source,
    level: AuditLevel,
) -> Result<Audit> {
    let mut audit = Audit::default();
    let folders = Endpoint::folders(destination).await?;
    for folder in folders.iter().filter(|folder| folder.holds_items()) {
        let select = Select::all().at_target(folder.id.clone());
        let mut rows = journal.scan(&select, None, PAGE).await?;
        if rows.is_empty() {
            continue;
        }
        let mut there = list(destination, folder).await?;
        // Without ids, an item answers to the first row of its size and date that nobody else answered to.
        loop {
            let after = rows.last().map(|row| row.place.clone());
            let full = rows.len() == PAGE;
            let rows_here = std::mem::take(&mut rows);
            compare(settings, destination, &folder.display_path(), rows_here, &mut there, level, &mut audit).await?;
            if !full {
                break;
            }
            rows = journal.scan(&select, after.as_ref(), PAGE).await?;
        }
        audit.others += there.len() as u64;
    }
    Ok(audit)
}

async fn list(destination: &dyn Source, folder: &mailmove_core::Folder) -> Result<HashMap<ItemId, ItemRef>> {
    let (mut there, mut after) = (HashMap::new(), None);
    loop {
        let page = destination.changes(&folder.feed, after.as_ref(), Detail::Listing).await?;
        for change in page.changes {
            if let mailmove_core::Change::Present(item) = change
                && item.folders.contains(&folder.id)
            {
                there.insert(item.id.clone(), item);
            }
        }
        if !page.more {
            return Ok(there);
        }
        after = Some(page.next);
    }
}

async fn compare(
    settings: &Settings,
    destination: &dyn Source,
    folder: &str,
    rows: Vec<Row>,
    there: &mut HashMap<ItemId, ItemRef>,
    level: AuditLevel,
    audit: &mut Audit,
) -> Result<()> {
    let mut read: Vec<(Row, ItemRef)> = Vec::new();
    for row in rows {
        let counts = row.state.is_there() && row.target.is_some();
        if !counts {
            continue;
        }
        audit.expected += 1;
        let Some(item) = take(there, &row) else {
            audit.differs("missing", folder, &row, "not at the destination");
            continue;
        };
        audit.found += 1;
        // What its user edited there is theirs.
        let ours = !matches!(row.state, RowState::Kept | RowState::AlreadyThere);
        if ours && level != AuditLevel::Counts {
            metadata(folder, &row, &item, audit);
        }
        if let AuditLevel::Content { share } = level
            && row.state != RowState::Kept
            && in_share(&row, share)
        {
            read.push((row, item));
        }
    }
    contents(settings, destination, folder, read, audit).await
}

fn take(there: &mut HashMap<ItemId, ItemRef>, row: &Row) -> Option<ItemRef> {
    match row.target.as_ref().and_then(|target| target.item.as_ref()) {
        Some(id) => there.remove(id),
        None => {
            let stamp = |date: Option<time::OffsetDateTime>| date.map(time::OffsetDateTime::unix_timestamp);
            let mut alike: Vec<&ItemId> = there
                .values()
                .filter(|item| item.size == row.size && stamp(item.received) == stamp(row.received))
                .map(|item| &item.id)
                .collect();
            alike.sort();
            let id = (*alike.first()?).clone();
            there.remove(&id)
        }
    }
}

fn metadata(folder: &str, row: &Row, item: &ItemRef, audit: &mut Audit) {
    let lost = |code: &str| row.losses.iter().any(|loss| loss.code == code);
    let (missing, extra) = (row.flags.minus(&item.flags), item.flags.minus(&row.flags));
    if !missing.state.is_empty() || !extra.state.is_empty() {
        audit.differs("flags", folder, row, &format!("missing {:?}, extra {:?}", missing.state, extra.state));
    }
    if (missing.categories().len() > 0 || extra.categories().len() > 0) && !lost("keyword") {
        audit.differs("categories", folder, row, &format!("missing {missing:?}, extra {extra:?}"));
    }
    let (sent, now) = (row.received, item.received);
    if row.kind == Kind::Mail
        && let (Some(sent), Some(now)) = (sent, now)
        && sent.unix_timestamp() != now.unix_timestamp()
        && !row.altered.iter().any(|repair| repair.code == "date-replaced")
    {
        audit.differs("date", folder, row, &format!("{sent} became {now}"));
    }
}

/// The share is taken by digest: the same items every time, and no pattern that a fault could follow.
fn in_share(row: &Row, share: f64) -> bool {
    let Some(digest) = row.digest else { return false };
    let first = digest.as_bytes()[..4].iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte));
    f64::from(first) < share * f64::from(u32::MAX) || share >= 1.0
}

/// The format in which an item is read back: the one in which it was written, where it can be had.
fn format_of<'a>(destination: &'a dyn Source, row: &Row) -> Option<&'a Format> {
    let can = destination.capabilities();
    let written = can.accepts.iter().find(|route| route.kind == row.kind && Some(&route.via) == row.via.as_ref());
    let mut offers = can.offers.iter().filter(|route| route.kind == row.kind).map(|route| &route.format);
    let first = offers.clone().next();
    offers.find(|format| written.is_some_and(|route| route.format == **format)).or(first)
}

async fn contents(
    settings: &Settings,
    destination: &dyn Source,
    folder: &str,
    read: Vec<(Row, ItemRef)>,
    audit: &mut Audit,
) -> Result<()> {
    let limit = destination.capabilities().batch_items.max(1);
    let bytes = destination.capabilities().batch_bytes;
    let mut rest = read.as_slice();
    while let Some((row, first)) = rest.first() {
        let Some(format) = format_of(destination, row) else { break };
        let (mut count, mut sum) = (1, first.size);
        let alike = |row: &Row| format_of(destination, row) == Some(format);
        while count < rest.len().min(limit) && sum + rest[count].1.size <= bytes && alike(&rest[count].0) {
            sum += rest[count].1.size;
            count += 1;
        }
        let (now, later) = rest.split_at(count);
        rest = later;
        let references: Vec<ItemRef> = now.iter().map(|(_, item)| item.clone()).collect();
        let items = destination.fetch(&references, format, &settings.spool).await;
        for ((row, _), item) in now.iter().zip(items) {
            match item {
                Ok(item) => {
                    audit.read += 1;
                    if row.digest.is_none_or(|digest| digest == *item.body.digest()) {
                        continue;
                    }
                    if row.losses.iter().any(|loss| loss.code == "rendered-anew")
                        && (row.kind != Kind::Mail || row.uid == item.fingerprint.uid)
                    {
                        audit.rendered += 1;
                        continue;
                    }
                    let same_key = row.key.is_some() && row.key == item.fingerprint.key;
                    let code = if !row.altered.is_empty() {
                        "repaired"
                    } else if same_key {
                        "rewritten"
                    } else {
                        "content"
                    };
                    audit.differs(code, folder, row, "other bytes than were sent");
                }
                Err(error) => audit.differs("unreadable", folder, row, &error.to_string()),
            }
        }
    }
    Ok(())
}
