//! Events: their times, their series, and how clients see them.

mod recurrence;
mod series;
mod show;
mod zones;

pub(crate) use recurrence::check;
pub(crate) use series::{Occurrence, between, occurrence, times};
pub(crate) use show::{expand, show, show_occurrence};
pub(crate) use zones::{known, to_local, to_utc};
