//! What a server offers, what is known of its kind, and what follows for us.

use std::collections::HashSet;
use std::time::Duration;

use mailmove_core::{Capabilities, FolderNames, Format, Kind, Loss, Route, Via};

use crate::wire::LiteralMode;

/// The write path of mail.
pub(crate) const APPEND: Via = Via::fixed("append");

/// How many messages one call of fetch or write takes. Larger batches gained nothing measurable and cost memory.
pub(crate) const BATCH_ITEMS: usize = 200;
/// How many bytes one call of fetch or write carries.
pub(crate) const BATCH_BYTES: u64 = 2 << 20;

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
    pub(crate) append_limit: Option<u64>,
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

    pub(crate) fn literals(&self) -> LiteralMode {
        if self.has("LITERAL+") {
            LiteralMode::Plus
        } else if self.has("LITERAL-") || self.has("IMAP4REV2") {
            LiteralMode::Minus
        } else {
            LiteralMode::Sync
        }
    }

    /// What has to be switched on before it works, if anything.
    pub(crate) fn to_enable(&self) -> Option<&'static str> {
        match (self.enable, self.qresync, self.condstore) {
            (true, true, _) => Some("QRESYNC"),
            (true, false, true) => Some("CONDSTORE"),
            _ => None,
        }
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

/// What is known of a kind of server beyond its capabilities, by its greeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quirks {
    pub(crate) name: &'static str,
    /// It changes octets of what it stores, so that equal mail need not have equal bytes.
    pub(crate) rewrites: bool,
    /// Octets beyond ASCII in headers become `X`, and nothing is said about it.
    pub(crate) munges_headers: bool,
    /// ASCII characters that cannot stand in a folder's name, beside the delimiter.
    pub(crate) forbidden: &'static str,
    /// Blanks at the ends of a name are lost.
    pub(crate) trims: bool,
    /// It lets nobody select who did not say who they are.
    pub(crate) wants_id: bool,
    /// It serialises the commands of one account: more connections do not help.
    pub(crate) one_connection: bool,
}

/// A server of which nothing is known. RFC 3501 §5.1 advises against wildcards in names, and most servers refuse them.
const PLAIN: Quirks = Quirks {
    name: "",
    rewrites: false,
    munges_headers: false,
    forbidden: "%*",
    trims: false,
    wants_id: false,
    one_connection: false,
};

/// By a part of the greeting in lower case, or by a capability in upper case.
const KNOWN: &[(&str, Quirks)] = &[
    ("dovecot", Quirks { name: "Dovecot", forbidden: "", ..PLAIN }),
    // mboxname.c names what is allowed; this is the rest of ASCII. 8-bit octets in headers become `X`.
    (
        "cyrus",
        Quirks { name: "Cyrus", rewrites: true, munges_headers: true, forbidden: "!\"%&/;<>?[\\]^`{|}", ..PLAIN },
    ),
    ("X-GM-EXT-1", Quirks { name: "Gmail", trims: true, forbidden: "%*\\\"^", ..PLAIN }),
    ("microsoft exchange", Quirks { name: "Exchange", rewrites: true, trims: true, ..PLAIN }),
    ("domino", Quirks { name: "Domino", rewrites: true, ..PLAIN }),
    ("yandex", Quirks { name: "Yandex", rewrites: true, ..PLAIN }),
    // FETCH takes a lock on the account.
    ("zimbra", Quirks { name: "Zimbra", one_connection: true, forbidden: "%*:\"", trims: true, ..PLAIN }),
    ("coremail", Quirks { name: "Coremail", wants_id: true, ..PLAIN }),
    ("netease", Quirks { name: "Netease", wants_id: true, ..PLAIN }),
];

impl Quirks {
    pub(crate) fn of(greeting: &str, offered: &Offered) -> Self {
        let greeting = greeting.to_ascii_lowercase();
        let known = KNOWN.iter().find(|(sign, _)| greeting.contains(sign) || offered.has(sign));
        known.map_or(PLAIN, |(_, quirks)| *quirks)
    }
}

/// What the contract wants to know.
pub(crate) fn contract(offered: &Offered, quirks: Quirks, delimiter: Option<char>, connections: usize) -> Capabilities {
    let mut capabilities = Capabilities::new();
    let mut route = Route::new(Kind::Mail, Format::RFC5322, APPEND);
    capabilities.offers = vec![Route::new(Kind::Mail, Format::RFC5322, Via::fixed("fetch"))];
    route.max_bytes = offered.append_limit;
    if quirks.munges_headers {
        route.losses.push(munged_header());
    }
    capabilities.accepts = vec![route];
    capabilities.batch_items = BATCH_ITEMS;
    capabilities.batch_bytes = BATCH_BYTES;
    capabilities.in_flight = 2;
    capabilities.large_folders = connections;
    capabilities.folders = 32;
    // A dead client's commands were still carried out up to 0.1 s later on an idle local server.
    capabilities.settle = Duration::from_secs(3);
    capabilities.names = names(quirks, delimiter);
    capabilities.moves = offered.moves || offered.uidplus;
    capabilities.removes = offered.uidplus;
    capabilities
}

/// What a server that munges does.
pub(crate) fn munged_header() -> Loss {
    Loss::new("header-8bit", "octets beyond ASCII in headers become `X`")
}

fn names(quirks: Quirks, delimiter: Option<char>) -> FolderNames {
    let mut names = FolderNames::default();
    names.forbidden = quirks.forbidden.chars().filter(|c| Some(*c) != delimiter).chain(delimiter).collect();
    names.no_controls = true;
    names.trims = quirks.trims;
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
    fn a_server_is_known_by_its_greeting_or_by_a_capability() {
        let none = Offered::default();
        assert_eq!(Quirks::of("mail Cyrus IMAP 3.6.1 server ready", &none).name, "Cyrus");
        assert_eq!(Quirks::of("hello", &Offered::new(["X-GM-EXT-1".to_owned()])).name, "Gmail");
        assert_eq!(Quirks::of("Dovecot ready.", &none).name, "Dovecot");
        assert_eq!(Quirks::of("ready", &none), PLAIN);
    }

    #[test]
    fn the_delimiter_cannot_stand_in_a_name() {
        let names = names(Quirks::of("Cyrus", &Offered::default()), Some('.'));
        assert!(names.forbidden.contains(&'.') && names.forbidden.contains(&'/') && !names.forbidden.contains(&'('));
    }
}
