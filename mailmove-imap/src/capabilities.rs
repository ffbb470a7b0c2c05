//! What a server offers, what is known of its kind, and what follows for us.

use std::collections::HashSet;
use std::time::Duration;

use mailmove_core::{Capabilities, FolderNames, Format, Kind, Loss, Route, Via};

use crate::quirks::Quirks;
use crate::wire::LiteralMode;

/// The write path of mail.
pub(crate) const APPEND: Via = Via::fixed("append");

/// How many messages one call of fetch or write takes. Larger batches gained nothing measurable and cost memory.
pub(crate) const BATCH_ITEMS: usize = 200;
/// How many bytes one call of fetch or write carries.
pub(crate) const BATCH_BYTES: u64 = 2 << 20;
/// How many calls of each kind are under way in one folder: so much is not waited for on a long way, and so many connections
/// take part in one large folder on a short one.
const IN_FLIGHT: usize = 3;

/// The capabilities that a server named.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offered {
    names: HashSet<String>,
    pub(crate) sasl_ir: bool,
    pub(crate) login_disabled: bool,
    pub(crate) multiappend: bool,
    pub(crate) uidplus: bool,
    pub(crate) moves: bool,
    pub(crate) condstore: bool,
    pub(crate) qresync: bool,
    pub(crate) enable: bool,
    pub(crate) esearch: bool,
    pub(crate) binary: bool,
    pub(crate) uidonly: bool,
    pub(crate) append_limit: Option<u64>,
    /// How many messages one command may be about (RFC 9738).
    pub(crate) message_limit: Option<u64>,
}

impl Offered {
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names: HashSet<String> = names.into_iter().map(|name| name.to_ascii_uppercase()).collect();
        let has = |name: &str| names.contains(name);
        let qresync = has("QRESYNC") && has("ENABLE");
        Self {
            sasl_ir: has("SASL-IR"),
            login_disabled: has("LOGINDISABLED"),
            multiappend: has("MULTIAPPEND"),
            uidplus: has("UIDPLUS"),
            moves: has("MOVE"),
            condstore: has("CONDSTORE") || qresync,
            qresync,
            enable: has("ENABLE"),
            esearch: has("ESEARCH") || has("IMAP4REV2"),
            binary: has("BINARY"),
            uidonly: has("UIDONLY") && has("ENABLE"),
            message_limit: names.iter().find_map(|name| name.strip_prefix("MESSAGELIMIT=")?.parse().ok()),
            append_limit: names.iter().find_map(|name| name.strip_prefix("APPENDLIMIT=")?.parse().ok()),
            names,
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether this SASL mechanism is offered.
    pub(crate) fn auth(&self, mechanism: &str) -> bool {
        self.names.iter().any(|name| name.strip_prefix("AUTH=") == Some(mechanism))
    }

    /// The SASL mechanisms that are offered.
    pub(crate) fn mechanisms(&self) -> Vec<String> {
        let mut names: Vec<_> =
            self.names.iter().filter_map(|name| name.strip_prefix("AUTH=")).map(str::to_owned).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn literals(&self) -> LiteralMode {
        if self.has("LITERAL+") {
            LiteralMode::Plus
        } else if self.has("LITERAL-") || self.has("IMAP4REV2") {
            LiteralMode::Minus
        } else {
            LiteralMode::Sync
        }
    }

    /// What has to be switched on before it works, if anything. UIDONLY only where a view may be cut off without it.
    pub(crate) fn to_enable(&self, quirks: &Quirks) -> Option<String> {
        let whole_view = self.uidonly && (quirks.view_limit.is_some() || self.message_limit.is_some());
        let wanted = [
            (self.qresync, "QRESYNC"),
            (self.condstore && !self.qresync, "CONDSTORE"),
            (whole_view, "UIDONLY"),
            (self.speaks_utf8(quirks), "UTF8=ACCEPT"),
        ];
        let words: Vec<&str> = wanted.into_iter().filter_map(|(wanted, word)| wanted.then_some(word)).collect();
        (self.enable && !words.is_empty()).then(|| words.join(" "))
    }

    /// Whether names go over as UTF-8, and headers too.
    pub(crate) fn speaks_utf8(&self, quirks: &Quirks) -> bool {
        quirks.utf8 && self.enable && self.has("UTF8=ACCEPT")
    }

    /// The FETCH item that names a message for good, if there is one.
    pub(crate) fn identity_item(&self) -> &'static str {
        if self.has("OBJECTID") {
            " EMAILID"
        } else if self.has("X-GM-EXT-1") {
            " X-GM-MSGID"
        } else {
            ""
        }
    }
}

/// What the contract wants to know.
pub(crate) fn contract(
    offered: &Offered,
    quirks: &Quirks,
    delimiter: Option<char>,
    connections: usize,
) -> Capabilities {
    let mut capabilities = Capabilities::new();
    let mut route = Route::new(Kind::Mail, Format::RFC5322, APPEND);
    let mut fetch = Route::new(Kind::Mail, Format::RFC5322, Via::fixed("fetch"));
    if let Some(limit) = quirks.view_limit.filter(|_| !offered.uidonly) {
        let text = format!("the server shows no more than {limit} messages of a folder");
        fetch.losses.push(Loss::new("view-limit", text));
    }
    capabilities.offers = vec![fetch];
    route.max_bytes = offered.append_limit;
    if quirks.munges_headers {
        route.losses.push(munged_header());
    }
    capabilities.accepts = vec![route];
    capabilities.batch_items = BATCH_ITEMS;
    capabilities.batch_bytes = BATCH_BYTES;
    capabilities.in_flight = IN_FLIGHT;
    capabilities.large_folders = connections;
    capabilities.folders = 32;
    if quirks.no_pipeline_append {
        (capabilities.in_flight, capabilities.large_folders, capabilities.folders) = (1, 1, 1);
    }
    // A dead client's commands were still carried out up to 0.1 s later on an idle local server.
    capabilities.settle = Duration::from_secs(3);
    capabilities.names = names(quirks, delimiter);
    capabilities.moves = offered.moves || offered.uidplus;
    capabilities.removes = offered.uidplus;
    capabilities
}

/// What [`Labels::First`](crate::Labels::First) costs.
pub(crate) fn one_label() -> Loss {
    Loss::new("labels", "a message with several labels stands in one folder; its other labels become keywords")
}

/// What a server that munges does.
pub(crate) fn munged_header() -> Loss {
    Loss::new("header-8bit", "octets beyond ASCII in headers become `X`")
}

fn names(quirks: &Quirks, delimiter: Option<char>) -> FolderNames {
    let mut names = FolderNames::default();
    names.forbidden = quirks.forbidden.chars().filter(|c| Some(*c) != delimiter).chain(delimiter).collect();
    names.no_controls = true;
    names.trims = quirks.trims;
    names.ignores_case = quirks.ignores_case;
    names.max_chars = quirks.longest_name;
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_in_any_case() {
        let offered =
            Offered::new(["imap4rev1", "Literal+", "auth=plain", "APPENDLIMIT=1000", "QRESYNC"].map(str::to_owned));
        assert_eq!(offered.literals(), LiteralMode::Plus);
        assert!(offered.auth("PLAIN") && !offered.auth("PLAI"));
        assert_eq!(offered.append_limit, Some(1000));
        assert!(!offered.qresync, "without ENABLE it cannot be switched on");
        assert_eq!(Offered::new(["LITERAL-".to_owned()]).literals(), LiteralMode::Minus);
    }

    #[test]
    fn the_delimiter_cannot_stand_in_a_name() {
        let mut quirks = Quirks::new("");
        quirks.forbidden = "!/".into();
        let names = names(&quirks, Some('.'));
        assert!(names.forbidden.contains(&'.') && names.forbidden.contains(&'/') && !names.forbidden.contains(&'('));
    }

    #[test]
    fn a_view_that_is_cut_off_is_seen_through_or_named() {
        let mut quirks = Quirks::new("");
        quirks.view_limit = Some(10_000);
        let losses = |offered: &Offered| contract(offered, &quirks, None, 1).offers[0].losses.len();
        let blind = Offered::new(["ENABLE".to_owned()]);
        assert_eq!((blind.to_enable(&quirks), losses(&blind)), (None, 1));
        let sees = Offered::new(["ENABLE", "UIDONLY", "CONDSTORE"].map(str::to_owned));
        assert_eq!((sees.to_enable(&quirks).as_deref(), losses(&sees)), (Some("CONDSTORE UIDONLY"), 0));
        assert_eq!(sees.to_enable(&Quirks::new("")).as_deref(), Some("CONDSTORE"));
    }
}
