//! From place to place until one knows the mailbox.

use std::collections::HashSet;

use mailmove_core::{Error, ErrorKind, Mailbox, Result};
use tracing::debug;
use url::Url;

use super::answer::{Answer, service};
use super::ask::{Question, SERVICE};
use super::{Discovery, Place, Protocol, domain};

/// How many redirects are followed for one mailbox.
const REDIRECTS: usize = 10;

/// How one search goes.
pub(super) struct Walk<'a> {
    mailbox: &'a Mailbox,
    wanted: &'a [&'a str],
    redirects: usize,
    /// What was asked already.
    asked: HashSet<(Protocol, String, String)>,
    /// What was said at places that were of no use.
    said: Vec<String>,
}

/// How one place ended.
enum Step {
    Found(super::Settings),
    /// Start over with this address.
    Address(String),
    Nothing,
}

impl Discovery {
    /// The web service of an address.
    pub(super) async fn walk(&self, mailbox: &Mailbox, address: &str) -> Result<Url> {
        let settings = self.settings_of(mailbox, address, &self.settings.protocols, &SERVICE).await?;
        let Some(url) = service(&settings) else {
            return Err(Error::new(ErrorKind::Protocol, "autodiscover names what is no address"));
        };
        self.check_service(&url)?;
        debug!(%mailbox, %url, "found by autodiscover");
        Ok(url)
    }

    /// These settings of an address, by these protocols.
    pub(crate) async fn settings_of(
        &self,
        mailbox: &Mailbox,
        address: &str,
        protocols: &[Protocol],
        wanted: &[&str],
    ) -> Result<super::Settings> {
        let mut walk = Walk { mailbox, wanted, redirects: 0, asked: HashSet::new(), said: Vec::new() };
        let mut address = address.to_owned();
        'over: loop {
            let domain = domain(&address)?.to_owned();
            for (place, protocols) in self.order(&domain, protocols) {
                for protocol in protocols {
                    match self.at(&mut walk, &place, protocol, &address, &domain).await? {
                        Step::Found(settings) => {
                            self.known().places.insert(domain, (place, protocol));
                            return Ok(settings);
                        }
                        Step::Address(next) => {
                            walk.turn(&next)?;
                            address = next;
                            continue 'over;
                        }
                        Step::Nothing => {}
                    }
                }
            }
            return Err(walk.in_vain(&address));
        }
    }

    /// Where to ask, and what to speak there: first what was of use for this domain before.
    fn order(&self, domain: &str, protocols: &[Protocol]) -> Vec<(Place, Vec<Protocol>)> {
        let known = self.known().places.get(domain).cloned();
        let first = known.filter(|(_, protocol)| protocols.contains(protocol));
        let first = first.map(|(place, protocol)| (place, vec![protocol]));
        let all = self.settings.places.iter().map(|place| (place.clone(), protocols.to_vec()));
        first.into_iter().chain(all).collect()
    }

    async fn at(
        &self,
        walk: &mut Walk<'_>,
        place: &Place,
        protocol: Protocol,
        address: &str,
        domain: &str,
    ) -> Result<Step> {
        let (Place::At(text) | Place::Pointer(text)) = place;
        let origin = text.replace("{domain}", domain);
        let origin = Url::parse(&origin).map_err(|error| {
            Error::new(ErrorKind::Config, "an autodiscover place is no web server").with("place", text).because(error)
        })?;
        // A place that was written out was chosen, wherever it is.
        let chosen = !text.contains("{domain}");
        let origin = match place {
            Place::At(_) => origin,
            Place::Pointer(_) => match self.pointer(&origin).await? {
                Answer::Redirect(url) => {
                    walk.turn(url.as_str())?;
                    match self.check_redirect(&origin, &url) {
                        Ok(()) => url,
                        Err(error) => return Ok(walk.note(&origin, error.to_string())),
                    }
                }
                Answer::Nothing(why) => return Ok(walk.note(&origin, why)),
                _ => return Ok(walk.note(&origin, "no redirect")),
            },
        };
        if origin.scheme() != "https" && !(origin.scheme() == "http" && self.http.settings().allow_plaintext) {
            return Ok(walk.note(&origin, "it is not encrypted"));
        }
        let pointed = matches!(place, Place::Pointer(_));
        let mut url = protocol.place(&origin, address)?;
        loop {
            let trusted = (chosen && !pointed && url.origin() == origin.origin()) || self.trusts(&url, domain);
            if !walk.asked.insert((protocol, url.to_string(), address.to_owned())) {
                return Ok(Step::Nothing);
            }
            let wanted = walk.wanted;
            let question = Question { mailbox: walk.mailbox, address, protocol, url: url.clone(), trusted, wanted };
            match self.ask(&question).await? {
                Answer::Settings(settings) => return Ok(Step::Found(settings)),
                Answer::Address(next) => return Ok(Step::Address(next.to_lowercase())),
                Answer::Nothing(why) => return Ok(walk.note(&url, why)),
                Answer::Redirect(next) => {
                    walk.turn(next.as_str())?;
                    if let Err(error) = self.check_redirect(&url, &next) {
                        return Ok(walk.note(&url, error.to_string()));
                    }
                    if walk.asked.contains(&(protocol, next.to_string(), address.to_owned())) {
                        return Err(in_a_circle(&next));
                    }
                    url = next;
                }
            }
        }
    }

    /// Whether the credential may be shown there.
    fn trusts(&self, url: &Url, domain: &str) -> bool {
        let Some(host) = url.host_str() else { return false };
        let own = host.eq_ignore_ascii_case(domain)
            || host.to_ascii_lowercase().strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
        own || self.settings.trusted.iter().any(|trusted| trusted.eq_ignore_ascii_case(host))
    }

    /// A redirect goes to `https`. Plain text leads to plain text only where it is allowed.
    fn check_redirect(&self, from: &Url, to: &Url) -> Result<()> {
        match to.scheme() {
            "https" => Ok(()),
            "http" if from.scheme() == "http" && self.http.settings().allow_plaintext => Ok(()),
            scheme => Err(Error::new(ErrorKind::Tls, "it sends us away from https").with("scheme", scheme)),
        }
    }

    fn check_service(&self, url: &Url) -> Result<()> {
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.http.settings().allow_plaintext => Ok(()),
            scheme => Err(Error::new(ErrorKind::Tls, "autodiscover names a web service that is not encrypted")
                .with("scheme", scheme)
                .remedy("name the server yourself: ews://mail.example.org")),
        }
    }
}

impl Walk<'_> {
    /// Counts one more redirect.
    fn turn(&mut self, to: &str) -> Result<()> {
        self.redirects += 1;
        if self.redirects <= REDIRECTS {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Config, format!("autodiscover was sent on more than {REDIRECTS} times"))
            .with("last", to.split('?').next().unwrap_or_default())
            .remedy("name the server yourself: ews://mail.example.org"))
    }

    fn note(&mut self, place: &Url, why: impl AsRef<str>) -> Step {
        let host = place.host_str().unwrap_or_default();
        debug!(place = host, why = why.as_ref(), "autodiscover goes on");
        self.said.push(format!("{}://{host}{}: {}", place.scheme(), place.path(), why.as_ref()));
        Step::Nothing
    }

    fn in_vain(&self, address: &str) -> Error {
        Error::new(ErrorKind::Resolve, "nobody told where the mailbox's web service is")
            .with("mailbox", address)
            .with("asked", self.said.join(" | "))
            .remedy("name the server: ews://mail.example.org; for a host outside of the mailbox's domain, trust it")
    }
}

fn in_a_circle(url: &Url) -> Error {
    Error::new(ErrorKind::Config, "autodiscover leads in a circle")
        .with("host", url.host_str().unwrap_or_default())
        .remedy("name the server yourself: ews://mail.example.org")
}
