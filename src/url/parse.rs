//! From text to its parts. What goes wrong names the part and prints nothing of the text that may be a secret.

use std::collections::BTreeMap;

use mailmove_core::{Access, Error, ErrorKind, Result, Root};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::{EXAMPLE, EndpointUrl};

/// The parameters that mean the same to every scheme.
pub(super) const PARAMETERS: [&str; 6] = ["mailbox", "root", "access", "separator", "auth", "tls"];

/// What stands between the two names of a master user when nothing else is said.
pub(super) const SEPARATOR: char = '*';

/// Names under which somebody may try to hand over a secret.
const SECRETS: [&str; 8] = ["password", "passwd", "pass", "pwd", "secret", "client_secret", "token", "access_token"];

pub(super) fn parse(text: &str) -> Result<EndpointUrl> {
    let url = Url::parse(text).map_err(|error| refuse(&format!("the endpoint is not a URL: {error}")))?;
    if url.password().is_some() {
        let told = Error::new(ErrorKind::Config, "the URL holds a password, where others can read it");
        return Err(told.remedy("take the password off the URL, change it if others could see it, and give it apart"));
    }
    if url.cannot_be_a_base() || !text.contains("://") {
        return Err(refuse("the scheme is not followed by ://"));
    }
    if url.fragment().is_some() {
        return Err(refuse("nothing may follow a # in the URL; one that belongs to a name is written %23"));
    }
    // A password with a slash in it, for example, ends up here.
    if url.path().contains('@') {
        return Err(refuse("there is an @ behind the host; a / or ? that belongs to the login is written %2F or %3F"));
    }
    let (scheme, http) = match url.scheme().strip_suffix("+http") {
        Some(scheme) => (scheme, true),
        None => (url.scheme(), false),
    };
    let mut parameters = parameters(&url)?;
    let mut take = |name: &str| parameters.remove(name);
    let (access, root, tls) = (take("access"), take("root"), take("tls"));
    let plain = http || plain(tls.as_deref())?;
    let access = access_mode(access.as_deref(), take("separator").as_deref())?;
    let root = root_named(root.as_deref())?;
    Ok(EndpointUrl {
        scheme: scheme.to_owned(),
        plain,
        login: if url.username().is_empty() { None } else { Some(decode(url.username(), "login")?) },
        host: host(&url)?,
        port: url.port(),
        path: if url.path() == "/" { String::new() } else { url.path().to_owned() },
        mailbox: take("mailbox"),
        root,
        access,
        auth: take("auth"),
        parameters,
    })
}

/// The word for an access mode; `None` for the owner's own.
pub(super) fn access_word(access: &Access) -> Option<&'static str> {
    match access {
        Access::Authzid => Some("authzid"),
        Access::Master { .. } => Some("master"),
        Access::Impersonate => Some("impersonate"),
        Access::Delegate => Some("delegate"),
        _ => None,
    }
}

fn host(url: &Url) -> Result<String> {
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else { return Ok(String::new()) };
    // Schemes that the web does not know have opaque hosts: names of other scripts become ASCII here.
    let host = Host::parse(&decode(host, "host")?).map_err(|_| refuse("the host of the URL is not a host name"))?;
    Ok(match host {
        Host::Ipv6(address) => address.to_string(),
        other => other.to_string(),
    })
}

fn parameters(url: &Url) -> Result<BTreeMap<String, String>> {
    let mut parameters = BTreeMap::new();
    for pair in url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        // Not the form encoding of the web: a plus sign is part of many addresses.
        let (name, value) = pair.split_once('=').ok_or_else(|| refuse("a parameter of the URL has no value"))?;
        let name = decode(name, "name of a parameter")?;
        if SECRETS.contains(&name.to_ascii_lowercase().as_str()) {
            let told = Error::new(ErrorKind::Config, "the URL holds a secret, where others can read it");
            let told = told.with("parameter", name);
            return Err(told.remedy("take it off the URL, change it if others could see it, and give it apart"));
        }
        let value = decode(value, &format!("parameter {name}"))?;
        if value.is_empty() {
            return Err(refuse(&format!("the parameter {name} of the URL is empty")));
        }
        if parameters.insert(name.clone(), value).is_some() {
            return Err(refuse(&format!("the parameter {name} of the URL is there twice")));
        }
    }
    Ok(parameters)
}

fn plain(tls: Option<&str>) -> Result<bool> {
    match tls {
        None => Ok(false),
        Some("none") => Ok(true),
        Some(_) => Err(refuse("the parameter tls of the URL can only be \"none\"")),
    }
}

fn access_mode(word: Option<&str>, separator: Option<&str>) -> Result<Access> {
    let mut separators = separator.into_iter().flat_map(str::chars);
    let separator = match (word, separators.next(), separators.next()) {
        (Some("master"), separator, None) => separator.unwrap_or(SEPARATOR),
        (_, None, _) => SEPARATOR,
        _ => return Err(refuse("the parameter separator of the URL is one character, and belongs to access=master")),
    };
    match word {
        None | Some("owner") => Ok(Access::Owner),
        Some("authzid") => Ok(Access::Authzid),
        Some("master") => Ok(Access::Master { separator }),
        Some("impersonate") => Ok(Access::Impersonate),
        Some("delegate") => Ok(Access::Delegate),
        Some(_) => Err(refuse(
            "the parameter access of the URL can be \"owner\", \"authzid\", \"master\", \"impersonate\" or \"delegate\"",
        )),
    }
}

fn root_named(word: Option<&str>) -> Result<Root> {
    const ROOTS: [Root; 4] = [Root::Primary, Root::Archive, Root::PublicFolders, Root::Recoverable];
    let Some(word) = word else { return Ok(Root::Primary) };
    let named = ROOTS.into_iter().find(|root| root.to_string() == word);
    named.ok_or_else(|| {
        let names = ROOTS.map(|root| format!("{:?}", root.to_string())).join(", ");
        refuse(&format!("the parameter root of the URL is none of {names}"))
    })
}

fn decode(text: &str, part: &str) -> Result<String> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| refuse(&format!("the {part} of the URL is not UTF-8 in percent-encoding")))?;
    if decoded.chars().any(char::is_control) {
        return Err(refuse(&format!("the {part} of the URL holds a control character")));
    }
    Ok(decoded.into_owned())
}

fn refuse(message: &str) -> Error {
    Error::new(ErrorKind::Config, message).remedy(format!("write it as scheme://login@host, {EXAMPLE}"))
}
