//! Sheets that are written: an empty one to fill in.

use mailmove_core::Side;

use super::{Column, SheetOptions};

impl SheetOptions {
    /// The first line of a sheet for this project: the two addresses, login columns for each side without an
    /// administrator, and the flags.
    pub fn template(&self) -> String {
        let needed = |column: &Column| {
            let login = |side: Side| self.administrators.contains(&side) && Column::of(side)[1..].contains(column);
            !login(Side::Source) && !login(Side::Destination)
        };
        let names: Vec<&str> =
            Column::ALL.iter().filter(|column| needed(column)).map(|column| column.as_str()).collect();
        format!("{}\r\n", names.join(","))
    }
}

/// A cell as it is written: one that a spreadsheet would take for a formula begins with an apostrophe.
pub(crate) fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    let quoted = text.contains([',', ';', '"', '\n', '\r']) || text.trim() != text;
    if quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
