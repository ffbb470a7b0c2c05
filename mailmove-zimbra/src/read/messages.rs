//! Messages: the octets as they are stored, with what is known of them beside it.

use std::collections::HashMap;

use futures_util::FutureExt;
use mailmove_core::http::Response;
use mailmove_core::{Body, Error, ErrorKind, Item, Kind, Result, Spool};
use time::OffsetDateTime;

use super::Asked;
use crate::batch::side_by_side;
use crate::bulk::export;
use crate::endpoint::ZimbraMailbox;
use crate::map;
use crate::wire::item::{ItemData, Sort, millis};

/// From how many messages on an archive pays.
const WORTH_AN_ARCHIVE: usize = 4;

impl ZimbraMailbox {
    /// Many in one archive; what the archive does not hold whole is asked for on its own.
    pub(super) async fn read_messages(&self, asked: &[Asked<'_>], spool: &Spool) -> Vec<Result<Item>> {
        let mut verdicts: Vec<Option<Result<Item>>> = asked.iter().map(|_| None).collect();
        if self.bulk && asked.len() >= WORTH_AN_ARCHIVE {
            let exported = self.export_messages(asked, spool).await;
            for (at, one) in asked.iter().enumerate() {
                let Some(mut item) = exported.get(&one.number).cloned() else { continue };
                // An archive tells dates to the second, a listing to the millisecond.
                let second = |when: Option<OffsetDateTime>| when.map(OffsetDateTime::unix_timestamp);
                if second(item.received) == second(one.item.received) {
                    item.received = one.item.received;
                }
                verdicts[at] = Some(Ok(item));
            }
        }
        let missing: Vec<usize> = (0..asked.len()).filter(|at| verdicts[*at].is_none()).collect();
        let read = missing.iter().map(|at| self.read_message(asked[*at].number, spool).boxed()).collect();
        let read = side_by_side(read, self.connections).await;
        for (at, verdict) in missing.into_iter().zip(read) {
            verdicts[at] = Some(verdict);
        }
        verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(|| Err(map::item::without_content()))).collect()
    }

    /// An archive that cannot be had, or not to its end, holds nothing: everything is asked for item by item then.
    async fn export_messages(&self, asked: &[Asked<'_>], spool: &Spool) -> HashMap<u64, Item> {
        let mut ids: Vec<u64> = asked.iter().map(|one| one.number).collect();
        ids.sort_unstable();
        ids.dedup();
        let archive = match self.client.export(&ids, true, spool).await {
            Ok(archive) => archive,
            Err(error) => {
                tracing::debug!(%error, "no archive; reading item by item");
                return HashMap::new();
            }
        };
        let Some(body) = archive.body() else { return HashMap::new() };
        let messages = export::messages(body, spool).unwrap_or_else(|error| {
            tracing::debug!(%error, "the archive is not whole");
            Vec::new()
        });
        let wanted = messages.into_iter().filter(|(data, _)| ids.contains(&data.id));
        let (mut described, bodies): (Vec<ItemData>, Vec<Body>) = wanted.unzip();
        if let Err(error) = self.tags.name(&self.client, &mut described).await {
            tracing::debug!(%error, "tags without names; reading item by item");
            return HashMap::new();
        }
        let whole = |(data, body): (ItemData, Body)| Some((data.id, map::item::whole(&data, Kind::Mail, body).ok()?));
        described.into_iter().zip(bodies).filter_map(whole).collect()
    }

    /// One message by the content servlet.
    async fn read_message(&self, number: u64, spool: &Spool) -> Result<Item> {
        let answer = self.client.item(number, "sync", spool).await.map_err(missing)?;
        let mut data = told(&answer, number)?;
        let body = answer.body().ok_or_else(map::item::without_content)?.clone();
        let mut one = [data];
        self.tags.name(&self.client, &mut one).await?;
        [data] = one;
        map::item::whole(&data, Kind::Mail, body)
    }
}

/// What the headers of an answer say of a message.
fn told(answer: &Response, number: u64) -> Result<ItemData> {
    let text = |name: &str| answer.header(name).unwrap_or_default().trim().to_owned();
    let named = text("x-zimbra-itemid");
    if named.parse() != Ok(number) {
        return Err(Error::new(ErrorKind::Protocol, "the server gave another item than was asked for")
            .with("asked", number)
            .with("given", named));
    }
    let seconds = |at: i64| OffsetDateTime::from_unix_timestamp(at / 1000).ok();
    Ok(ItemData {
        id: number,
        sort: Some(Sort::Message),
        folder: text("x-zimbra-folderid"),
        flags: text("x-zimbra-flags"),
        // Headers are not made for names beyond ASCII; numbers are.
        tag_ids: text("x-zimbra-tags"),
        date: text("x-zimbra-received").parse().ok().and_then(millis),
        changed: text("x-zimbra-modified").parse().ok().and_then(seconds),
        revision: text("x-zimbra-revision").parse().ok(),
        ..ItemData::default()
    })
}

/// An item that the servlet does not find is gone.
pub(super) fn missing(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => map::item::absent(),
        _ => error,
    }
}
