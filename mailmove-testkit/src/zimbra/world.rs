//! Everything that the server knows: accounts, mailboxes, tokens, rights, uploads.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::refusal::Refusal;
use super::state::{Mailbox, uuid};

/// What keeps an account from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AccountStatus {
    /// Nothing.
    #[default]
    Active,
    /// Being moved or repaired: `account.MAINTENANCE_MODE`.
    Maintenance,
    /// Signing in fails as with a wrong password, as Zimbra does for accounts that are locked.
    Locked,
    /// Closed: signing in fails as with a wrong password.
    Closed,
    /// The password is right and has to be changed first: `account.CHANGE_PASSWORD`.
    MustChangePassword,
}

/// How much of an administrator an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    User,
    /// May what it was granted.
    Delegated,
    /// May everything.
    Global,
}

pub(crate) struct Account {
    pub(crate) address: String,
    pub(crate) id: String,
    pub(crate) password: Option<String>,
    pub(crate) status: AccountStatus,
    pub(crate) rank: Rank,
    /// The code of the second factor, if one is wanted.
    pub(crate) second_factor: Option<String>,
    /// Attributes and preferences.
    pub(crate) attributes: BTreeMap<String, Vec<String>>,
    pub(crate) signatures: Vec<Signature>,
    pub(crate) identities: Vec<Identity>,
    /// Filter rules, as elements, for incoming and outgoing mail.
    pub(crate) filters: [Vec<super::element::Element>; 2],
    /// Tokens of other values are no longer good.
    pub(crate) validity: i64,
}

/// A signature: id, name, type and text.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) text: String,
}

/// A persona: id, name and attributes.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.address)
    }
}

/// What a token lets in.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) account: usize,
    /// Good for the administrator's port.
    pub(crate) admin: bool,
    /// The administrator who got it for somebody else's mailbox.
    pub(crate) by: Option<usize>,
    /// Good for the second factor alone.
    pub(crate) half: bool,
    /// Requests have to show this too.
    pub(crate) csrf: Option<String>,
    expires: Instant,
    validity: i64,
}

/// A right that was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RightGrant {
    /// `account`, `domain`, `global` ...
    pub(crate) kind: String,
    /// The name of the target.
    pub(crate) target: String,
    /// The account that has it.
    pub(crate) grantee: usize,
    pub(crate) right: String,
    pub(crate) deny: bool,
}

/// A file that was uploaded and is not used yet.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) account: usize,
    pub(crate) kind: String,
    pub(crate) bytes: Bytes,
}

#[derive(Default)]
pub(crate) struct World {
    pub(crate) accounts: Vec<Account>,
    /// That of the account of the same number.
    pub(crate) mailboxes: Vec<Mailbox>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) grants: Vec<RightGrant>,
    pub(crate) uploads: HashMap<String, Upload>,
    serial: u64,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.accounts).finish()
    }
}

impl Account {
    pub(crate) fn set(&mut self, name: &str, values: &[&str]) {
        if name == "zimbraAuthTokenValidityValue" {
            self.validity = values.first().and_then(|value| value.parse().ok()).unwrap_or_default();
        }
        let values: Vec<String> =
            values.iter().filter(|value| !value.is_empty()).map(|value| (*value).to_owned()).collect();
        if values.is_empty() {
            self.attributes.remove(name);
        } else {
            self.attributes.insert(name.to_owned(), values);
        }
    }

    fn domain(&self) -> &str {
        self.address.split_once('@').map_or("", |(_, domain)| domain)
    }
}

impl World {
    /// Makes an account with an empty mailbox, or changes the one that is there.
    pub(crate) fn add_account(&mut self, address: &str, password: Option<&str>, rank: Rank) -> usize {
        let address = address.to_lowercase();
        let number = self.account(&address).unwrap_or_else(|| {
            let mailbox = Mailbox::new(&address);
            let id = mailbox.id.clone();
            self.mailboxes.push(mailbox);
            self.accounts.push(Account {
                address: address.clone(),
                id,
                password: None,
                status: AccountStatus::Active,
                rank,
                second_factor: None,
                attributes: BTreeMap::new(),
                signatures: Vec::new(),
                identities: Vec::new(),
                filters: [Vec::new(), Vec::new()],
                validity: 0,
            });
            self.accounts.len() - 1
        });
        let account = &mut self.accounts[number];
        account.rank = rank;
        account.password = password.map(str::to_owned).or(account.password.take());
        number
    }

    /// The account of this address, name or id.
    pub(crate) fn account(&self, text: &str) -> Option<usize> {
        let text = text.to_lowercase();
        self.accounts.iter().position(|account| account.address == text || account.id == text)
    }

    /// A word that was never said before, and that nobody guesses by accident.
    pub(crate) fn word(&mut self, kind: &str) -> String {
        self.serial += 1;
        uuid(&format!("{kind}/{}/{:?}", self.serial, Instant::now()))
    }

    pub(crate) fn token(&mut self, account: usize, lifetime: Duration) -> (String, Token) {
        let words = [self.word("token"), self.word("token")].concat().replace('-', "");
        let validity = self.accounts[account].validity;
        let expires = Instant::now() + lifetime;
        let token = Token { account, admin: false, by: None, half: false, csrf: None, expires, validity };
        (format!("0_{words}"), token)
    }

    /// What a token lets in, if it is still good.
    pub(crate) fn caller(&self, token: &str) -> Result<&Token, Refusal> {
        let known = self.tokens.get(token).ok_or_else(Refusal::auth_expired)?;
        let fresh = known.expires > Instant::now() && known.validity == self.accounts[known.account].validity;
        if fresh { Ok(known) } else { Err(Refusal::auth_expired()) }
    }

    /// Whether this account has a right on another one.
    pub(crate) fn has_right(&self, grantee: usize, right: &str, target: usize) -> bool {
        match self.accounts[grantee].rank {
            Rank::Global => true,
            Rank::User => false,
            Rank::Delegated => self.granted(grantee, right, target),
        }
    }

    /// Whether the grants alone give a right: none of them denies it, and one gives it or a bundle that holds it.
    fn granted(&self, grantee: usize, right: &str, target: usize) -> bool {
        let account = &self.accounts[target];
        let mut fitting = self
            .grants
            .iter()
            .filter(|grant| {
                let meant = match grant.kind.as_str() {
                    "account" => grant.target == account.address,
                    "domain" => grant.target == account.domain(),
                    "global" => true,
                    _ => false,
                };
                let holds = grant.right == right || grant.right == "domainAdminRights";
                grant.grantee == grantee && meant && holds
            })
            .peekable();
        fitting.peek().is_some() && fitting.all(|grant| !grant.deny)
    }
}
