//! Autodiscover: from the address of a mailbox to that of its web service.
//!
//! Three protocols are known ([`Protocol`]), asked at a few places of the mailbox's domain ([`Place`]). A credential goes
//! only where it is asked for, only over TLS (unless plain text is allowed and the place itself is plain), and only to
//! the mailbox's domain, to places that were named, and to hosts that are [trusted](Autodiscover::trusted).
//!
//! Left out: the record in Active Directory, which is for members of the domain, and `_autodiscover._tcp` in DNS.

mod answer;
mod ask;
mod json;
mod pox;
mod soap;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mailmove_core::guard::Limits;
use mailmove_core::http::{Http, Session};
use mailmove_core::{Error, ErrorKind, Guard, Mailbox, Result, SignIn};
use url::Url;

use crate::config::Passwords;
pub(crate) use answer::Settings;

/// How the address of a mailbox's web service is found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Autodiscover {
    /// What is spoken at each place, in this order.
    pub protocols: Vec<Protocol>,
    /// Where it is asked, in this order.
    pub places: Vec<Place>,
    /// Hosts outside of the mailbox's domain that get the credential when a redirect leads there.
    pub trusted: Vec<String>,
}

/// A protocol of Autodiscover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// Version 2: a question without a credential, answered in JSON. From Exchange 2016 on.
    Json,
    /// `GetUserSettings` in SOAP. From Exchange 2010 on.
    Soap,
    /// Plain old XML, which every version speaks.
    Pox,
}

/// A place to ask at. `{domain}` stands for what follows the `@` of the address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// A web server: `https://autodiscover.{domain}`.
    At(String),
    /// A web server that says where to ask, without being told anything: `http://autodiscover.{domain}`. Only what it
    /// says in `https` is believed.
    Pointer(String),
}

impl Autodiscover {
    /// As Exchange documents it: at the domain, at `autodiscover.` and the domain, then where a pointer leads; version 2
    /// first, since it needs no credential. Exchange Online is trusted.
    pub fn new() -> Self {
        Self {
            protocols: vec![Protocol::Json, Protocol::Soap, Protocol::Pox],
            places: vec![
                Place::At("https://{domain}".to_owned()),
                Place::At("https://autodiscover.{domain}".to_owned()),
                Place::Pointer("http://autodiscover.{domain}".to_owned()),
            ],
            trusted: ["autodiscover-s.outlook.com", "autodiscover.outlook.com", "outlook.office365.com"]
                .map(str::to_owned)
                .to_vec(),
        }
    }

    /// The same with these places and no others.
    pub fn at(mut self, places: impl IntoIterator<Item = Place>) -> Self {
        self.places = places.into_iter().collect();
        self
    }

    /// The same with these protocols, in this order.
    pub fn speaking(mut self, protocols: impl IntoIterator<Item = Protocol>) -> Self {
        self.protocols = protocols.into_iter().collect();
        self
    }

    /// The same with one more host that gets the credential.
    pub fn trusting(mut self, host: impl Into<String>) -> Self {
        self.trusted.push(host.into());
        self
    }
}

impl Default for Autodiscover {
    fn default() -> Self {
        Self::new()
    }
}

/// Finds web services, and remembers where it was told.
#[derive(Debug)]
pub(crate) struct Discovery {
    settings: Autodiscover,
    http: Http,
    /// Takes plain addresses, and is used without a credential only.
    pointers: Http,
    guard: Guard,
    sign_in: SignIn,
    passwords: Passwords,
    known: Mutex<Known>,
    /// One question per domain at a time: whoever comes next profits.
    turns: Mutex<HashMap<String, std::sync::Arc<tokio::sync::Mutex<()>>>>,
}

/// What was found out.
#[derive(Debug, Default)]
struct Known {
    /// Which place answered for a domain, in which protocol.
    places: HashMap<String, (Place, Protocol)>,
    /// The web service of an address. Mailboxes of one domain may live on different servers, some of them in the cloud.
    services: HashMap<String, Url>,
}

impl Discovery {
    pub(crate) fn new(settings: Autodiscover, http: Http, sign_in: SignIn, passwords: Passwords) -> Result<Self> {
        let guard = Guard::new("autodiscover", Limits::new().slots(1, 4).attempts(2));
        let pointers = Http::new(http.settings().clone().allowing_plaintext())?;
        let (known, turns) = (Mutex::default(), Mutex::default());
        Ok(Self { settings, http, pointers, guard, sign_in, passwords, known, turns })
    }

    /// The web service of a mailbox.
    pub(crate) async fn service(&self, mailbox: &Mailbox) -> Result<Url> {
        let address = mailbox.address.to_lowercase();
        let turn = self.turn(domain(&address)?);
        let _turn = turn.lock().await;
        if let Some(url) = self.known().services.get(&address) {
            return Ok(url.clone());
        }
        let url = self.walk(mailbox, &address).await?;
        self.known().services.insert(address, url.clone());
        Ok(url)
    }

    fn turn(&self, domain: &str) -> std::sync::Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.entry(domain.to_owned()).or_default().clone()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn session_of(&self, http: &Http) -> Session {
        Session::new(http.clone(), self.guard.clone())
    }
}

/// What follows the `@`.
pub(crate) fn domain(address: &str) -> Result<&str> {
    let domain = address.rsplit_once('@').map(|(_, domain)| domain).filter(|domain| !domain.is_empty());
    domain.ok_or_else(|| {
        Error::new(ErrorKind::Config, "autodiscover needs an address with a domain")
            .with("mailbox", address)
            .remedy("give the mailbox's e-mail address, or name the server: ews://mail.example.org")
    })
}
