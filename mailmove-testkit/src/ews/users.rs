//! Who may sign in, and whose mailboxes they may open.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::op::Session;
use super::refusal::Refusal;
use super::state::Store;
use super::xml::Node;

/// Passwords, tokens, rights. Prints no secret.
#[derive(Default)]
pub(crate) struct Users {
    passwords: BTreeMap<String, String>,
    tokens: BTreeMap<String, Caller>,
    /// May act as others, all of them when the list is empty.
    impersonators: BTreeMap<String, BTreeSet<String>>,
    /// Owner and delegate.
    delegates: BTreeSet<(String, String)>,
}

/// Who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    User(String),
    /// An application with rights of its own, which has to say as whom it acts.
    Application,
}

impl std::fmt::Debug for Users {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.passwords.keys()).finish()
    }
}

impl Caller {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::User(name) => name,
            Self::Application => "application",
        }
    }
}

impl Users {
    pub(crate) fn set_password(&mut self, user: &str, password: &str) {
        self.passwords.insert(user.to_lowercase(), password.to_owned());
    }

    pub(crate) fn add_token(&mut self, user: &str, token: &str) {
        self.tokens.insert(token.to_owned(), Caller::User(user.to_lowercase()));
    }

    pub(crate) fn add_application(&mut self, token: &str) {
        self.tokens.insert(token.to_owned(), Caller::Application);
    }

    pub(crate) fn revoke_token(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    pub(crate) fn add_impersonator(&mut self, user: &str, only: &[&str]) {
        let only = only.iter().map(|address| address.to_lowercase());
        self.impersonators.entry(user.to_lowercase()).or_default().extend(only);
    }

    pub(crate) fn add_delegate(&mut self, owner: &str, delegate: &str) {
        self.delegates.insert((owner.to_lowercase(), delegate.to_lowercase()));
    }

    /// Who the Authorization header belongs to.
    pub(crate) fn caller(&self, authorization: &str) -> Option<Caller> {
        let (scheme, rest) = authorization.split_once(' ')?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return self.tokens.get(rest.trim()).cloned();
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
        let (user, password) = text.split_once(':')?;
        let user = user.to_lowercase();
        (self.passwords.get(&user).map(String::as_str) == Some(password)).then_some(Caller::User(user))
    }

    /// What a caller may do, with the ExchangeImpersonation header if there was one.
    pub(crate) fn session(
        &self,
        store: &Store,
        caller: &Caller,
        impersonation: Option<&Node>,
    ) -> Result<(Session, Option<String>), Refusal> {
        let Some(header) = impersonation else {
            let own = match caller {
                Caller::User(name) => store.mailbox(name),
                Caller::Application => None,
            };
            let opened = |(owner, delegate): &(String, String)| {
                (*delegate == caller.name()).then(|| store.mailbox(owner)).flatten()
            };
            let allowed = own.into_iter().chain(self.delegates.iter().filter_map(opened)).collect();
            let name = own.map(|own| store.mailboxes[own].address.clone());
            return Ok((Session { mailbox: own, allowed }, name));
        };
        let who = header.find("ConnectingSID").and_then(|sid| sid.children.first());
        let who = who.ok_or_else(|| Refusal::schema("ConnectingSID is empty"))?;
        if who.name == "SID" {
            return Err(Refusal::unsupported("impersonation by SID"));
        }
        let address = who.text.to_lowercase();
        let may = match caller {
            Caller::Application => true,
            Caller::User(name) => {
                self.impersonators.get(name).is_some_and(|only| only.is_empty() || only.contains(&address))
            }
        };
        if !may {
            let words = "The account does not have permission to impersonate the requested user.";
            return Err(Refusal::new("ErrorImpersonateUserDenied", words));
        }
        let mailbox = store.mailbox(&address).ok_or_else(super::op::no_mailbox)?;
        let name = store.mailboxes[mailbox].address.clone();
        Ok((Session { mailbox: Some(mailbox), allowed: vec![mailbox] }, Some(name)))
    }
}
