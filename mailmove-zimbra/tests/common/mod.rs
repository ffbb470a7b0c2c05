//! What every test of this crate needs.

use std::sync::Arc;

use mailmove_core::{Access, FixedCredentials, Secret};
use mailmove_testkit::zimbra::ZimbraServer;
use mailmove_zimbra::{ZimbraConfig, ZimbraConnector};

pub(crate) const ADDRESS: &str = "ann@example.org";
pub(crate) const SECRET: &str = "open-sesame";
/// As `zmprov` prints one.
pub(crate) const KEY: &str = "6b7ead4bd425836e8cf0079cd6c1a05acc127acd07c8ee4b61023e19250e929c";
pub(crate) const ADMIN: &str = "admin@example.org";

/// How a mailbox is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "not every test needs each")]
pub(crate) enum By {
    Owner,
    Administrator,
    Key,
}

/// A connector to a server in this process.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn connector(server: &ZimbraServer, by: By) -> Arc<ZimbraConnector> {
    configured(server, by, |config| config)
}

pub(crate) fn configured(
    server: &ZimbraServer,
    by: By,
    change: impl FnOnce(ZimbraConfig) -> ZimbraConfig,
) -> Arc<ZimbraConnector> {
    let secret = Secret::password(SECRET);
    let config = ZimbraConfig::new(server.url().parse().unwrap()).allowing_plaintext();
    let (provider, config) = match by {
        By::Owner => (FixedCredentials::owner(secret), config),
        By::Administrator => {
            let config = config.with_admin_url(server.admin_url().parse().unwrap());
            (FixedCredentials::administrator(ADMIN, Access::Impersonate, secret), config)
        }
        By::Key => (FixedCredentials::owner(secret), config.with_preauth_key(KEY)),
    };
    Arc::new(ZimbraConnector::new(change(config), Arc::new(provider)).unwrap())
}
