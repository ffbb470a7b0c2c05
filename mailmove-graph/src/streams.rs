//! FastTransfer streams through the mailbox import and export API.

use std::fmt;

use mailmove_core::http::{Request, Response};
use mailmove_core::{Body, Error, ErrorKind, ItemRef, Recovery, Result, Spool};
use mailmove_exchange::zone::Zone;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use tokio::sync::{Mutex, OnceCell};
use url::Url;

use crate::batch::split;
use crate::capabilities::BATCH_BYTES;
use crate::client::{around, parsed};
use crate::endpoint::GraphMailbox;
use crate::error::{self, Fault};
use crate::export::take_streams;
use crate::place::Place;
use crate::wire::message::moment;
use crate::wire::stream::{self, EXPORTED, Export, Exported, ImportSession, Imported};

/// How long before its end an address is not used any more.
const BEFORE_ITS_END: Duration = Duration::minutes(2);

/// Where streams are taken.
#[derive(Default)]
pub(crate) struct Door {
    /// The address, while it is good.
    address: Mutex<Option<(SecretString, OffsetDateTime)>>,
    /// By which clocks the mailbox lives, once a stream had to say so.
    pub(crate) zone: OnceCell<Option<Zone>>,
}

impl GraphMailbox {
    /// The streams of these items, one verdict for each.
    pub(crate) async fn export(&self, items: &[&ItemRef], spool: &Spool) -> Vec<Result<Body>> {
        let sizes: Vec<u64> = items.iter().map(|item| item.size).collect();
        let mut verdicts = Vec::with_capacity(items.len());
        for range in split(&sizes, EXPORTED, BATCH_BYTES) {
            let part = &items[range];
            match self.export_some(part, spool).await {
                Ok(streams) => verdicts.extend(streams),
                Err(error) => verdicts.extend(part.iter().map(|_| Err(error.clone()))),
            }
        }
        verdicts
    }

    async fn export_some(&self, items: &[&ItemRef], spool: &Spool) -> Result<Vec<Result<Body>>> {
        let ids: Vec<&str> = items.iter().map(|item| item.id.as_str()).collect();
        let answer = self.client.download(&stream::export(self.stream_name()?, &ids), spool).await?;
        let taken = take_streams(&answer, spool)?;
        let export: Export =
            serde_json::from_slice(&taken.rest).map_err(|error| error::cut_short(false).because(error))?;
        // Ids in an answer may be written in another way than in the request; the order is the same.
        let silence = || Error::new(ErrorKind::Protocol, "the server did not say what became of an item");
        let mut answers = export.value.into_iter();
        let mut verdict = |_| {
            let answer = answers.next().ok_or_else(silence)?;
            read(answer, &taken.streams)
        };
        Ok(items.iter().map(&mut verdict).collect())
    }

    /// Puts a stream into a folder, or in the place of an item, and gives the item's id as far as it is told.
    pub(crate) async fn import(
        &self,
        place: &Place,
        replaces: Option<(&str, &str)>,
        body: &Body,
    ) -> Result<Option<String>> {
        let (parts, length) = around(stream::import_head(&place.id, replaces), body, "\"}");
        for last in [false, true] {
            let secret = self.door.address(self, last).await?;
            let url = Url::parse(secret.expose_secret())
                .map_err(|_| Error::new(ErrorKind::Protocol, "the server gave no address to import at"))?;
            let request =
                Request::post(url).header("accept", "application/json")?.parts("application/json", parts.clone());
            let read = |response: Response| match response.status().as_u16() {
                // The address is not good any more; the item was not looked at.
                401 | 403 | 404 | 410 if !last && is_about_the_door(&response) => Ok(None),
                _ => parsed::<Imported>(&response, true).map(Some),
            };
            let imported = self.client.upload_bare("import item", request, &secret, length, true, read).await?;
            if let Some(imported) = imported {
                return Ok(imported.item_id);
            }
        }
        Err(Error::new(ErrorKind::Bug, "an import had no outcome"))
    }
}

impl Door {
    /// The address: a new one when there is none, when it is about to end, or when somebody says that it is not good.
    async fn address(&self, mailbox: &GraphMailbox, renew: bool) -> Result<SecretString> {
        let mut known = self.address.lock().await;
        let now = OffsetDateTime::now_utc();
        if let Some((address, end)) = &*known
            && !renew
            && *end - BEFORE_ITS_END > now
        {
            return Ok(address.clone());
        }
        let ask = stream::import_session(mailbox.stream_name()?);
        let session: ImportSession = mailbox.client.ask(&ask).await?;
        let end = session.expiration_date_time.as_deref().and_then(moment);
        let address = SecretString::from(session.import_url);
        *known = Some((address.clone(), end.unwrap_or(now + 3 * BEFORE_ITS_END)));
        Ok(address)
    }
}

/// A missing folder is answered like a door that is gone; its code tells.
fn is_about_the_door(response: &Response) -> bool {
    let code = Fault::of(response).code.to_ascii_lowercase();
    !(code.contains("item") || code.contains("folder") || code.contains("invalidid"))
}

fn read(answer: Exported, streams: &[Body]) -> Result<Body> {
    if let Some(error) = answer.error.filter(|error| !error.is_null()) {
        // Whatever is wrong with an item here, its own interface may still give it.
        let fault = Fault::in_body(200, &json!({ "error": error })).error();
        let other = matches!(fault.kind(), ErrorKind::Refused | ErrorKind::TooLarge | ErrorKind::Unavailable);
        return Err(if other { fault.with_recovery(Recovery::OtherRoute) } else { fault });
    }
    let number = answer.data.and_then(|data| data.parse::<usize>().ok());
    let stream = number.and_then(|number| streams.get(number)).filter(|stream| !stream.is_empty());
    stream.cloned().ok_or_else(|| {
        Error::new(ErrorKind::Refused, "the server gave the item without its content")
            .with_recovery(Recovery::OtherRoute)
    })
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Door(***)")
    }
}
