//! `graph://`.

use std::sync::Arc;

use mailmove_core::oauth::Cloud;
use mailmove_core::{Connector, CredentialProvider, Error, ErrorKind, Result, Root};
use mailmove_graph::{GraphConfig, GraphConnector};

use crate::{ConnectOptions, EndpointUrl};

/// A cloud by the name that URLs have for it.
fn cloud(name: &str) -> Option<Cloud> {
    Some(match name {
        "world" => Cloud::world(),
        "gcc-high" => Cloud::us_government_high(),
        "dod" => Cloud::us_defense(),
        "china" => Cloud::china(),
        _ => return None,
    })
}

/// `graph://tenant-id-or-domain?mailbox=…`.
pub(crate) fn graph(
    url: &EndpointUrl,
    credentials: Arc<dyn CredentialProvider>,
    options: &ConnectOptions,
) -> Result<Arc<dyn Connector>> {
    let mut config = graph_config(url)?;
    config.allow_plaintext = options.allow_plaintext;
    config.connections = options.connections.unwrap_or(config.connections);
    for pem in &options.trust {
        config = config.trusting(String::from_utf8_lossy(pem));
    }
    Ok(Arc::new(GraphConnector::new(config, credentials)?))
}

/// The tenant that a `graph://` URL means: who signs in to it needs its authority and its scope.
///
/// | parameter | meaning |
/// |---|---|
/// | `cloud` | `world` (as without it), `gcc-high`, `dod`, `china` |
/// | `endpoint` | where Graph answers instead, version included |
/// | `authority` | where tokens are asked for instead, without the tenant |
/// | `streams` | `no`: without the import and export API; `foreign`: what comes from elsewhere is made a stream, too |
pub fn graph_config(url: &EndpointUrl) -> Result<GraphConfig> {
    url.check_parameters(&["cloud", "endpoint", "authority", "streams"])?;
    let refuse = |message: String, remedy: &str| Error::new(ErrorKind::Config, message).remedy(remedy);
    if url.plain || url.port.is_some() || !url.path.is_empty() {
        let message = "a graph URL names a tenant, not a server".to_owned();
        return Err(refuse(message, "write graph://tenant?mailbox=address, and another server as endpoint="));
    }
    if url.root != Root::Primary {
        let message = "Graph opens primary mailboxes alone".to_owned();
        return Err(refuse(message, "take root= off the URL"));
    }
    if url.auth.is_some() {
        let message = "Graph takes tokens and nothing else".to_owned();
        return Err(refuse(message, "take auth= off the URL"));
    }
    let mut config = GraphConfig::new(url.required_host()?);
    if let Some(name) = url.parameters.get("cloud") {
        let unknown = || refuse(format!("{name} is no cloud"), "write cloud=world, gcc-high, dod or china");
        config = config.in_cloud(cloud(name).ok_or_else(unknown)?);
    }
    let address = |name: &str| {
        let text = url.parameters.get(name)?;
        let unreadable = || refuse(format!("{text} is no address"), "write it like https://127.0.0.1:8443/v1.0");
        Some(text.parse::<url::Url>().map_err(|_| unreadable()))
    };
    config.endpoint = address("endpoint").transpose()?;
    config.authority = address("authority").transpose()?;
    match url.parameters.get("streams").map(String::as_str) {
        None | Some("yes") => {}
        Some("no") => config = config.without_streams(),
        Some("foreign") => config = config.with_foreign_streams(),
        Some(other) => return Err(refuse(format!("streams={other} says nothing"), "write streams=yes, no or foreign")),
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Result<GraphConfig> {
        graph_config(&text.parse()?)
    }

    #[test]
    fn a_url_names_a_tenant_its_cloud_and_its_paths() {
        let plain = config("graph://contoso.com?mailbox=ann@contoso.com").unwrap();
        assert_eq!((plain.tenant.as_str(), plain.streams, plain.foreign_streams), ("contoso.com", true, false));
        let china = config("graph://contoso.cn?mailbox=a@b&cloud=china&streams=no").unwrap();
        assert_eq!(
            (china.scope().as_str(), china.streams),
            ("https://microsoftgraph.chinacloudapi.cn/.default", false)
        );
        let local =
            config("graph://t?mailbox=a@b&endpoint=http://127.0.0.1:1/v1.0&authority=http://127.0.0.1:1").unwrap();
        assert_eq!(local.endpoint.as_ref().map(|url| url.path()), Some("/v1.0"));
        assert_eq!(local.token_authority().unwrap().token.path(), "/t/oauth2/v2.0/token");
    }

    #[test]
    fn what_graph_cannot_do_is_refused() {
        for more in ["&root=archive", "&auth=basic", "&cloud=mars", "&streams=maybe", "&version=2"] {
            assert!(config(&format!("graph://t?mailbox=a@b{more}")).is_err(), "{more}");
        }
        assert!(config("graph://t:1?mailbox=a@b").is_err() && config("graph://t/path?mailbox=a@b").is_err());
    }
}
