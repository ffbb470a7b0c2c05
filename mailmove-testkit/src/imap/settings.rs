//! How one server behaves. Fixed once it has started.

use std::collections::BTreeSet;
use std::time::Duration;

use super::capability::{Capability, Mechanism};
use super::refusal::{NameRule, Refusal, Rewrite};
use super::state::Layout;

/// How connections are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encryption {
    Never,
    StartTls,
    FromTheStart,
}

/// Which keywords a client may invent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Keywords {
    /// `\*` in PERMANENTFLAGS; at most so many in a folder.
    Any { limit: usize },
    /// These and no others; the rest is dropped without a word.
    Only(Vec<String>),
}

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) capabilities: BTreeSet<Capability>,
    /// Said, and nothing more.
    pub(crate) advertised: Vec<String>,
    pub(crate) mechanisms: Vec<Mechanism>,
    pub(crate) encryption: Encryption,
    pub(crate) login_disabled: bool,
    /// CAPABILITY in the greeting and in the OK of the sign-in.
    pub(crate) volunteers_capabilities: bool,
    pub(crate) greeting: String,
    pub(crate) id: Vec<(String, String)>,
    pub(crate) layout: Layout,
    pub(crate) keywords: Keywords,
    pub(crate) append_limit: Option<u64>,
    pub(crate) max_line: usize,
    pub(crate) max_connections: Option<usize>,
    pub(crate) max_connections_per_user: Option<usize>,
    pub(crate) round_trip: Duration,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) rewrites: Vec<Rewrite>,
    pub(crate) name_rules: Vec<NameRule>,
    pub(crate) unreadable: Vec<Refusal>,
    pub(crate) masks_nul: bool,
    pub(crate) wildcard_names: bool,
    /// Modified UTF-7 ends at U+FFFF.
    pub(crate) narrow_names: bool,
    pub(crate) quotes_short_bodies: bool,
    pub(crate) modseq_after_select: bool,
    pub(crate) answers_overlap: bool,
    /// How many messages of a folder are there for a client that counts them.
    pub(crate) view_limit: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            capabilities: Capability::usual(),
            advertised: Vec::new(),
            mechanisms: vec![Mechanism::Plain, Mechanism::XOAuth2, Mechanism::OAuthBearer],
            encryption: Encryption::Never,
            login_disabled: false,
            volunteers_capabilities: true,
            greeting: "IMAP server ready".to_owned(),
            id: vec![("name".to_owned(), "Simulator".to_owned())],
            layout: Layout { delimiter: '/', prefix: String::new(), labels: false },
            keywords: Keywords::Any { limit: usize::MAX },
            append_limit: None,
            max_line: 65_536,
            max_connections: None,
            max_connections_per_user: None,
            round_trip: Duration::ZERO,
            refusals: Vec::new(),
            rewrites: Vec::new(),
            name_rules: Vec::new(),
            unreadable: Vec::new(),
            masks_nul: false,
            wildcard_names: false,
            narrow_names: false,
            quotes_short_bodies: false,
            modseq_after_select: false,
            answers_overlap: false,
            view_limit: usize::MAX,
        }
    }
}

impl Settings {
    pub(crate) fn has(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// CONDSTORE, which QRESYNC includes.
    pub(crate) fn condstore(&self) -> bool {
        self.has(Capability::Condstore) || self.has(Capability::Qresync)
    }

    /// Whether the server fails when it is asked for this message's body.
    pub(crate) fn cannot_read(&self, message: &[u8]) -> bool {
        self.unreadable.iter().any(|rule| rule.verdict(message, false).is_some())
    }

    /// The words of the CAPABILITY answer.
    pub(crate) fn capability_line(&self, signed_in: bool, encrypted: bool) -> String {
        let mut words = vec!["IMAP4rev1".to_owned()];
        let said = self.capabilities.iter().filter(|capability| signed_in || capability.before_sign_in());
        words.extend(said.map(|capability| capability.name().to_owned()));
        if !signed_in {
            if self.encryption == Encryption::StartTls && !encrypted {
                words.push("STARTTLS".to_owned());
            }
            if self.login_refused(encrypted) {
                words.push("LOGINDISABLED".to_owned());
            } else {
                let sasl = self.mechanisms.iter().filter(|mechanism| **mechanism != Mechanism::MasterPassword);
                words.extend(sasl.map(|mechanism| format!("AUTH={}", mechanism.name())));
            }
        } else {
            words.extend(self.append_limit.map(|limit| format!("APPENDLIMIT={limit}")));
            words.extend(self.advertised.iter().cloned());
        }
        words.join(" ")
    }

    /// Whether passwords are refused on this connection.
    pub(crate) fn login_refused(&self, encrypted: bool) -> bool {
        self.login_disabled && !encrypted
    }
}
