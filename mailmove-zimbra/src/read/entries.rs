//! Appointments and tasks: as iCalendar, a series with all its exceptions in one text.

use futures_util::FutureExt;
use mailmove_core::{Item, Kind, Result, Spool};

use super::Asked;
use super::messages::missing;
use crate::batch::side_by_side;
use crate::endpoint::ZimbraMailbox;
use crate::map;
use crate::wire::item::{ItemData, Sort};

impl ZimbraMailbox {
    /// One text each, side by side, and what is known of all of them in one request.
    pub(super) async fn read_entries(&self, asked: &[Asked<'_>], kind: Kind, spool: &Spool) -> Vec<Result<Item>> {
        let sort = map::kind::sort(kind).unwrap_or(Sort::Appointment);
        let wanted: Vec<(u64, Sort)> = asked.iter().map(|one| (one.number, sort)).collect();
        let described = match self.describe(&wanted).await {
            Ok(described) => described,
            Err(error) => return asked.iter().map(|_| Err(error.clone())).collect(),
        };
        let read = described.into_iter().map(|data| self.read_entry(data, kind, spool).boxed()).collect();
        side_by_side(read, self.connections).await
    }

    async fn read_entry(&self, data: Option<ItemData>, kind: Kind, spool: &Spool) -> Result<Item> {
        let data = data.ok_or_else(map::item::absent)?;
        let answer = self.client.item(data.id, "ics", spool).await.map_err(missing)?;
        let body = answer.body().ok_or_else(map::item::without_content)?.clone();
        if body.is_empty() {
            return Err(map::item::without_content());
        }
        let mut item = map::item::whole(&data, kind, body)?;
        if item.fingerprint.uid.is_none() {
            item.fingerprint.uid.clone_from(&data.uid);
        }
        Ok(item)
    }
}
