//! What surrounds the items of a mailbox and does not travel: counted, and named as losses before the first item moves.

use mailmove_core::{Error, ErrorKind, Loss, Mailbox, Result};

use crate::client::Client;
use crate::connector::ZimbraConnector;
use crate::wire::get_folder::GetFolder;
use crate::wire::get_info::GetInfo;
use crate::wire::settings::{GetFilterRules, GetOutgoingFilterRules};
use crate::wire::soap::Operation;
use crate::wire::sync::Sync;
use crate::wire::tag::GetTag;

impl ZimbraConnector {
    /// Filters, signatures, further identities, accounts that are fetched from, saved searches, folders of others,
    /// documents and notes, and the colours of tags.
    pub(crate) async fn counted(&self, mailbox: &Mailbox) -> Result<Vec<Loss>> {
        let taken = async { inventory(&self.client(mailbox)?).await };
        taken.await.map_err(|error| error.on(mailbox.side))
    }
}

async fn inventory(client: &Client) -> Result<Vec<Loss>> {
    let info = client.ask(&GetInfo).await?;
    let tree = client.ask(&GetFolder).await?;
    let synced = client.ask(&Sync { token: None, limit: 1 }).await?;
    let filters = count(client, &GetFilterRules).await? + count(client, &GetOutgoingFilterRules).await?;
    let tags = client.ask(&GetTag).await?.len();
    let feeds = tree.folders.iter().filter(|folder| !folder.url.is_empty()).count();
    // The first identity is the account itself.
    let identities = info.identities.saturating_sub(1);
    let left_out = usize::try_from(synced.left_out).unwrap_or(usize::MAX);
    let all = [
        ("filters", filters, "filters", "write them anew at the destination"),
        ("signatures", info.signatures, "signatures", "copy them by hand"),
        ("identities", identities, "further identities", "make them anew at the destination"),
        ("data-sources", info.data_sources, "accounts that are fetched from", "set them up anew"),
        ("searches", tree.searches, "saved searches", "make them anew"),
        ("mountpoints", tree.mountpoints, "folders of other mailboxes", "share them anew when all mailboxes are there"),
        ("feeds", feeds, "folders that are fed from an address", "subscribe to the addresses anew"),
        ("documents", left_out, "documents and notes", "download the briefcase"),
        ("tag-colours", tags, "tags, which keep their names and lose their colours", "colour them anew"),
    ];
    let loss = |(code, count, what, remedy): (&'static str, usize, &str, &str)| {
        (count > 0).then(|| Loss::new(code, format!("{count} {what} are not carried; {remedy}")))
    };
    Ok(all.into_iter().filter_map(loss).collect())
}

/// How many there are; none, where the server does not know the question or does not let it be asked.
async fn count<O: Operation<Answer = usize>>(client: &Client, operation: &O) -> Result<usize> {
    let unknown = |error: &Error| matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::AccessDenied);
    match client.ask(operation).await {
        Err(error) if unknown(&error) => Ok(0),
        counted => counted,
    }
}
