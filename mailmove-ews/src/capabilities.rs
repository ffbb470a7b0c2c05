//! What a mailbox on Exchange can do, by the version it speaks.

use std::time::Duration;

use mailmove_core::{Capabilities, Format, Kind, Loss, Route, Via};

use crate::map;
use crate::wire::version::Version;

/// By FastTransfer streams, out and in.
pub(crate) const EXPORT: Via = Via::fixed("export-items");
/// See [`EXPORT`].
pub(crate) const UPLOAD: Via = Via::fixed("upload-items");
/// By MIME, out and in.
pub(crate) const GET: Via = Via::fixed("get-item");
/// See [`GET`].
pub(crate) const CREATE: Via = Via::fixed("create-item");

/// How many items one request carries at most. Exchange stops a batch after a minute.
pub(crate) const BATCH_ITEMS: usize = 25;

/// How many bytes of content one request carries at most, unless a single item is larger.
pub(crate) const BATCH_BYTES: u64 = 12 << 20;

pub(crate) fn of(version: Version) -> Capabilities {
    let mut can = Capabilities::new();
    for kind in Kind::ALL {
        if version.has_export() {
            can.offers.push(Route::new(kind, Format::FASTTRANSFER, EXPORT));
            can.accepts.push(Route::new(kind, Format::FASTTRANSFER, UPLOAD));
        }
        can.offers.push(standard(kind, GET, Vec::new()));
        can.accepts.push(standard(kind, CREATE, not_written(kind)));
    }
    can.batch_items = BATCH_ITEMS;
    can.batch_bytes = BATCH_BYTES;
    can.in_flight = 2;
    can.large_folders = 2;
    can.folders = 3;
    can.settle = Duration::from_secs(60);
    can.names.no_controls = true;
    can.names.trims = true;
    can.names.ignores_case = true;
    can.names.max_chars = Some(255);
    can.moves = true;
    can.removes = true;
    can
}

/// The route by the standard format, which is made anew at each reading: nothing comes back octet for octet.
fn standard(kind: Kind, via: Via, more: Vec<Loss>) -> Route {
    let mut route = Route::new(kind, map::item::standard_format(kind), via);
    let text = match kind {
        Kind::Task | Kind::Journal => "Exchange keeps the fields of it, and its iCalendar is made of them",
        Kind::Contact => "Exchange keeps the fields of a contact, and its vCard is made of them",
        Kind::Event => "Exchange keeps the properties of an appointment and writes its iCalendar anew",
        _ => "Exchange keeps the parts of a message and writes its MIME anew: header order, boundaries, folding differ",
    };
    route.losses.push(Loss::new("rendered-anew", text));
    route.losses.extend(more);
    route
}

/// What Exchange does not take from iCalendar.
fn not_written(kind: Kind) -> Vec<Loss> {
    if kind != Kind::Event {
        return Vec::new();
    }
    vec![
        Loss::new("organizer", "the owner of the mailbox becomes the organiser of appointments that have attendees"),
        Loss::new("unknown-properties", "properties that Exchange does not know are left out"),
    ]
}
