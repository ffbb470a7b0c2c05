//! Folders and items that Graph has no interface of its own for: notes, journal entries, groups of contacts. They are read
//! and written through the import and export API, which knows items by their class.

use std::collections::HashMap;

use bytes::Bytes;
use mailmove_core::{
    Body, Change, Cursor, Error, ErrorKind, Fingerprint, Flags, Folder, Format, Item, ItemId, ItemRef, Kind, Page,
    Result, Role, Spool,
};
use mailmove_exchange::fts;
use mailmove_exchange::index::{Entry, hash};

use crate::batch::Order;
use crate::endpoint::GraphMailbox;
use crate::entries::place_of;
use crate::map;
use crate::place::{Area, Place};
use crate::source::{next, position};
use crate::wire::ask::{Ask, can_be_an_id};
use crate::wire::folder::FolderData;
use crate::wire::property::Property;
use crate::wire::record::Record;
use crate::wire::store;

/// A mailbox in the import and export API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Store {
    /// What it is called there.
    pub(crate) name: String,
    /// The folder below which users' folders stand, when folders may be read there.
    pub(crate) root: Option<String>,
}

/// What stands in the links of its listings, and in no others.
const OWN_LINK: &str = "/admin/exchange/mailboxes";

/// The folders that every mailbox knows by what they are for, and whose paths matter here.
const ROLES: [(&str, Role); 3] = [("notes", Role::Notes), ("journal", Role::Journal), ("inbox", Role::Inbox)];

impl GraphMailbox {
    pub(crate) fn stream_name(&self) -> Result<&str> {
        let name = self.streams.as_ref().map(|store| store.name.as_str());
        name.ok_or_else(|| Error::new(ErrorKind::Unsupported, "streams cannot be used here"))
    }

    /// Whether folders of this sort are listed by the classes of their items.
    pub(crate) fn by_class(&self, area: Area) -> bool {
        let known = self.streams.as_ref().is_some_and(|store| store.root.is_some());
        known && matches!(area, Area::Contacts | Area::Notes | Area::Journal)
    }

    /// Every folder of these sorts, parents first. Their paths lead through folders of all sorts.
    pub(crate) async fn class_tree(&self, areas: &[Area]) -> Result<Vec<Folder>> {
        let (name, root) = (self.stream_name()?, self.streams.as_ref().and_then(|store| store.root.as_deref()));
        let asks: Vec<Ask> = ROLES.iter().map(|(role, _)| store::folder(name, role)).collect();
        let mut roles = HashMap::new();
        for ((_, role), answer) in ROLES.iter().zip(self.client.batch_of::<FolderData>(&asks, Order::Any).await) {
            match answer {
                Ok(folder) => _ = roles.insert(folder.id, *role),
                // Some mailboxes have no journal.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let all: Vec<FolderData> = self.client.all(&store::tree(name)).await?;
        let by_id: HashMap<&str, &FolderData> = all.iter().map(|folder| (folder.id.as_str(), folder)).collect();
        let mut tree = Vec::new();
        for folder in &all {
            let Some(area) = folder.class.as_deref().and_then(map::class::of_folder) else { continue };
            let path = path(folder, &by_id, root.unwrap_or_default(), &roles);
            if let Some(path) = path.filter(|_| areas.contains(&area)) {
                tree.push(map::folder::one(area, folder, path, &roles));
            }
        }
        tree.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(tree)
    }

    /// A page of a folder: items of the kinds that are read by their class. Programs keep others there for themselves.
    pub(crate) async fn list_classes(&self, place: &Place, after: Option<&Cursor>) -> Result<Page> {
        let (listing, link) = position(after)?;
        if link.as_deref().is_some_and(|link| !is_own(link)) {
            return Err(Error::new(ErrorKind::CursorExpired, "this cursor is of another interface"));
        }
        let ask = store::list(self.stream_name()?, &place.id);
        let page = self.client.page::<Record>(&ask, link.as_deref()).await?;
        let mut next = next(&page, listing)?;
        let folder = place.folder_id();
        next.changes.extend(page.value.iter().filter_map(|record| match record.is_removed() {
            true => Some(Change::Gone { id: ItemId::new(record.id()), folder: Some(folder.clone()) }),
            false => reference(record, place).map(Change::Present),
        }));
        Ok(next)
    }

    /// What the server says of these items of a folder; those that cannot exist are not asked for.
    pub(crate) async fn items_of(&self, place: &Place, ids: &[&ItemId]) -> Vec<Result<Record>> {
        let places = vec![Ok(place.clone()); ids.len()];
        self.items_in(&places, ids).await
    }

    async fn items_in(&self, places: &[Result<Place>], ids: &[&ItemId]) -> Vec<Result<Record>> {
        let name = match self.stream_name() {
            Ok(name) => name,
            Err(error) => return ids.iter().map(|_| Err(error.clone())).collect(),
        };
        let ask = |(id, place): (&&ItemId, &Result<Place>)| {
            let place = place.as_ref().ok().filter(|_| can_be_an_id(id.as_str()))?;
            Some(store::item(name, &place.id, id.as_str()))
        };
        let asks: Vec<Option<Ask>> = ids.iter().zip(places).map(ask).collect();
        let due: Vec<Ask> = asks.iter().flatten().cloned().collect();
        let mut answers = self.client.batch_of::<Record>(&due, Order::Any).await.into_iter();
        let absent = || Error::new(ErrorKind::NotFound, "nothing has this id");
        let answer = |ask: Option<Ask>| ask.and_then(|_| answers.next()).unwrap_or_else(|| Err(absent()));
        asks.into_iter().map(answer).collect()
    }

    /// Whole items of folders that are listed by class, one verdict for each.
    pub(crate) async fn fetch_classes(&self, items: &[&ItemRef], format: &Format, spool: &Spool) -> Vec<Result<Item>> {
        let places: Vec<Result<Place>> = items.iter().map(|item| place_of(item)).collect();
        let ids: Vec<&ItemId> = items.iter().map(|item| &item.id).collect();
        let records = self.items_in(&places, &ids).await;
        let mut verdicts: Vec<Option<Result<Item>>> = items.iter().map(|_| None).collect();
        // What has an interface of its own is read there, unless its stream is asked for.
        let own: Vec<bool> = records.iter().map(|record| has_interface(record, format)).collect();
        let some = |wanted: bool| -> Vec<usize> { (0..items.len()).filter(|at| own[*at] == wanted).collect() };
        let asked = |places: &[usize]| -> Vec<&ItemRef> { places.iter().map(|at| items[*at]).collect() };
        let entries = some(true);
        for (at, verdict) in entries.iter().zip(self.fetch_entries(&asked(&entries), spool).await) {
            verdicts[*at] = Some(verdict);
        }
        let (mut there, mut known) = (Vec::new(), Vec::new());
        for (at, record) in records.into_iter().enumerate().filter(|(at, _)| !own[*at]) {
            match record {
                Ok(record) => {
                    there.push(at);
                    known.push(record);
                }
                Err(error) => verdicts[at] = Some(Err(error)),
            }
        }
        let streams = self.export(&asked(&there), spool).await;
        for ((at, record), stream) in there.into_iter().zip(known).zip(streams) {
            verdicts[at] = Some(stream.and_then(|stream| whole(items[at], &record, stream, format, spool)));
        }
        let left_out = || Err(Error::new(ErrorKind::Bug, "an item was left out"));
        verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(left_out)).collect()
    }
}

/// The names from the top down to a folder; none when it does not stand below the root.
fn path(
    folder: &FolderData,
    by_id: &HashMap<&str, &FolderData>,
    root: &str,
    roles: &HashMap<String, Role>,
) -> Option<Vec<String>> {
    let (mut path, mut at) = (Vec::new(), folder);
    // No mailbox nests deeper than this; a circle does.
    for _ in 0..300 {
        let inbox = roles.get(&at.id) == Some(&Role::Inbox);
        path.push(if inbox { "INBOX".to_owned() } else { at.display_name.clone() });
        let parent = at.parent_folder_id.as_deref()?;
        if parent == root {
            path.reverse();
            return Some(path);
        }
        at = by_id.get(parent)?;
    }
    None
}

/// Whether a link leads on in a listing by class.
pub(crate) fn is_own(link: &str) -> bool {
    link.contains(OWN_LINK)
}

/// Whether what an item is can be asked for in this format, of the interface of its own.
fn has_interface(record: &Result<Record>, format: &Format) -> bool {
    *format != Format::FASTTRANSFER && record.as_ref().is_ok_and(|record| map::class::is_contact(class_of(record)))
}

/// The message class.
pub(crate) fn class_of(record: &Record) -> &str {
    record.text("type").unwrap_or_default()
}

/// By what an item is known elsewhere. What came without an identifier has the key that stays with it.
pub(crate) fn uid_of(record: &Record) -> String {
    let message_id = || record.property(Property::MessageId).map(|id| map::item::normal_uid(&id));
    let own = record.property(Property::Uid).or_else(message_id).or_else(|| record.property(Property::SearchKey));
    own.filter(|uid| !uid.is_empty()).unwrap_or_else(|| record.id().to_owned())
}

/// What a folder that is searched keeps of an item. A contact that we wrote and that has no mark was not written to its
/// end; everything else is written in one step.
pub(crate) fn known(record: &Record) -> Entry {
    let mark = record.property(Property::Mark);
    let in_steps = map::class::is_contact(class_of(record)) && record.property(Property::Uid).is_some();
    Entry {
        id: record.id().into(),
        complete: !in_steps || mark.is_some(),
        mark: mark.as_deref().map(hash),
        uid: Some(hash(&uid_of(record))),
        revision: map::revision::of_version(record.version()),
    }
}

/// As a listing names it; none when it is not of the kinds that are read by their class.
fn reference(record: &Record, place: &Place) -> Option<ItemRef> {
    let kind = map::class::of_item(class_of(record))?;
    let size = record.0["size"].as_u64().unwrap_or(1).max(1);
    let mut found = ItemRef::new(ItemId::new(record.id()), place.folder_id(), size);
    found.kind = kind;
    found.content = map::revision::from_number(map::revision::of_version(record.version()));
    found.flags = map::flags::with_categories(Flags::default(), &record.categories());
    found.dated = record.when("lastModifiedDateTime");
    found.identity = Some(record.id().to_owned());
    Some(found)
}

/// An item with its stream, or with what its stream says in the standard format.
fn whole(asked: &ItemRef, record: &Record, stream: Body, format: &Format, spool: &Spool) -> Result<Item> {
    let kind = map::class::of_item(class_of(record)).unwrap_or(asked.kind);
    let uid = uid_of(record);
    let mut item = if *format == Format::FASTTRANSFER {
        let mut item = Item::new(asked.id.clone(), kind, Format::FASTTRANSFER, stream);
        item.fingerprint.uid = Some(uid);
        item
    } else {
        let plain = fts::read(stream.reader(), &uid)?;
        if plain.format != *format {
            return Err(Error::new(ErrorKind::Unsupported, format!("a {} cannot be read in this format", plain.kind)));
        }
        let (own, key) = match plain.kind {
            Kind::Note => {
                Fingerprint::mail_key(&mailmove_exchange::opening::header(&Body::unpooled(plain.text.clone()))?)
            }
            _ => (map::item::uid_in(&String::from_utf8_lossy(&plain.text)), None),
        };
        let mut item = Item::new(asked.id.clone(), plain.kind, plain.format, spool.body(Bytes::from(plain.text))?);
        (item.fingerprint.uid, item.fingerprint.key) = (own.or(Some(uid)), key);
        item.losses = plain.losses;
        item
    };
    item.flags = map::flags::with_categories(Flags::default(), &record.categories());
    item.created = record.when("createdDateTime");
    item.modified = record.when("lastModifiedDateTime");
    item.class = record.text("type").map(str::to_owned);
    Ok(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(id: &str, parent: &str, name: &str) -> FolderData {
        let parent = Some(parent.to_owned());
        FolderData { id: id.into(), parent_folder_id: parent, display_name: name.into(), ..FolderData::default() }
    }

    #[test]
    fn a_path_leads_through_folders_of_all_sorts_and_ends_at_the_root() {
        let all = [folder("1", "R", "Posteingang"), folder("2", "1", "Notes"), folder("3", "X", "Purges")];
        let by_id: HashMap<&str, &FolderData> = all.iter().map(|folder| (folder.id.as_str(), folder)).collect();
        let roles = HashMap::from([("1".to_owned(), Role::Inbox)]);
        assert_eq!(path(&all[1], &by_id, "R", &roles), Some(vec!["INBOX".to_owned(), "Notes".to_owned()]));
        assert_eq!(path(&all[2], &by_id, "R", &roles), None);
        let circle = [folder("1", "2", "a"), folder("2", "1", "b")];
        let by_id: HashMap<&str, &FolderData> = circle.iter().map(|folder| (folder.id.as_str(), folder)).collect();
        assert_eq!(path(&circle[0], &by_id, "R", &roles), None);
    }
}
