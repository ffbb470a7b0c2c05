//! Writing: folders, finding what is there, and the order of writes.

use std::collections::HashMap;

use mailmove_core::{
    Destination, EnsuredFolder, Error, ErrorKind, Evidence, Fingerprint, Folder, FolderId, ItemId, Match, NewFolder,
    Position, Result, Wanted, Write, Written, async_trait,
};

use crate::endpoint::GraphMailbox;
use crate::map;
use crate::place::{Area, Place};
use crate::source::without_streams;
use crate::wire::folder::{self, FolderData};
use crate::wire::store;

/// What stands between the names of a path where folders cannot stand in folders.
const BETWEEN: &str = " - ";

/// Folders by what they are known by.
type Tree = HashMap<(Area, Vec<String>), Folder>;

#[async_trait]
impl Destination for GraphMailbox {
    async fn ensure_folders(&self, folders: &[NewFolder]) -> Vec<Result<EnsuredFolder>> {
        if folders.is_empty() {
            return Vec::new();
        }
        let mut tree = match self.tree().await {
            Ok(tree) => known_by(tree),
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

impl GraphMailbox {
    async fn ensure(&self, tree: &mut Tree, wanted: &NewFolder) -> Result<EnsuredFolder> {
        let area = match Area::of_kinds(&wanted.kinds) {
            area if map::class::folder(area).is_some() && !self.by_class(area) => return Err(without_streams(area)),
            area => area,
        };
        let path = if area.nests() { wanted.path.clone() } else { vec![wanted.path.join(BETWEEN)] };
        if path.is_empty() || path[0].is_empty() {
            return Err(Error::new(ErrorKind::Config, "a folder needs a name"));
        }
        let (mut made, whole) = (false, path.len());
        for depth in 1..=whole {
            let path = &path[..depth];
            if tree.contains_key(&key(area, path)) || depth < whole && above(tree, area, path).is_some() {
                made = false;
                continue;
            }
            let parent = above(tree, area, &path[..depth - 1]).map(|parent| Place::of(parent.id.as_str()));
            let parent = parent.transpose()?.map(|parent| parent.id);
            made = self.create_folder(tree, area, parent.as_deref(), path).await?;
        }
        let Some(folder) = tree.get(&key(area, &path)) else {
            return Err(Error::new(ErrorKind::Protocol, "a folder that was made is not there"));
        };
        let mut ensured = EnsuredFolder::new(folder.id.clone(), folder.epoch.clone());
        ensured.created = made;
        ensured.items = folder.items;
        Ok(ensured)
    }

    /// Makes one folder, unless somebody else did in the meantime. Whether this call made it.
    async fn create_folder(&self, tree: &mut Tree, area: Area, parent: Option<&str>, path: &[String]) -> Result<bool> {
        let name = path[path.len() - 1].as_str();
        if name.trim() != name || name.is_empty() || name.contains(|char: char| char.is_control()) {
            return Err(
                Error::new(ErrorKind::Refused, "a folder cannot have this name").with("name", format!("{name:?}"))
            );
        }
        let ask = match area {
            Area::Mail => folder::new_mail_folder(&self.user, parent, name, false),
            Area::Contacts => folder::new_contact_folder(&self.user, parent, name),
            Area::Calendars => folder::new_calendar(&self.user, name),
            Area::Tasks => folder::new_task_list(&self.user, name),
            Area::Notes | Area::Journal => {
                let class = map::class::folder(area).unwrap_or_default();
                store::new_folder(self.stream_name()?, parent, name, class)
            }
        };
        match self.client.ask::<FolderData>(&ask).await {
            Ok(data) => {
                let mut new = map::folder::one(area, &data, path.to_vec(), &HashMap::new());
                new.items = new.items.or((area == Area::Mail).then_some(0));
                tree.insert(key(area, path), new);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::Conflict => {
                tree.extend(known_by(self.tree_of(area).await?));
                if tree.contains_key(&key(area, path)) { Ok(false) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    async fn look(&self, folder: &FolderId, wanted: &[Wanted]) -> Result<Vec<Vec<Match>>> {
        let place = Place::of(folder.as_str())?;
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = vec![Vec::new(); wanted.len()];
        let known: Vec<(usize, &ItemId)> = wanted.iter().enumerate().filter_map(known).collect();
        let like: Vec<(usize, &Fingerprint)> = wanted.iter().enumerate().filter_map(like).collect();
        if !like.is_empty() {
            let prints: Vec<&Fingerprint> = like.iter().map(|(_, print)| *print).collect();
            let index = self.indexes.of(folder);
            let mut index = index.lock().await;
            self.refresh(&mut index, &place).await?;
            for ((at, _), matches) in like.iter().zip(index.like(&prints)) {
                found[*at] = matches;
            }
        } else {
            self.exists(&place).await?;
        }
        let ids: Vec<&ItemId> = known.iter().map(|(_, id)| *id).collect();
        for ((at, id), revision) in known.iter().zip(self.revisions(&place, &ids).await) {
            match revision {
                Ok(Some(revision)) => {
                    let mut one = Match::new((*id).clone(), Evidence::Id);
                    one.revision = Some(revision);
                    found[*at].push(one);
                }
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

/// The folder in which another one of this sort stands. What is told by its class may stand in a folder for mail.
fn above<'a>(tree: &'a Tree, area: Area, path: &[String]) -> Option<&'a Folder> {
    let mail = || map::class::folder(area).and_then(|_| tree.get(&key(Area::Mail, path)));
    tree.get(&key(area, path)).or_else(mail)
}

fn known_by(folders: Vec<Folder>) -> Tree {
    folders.into_iter().map(|folder| (key(Area::of_kinds(&folder.kinds), &folder.path), folder)).collect()
}

/// What a folder is known by: Exchange compares names without regard to case.
fn key(area: Area, path: &[String]) -> (Area, Vec<String>) {
    (area, path.iter().map(|name| name.to_lowercase()).collect())
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
