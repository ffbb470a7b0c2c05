//! Appointments, tasks and journal entries as Exchange knows them, between iCalendar (RFC 5545) and whatever a connector speaks.
//!
//! [`Appointment`], [`Task`] and [`Journal`] hold what every Exchange can store and nothing else, so that a connector maps plain
//! values and need not know iCalendar. What iCalendar says beyond that comes back as a named
//! [`Loss`](mailmove_core::Loss): never dropped in silence.

mod appointment;
mod attach;
mod component;
mod dates;
mod event;
mod journal;
mod person;
mod read;
mod recurrence;
mod rrule;
#[cfg(test)]
pub(crate) mod samples;
mod task;
#[cfg(test)]
mod tests;
mod todo;
mod when;
mod write;

pub use appointment::{
    Answer, Appointment, Attendee, AttendeeRole, Busy, Importance, Occurrence, Person, Sensitivity, Text,
};
pub use attach::{Attached, Content};
pub use journal::Journal;
pub use read::{from_icalendar, read_event};
pub use recurrence::{Days, End, Pattern, Recurrence, Week};
pub use task::{Task, TaskStatus};
pub use when::{Moment, When};
pub use write::{to_icalendar, write_event};
