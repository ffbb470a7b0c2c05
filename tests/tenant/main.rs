//! The programs for administrators of a tenant, against one in this process.
#![allow(clippy::unwrap_used)]

mod around;
#[path = "../../examples/register_app/directory.rs"]
mod directory;
mod limit;
#[path = "../../examples/tenant_probe/probe.rs"]
mod probe;
mod questions;
mod registration;
#[path = "../../examples/support/mod.rs"]
mod support;

use mailmove::graph::GraphConfig;
use mailmove::http::HttpSettings;
use mailmove_testkit::graph::GraphServer;

const ADDRESS: &str = "ann@example.org";
const TOKEN: &str = "administrator";

/// How to reach a tenant in this process.
fn config(server: &GraphServer) -> GraphConfig {
    GraphConfig::new(server.tenant())
        .at(format!("{}/v1.0", server.url()).parse().unwrap())
        .with_authority(server.url().parse().unwrap())
        .allowing_plaintext()
}

fn settings() -> HttpSettings {
    HttpSettings::new().allowing_plaintext()
}
