//! What a destination folder holds, kept up to date by what changed since the last look.

use mailmove_core::{Error, ErrorKind, Result};
use mailmove_exchange::index::{Entry, Index, hash};

use crate::client::Client;
use crate::map;
use crate::wire::ids::FolderRef;
use crate::wire::item::ItemData;
use crate::wire::property::Property;
use crate::wire::shape::Shape;
use crate::wire::sync_folder_items::{Changed, SyncFolderItems};

/// Reads what changed since the last time; everything, the first time.
pub(crate) async fn refresh(index: &mut Index, client: &Client, folder: &FolderRef) -> Result<()> {
    loop {
        let state = index.cursor().map(str::to_owned);
        let first = state.is_none();
        let operation = SyncFolderItems { folder: folder.clone(), shape: Shape::LISTING, state };
        let page = match client.ask_one(&operation).await {
            Err(error) if error.kind() == ErrorKind::CursorExpired && !first => {
                *index = Index::default();
                continue;
            }
            page => page?,
        };
        let (Some(state), Some(last)) = (page.state, page.last) else {
            return Err(Error::new(ErrorKind::Protocol, "the server does not say how far the listing went"));
        };
        index.go_on_from(state);
        for change in page.changes {
            match change {
                Changed::Present(item) => index.put(entry(&item)),
                Changed::Deleted(key) => index.remove(key.id.as_str()),
                Changed::Read(..) => {}
            }
        }
        if last {
            return Ok(());
        }
    }
}

fn entry(item: &ItemData) -> Entry {
    Entry {
        id: item.key.id.as_str().into(),
        mark: item.property(Property::Mark).map(hash),
        uid: map::item::uid(item).as_deref().map(hash),
        revision: map::revision::number_of(item),
        complete: true,
    }
}
