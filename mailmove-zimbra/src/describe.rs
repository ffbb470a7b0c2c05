//! What the server says of items, without their content.

use std::collections::HashMap;

use mailmove_core::{ErrorKind, FolderId, ItemId, Result};

use crate::endpoint::ZimbraMailbox;
use crate::map;
use crate::wire::contact::GetContacts;
use crate::wire::get_calendar_item::{By, GetAppointment, GetTask};
use crate::wire::get_msg_metadata::GetMsgMetadata;
use crate::wire::item::{ItemData, Sort};

/// How many items one request asks about at most.
const ASKED: usize = 250;

/// Of contacts no more than what they are known by.
const KNOWN_BY: &[&str] = &[map::contact::UID, map::contact::MARK];

impl ZimbraMailbox {
    /// Each of these items; `None` where it is gone.
    pub(crate) async fn describe(&self, items: &[(u64, Sort)]) -> Result<Vec<Option<ItemData>>> {
        let mut known = Vec::new();
        for sort in Sort::ALL {
            let ids: Vec<u64> = items.iter().filter(|(_, other)| *other == sort).map(|(id, _)| *id).collect();
            let mut due: Vec<&[u64]> = ids.chunks(ASKED).rev().collect();
            while let Some(part) = due.pop() {
                match self.describe_sort(part, sort).await {
                    Ok(described) => known.extend(described),
                    // One that is gone spoils the answer for all.
                    Err(error) if error.kind() == ErrorKind::NotFound && part.len() > 1 => {
                        let (first, second) = part.split_at(part.len() / 2);
                        due.extend([second, first]);
                    }
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        self.tags.name(&self.client, &mut known).await?;
        let known: HashMap<u64, ItemData> = known.into_iter().map(|item| (item.id, item)).collect();
        Ok(items.iter().map(|(id, _)| known.get(id).cloned()).collect())
    }

    /// Each of these items, of whatever sort this folder holds.
    pub(crate) async fn described(&self, folder: &FolderId, ids: &[&ItemId]) -> Result<Vec<Result<ItemData>>> {
        let numbers: Vec<Result<u64>> = ids.iter().map(|id| map::item::number(id)).collect();
        let mut due: Vec<u64> = numbers.iter().flatten().copied().collect();
        let mut found: HashMap<u64, ItemData> = HashMap::new();
        for sort in self.sorts(folder) {
            due.retain(|id| !found.contains_key(id));
            let asked: Vec<(u64, Sort)> = due.iter().map(|id| (*id, sort)).collect();
            found.extend(self.describe(&asked).await?.into_iter().flatten().map(|item| (item.id, item)));
        }
        let of = |number: Result<u64>| found.get(&number?).cloned().ok_or_else(map::item::absent);
        Ok(numbers.into_iter().map(of).collect())
    }

    async fn describe_sort(&self, ids: &[u64], sort: Sort) -> Result<Vec<ItemData>> {
        match sort {
            Sort::Message => self.client.ask(&GetMsgMetadata { ids: ids.to_vec() }).await,
            Sort::Contact => self.client.ask(&GetContacts { ids: ids.to_vec(), attributes: KNOWN_BY }).await,
            Sort::Appointment | Sort::Task => self.entries(ids.iter().map(|id| By::Id(*id)).collect(), sort).await,
        }
    }

    /// Those of these calendar entries that are there.
    pub(crate) async fn entries(&self, wanted: Vec<By>, sort: Sort) -> Result<Vec<ItemData>> {
        let answers = match sort {
            Sort::Task => self.client.ask_each(&wanted.into_iter().map(GetTask).collect::<Vec<_>>()).await?,
            _ => self.client.ask_each(&wanted.into_iter().map(GetAppointment).collect::<Vec<_>>()).await?,
        };
        let mut there = Vec::new();
        for answer in answers {
            match answer {
                Ok(item) => there.extend(item),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(there)
    }
}
