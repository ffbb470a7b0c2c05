use std::collections::BTreeMap;

use url::Url;

/// What a place said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The settings that were asked for, as far as it has them.
    Settings(Settings),
    /// Ask for this address instead.
    Address(String),
    /// Ask there instead, in the same protocol.
    Redirect(Url),
    /// Why it is of no use.
    Nothing(String),
}

/// Settings by name, as `GetUserSettings` calls them.
pub(crate) type Settings = BTreeMap<String, String>;

/// The web service as it is reached from outside.
pub(crate) const EXTERNAL: &str = "ExternalEwsUrl";
/// The web service as it is reached from inside.
pub(crate) const INTERNAL: &str = "InternalEwsUrl";

/// The web service that settings name.
pub(crate) fn service(settings: &Settings) -> Option<Url> {
    [EXTERNAL, INTERNAL].into_iter().find_map(|name| settings.get(name)?.parse().ok())
}

impl Answer {
    pub(super) fn nothing(why: impl Into<String>) -> Self {
        Self::Nothing(why.into())
    }

    /// Settings, unless none of them says anything.
    pub(super) fn of(settings: Settings) -> Self {
        match settings.values().any(|value| !value.is_empty()) {
            true => Self::Settings(settings),
            false => Self::nothing("the answer names no web service"),
        }
    }
}
