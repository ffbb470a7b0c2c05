//! What a mailbox in Exchange Online can do, by what its token may do there.

use std::time::Duration;

use mailmove_core::{Capabilities, Format, Kind, Loss, Route, Via};

use crate::place::Area;

/// By FastTransfer streams, out and in.
pub(crate) const EXPORT: Via = Via::fixed("export-items");
/// See [`EXPORT`].
pub(crate) const IMPORT: Via = Via::fixed("import-session");
/// As streams that are made here of what came from elsewhere. Experimental.
pub(crate) const IMPORT_FOREIGN: Via = Via::fixed("import-session-foreign");
/// By the interface that each kind has of its own.
pub(crate) const VALUE: Via = Via::fixed("message-value");
/// See [`VALUE`].
pub(crate) const CREATE_MESSAGE: Via = Via::fixed("create-message");
pub(crate) const GET_CONTACT: Via = Via::fixed("get-contact");
pub(crate) const CREATE_CONTACT: Via = Via::fixed("create-contact");
pub(crate) const GET_EVENT: Via = Via::fixed("get-event");
pub(crate) const CREATE_EVENT: Via = Via::fixed("create-event");
/// What a stream says in the standard format: of notes, journal entries and groups.
pub(crate) const EXPORT_PLAIN: Via = Via::fixed("export-items-plain");
pub(crate) const GET_TASK: Via = Via::fixed("get-task");
pub(crate) const CREATE_TASK: Via = Via::fixed("create-task");

/// How many items one call carries at most.
pub(crate) const BATCH_ITEMS: usize = 20;

/// How many bytes of content one call carries at most, unless a single item is larger.
pub(crate) const BATCH_BYTES: u64 = 12 << 20;

/// The largest message, in bytes, that Exchange Online can be made to take.
const LARGEST: u64 = 150 << 20;

/// What was found when the mailbox was opened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// What may be read.
    pub(crate) areas: Vec<Area>,
    /// Whether streams can be read and written.
    pub(crate) streams: bool,
    /// Whether streams are made of what comes from elsewhere.
    pub(crate) foreign: bool,
}

impl Found {
    /// Whether what comes from elsewhere is made a stream. Tasks are not: Microsoft To Do says where they come from, by
    /// which they are found again, and a stream cannot.
    pub(crate) fn makes_streams(&self, kind: Kind) -> bool {
        self.streams && self.foreign && kind != Kind::Task
    }
}

pub(crate) fn of(found: &Found) -> Capabilities {
    let mut can = Capabilities::new();
    for area in &found.areas {
        let kind = area.kind();
        if found.streams {
            can.offers.push(Route::new(kind, Format::FASTTRANSFER, EXPORT));
            can.accepts.push(Route::new(kind, Format::FASTTRANSFER, IMPORT));
        }
        if found.makes_streams(kind) {
            can.accepts.push(standard(
                kind,
                IMPORT_FOREIGN,
                vec![Loss::new(
                    "experimental",
                    "the stream is made here; no mailbox in the cloud has been seen to take one",
                )],
            ));
        }
        let (get, create) = vias(kind);
        can.offers.push(standard(kind, get, not_read(kind)));
        if has_interface(kind) {
            can.accepts.push(standard(kind, create, not_written(kind)));
        }
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

/// How a kind is read and written in its standard format.
pub(crate) fn vias(kind: Kind) -> (Via, Via) {
    match kind {
        Kind::Contact => (GET_CONTACT, CREATE_CONTACT),
        Kind::Event => (GET_EVENT, CREATE_EVENT),
        Kind::Task => (GET_TASK, CREATE_TASK),
        Kind::Mail => (VALUE, CREATE_MESSAGE),
        Kind::Note | Kind::Journal => (EXPORT_PLAIN, IMPORT_FOREIGN),
    }
}

/// Whether Graph has an interface of its own for a kind. Others are streams, at both ends.
pub(crate) fn has_interface(kind: Kind) -> bool {
    !matches!(kind, Kind::Note | Kind::Journal)
}

/// The format in which a kind travels.
pub(crate) fn standard_format(kind: Kind) -> Format {
    match kind {
        Kind::Mail | Kind::Note => Format::RFC5322,
        Kind::Event | Kind::Task | Kind::Journal => Format::ICALENDAR,
        Kind::Contact => Format::VCARD,
    }
}

/// The route by the standard format, which is made anew at each reading: nothing comes back octet for octet.
fn standard(kind: Kind, via: Via, more: Vec<Loss>) -> Route {
    let mut route = Route::new(kind, standard_format(kind), via);
    route.max_bytes = (kind == Kind::Mail).then_some(LARGEST);
    route.losses.push(rendered_anew(kind));
    route.losses.extend(more);
    route
}

/// What every item by a standard format loses.
pub(crate) fn rendered_anew(kind: Kind) -> Loss {
    let text = match kind {
        Kind::Mail | Kind::Note => {
            "Exchange keeps the parts of a message and writes its MIME anew: header order, boundaries, folding differ"
        }
        Kind::Contact => "Exchange keeps the fields of a contact, and its vCard is made of them",
        _ => "Exchange keeps the fields of it, and its iCalendar is made of them",
    };
    Loss::new("rendered-anew", text)
}

/// What the standard format does not say of what is read by its stream.
fn not_read(kind: Kind) -> Vec<Loss> {
    let one = |code: &'static str, text: &str| vec![Loss::new(code, text)];
    match kind {
        Kind::Note => one("note-look", "colour, size and place of a note stand in its stream alone"),
        Kind::Journal => {
            one("journal-fields", "duration, type and contacts of a journal entry stand in its stream alone")
        }
        Kind::Mail | Kind::Event | Kind::Contact | Kind::Task => Vec::new(),
    }
}

/// What Graph does not take of the standard format.
fn not_written(kind: Kind) -> Vec<Loss> {
    let one = |code: &'static str, text: &str| vec![Loss::new(code, text)];
    match kind {
        Kind::Mail => one(
            "headers",
            "the header is kept as one property of the message; Exchange does not send it along when it is forwarded",
        ),
        Kind::Event => {
            one("attendees", "attendees are kept as a property and not invited: Exchange would send them mail")
        }
        Kind::Contact => {
            one("groups", "Graph has no interface for groups of contacts, which are taken as streams alone")
        }
        Kind::Task => one("task-fields", "Microsoft To Do has no place for work, owner and percentages"),
        Kind::Note | Kind::Journal => Vec::new(),
    }
}
