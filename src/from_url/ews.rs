//! `ews://` and `ews+http://`.

use std::sync::Arc;

use mailmove_core::{Access, Connector, CredentialProvider, Error, ErrorKind, Result};
use mailmove_ews::{Autodiscover, EwsConfig, EwsConnector, Passwords, Version};

use crate::{ConnectOptions, EndpointUrl};

/// Where Exchange answers unless its administrator moved it.
const PATH: &str = "/EWS/Exchange.asmx";

/// The host of a URL that leaves the server to autodiscover, where a login has to stand before it.
const AUTODISCOVER: &str = "autodiscover";

/// `ews://host[/path]` is HTTPS, `ews+http://` is plain.
pub(crate) fn ews(
    url: &EndpointUrl,
    credentials: Arc<dyn CredentialProvider>,
    options: &ConnectOptions,
) -> Result<Arc<dyn Connector>> {
    url.check_parameters(&["version"])?;
    let passwords = passwords(url.auth.as_deref())?;
    let mut config = server(url)?.with_passwords(passwords);
    config.allow_plaintext = options.allow_plaintext;
    config.connections = options.connections.unwrap_or(config.connections);
    for pem in &options.trust {
        config = config.trusting(String::from_utf8_lossy(pem));
    }
    if url.access != Access::Owner {
        config = config.with_access(url.access.clone());
    }
    if let Some(version) = url.parameters.get("version") {
        let unknown = || refuse(format!("{version} is no version of Exchange"), "write it like Exchange2016");
        config = config.with_version(Version::parse(version).ok_or_else(unknown)?);
    }
    Ok(Arc::new(EwsConnector::new(config, credentials)?))
}

/// The server that a URL names, or whoever the mailbox's domain names when it is `ews://?mailbox=` or
/// `ews://login@autodiscover?mailbox=`.
fn server(url: &EndpointUrl) -> Result<EwsConfig> {
    if url.host.is_empty() || url.host == AUTODISCOVER {
        if url.plain || url.port.is_some() || !url.path.is_empty() {
            let message = "a URL without a host is found by autodiscover, which says scheme, port and path itself";
            return Err(refuse(message.to_owned(), "name the host, or take +http, port and path off the URL"));
        }
        return Ok(EwsConfig::discovered(Autodiscover::new()));
    }
    let scheme = if url.plain { "http" } else { "https" };
    let port = url.port.map(|port| format!(":{port}")).unwrap_or_default();
    let path = if url.path.is_empty() || url.path == "/" { PATH } else { &url.path };
    let host = url.required_host()?;
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let address = format!("{scheme}://{host}{port}{path}");
    match address.parse() {
        Ok(address) => Ok(EwsConfig::new(address)),
        Err(_) => Err(refuse(format!("{address} is no address of a web service"), "correct host, port and path")),
    }
}

/// `auth=basic`, which is what is done without it, or `auth=ntlm`. A token is a bearer token in either case.
fn passwords(auth: Option<&str>) -> Result<Passwords> {
    match auth.unwrap_or("basic").to_ascii_lowercase().as_str() {
        "basic" => Ok(Passwords::Basic),
        #[cfg(feature = "ntlm")]
        "ntlm" => Ok(Passwords::Ntlm),
        #[cfg(not(feature = "ntlm"))]
        "ntlm" => Err(refuse("NTLM is not built in".to_owned(), "build with the feature \"ntlm\"")),
        other => Err(refuse(format!("EWS knows no sign-in called {other}"), "write auth=basic or auth=ntlm")),
    }
}

fn refuse(message: String, remedy: &str) -> Error {
    Error::new(ErrorKind::Config, message).remedy(remedy)
}

#[cfg(test)]
mod tests {
    use mailmove_core::Secret;

    use super::*;

    fn name(text: &str) -> Result<String> {
        let url: EndpointUrl = text.parse()?;
        let credentials = Arc::new(url.credentials(Secret::password("hunter2"))?);
        Ok(ews(&url, credentials, &ConnectOptions::new().allow_plaintext())?.name().to_owned())
    }

    #[test]
    fn a_url_names_its_server_or_leaves_that_to_autodiscover() {
        for (text, wanted) in [
            ("ews://ann@mail.example.org", "ews://mail.example.org"),
            ("ews+http://ann@127.0.0.1:8080/x", "ews+http://127.0.0.1:8080"),
            ("ews://?mailbox=ann%40example.org", "ews://autodiscover"),
            ("ews://svc%40example.org@autodiscover?mailbox=ann%40example.org&access=impersonate", "ews://autodiscover"),
        ] {
            assert_eq!(name(text).unwrap(), wanted, "{text}");
        }
        assert_eq!(name("ews://ann@mail.example.org?auth=basic").unwrap(), "ews://mail.example.org");
        assert_eq!(name("ews://ann@mail.example.org?auth=ntlm").is_ok(), cfg!(feature = "ntlm"));
        assert!(name("ews://ann@mail.example.org?auth=plain").is_err());
        for text in ["ews+http://?mailbox=ann%40example.org", "ews://ann@autodiscover:8443", "ews://ann@autodiscover/x"]
        {
            assert!(name(text).unwrap_err().to_string().contains("autodiscover"), "{text}");
        }
    }
}
