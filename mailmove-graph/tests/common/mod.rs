//! What every test of this crate needs.
#![allow(dead_code)]

use std::sync::Arc;

use mailmove_core::http::{Http, HttpSettings};
use mailmove_core::oauth::Client;
use mailmove_graph::budget::Allowance;
use mailmove_graph::{GraphConfig, GraphConnector};
use mailmove_testkit::graph::{ALL_ROLES, GraphServer, GraphServerBuilder};

pub(crate) const ADDRESS: &str = "ann@example.org";
pub(crate) const APPLICATION: &str = "11111111-2222-3333-4444-555555555555";
pub(crate) const SECRET: &str = "open-sesame";

/// A server with one mailbox, and an application that may do everything.
pub(crate) fn server() -> GraphServerBuilder {
    GraphServer::builder().user(ADDRESS).app(APPLICATION, SECRET, &ALL_ROLES)
}

/// How to reach a server in this process.
pub(crate) fn config(server: &GraphServer) -> GraphConfig {
    let token = server.token_url(&server.tenant());
    let authority = token.split(&server.tenant()).next().unwrap().trim_end_matches('/');
    GraphConfig::new(server.tenant())
        .at(format!("{}/v1.0", server.url()).parse().unwrap())
        .with_authority(authority.parse().unwrap())
        .allowing_plaintext()
}

/// A connector to a server in this process.
pub(crate) fn connector(config: GraphConfig) -> Arc<GraphConnector> {
    let http = Http::new(HttpSettings::new().allowing_plaintext()).unwrap();
    let client = Client::with_secret(config.token_authority().unwrap(), APPLICATION, SECRET.to_owned().into());
    let provider = config.application(http, client);
    // The provider's five minutes for 150 MB pass in three seconds.
    let allowance = Allowance::outlook().scaled(100);
    Arc::new(GraphConnector::new(config, Arc::new(provider)).unwrap().with_allowance(allowance))
}
