//! `zimbra://` and `zimbra+http://`.

use std::sync::Arc;

use mailmove_core::{Access, Connector, CredentialProvider, Error, ErrorKind, Result, Root};
use mailmove_zimbra::{ZimbraConfig, ZimbraConnector};
use url::Url;

use crate::{ConnectOptions, EndpointUrl};

/// `zimbra://host` is HTTPS, `zimbra+http://` is plain. `admin=` is the administrators' port, or host and port;
/// `auth=preauth` says that the secret is the key of the mailbox's domain; `bulk=no` moves each item on its own.
pub(crate) fn zimbra(
    url: &EndpointUrl,
    credentials: Arc<dyn CredentialProvider>,
    options: &ConnectOptions,
) -> Result<Arc<dyn Connector>> {
    url.check_parameters(&["admin", "bulk"])?;
    let refuse = |message: String, remedy: &str| Error::new(ErrorKind::Config, message).remedy(remedy);
    if !url.path.is_empty() && url.path != "/" {
        let message = "a Zimbra URL has no path behind the host".to_owned();
        return Err(refuse(message, "choose folders by rules, not by the URL"));
    }
    if url.root != Root::Primary {
        let message = "Zimbra has no other root than the primary one".to_owned();
        return Err(refuse(message, "take root= off the URL"));
    }
    let scheme = if url.plain { "http" } else { "https" };
    let port = url.port.map(|port| format!(":{port}")).unwrap_or_default();
    let mut config = ZimbraConfig::new(address(scheme, &format!("{}{port}", bracketed(url.required_host()?)))?);
    config.allow_plaintext = options.allow_plaintext;
    config.connections = options.connections.unwrap_or(config.connections);
    for pem in &options.trust {
        config = config.trusting(String::from_utf8_lossy(pem));
    }
    match url.auth.as_deref() {
        None => {}
        Some("preauth") => config = config.with_keys_for_secrets(),
        Some(other) => {
            let message = format!("Zimbra knows no sign-in by {other}");
            return Err(refuse(message, "write auth=preauth for the key of a domain, or take auth= off the URL"));
        }
    }
    if url.access != Access::Owner {
        config = config.with_access(url.access.clone());
    }
    if let Some(admin) = url.parameters.get("admin") {
        let only_port = admin.chars().all(|char| char.is_ascii_digit());
        let place = if only_port { format!("{}:{admin}", bracketed(&url.host)) } else { admin.clone() };
        config = config.with_admin_url(address(scheme, &place)?);
    }
    match url.parameters.get("bulk").map(String::as_str) {
        None | Some("yes") => {}
        Some("no") => config = config.item_by_item(),
        Some(other) => return Err(refuse(format!("bulk={other} says nothing"), "write bulk=yes or bulk=no")),
    }
    Ok(Arc::new(ZimbraConnector::new(config, credentials)?))
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

fn address(scheme: &str, place: &str) -> Result<Url> {
    let told = || {
        let told = Error::new(ErrorKind::Config, "not the address of a server").with("address", place);
        told.remedy("write a host, or host:port")
    };
    let url = Url::parse(&format!("{scheme}://{place}/")).map_err(|error| told().because(error))?;
    if url.path() == "/" && url.query().is_none() && url.username().is_empty() { Ok(url) } else { Err(told()) }
}

#[cfg(test)]
mod tests {
    use mailmove_core::{FixedCredentials, Secret};

    use super::*;

    fn made(text: &str) -> Result<String> {
        let credentials = Arc::new(FixedCredentials::owner(Secret::password("hush")));
        let options = ConnectOptions::new().allow_plaintext();
        zimbra(&text.parse()?, credentials, &options).map(|made| made.name().to_owned())
    }

    #[test]
    fn a_url_names_a_server_and_how_it_is_opened() {
        assert_eq!(made("zimbra://ann@mail.example.org").unwrap(), "zimbra://mail.example.org");
        assert_eq!(made("zimbra+http://ann@[::1]:8080/").unwrap(), "zimbra+http://[::1]:8080");
        let admin = "zimbra://admin@h?mailbox=ann@x&access=impersonate&admin=6071&bulk=no";
        assert_eq!(made(admin).unwrap(), "zimbra://h");
        assert!(made("zimbra://h?mailbox=ann@x&auth=preauth&admin=admin.example.org:7071").is_ok());
    }

    #[test]
    fn what_zimbra_does_not_know_is_refused() {
        for text in [
            "zimbra://ann@h/service/soap",
            "zimbra://ann@h?root=archive",
            "zimbra://ann@h?auth=kerberos",
            "zimbra://ann@h?bulk=maybe",
            "zimbra://ann@h?admin=a/b",
            "zimbra://ann@h?separator2=x",
        ] {
            assert_eq!(made(text).unwrap_err().kind(), ErrorKind::Config, "{text}");
        }
    }
}
