//! New messages, and new versions of them.

use mailmove_core::{Alteration, Error, ErrorKind, ItemId, Recovery, Result, Revision, Written};

use serde_json::Value;

use super::New;
use crate::batch::{self, Order};
use crate::capabilities::CREATE_MESSAGE;
use crate::endpoint::GraphMailbox;
use crate::error;
use crate::map;
use crate::map::mail::{Composed, compose};
use crate::place::{Area, Place};
use crate::wire::ask::Ask;
use crate::wire::message::{self, Message};
use crate::wire::property::Property;

/// A message on its way, and where its verdict goes.
struct Parcel {
    at: usize,
    ask: Ask,
    composed: Composed,
}

impl GraphMailbox {
    /// Stores new items in their order.
    pub(super) async fn create(&self, place: &Place, items: &[New<'_>]) -> Vec<Result<Written>> {
        let mut verdicts: Vec<Option<Result<Written>>> =
            items.iter().map(|new| self.refusal(place, new.item).map(Err)).collect();
        let mut parcels: Vec<Parcel> = Vec::new();
        for (at, new) in items.iter().enumerate() {
            if verdicts[at].is_some() {
                continue;
            }
            if self.by_stream(new) || place.area != Area::Mail {
                self.post(&mut parcels, &mut verdicts).await;
                verdicts[at] = Some(self.create_one(place, new).await);
                continue;
            }
            match compose(new.item, new.mark, &self.spool) {
                Err(error) => verdicts[at] = Some(Err(error)),
                // It takes several requests, after all that come before it.
                Ok(composed) if !composed.rest.is_empty() => {
                    self.post(&mut parcels, &mut verdicts).await;
                    verdicts[at] = Some(self.build(place, composed).await);
                }
                Ok(mut composed) => {
                    let ask = message::create(&self.user, &place.id, composed.json.take());
                    let bytes: u64 = parcels.iter().map(|parcel| parcel.ask.size()).sum();
                    if parcels.len() >= batch::MOST || bytes + ask.size() > batch::BYTES {
                        self.post(&mut parcels, &mut verdicts).await;
                    }
                    parcels.push(Parcel { at, ask, composed });
                }
            }
        }
        self.post(&mut parcels, &mut verdicts).await;
        let left_out = || Err(Error::new(ErrorKind::Bug, "a write was left out"));
        verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(left_out)).collect()
    }

    /// Sends what has gathered, in one request, and puts the verdicts in their places.
    async fn post(&self, parcels: &mut Vec<Parcel>, verdicts: &mut [Option<Result<Written>>]) {
        let parcels = std::mem::take(parcels);
        let asks: Vec<Ask> = parcels.iter().map(|parcel| parcel.ask.clone()).collect();
        let answers = match asks.as_slice() {
            [] => return,
            // Alone it needs no wrapping, and may be larger than a batch.
            [ask] => vec![self.client.ask::<Message>(ask).await],
            asks => self.client.batch_of::<Message>(asks, Order::Theirs).await,
        };
        for (mut parcel, answer) in parcels.into_iter().zip(answers) {
            let answer = match answer {
                Err(error) if is_malformed(&error) => {
                    self.post_without_header(&parcel.ask, &mut parcel.composed, error).await
                }
                answer => answer,
            };
            verdicts[parcel.at] = Some(answer.map(|message| written(&message, parcel.composed)));
        }
    }

    /// Tries a message that was refused once more without the header that came with it, which no documentation promises
    /// to be taken. What was refused for another reason stays refused for that one.
    pub(super) async fn post_without_header(
        &self,
        ask: &Ask,
        composed: &mut Composed,
        refused: Error,
    ) -> Result<Message> {
        let Some(json) = ask.json().map(without_header) else { return Err(refused) };
        let message: Message = self.client.ask(&ask.clone().with_json(&json)).await.map_err(|_| refused)?;
        let text = "the server did not take the header that came with the message";
        composed.altered.push(Alteration::new("header-dropped", text));
        Ok(message)
    }

    /// An item that is not a message in JSON.
    async fn create_one(&self, place: &Place, new: &New<'_>) -> Result<Written> {
        match self.by_stream(new) {
            true => self.create_stream(place, new).await,
            false => self.create_entry(place, new).await,
        }
    }

    /// Puts a new version in the place of an old one: it becomes a new item before the old one goes.
    pub(super) async fn replace(
        &self,
        place: &Place,
        id: &ItemId,
        expect: Option<&Revision>,
        new: New<'_>,
    ) -> Result<Written> {
        if let Some(error) = self.refusal(place, new.item) {
            return Err(error);
        }
        let seen = self.expected(place, id, expect).await?;
        if self.by_stream(&new) {
            return self.replace_stream(place, id, &new).await;
        }
        let written = self.create(place, &[new]).await.swap_remove(0)?;
        match self.remove_known(place, id, seen.as_ref()).await {
            Ok(()) => Ok(written),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(written),
            Err(error) => Err(error.with_recovery(Recovery::Locate)),
        }
    }
}

/// Whether a request was refused for what is in it.
pub(super) fn is_malformed(error: &Error) -> bool {
    error.kind() == ErrorKind::Refused && error::status(error) == Some(400)
}

fn without_header(mut json: Value) -> Value {
    let id = Property::TransportHeaders.id();
    if let Some(properties) = json["singleValueExtendedProperties"].as_array_mut() {
        properties.retain(|property| property["id"] != id);
    }
    if let Some(fields) = json.as_object_mut() {
        fields.remove("internetMessageHeaders");
    }
    json
}

/// The verdict on a message that was stored.
pub(super) fn written(message: &Message, composed: Composed) -> Written {
    let mut written = Written::new(CREATE_MESSAGE).with_id(ItemId::new(message.id.as_str()));
    written.revision = Some(map::revision::of(message));
    written.losses = composed.losses;
    written.altered = composed.altered;
    written
}
