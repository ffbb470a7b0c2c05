//! One error type for the whole library: opaque, one pointer wide, cheap to clone.
//!
//! An error says on which [`Side`] it arose, what it is ([`ErrorKind`]: what the engine decides by), what may be done
//! about it ([`Recovery`]), and, for people, one line that ends with what to do.

mod kind;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use kind::default_remedy;
pub use kind::{ErrorKind, Recovery, Side};

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. See the [module](self).
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    recovery: Recovery,
    side: Option<Side>,
    message: String,
    context: Vec<(&'static str, String)>,
    remedy: Option<String>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind. The message is half a sentence in lower case, without a full stop and without secrets.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            recovery: kind.recovery(),
            side: None,
            message: message.into(),
            context: Vec::new(),
            remedy: None,
            source: None,
        }))
    }

    /// The same with another recovery than its kind's.
    pub fn with_recovery(mut self, recovery: Recovery) -> Self {
        self.inner().recovery = recovery;
        self
    }

    /// The same on this side. A side once set stays: the first to know is right.
    pub fn on(mut self, side: Side) -> Self {
        self.inner().side.get_or_insert(side);
        self
    }

    /// The same with one more fact. A name that is there already keeps its first value.
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        if !self.0.context.iter().any(|(known, _)| *known == name) {
            let value = value.to_string();
            self.inner().context.push((name, value));
        }
        self
    }

    /// The same with what to do: a sentence without a full stop, in the imperative.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.inner().remedy = Some(remedy.into());
        self
    }

    /// The same with its cause, which [`Display`](fmt::Display) does not repeat.
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.inner().source = Some(Arc::new(source));
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What may be done about it.
    pub fn recovery(&self) -> Recovery {
        self.0.recovery
    }

    /// On which side, where that is known.
    pub fn side(&self) -> Option<Side> {
        self.0.side
    }

    /// The bare message, without side, facts and remedy.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The facts, in the order in which they were added.
    pub fn context(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.context.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// What to do, when more is known than the kind says.
    pub fn what_to_do(&self) -> &str {
        self.0.remedy.as_deref().unwrap_or_else(|| default_remedy(self.0.kind))
    }

    fn inner(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }
}

/// One line for people: side, message, facts, and what to do.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(side) = self.0.side {
            write!(f, "{side}: ")?;
        }
        write_line(f, &self.0.message)?;
        let mut open = false;
        for (name, value) in &self.0.context {
            f.write_str(if open { ", " } else { " (" })?;
            open = true;
            write!(f, "{name}: ")?;
            write_line(f, value)?;
        }
        if open {
            f.write_str(")")?;
        }
        f.write_str("; ")?;
        write_line(f, self.what_to_do())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let mut out = f.debug_struct("Error");
        out.field("kind", &inner.kind).field("recovery", &inner.recovery).field("side", &inner.side);
        out.field("message", &inner.message).field("context", &inner.context);
        if let Some(source) = &inner.source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Text from servers may hold anything; a line stays one line.
fn write_line(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    text.split(|c: char| c.is_control()).enumerate().try_for_each(|(at, part)| {
        if at > 0 {
            f.write_str(" ")?;
        }
        f.write_str(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn display_is_one_line_with_side_facts_and_what_to_do() {
        let error = Error::new(ErrorKind::Refused, "the server refused the message")
            .on(Side::Destination)
            .on(Side::Source)
            .with("answer", "NO\r\n [CANNOT]")
            .with("folder", "Sent");
        let line = error.to_string();
        assert_eq!(
            line,
            "destination: the server refused the message (answer: NO   [CANNOT], folder: Sent); \
             look at the item at the source; move it by hand if it is needed"
        );
    }

    #[test]
    fn the_cause_is_reachable_and_not_repeated() {
        let cause = std::io::Error::other("connection reset");
        let error = Error::new(ErrorKind::Network, "cannot read").because(cause);
        assert!(!error.to_string().contains("reset"));
        assert!(StdError::source(&error).is_some_and(|source| source.to_string().contains("reset")));
    }
}
