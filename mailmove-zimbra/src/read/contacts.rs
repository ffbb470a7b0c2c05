//! Contacts and groups: made of their attributes, many in one request.

use mailmove_core::{Error, ErrorKind, Item, Kind, Result, Spool};

use super::Asked;
use crate::batch::Ranges;
use crate::endpoint::ZimbraMailbox;
use crate::map;
use crate::wire::contact::GetContacts;
use crate::wire::item::ItemData;

impl ZimbraMailbox {
    /// All of them together; where one that is gone spoils the answer, in ever smaller parts.
    pub(super) async fn read_contacts(&self, asked: &[Asked<'_>], spool: &Spool) -> Vec<Result<Item>> {
        let mut verdicts: Vec<Option<Result<Item>>> = asked.iter().map(|_| None).collect();
        let mut due = Ranges::new(asked.len());
        while let Some(range) = due.next() {
            let ids: Vec<u64> = asked[range.clone()].iter().map(|one| one.number).collect();
            match self.contacts(&ids).await {
                Ok(contacts) => {
                    for at in range {
                        let data = contacts.iter().find(|data| data.id == asked[at].number);
                        verdicts[at] = data.map(|data| self.card(data, spool));
                    }
                }
                Err(error) if error.kind() == ErrorKind::NotFound && range.len() > 1 => {
                    due.halve(range);
                }
                Err(error) => range.for_each(|at| verdicts[at] = Some(Err(missing(error.clone())))),
            }
        }
        verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(|| Err(map::item::absent()))).collect()
    }

    async fn contacts(&self, ids: &[u64]) -> Result<Vec<ItemData>> {
        let mut contacts = self.client.ask(&GetContacts { ids: ids.to_vec(), attributes: &[] }).await?;
        self.tags.name(&self.client, &mut contacts).await?;
        Ok(contacts)
    }

    fn card(&self, data: &ItemData, spool: &Spool) -> Result<Item> {
        let (text, losses) = map::contact::write(data, &self.info.id);
        let mut item = map::item::whole(data, Kind::Contact, spool.body(text)?)?;
        item.losses = losses;
        Ok(item)
    }
}

fn missing(error: Error) -> Error {
    if error.kind() == ErrorKind::NotFound { map::item::absent() } else { error }
}
