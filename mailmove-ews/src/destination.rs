//! Writing: folders, finding what is there, and the order of writes.

use std::collections::HashMap;

use mailmove_core::{
    Destination, EnsuredFolder, Error, ErrorKind, Evidence, Fingerprint, Folder, FolderId, ItemId, Match, NewFolder,
    Position, Result, Wanted, Write, Written, async_trait,
};

use crate::endpoint::EwsMailbox;
use crate::error;
use crate::index;
use crate::map;
use crate::wire::create_folder::CreateFolder;
use crate::wire::find_item::FindItem;
use crate::wire::get_folder::GetFolder;
use crate::wire::get_item::GetItem;
use crate::wire::ids::{FolderRef, ItemKey};
use crate::wire::item::ItemData;
use crate::wire::property::Property;
use crate::wire::shape::Shape;
use crate::wire::writer::can_be_sent;

/// How many marks one search asks for at most.
const MARKS: usize = 20;

/// How many items one look by id asks for at most.
const LOOKED_AT: usize = 100;

#[async_trait]
impl Destination for EwsMailbox {
    async fn ensure_folders(&self, folders: &[NewFolder]) -> Vec<Result<EnsuredFolder>> {
        if folders.is_empty() {
            return Vec::new();
        }
        let mut tree = match self.tree().await {
            Ok(tree) => tree.into_iter().map(|folder| (key(&folder.path), folder)).collect(),
            Err(error) => return vec![Err(self.on_side(error)); folders.len()],
        };
        let mut verdicts = Vec::with_capacity(folders.len());
        for folder in folders {
            verdicts.push(self.ensure(&mut tree, folder).await.map_err(|error| self.on_side(error)));
        }
        verdicts
    }

    async fn locate(&self, folder: &FolderId, wanted: &[Wanted], _: Option<&Position>) -> Result<Vec<Vec<Match>>> {
        self.look(folder, wanted).await.map_err(|error| self.on_side(error))
    }

    async fn write(&self, folder: &FolderId, batch: &[Write]) -> Vec<Result<Written>> {
        let turn = self.turn(folder);
        let _turn = turn.lock().await;
        let verdicts = self.write_all(folder, batch).await;
        verdicts.into_iter().map(|verdict| verdict.map_err(|error| self.on_side(error))).collect()
    }
}

impl EwsMailbox {
    async fn ensure(&self, tree: &mut HashMap<Vec<String>, Folder>, wanted: &NewFolder) -> Result<EnsuredFolder> {
        if wanted.path.is_empty() {
            return Err(Error::new(ErrorKind::Config, "a folder needs a name"));
        }
        let mut made = false;
        for depth in 1..=wanted.path.len() {
            let path = &wanted.path[..depth];
            if tree.contains_key(&key(path)) {
                made = false;
                continue;
            }
            let parent = match depth {
                1 => self.root.clone(),
                _ => tree.get(&key(&path[..depth - 1])).map_or(String::new(), |parent| parent.id.to_string()),
            };
            // Folders on the way are of the kind of the one they lead to.
            made = self.create_folder(tree, parent, path, wanted).await?;
        }
        let Some(folder) = tree.get(&key(&wanted.path)) else {
            return Err(Error::new(ErrorKind::Protocol, "a folder that was made is not there"));
        };
        let mut ensured = EnsuredFolder::new(folder.id.clone(), folder.epoch.clone());
        ensured.created = made;
        ensured.items = folder.items;
        Ok(ensured)
    }

    /// Makes one folder, unless somebody else did in the meantime. Whether this call made it.
    async fn create_folder(
        &self,
        tree: &mut HashMap<Vec<String>, Folder>,
        parent: String,
        path: &[String],
        wanted: &NewFolder,
    ) -> Result<bool> {
        let name = path[path.len() - 1].clone();
        if name.trim() != name
            || name.is_empty()
            || name.contains(|char: char| char.is_control())
            || !can_be_sent(&name)
        {
            return Err(
                Error::new(ErrorKind::Refused, "a folder cannot have this name").with("name", format!("{name:?}"))
            );
        }
        let class = map::kind::folder_class(&wanted.kinds);
        let create = CreateFolder { parent: FolderRef::Id(parent), class, name };
        let answer = self.client.perform(&create, 1).await?.swap_remove(0);
        match answer {
            Ok(Some(folder)) => {
                let mut new = Folder::new(FolderId::new(folder.id), path.to_vec());
                new.kinds = map::kind::of_folder(Some(class));
                new.epoch = map::folder::epoch();
                new.items = Some(0);
                tree.insert(key(path), new);
                Ok(true)
            }
            Ok(None) => Err(Error::new(ErrorKind::Protocol, "the server does not name the folder that it made")),
            Err(error) if error::code(&error) == Some("ErrorFolderExists") => {
                tree.extend(self.tree().await?.into_iter().map(|folder| (key(&folder.path), folder)));
                if tree.contains_key(&key(path)) { Ok(false) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    async fn look(&self, folder: &FolderId, wanted: &[Wanted]) -> Result<Vec<Vec<Match>>> {
        let place = self.existing(folder)?;
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = vec![Vec::new(); wanted.len()];
        let known: Vec<(usize, &ItemId)> = wanted.iter().enumerate().filter_map(known).collect();
        let like: Vec<(usize, &Fingerprint)> = wanted.iter().enumerate().filter_map(like).collect();
        if like.is_empty() {
            self.client.ask_one(&GetFolder { folders: vec![place.clone()], rights: false }).await?;
        } else {
            let prints: Vec<&Fingerprint> = like.iter().map(|(_, print)| *print).collect();
            for ((at, _), matches) in like.iter().zip(self.find(folder, &place, &prints).await?) {
                found[*at] = matches;
            }
        }
        for chunk in known.chunks(LOOKED_AT) {
            let ids: Vec<&ItemId> = chunk.iter().map(|(_, id)| *id).collect();
            for ((at, id), data) in chunk.iter().zip(self.described(&ids).await?) {
                match data {
                    Ok(data) if data.parent.as_deref().is_none_or(|parent| parent == folder.as_str()) => {
                        let mut one = Match::new((*id).clone(), Evidence::Id);
                        one.revision = Some(map::revision::of(&data));
                        found[*at].push(one);
                    }
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(found)
    }

    /// Marks alone are searched by the server; whatever else an item can be known by takes a look at all of them.
    async fn find(&self, folder: &FolderId, place: &FolderRef, prints: &[&Fingerprint]) -> Result<Vec<Vec<Match>>> {
        if prints.iter().any(|print| print.uid.is_some()) {
            let known = self.indexes.of(folder);
            let mut known = known.lock().await;
            index::refresh(&mut known, &self.client, place).await?;
            return Ok(known.like(prints));
        }
        let marks: Vec<&str> =
            prints.iter().filter_map(|print| print.mark.as_ref()).map(|mark| mark.as_str()).collect();
        let mut carriers: Vec<(String, Match)> = Vec::new();
        for marks in marks.chunks(MARKS) {
            carriers.extend(self.carriers(place, marks).await?);
        }
        if marks.is_empty() {
            self.client.ask_one(&GetFolder { folders: vec![place.clone()], rights: false }).await?;
        }
        let of = |print: &&Fingerprint| {
            let mark = print.mark.as_ref().map(|mark| mark.as_str());
            carriers
                .iter()
                .filter(|(carried, _)| Some(carried.as_str()) == mark)
                .map(|(_, found)| found.clone())
                .collect()
        };
        Ok(prints.iter().map(of).collect())
    }

    /// The items that carry one of these marks.
    async fn carriers(&self, place: &FolderRef, marks: &[&str]) -> Result<Vec<(String, Match)>> {
        let marks: Vec<String> = marks.iter().map(|mark| (*mark).to_owned()).collect();
        let mut items: Vec<ItemData> = Vec::new();
        let mut offset = 0;
        loop {
            let (folder, marks) = (place.clone(), marks.clone());
            let page = self.client.ask_one(&FindItem { folder, shape: Shape::LISTING, marks, offset }).await?;
            let count = u32::try_from(page.items.len()).unwrap_or(u32::MAX);
            items.extend(page.items);
            match page.last {
                Some(true) => break,
                Some(false) if count > 0 => offset = page.next.filter(|next| *next > offset).unwrap_or(offset + count),
                _ => return Err(Error::new(ErrorKind::Protocol, "the server does not say whether it found all items")),
            }
        }
        items.sort_by_key(|item| item.created);
        let carrier = |item: ItemData| {
            let mark = item.property(Property::Mark)?.to_owned();
            let mut found = Match::new(ItemId::new(item.key.id.as_str()), Evidence::Mark);
            found.revision = Some(map::revision::of(&item));
            Some((mark, found))
        };
        Ok(items.into_iter().filter_map(carrier).collect())
    }

    /// What the server says of these items; those that cannot exist are not asked for.
    pub(crate) async fn described(&self, ids: &[&ItemId]) -> Result<Vec<Result<ItemData>>> {
        let possible = |id: &ItemId| !id.as_str().is_empty() && can_be_sent(id.as_str());
        let keys: Vec<ItemKey> = ids.iter().filter(|id| possible(id)).map(|id| ItemKey::new(id.as_str())).collect();
        let count = keys.len();
        let mut answers = match count {
            0 => Vec::new(),
            _ => self.client.ask(&GetItem { shape: Shape::ITEM, items: keys }, count).await?,
        }
        .into_iter();
        let absent = || Error::new(ErrorKind::NotFound, "nothing has this id");
        let describe = |id: &&ItemId| match possible(id) {
            true => answers.next().unwrap_or(Ok(None)).and_then(|data| data.ok_or_else(absent)),
            false => Err(absent()),
        };
        Ok(ids.iter().map(describe).collect())
    }

    /// A folder as requests name it, when it can exist at all.
    pub(crate) fn existing(&self, folder: &FolderId) -> Result<FolderRef> {
        if folder.as_str().is_empty() || !can_be_sent(folder.as_str()) {
            return Err(Error::new(ErrorKind::NotFound, "there is no such folder").with("folder", folder));
        }
        Ok(FolderRef::Id(folder.as_str().to_owned()))
    }
}

/// What a folder is known by: Exchange compares names without regard to case.
fn key(path: &[String]) -> Vec<String> {
    path.iter().map(|name| name.to_lowercase()).collect()
}

fn known((at, wanted): (usize, &Wanted)) -> Option<(usize, &ItemId)> {
    match wanted {
        Wanted::Known(id) => Some((at, id)),
        Wanted::Like(_) => None,
    }
}

fn like((at, wanted): (usize, &Wanted)) -> Option<(usize, &Fingerprint)> {
    match wanted {
        Wanted::Known(_) => None,
        Wanted::Like(print) => Some((at, print)),
    }
}
