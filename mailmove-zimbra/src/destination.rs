//! Writing: folders, finding what is there, and the order of writes.

use std::collections::HashMap;

use mailmove_core::{
    Destination, EnsuredFolder, Error, ErrorKind, Fingerprint, Folder, FolderId, Format, ItemRef, Match, NewFolder,
    Position, Result, Spool, Wanted, Write, Written, async_trait,
};

use crate::endpoint::ZimbraMailbox;
use crate::index::{Content, Index};
use crate::map;
use crate::wire::folder::{CreateFolder, FolderAction};
use crate::wire::search::{SearchMessageIds, can_be_asked};

/// How many Message-IDs one search asks for at most.
const SEARCHED: usize = 20;

/// How many messages are read together to be compared.
const COMPARED: usize = 50;

/// What messages that are only compared may take in memory, in bytes.
const COMPARING: u64 = 4 << 20;

#[async_trait]
impl Destination for ZimbraMailbox {
    async fn ensure_folders(&self, folders: &[NewFolder]) -> Vec<Result<EnsuredFolder>> {
        if folders.is_empty() {
            return Vec::new();
        }
        let mut tree = match self.all_folders().await {
            Ok(tree) => tree.into_iter().map(|folder| (key(&folder.path), folder)).collect(),
            Err(error) => return vec![Err(self.on_side(error)); folders.len()],
        };
        let mut verdicts = Vec::with_capacity(folders.len());
        for folder in folders {
            verdicts.push(self.ensure(&mut tree, folder).await.map_err(|error| self.on_side(error)));
        }
        verdicts
    }

    async fn locate(&self, folder: &FolderId, wanted: &[Wanted], after: Option<&Position>) -> Result<Vec<Vec<Match>>> {
        self.look(folder, wanted, after).await.map_err(|error| self.on_side(error))
    }

    async fn write(&self, folder: &FolderId, batch: &[Write]) -> Vec<Result<Written>> {
        let turn = self.turn(folder);
        let _turn = turn.lock().await;
        let verdicts = self.write_all(folder, batch).await;
        verdicts.into_iter().map(|verdict| verdict.map_err(|error| self.on_side(error))).collect()
    }
}

impl ZimbraMailbox {
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
                1 => map::kind::ROOT.to_owned(),
                _ => tree.get(&key(&path[..depth - 1])).map_or(String::new(), |parent| parent.id.to_string()),
            };
            // Folders on the way are of the kind of the one they lead to.
            made = self.create_folder(tree, parent, path, wanted).await?;
        }
        let Some(folder) = tree.get_mut(&key(&wanted.path)) else {
            return Err(Error::new(ErrorKind::Protocol, "a folder that was made is not there"));
        };
        if let Some(subscribed) = wanted.subscribed.filter(|wanted| folder.subscribed != Some(*wanted)) {
            self.subscribe(folder, subscribed).await?;
        }
        let mut ensured = EnsuredFolder::new(folder.id.clone(), folder.epoch.clone());
        ensured.created = made;
        ensured.items = folder.items;
        ensured.position.clone_from(&folder.position);
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
        let odd = |char: char| char.is_control() || is_forbidden(char);
        if name.is_empty()
            || name.trim() != name
            || name.contains(odd)
            || name.chars().count() > self.version.longest_name()
        {
            let error = Error::new(ErrorKind::Refused, "a folder cannot have this name");
            return Err(error.with("name", format!("{name:?}")));
        }
        let view = map::kind::view(&wanted.kinds);
        let flags = if wanted.subscribed == Some(true) { "*" } else { "" };
        let create = CreateFolder { parent: parent.clone(), name: name.clone(), view, flags };
        // Done twice it is done once: the second answer is the folder of the first.
        let data = self.client.ask(&create).await?;
        let data =
            data.ok_or_else(|| Error::new(ErrorKind::Protocol, "the server does not name the folder it made"))?;
        let folder = map::folder::one(&data, path.to_vec(), self.version.has_tasks());
        let mut server_path =
            if parent == map::kind::ROOT { Vec::new() } else { self.path(&FolderId::new(parent)).await? };
        server_path.push(data.name);
        self.remember(&folder, server_path);
        let known = tree.values().any(|known| known.id == folder.id);
        tree.insert(key(path), folder);
        Ok(!known)
    }

    async fn subscribe(&self, folder: &mut Folder, subscribed: bool) -> Result<()> {
        let data = self.tree().await?.folders.into_iter().find(|data| data.id == folder.id.as_str());
        let mut flags: String = data.map(|data| data.flags).unwrap_or_default().replace('*', "");
        if subscribed {
            flags.push('*');
        }
        let action = FolderAction { id: folder.id.to_string(), op: "update", flags: Some(flags) };
        self.client.ask(&action).await?;
        folder.subscribed = Some(subscribed);
        Ok(())
    }

    async fn look(&self, folder: &FolderId, wanted: &[Wanted], after: Option<&Position>) -> Result<Vec<Vec<Match>>> {
        self.existing(folder).await?;
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let floor = after.and_then(|after| after.as_str().parse().ok()).unwrap_or_default();
        let prints: Vec<&Fingerprint> = wanted.iter().filter_map(like).collect();
        let mut index = self.index.lock().await;
        index.refresh(self).await?;
        index.complete(self, folder.as_str()).await?;
        self.compare(&mut index, folder, floor, &prints).await?;
        let mut found = index.like(folder.as_str(), floor, &prints).into_iter();
        let answer = |wanted: &Wanted| match wanted {
            Wanted::Known(id) => index.known(folder.as_str(), floor, id).into_iter().collect(),
            Wanted::Like(_) => found.next().unwrap_or_default(),
        };
        Ok(wanted.iter().map(answer).collect())
    }

    /// Reads the messages that can be the same as what is wanted: those of the same length, and those that the server
    /// knows by the same Message-ID. Each is read once.
    async fn compare(&self, index: &mut Index, folder: &FolderId, floor: u64, prints: &[&Fingerprint]) -> Result<()> {
        let mails: Vec<&&Fingerprint> = prints.iter().filter(|print| print.digest.is_some()).collect();
        let sizes: Vec<u64> = mails.iter().map(|print| print.size).collect();
        let mut due = index.unread(folder.as_str(), floor, &sizes);
        // What the same octets prove needs no Message-ID, and most of what is looked for is not there at all.
        let ids: Vec<String> =
            mails.iter().filter_map(|print| print.uid.clone()).filter(|id| can_be_asked(id)).collect();
        if index.holds_messages(folder.as_str(), floor) {
            for part in ids.chunks(SEARCHED) {
                let search = SearchMessageIds { folder: folder.to_string(), message_ids: part.to_vec() };
                match self.client.ask(&search).await {
                    Ok(hits) => due.extend(index.not_yet_read(folder.as_str(), floor, &hits)),
                    // An index that is being made anew finds nothing; lengths and octets still do.
                    Err(error) => tracing::debug!(%error, "the server's search failed"),
                }
            }
        }
        due.sort_unstable();
        due.dedup();
        let spool = Spool::new(COMPARING);
        for part in due.chunks(COMPARED) {
            let item = |id: &u64| ItemRef::new(id.to_string(), folder.clone(), 1);
            let items: Vec<ItemRef> = part.iter().map(item).collect();
            let read = self.read(&items, &Format::RFC5322, &spool).await;
            for (id, item) in part.iter().zip(read) {
                match item {
                    Ok(item) => index.learn(folder.as_str(), *id, Content::of(&item)),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}

fn is_forbidden(char: char) -> bool {
    matches!(char, ':' | '/' | '"')
}

/// What a folder is known by: Zimbra compares names without regard to case.
fn key(path: &[String]) -> Vec<String> {
    path.iter().map(|name| name.to_lowercase()).collect()
}

fn like(wanted: &Wanted) -> Option<&Fingerprint> {
    match wanted {
        Wanted::Known(_) => None,
        Wanted::Like(print) => Some(print),
    }
}
