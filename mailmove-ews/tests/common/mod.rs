//! What every test of this crate needs.
#![allow(dead_code)]

use std::sync::Arc;

use mailmove_core::{Access, FixedCredentials, Secret};
use mailmove_ews::{EwsConfig, EwsConnector};
use mailmove_testkit::ews::EwsServer;

pub(crate) const ADDRESS: &str = "ann@example.org";
pub(crate) const SECRET: &str = "open-sesame";

/// A connector to a server in this process.
pub(crate) fn connector(server: &EwsServer, access: Access) -> Arc<EwsConnector> {
    let secret = Secret::password(SECRET);
    let provider = match access {
        Access::Owner => FixedCredentials::owner(secret),
        access => FixedCredentials::administrator("svc@example.org", access, secret),
    };
    let config = EwsConfig::new(server.url().parse().unwrap()).allowing_plaintext();
    Arc::new(EwsConnector::new(config, Arc::new(provider)).unwrap())
}
