use mailmove_core::{
    Destination, EnsuredFolder, Error, ErrorKind, Evidence, Fingerprint, FolderId, Kind, Match, NewFolder, Position,
    Result, Wanted, Write, Written, async_trait,
};

use super::index::Index;
use super::item::Stored;
use super::state::{State, no_folder};
use super::{MemoryEndpoint, names};

#[async_trait]
impl Destination for MemoryEndpoint {
    async fn ensure_folders(&self, folders: &[NewFolder]) -> Vec<Result<EnsuredFolder>> {
        tokio::task::yield_now().await;
        let mut state = self.mailbox.state();
        state.counts.ensure_folders += 1;
        folders.iter().map(|new| ensure(&mut state, new).map_err(|error| self.error(error))).collect()
    }

    async fn locate(&self, folder: &FolderId, wanted: &[Wanted], after: Option<&Position>) -> Result<Vec<Vec<Match>>> {
        tokio::task::yield_now().await;
        let mut state = self.mailbox.state();
        state.counts.locate += 1;
        state.counts.located += wanted.len() as u64;
        locate(&mut state, folder, wanted, after).map_err(|error| self.error(error))
    }

    async fn write(&self, folder: &FolderId, batch: &[Write]) -> Vec<Result<Written>> {
        let (turn, in_flight) = {
            let mut state = self.mailbox.state();
            state.counts.write += 1;
            state.counts.written += batch.len() as u64;
            let Some(key) = state.find_folder(folder) else {
                return vec![Err(self.error(no_folder(folder))); batch.len()];
            };
            if let Err(error) = self.check_batch(batch) {
                return vec![Err(self.error(error)); batch.len()];
            }
            let stored = state.folder(key);
            let (turn, in_flight) = (stored.turn.clone(), stored.in_flight.clone());
            let count = std::sync::Arc::strong_count(&in_flight) - 1;
            state.counts.most_in_flight = state.counts.most_in_flight.max(count);
            (turn, in_flight)
        };
        // The lock is fair: whoever was polled first writes first.
        let _turn = turn.lock_owned().await;
        tokio::task::yield_now().await;
        let mut verdicts = Vec::with_capacity(batch.len());
        for write in batch {
            verdicts.push(self.write_one(folder, write).await.map_err(|error| self.error(error)));
        }
        drop(in_flight);
        verdicts
    }

    async fn close(&self) {
        self.mailbox.state().counts.closed += 1;
    }
}

impl MemoryEndpoint {
    fn check_batch(&self, batch: &[Write]) -> Result<()> {
        let size = |write: &Write| match write {
            Write::Create { item, .. } | Write::Replace { item, .. } => item.body.len(),
            _ => 0,
        };
        let limits = &self.capabilities;
        let bytes: u64 = batch.iter().map(size).sum();
        if batch.len() > limits.batch_items || batch.len() > 1 && bytes > limits.batch_bytes {
            return Err(Error::new(ErrorKind::Bug, "more in one call than this endpoint takes"));
        }
        Ok(())
    }
}

fn ensure(state: &mut State, new: &NewFolder) -> Result<EnsuredFolder> {
    names::check(&new.path, &state.options.capabilities.names)?;
    let mut created = false;
    let mut key = 0;
    for depth in 1..=new.path.len() {
        let path = &new.path[..depth];
        let asked = depth == new.path.len();
        (key, created) = match state.folder_at(path) {
            Some(key) => (key, false),
            None => (state.add_folder(path.to_vec(), new.kinds.clone(), new.role.filter(|_| asked)), true),
        };
    }
    if let Some(subscribed) = new.subscribed {
        state.folder_mut(key).subscribed = subscribed;
    }
    let folder = state.folder(key);
    let mut ensured = EnsuredFolder::new(folder.id.clone(), folder.epoch());
    ensured.created = created;
    ensured.items = Some(folder.items);
    ensured.position = state.position(key);
    Ok(ensured)
}

fn locate(
    state: &mut State,
    folder: &FolderId,
    wanted: &[Wanted],
    after: Option<&Position>,
) -> Result<Vec<Vec<Match>>> {
    let key = state.need_folder(folder)?;
    let from = match after {
        Some(after) => after.as_str().parse().map_err(|_| {
            Error::new(ErrorKind::Bug, "this position was not made by this endpoint").with("position", after)
        })?,
        None => 0,
    };
    if state.folder(key).index.is_none() {
        let mut index = Index::default();
        state.folder(key).placed.values().for_each(|serial| index.insert(state.item(*serial)));
        state.folder_mut(key).index = Some(index);
    }
    let state = &*state;
    let known = |item: &Stored, by| {
        let mut known = Match::new(state.item_id(item.uid), by);
        known.revision = state.options.revisions.then(|| item.revision());
        known.complete = item.complete;
        (known.flags, known.received) = (Some(item.flags.clone()), item.received);
        known
    };
    let answer = |wanted: &Wanted| match wanted {
        Wanted::Known(id) => {
            let item = state.find_item(key, id).map(|serial| state.item(serial));
            item.filter(|item| item.uid >= from).map(|item| known(item, Evidence::Id)).into_iter().collect()
        }
        Wanted::Like(print) => {
            let folder = state.folder(key);
            let like = folder.index.iter().flat_map(|index| index.like(print, from));
            let item = |uid| state.item(folder.placed[&uid]);
            like.map(item).map(|item| known(item, evidence(item, print))).collect()
        }
    };
    Ok(wanted.iter().map(answer).collect())
}

/// The strongest reason why an item answers to a fingerprint. A Message-ID alone says less than the key, which holds it.
fn evidence(item: &Stored, print: &Fingerprint) -> Evidence {
    let own = item.fingerprint();
    if print.mark.is_some() && print.mark == item.mark {
        Evidence::Mark
    } else if print.digest.is_some() && print.digest == own.digest {
        Evidence::Digest
    } else if item.kind == Kind::Mail && print.key.is_some() && print.key == own.key {
        Evidence::Key
    } else if print.uid.is_some() && print.uid == own.uid {
        Evidence::Uid
    } else {
        Evidence::Key
    }
}
