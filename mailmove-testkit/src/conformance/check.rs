use std::fmt;

use mailmove_core::{Error, ErrorKind};

/// What became of a case.
pub type Outcome<T = ()> = Result<T, Unmet>;

/// Why a case did not come to its end.
#[derive(Debug, Clone)]
pub enum Unmet {
    /// The endpoint says that it cannot do what the case is about.
    Skipped(String),
    /// The endpoint does not keep the contract.
    Broken(String),
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unmet::Skipped(why) => write!(f, "skipped: {why}"),
            Unmet::Broken(why) => write!(f, "broken: {why}"),
        }
    }
}

/// An error where the contract expects none.
impl From<Error> for Unmet {
    fn from(error: Error) -> Self {
        Unmet::Broken(format!("an unexpected error: {error}"))
    }
}

/// Goes on when the endpoint keeps the contract here.
macro_rules! check {
    ($kept:expr, $($text:tt)+) => {
        if !$kept {
            return Err($crate::conformance::Unmet::Broken(format!($($text)+)));
        }
    };
}

/// Leaves the case: the endpoint cannot do what it is about.
macro_rules! skip {
    ($($text:tt)+) => {
        return Err($crate::conformance::Unmet::Skipped(format!($($text)+)))
    };
}

pub(super) use {check, skip};

/// The kind of an error that has to be there.
pub(super) fn kind<T>(verdict: &Result<T, Error>, what: &str) -> Outcome<ErrorKind> {
    match verdict {
        Ok(_) => Err(Unmet::Broken(format!("{what} succeeded"))),
        Err(error) => Ok(error.kind()),
    }
}

/// The only answer to the only question.
pub(super) fn only<T>(answers: Vec<T>) -> Outcome<T> {
    let count = answers.len();
    let only = answers.into_iter().next().filter(|_| count == 1);
    only.ok_or_else(|| Unmet::Broken(format!("one question got {count} answers")))
}
