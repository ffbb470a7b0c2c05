//! `ews://` and `ews+http://`.

use std::sync::Arc;

use mailmove_core::{Access, Connector, CredentialProvider, Error, ErrorKind, Result};
use mailmove_ews::{EwsConfig, EwsConnector, Version};

use crate::{ConnectOptions, EndpointUrl};

/// Where Exchange answers unless its administrator moved it.
const PATH: &str = "/EWS/Exchange.asmx";

/// `ews://host[/path]` is HTTPS, `ews+http://` is plain.
pub(crate) fn ews(
    url: &EndpointUrl,
    credentials: Arc<dyn CredentialProvider>,
    options: &ConnectOptions,
) -> Result<Arc<dyn Connector>> {
    url.check_parameters(&["version"])?;
    let refuse = |message: String, remedy: &str| Error::new(ErrorKind::Config, message).remedy(remedy);
    if url.auth.is_some() {
        let message = "EWS takes the kind of sign-in from the secret: a password is Basic, a token is Bearer";
        return Err(refuse(message.to_owned(), "take auth= off the URL"));
    }
    let scheme = if url.plain { "http" } else { "https" };
    let port = url.port.map(|port| format!(":{port}")).unwrap_or_default();
    let path = if url.path.is_empty() || url.path == "/" { PATH } else { &url.path };
    let host = url.required_host()?;
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let address = format!("{scheme}://{host}{port}{path}");
    let address = address
        .parse()
        .map_err(|_| refuse(format!("{address} is no address of a web service"), "correct host, port and path"))?;
    let mut config = EwsConfig::new(address);
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
