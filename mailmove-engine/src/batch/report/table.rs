//! For spreadsheets.

use super::{BatchReport, MailboxReport};
use crate::batch::sheet::cell;

const HEADER: &str = "Source Email,Destination Email,Flags,State,Side,Reason,Goes on,Pass,Passes,Items moved,Bytes moved,\
                      Updated,Already there,Failed,Lost,Filtered";

impl BatchReport {
    /// One row per mailbox, with a header. A cell that a spreadsheet would take for a formula begins with an apostrophe.
    pub fn csv(&self) -> String {
        let mut text = format!("{HEADER}\r\n");
        for mailbox in &self.mailboxes {
            text.push_str(&row(mailbox));
            text.push_str("\r\n");
        }
        text
    }

    /// Everything, in JSON.
    pub fn json(&self) -> String {
        // Only maps with keys that are no texts, and numbers that are none, cannot be written; there are none.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

fn row(mailbox: &MailboxReport) -> String {
    let item = &mailbox.item;
    let (latest, (items, bytes)) = (mailbox.latest(), mailbox.moved());
    let total = |state: &str| latest.and_then(|pass| pass.totals.get(state)).map_or(0, |tally| tally.items).to_string();
    let why = item.why.as_ref();
    let cells = [
        item.source.to_string(),
        item.destination.to_string(),
        item.flags.to_string(),
        item.state.to_string(),
        why.and_then(|why| why.side).map(|side| side.to_string()).unwrap_or_default(),
        why.map(|why| why.text.clone()).unwrap_or_default(),
        item.until.map(|until| until.to_string()).unwrap_or_default(),
        item.pass.to_string(),
        item.passes.to_string(),
        items.to_string(),
        bytes.to_string(),
        total("updated"),
        total("already-there"),
        total("failed"),
        total("lost"),
        total("filtered"),
    ];
    cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(",")
}
