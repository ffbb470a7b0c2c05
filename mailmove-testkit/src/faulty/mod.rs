//! Makes endpoints fail, and runs die, at a chosen moment.

mod schedule;

pub use schedule::{Schedule, When};
