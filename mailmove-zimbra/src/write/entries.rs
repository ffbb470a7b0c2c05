//! New appointments and tasks: imported as iCalendar, a series with all its exceptions at once. Nobody gets mail.
//!
//! The server knows an entry by its UID, wherever in the mailbox it is. So an import done twice is done once, and one
//! over an entry that is there would change that one: it is looked for first.

use futures_util::FutureExt;
use mailmove_core::{Call, Error, ErrorKind, FolderId, ItemId, Kind, Loss, Recovery, Result, Written};

use super::New;
use crate::batch::side_by_side;
use crate::capabilities::{self, ICS};
use crate::endpoint::ZimbraMailbox;
use crate::map;
use crate::wire::get_calendar_item::By;
use crate::wire::item::{ItemData, Sort};
use crate::wire::item_action::{Act, ItemAction};

impl ZimbraMailbox {
    pub(super) async fn create_entries(
        &self,
        folder: &FolderId,
        kind: Kind,
        items: &[New<'_>],
    ) -> Vec<Result<Written>> {
        let all = |error: Error| items.iter().map(|_| Err(error.clone())).collect();
        let uids: Vec<String> = items.iter().filter_map(|new| new.item.fingerprint.uid.clone()).collect();
        let (there, path) = match (self.by_uid(&uids, kind).await, self.path(folder).await) {
            (Ok(there), Ok(path)) => (there, path),
            (Err(error), _) | (_, Err(error)) => return all(error),
        };
        let mut seen: Vec<&str> = there.iter().filter_map(|data| data.uid.as_deref()).collect();
        let mut verdicts: Vec<Result<()>> = items.iter().map(|new| may_be_new(new, &mut seen)).collect();
        let due: Vec<usize> = (0..items.len()).filter(|at| verdicts[*at].is_ok()).collect();
        let imports = due.iter().map(|at| self.import_entry(&path, items[*at]).boxed()).collect();
        let imported = side_by_side(imports, self.connections).await;
        for (at, import) in due.into_iter().zip(imported) {
            verdicts[at] = import;
        }
        self.confirm(folder, kind, items, verdicts).await
    }

    /// The same entry with other content keeps its number; one with another UID is another one.
    pub(super) async fn replace_entry(&self, folder: &FolderId, old: &ItemData, new: New<'_>) -> Result<Written> {
        let kind = new.item.kind;
        if new.item.fingerprint.uid != old.uid {
            let written = self.create_entries(folder, kind, &[new]).await.swap_remove(0)?;
            return self.remove_old(old.id, written).await;
        }
        let path = self.path(folder).await?;
        let imported = self.import_entry(&path, new).await;
        self.confirm(folder, kind, &[new], vec![imported]).await.swap_remove(0)
    }

    async fn import_entry(&self, path: &[String], new: New<'_>) -> Result<()> {
        let call = Call::repeatable("import");
        let sent = self.client.import(call, path, "fmt=ics", "text/calendar; charset=utf-8", &new.item.body).await;
        sent.map(drop).map_err(|error| match error.kind() {
            // What the servlet cannot parse it refuses with the status of a failure.
            ErrorKind::Unavailable if error.recovery() == Recovery::Locate => {
                Error::new(ErrorKind::Refused, "the server cannot import this entry")
                    .because(error)
                    .remedy("look at the entry at the source; move it by hand if it is needed")
            }
            _ => error,
        })
    }

    /// The entries with these UIDs.
    async fn by_uid(&self, uids: &[String], kind: Kind) -> Result<Vec<ItemData>> {
        let sort = map::kind::sort(kind).unwrap_or(Sort::Appointment);
        self.entries(uids.iter().cloned().map(By::Uid).collect(), sort).await
    }

    /// An import says nothing of what it stored: what is not there afterwards was left out silently.
    async fn confirm(
        &self,
        folder: &FolderId,
        kind: Kind,
        items: &[New<'_>],
        verdicts: Vec<Result<()>>,
    ) -> Vec<Result<Written>> {
        let stored = items.iter().zip(&verdicts).filter(|(_, verdict)| verdict.is_ok());
        let uids: Vec<String> = stored.filter_map(|(new, _)| new.item.fingerprint.uid.clone()).collect();
        let there = match uids.is_empty() {
            true => Vec::new(),
            false => match self.by_uid(&uids, kind).await {
                Ok(there) => there,
                Err(error) => {
                    let doubt = || error.clone().with_recovery(Recovery::Locate);
                    return verdicts.into_iter().map(|verdict| verdict.and_then(|()| Err(doubt()))).collect();
                }
            },
        };
        let mut written = Vec::with_capacity(items.len());
        for (new, verdict) in items.iter().zip(verdicts) {
            let data = there.iter().find(|data| data.uid.is_some() && data.uid == new.item.fingerprint.uid);
            written.push(match (verdict, data) {
                (Err(error), _) => Err(error),
                (Ok(()), Some(data)) if data.folder == folder.as_str() => Ok(self.tag(data, new).await),
                (Ok(()), _) => Err(left_out()),
            });
        }
        written
    }

    /// What the text does not carry is set behind the import; what cannot be set is named.
    async fn tag(&self, data: &ItemData, new: &New<'_>) -> Written {
        let mut written = Written::new(ICS).with_id(ItemId::new(data.id.to_string()));
        written.revision = Some(map::item::revision(data));
        written.losses = capabilities::losses(new.item.kind);
        written.losses.extend(map::flags::losses(new.item.flags.state, new.item.kind));
        let set = async {
            let (_, losses) = self.tags.labels(&self.client, &new.item.flags).await?;
            let tags = self.tags.known(&self.client, &new.item.flags).await?;
            let acts: Vec<ItemAction> =
                tags.into_iter().map(|tag| ItemAction { ids: vec![data.id], act: Act::Tag(tag, true) }).collect();
            self.client.ask_each(&acts).await?.into_iter().collect::<Result<Vec<()>>>()?;
            Ok::<_, Error>(losses)
        };
        match set.await {
            Ok(losses) => written.losses.extend(losses),
            Err(error) => {
                written.losses.push(Loss::new("categories", format!("the tags could not be set: {}", error.message())));
            }
        }
        written
    }
}

/// Whether an entry is not there yet; twins would become one.
fn may_be_new<'a>(new: &New<'a>, seen: &mut Vec<&'a str>) -> Result<()> {
    let Some(uid) = new.item.fingerprint.uid.as_deref() else {
        return Err(Error::new(ErrorKind::Refused, "a calendar entry without a UID would not be found again")
            .remedy("look at the entry at the source; move it by hand if it is needed"));
    };
    if seen.contains(&uid) {
        return Err(Error::new(
            ErrorKind::Conflict,
            "an entry with this UID is there already: Zimbra keeps one of each",
        )
        .with("uid", uid)
        .remedy("look at both; the one that is there was kept"));
    }
    seen.push(uid);
    Ok(())
}

fn left_out() -> Error {
    Error::new(ErrorKind::Refused, "the server said that it imported the entry, and does not have it")
        .remedy("look at the entry at the source; move it by hand if it is needed")
}
