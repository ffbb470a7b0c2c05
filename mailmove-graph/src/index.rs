//! What a mail folder of the destination holds, kept up to date by what changed since the last look.

use mailmove_core::{ErrorKind, Result};
use mailmove_exchange::index::{Entry, Index, hash};

use crate::client::Client;
use crate::map;
use crate::wire::ask::Path;
use crate::wire::message::{self, Message};
use crate::wire::property::Property;

/// Reads what changed in a mail folder since the last time; everything, the first time.
pub(crate) async fn refresh_mail(index: &mut Index, client: &Client, user: &Path, folder: &str) -> Result<()> {
    let ask = message::delta(user, folder);
    let mut found: Vec<Message> = Vec::new();
    // What was found is put in when all of it is there, and only then the next look goes on behind it.
    let mut link = index.cursor().map(str::to_owned);
    let mut anew = false;
    let link = loop {
        let page = match client.page::<Message>(&ask, link.as_deref()).await {
            // Once: a listing that cannot be gone on with from its own first page never ends.
            Err(error) if error.kind() == ErrorKind::CursorExpired && link.is_some() && !anew => {
                *index = Index::default();
                (link, anew) = (None, true);
                found.clear();
                continue;
            }
            page => page?,
        };
        found.extend(page.value);
        match (page.next, page.delta) {
            (Some(next), _) => link = Some(next),
            (None, Some(delta)) => break delta,
            (None, None) => return Err(crate::error::cut_short(false)),
        }
    };
    // The order of a listing is not that of writing.
    found.sort_by(|one, other| one.created_date_time.cmp(&other.created_date_time));
    for message in found {
        match () {
            () if message.removed.is_some() => index.remove(&message.id),
            () if message.is_whole() => index.put(entry(&message)),
            // What it is known by does not change with what a delta names alone.
            () => {}
        }
    }
    index.go_on_from(link);
    Ok(())
}

fn entry(message: &Message) -> Entry {
    Entry {
        id: message.id.as_str().into(),
        mark: message.property(Property::Mark).map(hash),
        uid: map::item::uid(message).as_deref().map(hash),
        revision: map::revision::number_of(message),
        complete: true,
    }
}
