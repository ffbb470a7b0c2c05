//! What a mailbox on Zimbra can do, by what the server says it is.

use std::time::Duration;

use mailmove_core::{Capabilities, Kind, Loss, Route, Via};

use crate::map;
use crate::wire::get_info::Info;
use crate::wire::version::Version;

/// Messages by the content servlet, or many of them in one archive.
pub(crate) const GET: Via = Via::fixed("get");
/// Contacts by their attributes.
pub(crate) const ATTRIBUTES: Via = Via::fixed("attributes");
/// Calendar entries as iCalendar.
pub(crate) const ICS: Via = Via::fixed("ics");
/// Messages, in the request or uploaded before it.
pub(crate) const ADD: Via = Via::fixed("add-msg");

/// How many items one call takes.
pub(crate) const BATCH_ITEMS: usize = 100;

/// How many bytes one call shall carry. Zimbra takes requests of 15 MB.
pub(crate) const BATCH_BYTES: u64 = 8 << 20;

pub(crate) fn of(version: Version, info: &Info, connections: usize) -> Capabilities {
    let mut can = Capabilities::new();
    for kind in map::kind::all(version.has_tasks()) {
        can.offers.push(route(kind, false));
        let mut accepted = route(kind, true);
        if kind == Kind::Mail {
            accepted.max_bytes = largest(info);
        }
        can.accepts.push(accepted);
    }
    can.batch_items = BATCH_ITEMS;
    can.batch_bytes = BATCH_BYTES;
    can.in_flight = 2;
    can.large_folders = (connections / 2).clamp(1, 3);
    can.folders = connections.clamp(1, 4).max(can.large_folders);
    can.settle = Duration::from_secs(60);
    can.names.forbidden = vec![':', '/', '"'];
    can.names.no_controls = true;
    can.names.trims = true;
    can.names.ignores_case = true;
    can.names.max_chars = Some(version.longest_name());
    can.moves = true;
    can.removes = true;
    can
}

/// The largest message that the server takes, in bytes.
fn largest(info: &Info) -> Option<u64> {
    let told = [info.limit("zimbraMtaMaxMessageSize"), info.largest_upload];
    told.into_iter().flatten().min()
}

fn route(kind: Kind, written: bool) -> Route {
    let via = match kind {
        Kind::Contact => ATTRIBUTES,
        Kind::Mail if written => ADD,
        Kind::Mail => GET,
        _ => ICS,
    };
    let mut route = Route::new(kind, map::kind::format(kind), via);
    route.losses = losses(kind);
    route
}

/// What is known not to be carried.
pub(crate) fn losses(kind: Kind) -> Vec<Loss> {
    let anew = match kind {
        Kind::Contact => "Zimbra keeps the attributes of a contact, and its vCard is made of them",
        Kind::Event | Kind::Task => "Zimbra keeps the parts of a calendar entry and writes its iCalendar anew",
        Kind::Mail | Kind::Note | Kind::Journal => return Vec::new(),
    };
    vec![Loss::new("rendered-anew", anew)]
}
