//! New contacts and groups: many in one request.

use mailmove_core::{Error, ErrorKind, Flags, FolderId, Item, ItemId, Kind, Loss, Recovery, Result, Written};

use super::New;
use crate::capabilities::{self, ATTRIBUTES};
use crate::endpoint::ZimbraMailbox;
use crate::map;
use crate::map::contact::{MARK, Parts, UID};
use crate::wire::contact::{CreateContact, NewContact, ReplaceContact};
use crate::wire::item::{ItemData, Sort};
use crate::wire::item_action::{Act, ItemAction};

impl ZimbraMailbox {
    pub(super) async fn create_contacts(&self, folder: &FolderId, items: &[New<'_>]) -> Vec<Result<Written>> {
        let mut verdicts: Vec<Result<Written>> = Vec::with_capacity(items.len());
        let (mut contacts, mut losses, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (at, new) in items.iter().enumerate() {
            match self.take_apart(folder, new).await {
                Ok((contact, lost)) => {
                    contacts.push(contact);
                    losses.push(lost);
                    places.push(at);
                    verdicts.push(Err(Error::new(ErrorKind::Bug, "a write was left out")));
                }
                Err(error) => verdicts.push(Err(error)),
            }
        }
        let answers = match self.client.perform_each(&contacts).await {
            Ok(answers) => answers,
            Err(error) => contacts.iter().map(|_| Err(error.clone())).collect(),
        };
        for ((at, answer), losses) in places.into_iter().zip(answers).zip(losses) {
            verdicts[at] = answer.and_then(|data| {
                let data = data.ok_or_else(unnamed)?;
                Ok(written(data.id, losses))
            });
        }
        self.revise(&mut verdicts).await;
        verdicts
    }

    /// The attributes change in place: the contact keeps its number.
    pub(super) async fn replace_contact(&self, old: &ItemData, new: New<'_>) -> Result<Written> {
        let parts = parts(new.item)?;
        let flags = with_categories(&new.item.flags, &parts.categories);
        let losses = losses(&parts, new.item);
        let contact = marked(parts.contact, &new);
        // Done twice it is done once.
        self.client.ask(&ReplaceContact { id: old.id, contact }).await?;
        let before = map::flags::read(&old.flags, &old.tags, Kind::Contact);
        let added = flags.minus(&before);
        self.tags.labels(&self.client, &added).await?;
        let tags = self.tags.known(&self.client, &added).await?;
        let acts: Vec<ItemAction> =
            tags.into_iter().map(|tag| ItemAction { ids: vec![old.id], act: Act::Tag(tag, true) }).collect();
        self.client.ask_each(&acts).await?.into_iter().collect::<Result<Vec<()>>>()?;
        let mut verdicts = [Ok(written(old.id, losses))];
        self.revise(&mut verdicts).await;
        let [verdict] = verdicts;
        verdict
    }

    async fn take_apart(&self, folder: &FolderId, new: &New<'_>) -> Result<(CreateContact, Vec<Loss>)> {
        let parts = parts(new.item)?;
        let flags = with_categories(&new.item.flags, &parts.categories);
        let (tags, lost) = self.tags.labels(&self.client, &flags).await?;
        let losses = losses(&parts, new.item).into_iter().chain(lost).collect();
        Ok((CreateContact { folder: folder.to_string(), tags, contact: marked(parts.contact, new) }, losses))
    }

    /// Puts the revisions in. A contact that cannot be described was stored all the same.
    async fn revise(&self, verdicts: &mut [Result<Written>]) {
        let ids: Vec<(u64, Sort)> = verdicts
            .iter()
            .flatten()
            .filter_map(|written| map::item::number(written.id.as_ref()?).ok())
            .map(|id| (id, Sort::Contact))
            .collect();
        let Ok(described) = self.describe(&ids).await else { return };
        for (written, data) in verdicts.iter_mut().flatten().zip(described) {
            written.revision = data.as_ref().map(map::item::revision);
        }
    }
}

fn parts(item: &Item) -> Result<Parts> {
    map::contact::read(&String::from_utf8_lossy(&item.body.bytes()?))
}

fn losses(parts: &Parts, item: &Item) -> Vec<Loss> {
    let state = map::flags::losses(item.flags.state, Kind::Contact);
    capabilities::losses(Kind::Contact).into_iter().chain(parts.losses.clone()).chain(state).collect()
}

/// What a text says of categories, beside what flags say.
pub(super) fn with_categories(flags: &Flags, more: &[String]) -> Flags {
    more.iter().fold(flags.clone(), |flags, name| flags.with_category(name.trim()))
}

/// The same with what it is found by later.
fn marked(mut contact: NewContact, new: &New<'_>) -> NewContact {
    let has = |name: &str| contact.attributes.iter().any(|(known, _)| known == name);
    let uid = new.item.fingerprint.uid.clone().filter(|_| !has(UID)).map(|uid| (UID.to_owned(), uid));
    let mark = Some(new.mark.as_str().to_owned()).filter(|mark| !mark.is_empty()).map(|mark| (MARK.to_owned(), mark));
    contact.attributes.extend(uid.into_iter().chain(mark));
    contact
}

fn written(id: u64, losses: Vec<Loss>) -> Written {
    let mut written = Written::new(ATTRIBUTES).with_id(ItemId::new(id.to_string()));
    written.losses = losses;
    written
}

fn unnamed() -> Error {
    Error::new(ErrorKind::Protocol, "the server does not name the contact that it stored")
        .with_recovery(Recovery::Locate)
}
