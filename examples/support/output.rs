//! Lines for people. A reader that went away is no reason to stop moving mail, so nothing here can fail.

use std::fmt::Display;
use std::io::Write;

use tracing_subscriber::EnvFilter;

/// Writes a line to standard output.
macro_rules! say {
    ($($arguments:tt)*) => { $crate::support::output::line(format_args!($($arguments)*)) };
}
pub(crate) use say;

/// Writes a line to standard output.
pub(crate) fn line(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes why it failed to standard error.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "error: {text}");
}

/// Writes the library's log to standard error when somebody asked for it: by `RUST_LOG`, by a filter like
/// `mailmove_imap=trace`, or by the number of `-v`.
pub(crate) fn log(filter: Option<&str>, verbose: u8) -> Result<(), super::Failure> {
    let words = std::env::var("RUST_LOG").ok().filter(|words| !words.is_empty());
    let by_number = ["", "info", "debug", "trace"][usize::from(verbose.min(3))];
    let words = filter.map(str::to_owned).or(words).unwrap_or_else(|| by_number.to_owned());
    if words.is_empty() {
        return Ok(());
    }
    let filter = EnvFilter::try_new(&words).map_err(|error| {
        let line =
            format!("the log filter {words:?} means nothing: {error}; give a level, or a list like mailmove=debug");
        super::Failure::new(super::Status::CouldNotRun, line)
    })?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
    Ok(())
}
