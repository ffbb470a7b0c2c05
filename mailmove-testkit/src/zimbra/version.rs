//! The versions of the server, and what differs between them.

/// What the server says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Version {
    /// 6.0: tags by number alone, no limits on Sync.
    Zimbra6,
    /// 7.2: the export of folders can be switched off.
    Zimbra7,
    /// 8.0: tags by name, filters as `GetFilterRules`, a filter against too many requests.
    Zimbra8,
    /// 8.8: two factors, application passwords, limits on exports, deletions in pages.
    Zimbra88,
    /// 9.0.
    Zimbra9,
    /// 10.1: changes in pages, `GetModifiedItemsIDs`.
    Zimbra10,
    /// Carbonio 24.4: of the lineage of Zimbra 8.8 without tasks, documents and second factors.
    Carbonio,
}

impl Version {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Zimbra6, Self::Zimbra7, Self::Zimbra8, Self::Zimbra88, Self::Zimbra9, Self::Zimbra10, Self::Carbonio];

    /// Its name, without the words that come after it: `10.1.0_GA_4655`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zimbra6 => "6.0.16_GA_2921",
            Self::Zimbra7 => "7.2.7_GA_2942",
            Self::Zimbra8 => "8.0.9_GA_6191",
            Self::Zimbra88 => "8.8.15_GA_4717",
            Self::Zimbra9 => "9.0.0_GA_4650",
            Self::Zimbra10 => "10.1.0_GA_4655",
            Self::Carbonio => "24.4.0_ZEXTRAS_202404",
        }
    }

    /// As GetInfo tells it.
    pub(crate) fn told(self) -> String {
        let edition = if self == Self::Carbonio { "CARBONIO" } else { "FOSS" };
        format!("{} 20241001120000 20241001-1200 {edition}", self.name())
    }

    /// Tags have names besides their numbers.
    pub(crate) fn has_tag_names(self) -> bool {
        self >= Self::Zimbra8
    }

    pub(crate) fn has_tasks(self) -> bool {
        self != Self::Carbonio
    }

    pub(crate) fn has_second_factor(self) -> bool {
        self >= Self::Zimbra88 && self != Self::Carbonio
    }

    /// SyncRequest obeys `changeLimit` and `deleteLimit`; older ones pass over them.
    pub(crate) fn pages_sync(self) -> bool {
        self >= Self::Zimbra9
    }

    pub(crate) fn has_tokens_against_forgery(self) -> bool {
        self >= Self::Zimbra8
    }

    pub(crate) fn has_filter_rules(self) -> bool {
        self >= Self::Zimbra8
    }

    pub(crate) fn has_modified_ids(self) -> bool {
        self >= Self::Zimbra10
    }
}
