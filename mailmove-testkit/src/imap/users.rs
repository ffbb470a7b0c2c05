//! Who may sign in, and with what.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use super::state::{Account, Layout};

/// Users, masters, tokens. Prints no secret.
pub(crate) struct Users {
    layout: Layout,
    quota: Option<u64>,
    users: BTreeMap<String, User>,
    /// May act for every user.
    masters: BTreeMap<String, String>,
    /// How a master writes both names into one.
    both_names: BothNames,
    /// Good for every user, as those of an application are.
    service_tokens: BTreeSet<String>,
}

/// How a master signs in under two names at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BothNames {
    /// `user*master`, as in Dovecot.
    UserFirst(char),
    /// `domain\master\user`, as in Exchange.
    MasterFirst,
}

impl Default for BothNames {
    fn default() -> Self {
        Self::UserFirst('*')
    }
}

impl BothNames {
    /// The user and the master.
    fn split(self, name: &str) -> Option<(&str, &str)> {
        match self {
            Self::UserFirst(separator) => name.split_once(separator),
            Self::MasterFirst => name.rsplit_once('\\').map(|(master, user)| (user, master)),
        }
    }
}

struct User {
    password: Option<String>,
    tokens: BTreeSet<String>,
    account: Arc<Mutex<Account>>,
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.users.keys()).finish()
    }
}

impl Users {
    pub(crate) fn new(layout: Layout, quota: Option<u64>) -> Self {
        let (users, masters, service_tokens) = Default::default();
        Self { layout, quota, users, masters, service_tokens, both_names: BothNames::default() }
    }

    fn user(&mut self, name: &str) -> &mut User {
        let (layout, quota) = (&self.layout, self.quota);
        self.users.entry(name.to_owned()).or_insert_with(|| User {
            password: None,
            tokens: BTreeSet::new(),
            account: Arc::new(Mutex::new(Account::new(layout.clone(), quota))),
        })
    }

    pub(crate) fn set_password(&mut self, name: &str, password: &str) {
        self.user(name).password = Some(password.to_owned());
    }

    pub(crate) fn add_token(&mut self, name: &str, token: &str) {
        self.user(name).tokens.insert(token.to_owned());
    }

    pub(crate) fn add_service_token(&mut self, token: &str) {
        self.service_tokens.insert(token.to_owned());
    }

    pub(crate) fn add_master(&mut self, name: &str, password: &str) {
        self.masters.insert(name.to_owned(), password.to_owned());
    }

    pub(crate) fn write_names(&mut self, both_names: BothNames) {
        self.both_names = both_names;
    }

    /// Whether this is a master's password.
    pub(crate) fn is_master(&self, name: &str, password: &str) -> bool {
        self.masters.get(name).is_some_and(|known| known == password)
    }

    /// The passwords of masters, to compare digests with.
    pub(crate) fn master_passwords(&self) -> impl Iterator<Item = &str> {
        self.masters.values().map(String::as_str)
    }

    pub(crate) fn revoke_token(&mut self, token: &str) {
        self.service_tokens.remove(token);
        self.users.values_mut().for_each(|user| {
            user.tokens.remove(token);
        });
    }

    pub(crate) fn account(&self, name: &str) -> Option<Arc<Mutex<Account>>> {
        self.users.get(name).map(|user| user.account.clone())
    }

    /// Whose mailbox this is, when the password is good. `as_user` is the authorization identity, which may be empty;
    /// a master may name any user there, or sign in under both names.
    pub(crate) fn by_password(&self, as_user: &str, name: &str, password: &str) -> Option<String> {
        let (as_user, name) = match self.both_names.split(name) {
            Some((user, master)) if as_user.is_empty() => (user, master),
            _ => (as_user, name),
        };
        let own = as_user.is_empty() || as_user == name;
        let known = self.users.get(if own { name } else { as_user })?;
        let wanted = if own { known.password.as_ref() } else { self.masters.get(name) };
        let mailbox = if own { name } else { as_user };
        wanted.is_some_and(|wanted| wanted == password).then(|| mailbox.to_owned())
    }

    pub(crate) fn by_token(&self, name: &str, token: &str) -> Option<String> {
        let user = self.users.get(name)?;
        (user.tokens.contains(token) || self.service_tokens.contains(token)).then(|| name.to_owned())
    }
}
