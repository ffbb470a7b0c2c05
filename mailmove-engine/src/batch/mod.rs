//! Many mailboxes: one project, one file, one process.

mod pass;
pub mod sheet;
mod state;

pub use pass::{ItemProblem, Pass, PassReport, Point, Why};
pub use sheet::{Column, DomainRewrite, Issue, Sheet, SheetErrors, SheetOptions, SheetRow};
pub use state::State;
