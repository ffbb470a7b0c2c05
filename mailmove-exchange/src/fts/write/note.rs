//! What makes a message a note on yellow paper ([MS-OXONOTE]).

use mailmove_core::{Item, Result};

use super::super::mapi::note;
use super::drawn;
use super::stream::Stream;

/// Yellow (PidLidNoteColor), as notes are that nobody coloured.
const YELLOW: u32 = 3;
/// How programs draw a note; its colour is added.
const ICON: u32 = 0x0300;

/// How a note looks: colour, width, height, and where it lies on the screen.
const LOOK: [(u32, u32); 5] = [(0x8b00, YELLOW), (0x8b02, 200), (0x8b03, 166), (0x8b04, 80), (0x8b05, 80)];

/// How a note looks. Formats from elsewhere say nothing of it, so all look the same.
pub(super) fn look(stream: &mut Stream, item: &Item) -> Result<()> {
    drawn(stream, item, ICON + YELLOW)?;
    LOOK.into_iter().try_for_each(|(number, value)| stream.number(note(number), value))
}
