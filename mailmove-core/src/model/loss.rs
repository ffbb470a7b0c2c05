use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Something that cannot be carried: foretold by a [`Route`](crate::Route) in the plan, or found at one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Loss {
    /// A short stable name, for grouping: `keyword`, `header-8bit`, `attendee-answer`.
    pub code: Cow<'static, str>,
    /// One sentence for people.
    pub text: String,
}

impl Loss {
    /// A loss with its stable name and a sentence for people.
    pub fn new(code: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        Self { code: code.into(), text: text.into() }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}

/// A change made to an item so that the destination would take it: one named repair, never done unasked by a refusal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Alteration {
    /// The repair's stable name: `nul-removed`, `bare-lf`, `date-replaced`.
    pub code: Cow<'static, str>,
    /// One sentence for people, with what the server had said.
    pub text: String,
}

impl Alteration {
    /// An alteration with its stable name and a sentence for people.
    pub fn new(code: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        Self { code: code.into(), text: text.into() }
    }
}

impl fmt::Display for Alteration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}
