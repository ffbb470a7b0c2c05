use std::fmt;

use url::Url;

use crate::{Error, ErrorKind, Result};

/// A cloud of Microsoft: which hosts serve it. Everything here is data; a cloud that is missing is made with
/// [`Cloud::new`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cloud {
    /// Who hands out tokens: `https://login.microsoftonline.com`.
    pub login: String,
    /// Microsoft Graph: `https://graph.microsoft.com`.
    pub graph: String,
    /// Exchange: `https://outlook.office365.com`.
    pub exchange: String,
}

impl Cloud {
    /// A cloud with these hosts, as addresses without a path.
    pub fn new(login: impl Into<String>, graph: impl Into<String>, exchange: impl Into<String>) -> Self {
        Self { login: login.into(), graph: graph.into(), exchange: exchange.into() }
    }

    /// The world-wide cloud, also of GCC tenants.
    pub fn world() -> Self {
        Self::new("https://login.microsoftonline.com", "https://graph.microsoft.com", "https://outlook.office365.com")
    }

    /// US government, GCC High.
    pub fn us_government_high() -> Self {
        Self::new("https://login.microsoftonline.us", "https://graph.microsoft.us", "https://outlook.office365.us")
    }

    /// US government, Department of Defense.
    pub fn us_defense() -> Self {
        Self::new("https://login.microsoftonline.us", "https://dod-graph.microsoft.us", "https://webmail.apps.mil")
    }

    /// China, operated by 21Vianet.
    pub fn china() -> Self {
        Self::new(
            "https://login.chinacloudapi.cn",
            "https://microsoftgraph.chinacloudapi.cn",
            "https://partner.outlook.cn",
        )
    }

    /// Everything that the tenant granted an application for Graph.
    pub fn graph_scope(&self) -> String {
        format!("{}/.default", self.graph)
    }

    /// Everything that the tenant granted an application for Exchange: EWS and IMAP.
    pub fn exchange_scope(&self) -> String {
        format!("{}/.default", self.exchange)
    }
}

/// Who hands out tokens, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authority {
    /// Where tokens are asked for (RFC 6749 §3.2).
    pub token: Url,
    /// Where users consent in a browser (RFC 6749 §3.1).
    pub authorization: Option<Url>,
    /// Where a device without a browser begins (RFC 8628 §3.1).
    pub device: Option<Url>,
    /// Whether a client secret goes in the `Authorization` header instead of the form. Servers must know the header,
    /// Microsoft and Google want the form.
    pub secret_in_header: bool,
    /// What this service wants to hear besides, in every form: `audience`, `resource`.
    pub parameters: Vec<(String, String)>,
}

impl Authority {
    /// One that only has a token address.
    pub fn new(token: Url) -> Self {
        Self { token, authorization: None, device: None, secret_in_header: false, parameters: Vec::new() }
    }

    /// A tenant of Microsoft Entra, by its id or one of its domains.
    pub fn entra(cloud: &Cloud, tenant: &str) -> Result<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if tenant.is_empty() || !tenant.chars().all(plain) {
            return Err(Error::new(ErrorKind::Config, "this cannot be a tenant")
                .with("tenant", tenant)
                .remedy("give the tenant's id or one of its domains"));
        }
        let address = |end: &str| address(&format!("{}/{tenant}/oauth2/v2.0/{end}", cloud.login));
        Ok(Self {
            authorization: Some(address("authorize")?),
            device: Some(address("devicecode")?),
            ..Self::new(address("token")?)
        })
    }

    /// Google.
    pub fn google() -> Result<Self> {
        Ok(Self {
            authorization: Some(address("https://accounts.google.com/o/oauth2/v2/auth")?),
            device: Some(address("https://oauth2.googleapis.com/device/code")?),
            ..Self::new(address("https://oauth2.googleapis.com/token")?)
        })
    }
}

/// The address where tokens are asked for.
impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.token.origin().ascii_serialization(), self.token.path())
    }
}

fn address(text: &str) -> Result<Url> {
    Url::parse(text).map_err(|error| {
        Error::new(ErrorKind::Config, "not the address of a sign-in service").with("address", text).because(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cloud_has_its_own_addresses() {
        for (cloud, token, scope) in [
            (
                Cloud::world(),
                "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token",
                "https://outlook.office365.com/.default",
            ),
            (
                Cloud::us_defense(),
                "https://login.microsoftonline.us/contoso.com/oauth2/v2.0/token",
                "https://webmail.apps.mil/.default",
            ),
            (
                Cloud::china(),
                "https://login.chinacloudapi.cn/contoso.com/oauth2/v2.0/token",
                "https://partner.outlook.cn/.default",
            ),
        ] {
            assert_eq!(Authority::entra(&cloud, "contoso.com").unwrap().to_string(), token);
            assert_eq!(cloud.exchange_scope(), scope);
        }
        assert_eq!(Cloud::us_government_high().graph_scope(), "https://graph.microsoft.us/.default");
    }

    #[test]
    fn a_tenant_cannot_lead_anywhere_else() {
        for tenant in ["", "a/../b", "a?b", "a b", "é"] {
            assert_eq!(Authority::entra(&Cloud::world(), tenant).unwrap_err().kind(), ErrorKind::Config, "{tenant}");
        }
    }
}
