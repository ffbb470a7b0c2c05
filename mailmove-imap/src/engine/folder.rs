//! Which folder is open.

use std::sync::Arc;

use tokio::sync::watch;

use crate::error::{Fault, protocol};
use crate::wire::Selected;

/// How to open a folder.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    /// The name as it stands on the wire.
    pub(crate) folder: Arc<[u8]>,
    /// SELECT rather than EXAMINE.
    pub(crate) writable: bool,
    /// Ask for mod-sequences.
    pub(crate) condstore: bool,
    /// Open it again even if it is open, to see what is new in it.
    pub(crate) fresh: bool,
}

/// A folder that is open, or will be as soon as the server answered.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    /// Counts the openings of one connection.
    pub(super) number: u64,
    pub(super) outcome: watch::Receiver<Option<Result<Selected, Fault>>>,
}

impl Opened {
    /// The folder as it was when it was opened.
    pub(crate) async fn selected(&mut self) -> Result<Selected, Fault> {
        let outcome = self.outcome.wait_for(Option::is_some).await;
        match outcome {
            Ok(outcome) => outcome.clone().unwrap_or_else(|| Err(given_up())),
            Err(_) => Err(given_up()),
        }
    }
}

fn given_up() -> Fault {
    Fault::Lost { cause: protocol("the connection was given up"), begun: true }
}
