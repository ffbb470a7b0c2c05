//! How a program ends: a status for scripts, one line for people.

use std::process::ExitCode;

use mailmove::{Error, ErrorKind};

use super::output;

/// The exit statuses that all examples share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Some items were not moved; the report names them.
    SomeFailed = 1,
    /// Nothing was begun.
    CouldNotRun = 2,
    /// Stopped, or waiting for something: run again to go on.
    NotFinished = 3,
}

/// Why a program does not end with status 0.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What scripts see.
    pub(crate) status: Status,
    /// What people see: one line.
    pub(crate) line: String,
}

impl Failure {
    /// A failure with its line.
    pub(crate) fn new(status: Status, line: impl Into<String>) -> Self {
        Self { status, line: line.into() }
    }
}

/// An error by which nothing was begun.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(Status::CouldNotRun, line(&error))
    }
}

/// The error's one line, with the option that helps.
pub(crate) fn line(error: &Error) -> String {
    let remedy = error.what_to_do();
    let authority = error.kind() == ErrorKind::Tls && remedy.contains("certificate") && !remedy.contains("--ca");
    if authority { format!("{error} (--ca FILE)") } else { error.to_string() }
}

/// Runs on a runtime of its own, and tells how it ended.
pub(crate) fn run(work: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    // One thread moves what the network carries, and hands nothing over to others; the ledger has its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = match &runtime {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => Err(Failure::new(Status::CouldNotRun, format!("this system gives no threads: {error}"))),
    };
    // Nobody waits for a name server that does not answer.
    if let Ok(runtime) = runtime {
        runtime.shutdown_background();
    }
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure.line);
            ExitCode::from(failure.status as u8)
        }
    }
}
