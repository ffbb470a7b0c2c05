//! What a tenant is reached with.

use mailmove_core::http::Http;
use mailmove_core::oauth::{Authority, Client, Cloud, OauthCredentials};
use mailmove_core::{Error, ErrorKind, Result};
use url::Url;

/// A tenant of Microsoft 365 and how to talk to it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GraphConfig {
    /// The tenant's id or one of its domains.
    pub tenant: String,
    /// Which hosts serve it, and which resource tokens are for.
    pub cloud: Cloud,
    /// Where Graph answers instead of at the cloud's host, version included: `https://127.0.0.1:8443/v1.0`.
    pub endpoint: Option<Url>,
    /// Where tokens are asked for instead of at the cloud's host, without the tenant: `https://127.0.0.1:8443`.
    pub authority: Option<Url>,
    /// Whether secrets and mail may travel unprotected. Without it, an `http` address is refused.
    pub allow_plaintext: bool,
    /// Authorities that are trusted beside the system's, as PEM text.
    pub extra_roots: Vec<String>,
    /// How many requests for one mailbox are in flight at most. The provider refuses more than 4 of one application.
    pub connections: usize,
    /// Whether the mailbox import and export API is used where the token allows it. Only the world-wide cloud has it.
    pub streams: bool,
    /// Whether mail from elsewhere is written as FastTransfer streams, through the import API.
    /// Experimental: no tenant has been seen to take streams that were not made by Exchange.
    pub foreign_streams: bool,
}

impl GraphConfig {
    /// A tenant in the world-wide cloud, or in a GCC tenant of it.
    pub fn new(tenant: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            cloud: Cloud::world(),
            endpoint: None,
            authority: None,
            allow_plaintext: false,
            extra_roots: Vec::new(),
            connections: 4,
            streams: true,
            foreign_streams: false,
        }
    }

    /// The same in another cloud.
    pub fn in_cloud(mut self, cloud: Cloud) -> Self {
        self.cloud = cloud;
        self
    }

    /// The same with Graph at this address, version included.
    pub fn at(mut self, endpoint: Url) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// The same with tokens from this address.
    pub fn with_authority(mut self, authority: Url) -> Self {
        self.authority = Some(authority);
        self
    }

    /// The same with plain connections allowed.
    pub fn allowing_plaintext(mut self) -> Self {
        self.allow_plaintext = true;
        self
    }

    /// The same with one more authority, as PEM text.
    pub fn trusting(mut self, pem: impl Into<String>) -> Self {
        self.extra_roots.push(pem.into());
        self
    }

    /// The same without the mailbox import and export API.
    pub fn without_streams(mut self) -> Self {
        self.streams = false;
        self
    }

    /// The same with [foreign streams](Self::foreign_streams).
    pub fn with_foreign_streams(mut self) -> Self {
        self.foreign_streams = true;
        self
    }

    /// Where this tenant's tokens come from.
    pub fn token_authority(&self) -> Result<Authority> {
        let mut cloud = self.cloud.clone();
        if let Some(authority) = &self.authority {
            cloud.login = authority.as_str().trim_end_matches('/').to_owned();
        }
        Authority::entra(&cloud, &self.tenant)
    }

    /// What an application asks for: everything that the tenant granted it.
    pub fn scope(&self) -> String {
        self.cloud.graph_scope()
    }

    /// Credentials of an application that signs in by itself. The client comes from
    /// [`token_authority`](Self::token_authority).
    pub fn application(&self, http: Http, client: Client) -> OauthCredentials {
        OauthCredentials::application(http, client, &[&self.scope()])
    }

    /// Where Graph answers, version included and without a slash at the end.
    pub fn base(&self) -> Result<Url> {
        let text = match &self.endpoint {
            Some(endpoint) => endpoint.as_str().trim_end_matches('/').to_owned(),
            None => format!("{}/v1.0", self.cloud.graph),
        };
        Url::parse(&text).map_err(|error| {
            Error::new(ErrorKind::Config, "not the address of Microsoft Graph").with("address", text).because(error)
        })
    }

    /// Whether the import and export API may be there.
    pub(crate) fn may_stream(&self) -> bool {
        self.streams && self.cloud == Cloud::world()
    }

    /// What people call it: `graph://contoso.com`.
    pub(crate) fn name(&self) -> String {
        format!("graph://{}", self.tenant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_data() {
        let world = GraphConfig::new("contoso.com");
        assert_eq!(world.base().unwrap().as_str(), "https://graph.microsoft.com/v1.0");
        assert_eq!(world.scope(), "https://graph.microsoft.com/.default");
        assert!(world.may_stream());
        let china = GraphConfig::new("contoso.cn").in_cloud(Cloud::china());
        assert_eq!(china.base().unwrap().as_str(), "https://microsoftgraph.chinacloudapi.cn/v1.0");
        assert!(!china.may_stream());
        let local = |path: &str| Url::parse(&format!("http://127.0.0.1:8080{path}")).unwrap();
        let test = world.at(local("/v1.0/")).with_authority(local(""));
        assert_eq!(test.base().unwrap().as_str(), "http://127.0.0.1:8080/v1.0");
        assert_eq!(
            test.token_authority().unwrap().token.as_str(),
            "http://127.0.0.1:8080/contoso.com/oauth2/v2.0/token"
        );
        assert_eq!(test.scope(), "https://graph.microsoft.com/.default");
    }
}
