//! What a mailbox on Exchange can do, by the version it speaks.

use std::time::Duration;

use mailmove_core::{Capabilities, Format, Kind, Loss, Route, Via};

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
    if version.has_export() {
        can.offers.push(Route::new(Kind::Mail, Format::FASTTRANSFER, EXPORT));
        can.accepts.push(Route::new(Kind::Mail, Format::FASTTRANSFER, UPLOAD));
    }
    can.offers.push(mime(GET));
    can.accepts.push(mime(CREATE));
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

fn mime(via: Via) -> Route {
    let mut route = Route::new(Kind::Mail, Format::RFC5322, via);
    let text =
        "Exchange keeps the parts of a message and writes its MIME anew: header order, boundaries and folding differ";
    route.losses.push(Loss::new("mime-rendered", text));
    route
}
