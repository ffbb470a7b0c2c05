use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The standard in which an item travels: a media type, open to strangers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Format(Cow<'static, str>);

impl Format {
    /// A message in RFC 5322 octets, byte for byte.
    pub const RFC5322: Format = Format(Cow::Borrowed("message/rfc822"));
    /// RFC 5545: events, tasks, journals.
    pub const ICALENDAR: Format = Format(Cow::Borrowed("text/calendar"));
    /// RFC 6350: contacts and groups.
    pub const VCARD: Format = Format(Cow::Borrowed("text/vcard"));
    /// An Exchange FastTransfer stream ([MS-OXCFXICS]): the only full-fidelity form between Exchange servers.
    pub const FASTTRANSFER: Format = Format(Cow::Borrowed("application/vnd.ms-exchange.fasttransfer"));

    /// A format by its media type, in lower case without parameters.
    pub fn new(media_type: impl Into<String>) -> Self {
        Self(Cow::Owned(media_type.into().to_ascii_lowercase()))
    }

    /// The media type.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
