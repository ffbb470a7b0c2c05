//! `imap://` and `imaps://`.

use std::sync::Arc;

use mailmove_core::{Connector, CredentialProvider, Error, ErrorKind, Result, Root};
use mailmove_imap::{Compress, ImapConfig, ImapConnector, Labels, Security};

use crate::{ConnectOptions, EndpointUrl};

/// `imaps://` is TLS from the start, `imap://` is STARTTLS, `imap://…?tls=none` is plain.
pub(crate) fn imap(
    url: &EndpointUrl,
    credentials: Arc<dyn CredentialProvider>,
    options: &ConnectOptions,
) -> Result<Arc<dyn Connector>> {
    url.check_parameters(&["compress", "labels", "prefix"])?;
    let refuse = |message: &str, remedy: &str| Err(Error::new(ErrorKind::Config, message).remedy(remedy));
    let security = match (url.scheme.as_str(), url.plain) {
        ("imaps", false) => Security::Tls,
        (_, false) => Security::StartTls,
        ("imap", true) => Security::Plain,
        (_, true) => return refuse("imaps means TLS, and the URL asks for none", "write imap:// or take tls=none off"),
    };
    if !url.path.is_empty() {
        return refuse("an IMAP URL has no path behind the host", "choose folders by rules, not by the URL");
    }
    if url.root != Root::Primary {
        return refuse("IMAP has no other root than the primary one", "take root= off the URL");
    }
    if url.auth.is_some() {
        return refuse("IMAP takes the strongest way to sign in that the secret allows", "take auth= off the URL");
    }
    let mut config = ImapConfig::new(url.required_host()?).with_security(security);
    if let Some(port) = url.port {
        config = config.with_port(port);
    }
    config.allow_plaintext = options.allow_plaintext;
    config.extra_roots = options.trust.join(&b'\n');
    config.connections = options.connections.unwrap_or(config.connections);
    config.compress = match url.parameters.get("compress").map(String::as_str) {
        None | Some("auto") => Compress::Auto,
        Some("yes") => Compress::Always,
        Some("no") => Compress::Never,
        Some(_) => return refuse("compress is auto, yes or no", "write compress=yes, or take it off the URL"),
    };
    config.labels = match url.parameters.get("labels").map(String::as_str) {
        None | Some("copies") => Labels::Copies,
        Some("first") => Labels::First,
        Some(_) => return refuse("labels is copies or first", "write labels=first, or take it off the URL"),
    };
    config.prefix = url.parameters.get("prefix").cloned();
    Ok(Arc::new(ImapConnector::new(config, credentials)))
}

#[cfg(test)]
mod tests {
    use mailmove_core::{FixedCredentials, Secret};

    use super::*;

    #[test]
    fn what_the_connector_cannot_do_is_an_error_that_names_it() {
        let made = |url: &str| {
            let credentials = Arc::new(FixedCredentials::owner(Secret::password("x")));
            imap(&url.parse().unwrap(), credentials, &ConnectOptions::new())
                .map(drop)
                .map_err(|error| error.to_string())
        };
        for good in [
            "imaps://a@h",
            "imaps://a@h?labels=first",
            "imap://a@h?labels=copies&prefix=INBOX.&compress=yes",
            "imaps://a@h?compress=auto",
            "imaps://a@h?compress=no",
        ] {
            made(good).unwrap_or_else(|error| panic!("{good}: {error}"));
        }
        for (bad, named) in [
            ("imaps://a@h?labels=all", "copies or first"),
            ("imaps://a@h?compress=1", "auto, yes or no"),
            ("imaps://a@h?label=first", "labels"),
            ("imaps://a@h/INBOX", "no path"),
            ("imaps://a@h?root=archive", "no other root"),
            ("imaps://a@h?auth=plain", "strongest"),
        ] {
            let error = made(bad).unwrap_err();
            assert!(error.contains(named), "{bad}: {error}");
        }
    }
}
