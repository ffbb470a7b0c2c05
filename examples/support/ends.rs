//! The two ends of one migration, from URLs.

use std::sync::Arc;

use mailmove::{Connector, Connectors, EndpointUrl, Mailbox, Result, Side};

use super::args::Reach;
use super::secrets;

/// One end: what opens the mailbox, the mailbox, and the URL they come from.
pub(crate) struct End {
    pub(crate) url: EndpointUrl,
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) mailbox: Mailbox,
}

impl End {
    /// Reads the URL, gets the secret, connects to nobody yet.
    pub(crate) fn open(url: &str, side: Side, reach: &Reach) -> Result<Self> {
        let url = reach.url(url, side)?;
        // A URL that names no mailbox is not worth asking a password for.
        url.mailbox(side)?;
        let options = reach.options()?;
        let credentials = secrets::credentials(&url, side, &options)?;
        let (connector, mailbox) = Connectors::standard().open(&url, side, credentials, &options)?;
        Ok(Self { url, connector, mailbox })
    }
}

/// The name of a ledger for this pair in the current folder.
///
/// Both servers are part of it: the same address may move from one to the next, and each move has its own progress.
pub(crate) fn ledger_name(source: &End, destination: &End) -> String {
    let end = |end: &End| match end.url.port {
        Some(port) => format!("{} at {} {port}", end.mailbox, end.url.host),
        None => format!("{} at {}", end.mailbox, end.url.host),
    };
    let fits = |c: char| if c.is_alphanumeric() || "@.-_+".contains(c) { c } else { '_' };
    let name: String = format!("{} to {}", end(source), end(destination)).chars().map(fits).take(180).collect();
    format!("{name}.ledger")
}
