use mailmove_core::{
    Alteration, Error, ErrorKind, Flags, FolderId, Item, ItemId, Loss, Mark, Result, Revision, Via, Write, Written,
};

use super::item::{NewItem, Stored};
use super::state::State;
use super::{MemoryEndpoint, transfer};

/// What became of an item's octets, flags and path on their way in.
struct Taken {
    item: Stored,
    via: Via,
    losses: Vec<Loss>,
    altered: Vec<Alteration>,
}

impl MemoryEndpoint {
    /// Does one write; the caller holds the folder's turn.
    pub(super) async fn write_one(&self, folder: &FolderId, write: &Write) -> Result<Written> {
        match write {
            Write::Create { item, mark } => self.create(folder, item, mark).await,
            Write::Replace { id, expect, item, mark } => {
                let (old, new, taken) = {
                    let mut state = self.mailbox.state();
                    let (key, serial) = expected(&state, folder, id, expect.as_ref())?;
                    let taken = take(&state, key, item, mark)?;
                    let old = state.item(serial);
                    check_quota(&state, taken.item.size().saturating_sub(old.size()), 0)?;
                    let places = old.places.clone();
                    if state.options.replaces_in_place {
                        state.change_item(serial, true, |old| {
                            old.set_bytes(taken.item.bytes);
                            old.received = taken.item.received;
                            old.modified = taken.item.modified;
                            old.mark = taken.item.mark;
                        });
                        return Ok(written(&state, serial, taken.via, taken.losses, taken.altered));
                    }
                    (serial, state.add_item(taken.item, &places), (taken.via, taken.losses, taken.altered))
                };
                if self.mailbox.options().two_steps {
                    self.between("replace").await;
                }
                let mut state = self.mailbox.state();
                if state.items.contains_key(&old) {
                    state.drop_item(old);
                }
                let (via, losses, altered) = taken;
                Ok(written(&state, new, via, losses, altered))
            }
            Write::Flags { id, add, remove } => {
                let mut state = self.mailbox.state();
                let (_, serial) = expected(&state, folder, id, None)?;
                let (add, losses) = kept(&state, add);
                let flags = state.item(serial).flags.minus(remove).plus(&add);
                if flags != state.item(serial).flags {
                    state.change_item(serial, false, |item| item.flags = flags);
                }
                Ok(written(&state, serial, via(), losses, Vec::new()))
            }
            Write::Move { id, to, expect } => {
                let mut state = self.mailbox.state();
                if !state.options.capabilities.moves {
                    return Err(Error::new(ErrorKind::Unsupported, "this mailbox cannot move items"));
                }
                let (from, serial) = expected(&state, folder, id, expect.as_ref())?;
                let to = state.need_folder(to)?;
                check_kind(&state, to, state.item(serial).kind)?;
                state.move_item(serial, from, to);
                Ok(written(&state, serial, via(), Vec::new(), Vec::new()))
            }
            Write::Remove { id, expect } => {
                let mut state = self.mailbox.state();
                if !state.options.capabilities.removes {
                    return Err(Error::new(ErrorKind::Unsupported, "this mailbox cannot remove one item alone"));
                }
                let key = state.need_folder(folder)?;
                let unfinished = state.find_item(key, id).filter(|serial| !state.item(*serial).complete);
                let (key, serial) = match unfinished {
                    Some(serial) => (key, serial),
                    None => expected(&state, folder, id, expect.as_ref())?,
                };
                state.remove_from(serial, key);
                Ok(Written::new(via()))
            }
        }
    }

    async fn create(&self, folder: &FolderId, item: &Item, mark: &Mark) -> Result<Written> {
        let (serial, taken) = {
            let mut state = self.mailbox.state();
            let key = state.need_folder(folder)?;
            let mut taken = take(&state, key, item, mark)?;
            check_quota(&state, taken.item.size(), 1)?;
            taken.item.complete = !state.options.two_steps;
            let serial = state.add_item(taken.item, &[key]);
            (serial, (taken.via, taken.losses, taken.altered))
        };
        if self.mailbox.state().options.two_steps {
            self.between("create").await;
            let mut state = self.mailbox.state();
            if !state.items.contains_key(&serial) {
                return Err(Error::new(ErrorKind::NotFound, "the unfinished item was removed meanwhile"));
            }
            state.change_item(serial, true, |item| item.complete = true);
        }
        let (via, losses, altered) = taken;
        Ok(written(&self.mailbox.state(), serial, via, losses, altered))
    }

    /// Between two steps of one write, where a run may die.
    async fn between(&self, what: &'static str) {
        match &self.mailbox.steps {
            Some(steps) => steps.pass(what).await,
            None => tokio::task::yield_now().await,
        }
    }
}

fn via() -> Via {
    Via::fixed("memory")
}

fn written(state: &State, serial: u64, via: Via, losses: Vec<Loss>, altered: Vec<Alteration>) -> Written {
    let mut written = Written::new(via);
    let Some(item) = state.items.get(&serial) else { return written };
    written.id = state.options.ids.then(|| state.item_id(item.uid));
    written.revision = state.options.revisions.then(|| item.revision());
    (written.losses, written.altered) = (losses, altered);
    written
}

/// The item to be changed, when it is still what the caller left there.
fn expected(state: &State, folder: &FolderId, id: &ItemId, expect: Option<&Revision>) -> Result<(u64, u64)> {
    let key = state.need_folder(folder)?;
    let serial = state.need_item(key, id)?;
    let there = state.item(serial).revision();
    match expect {
        Some(expect) if *expect != there => Err(Error::new(ErrorKind::Conflict, "somebody changed the item")
            .with("item", id)
            .with("expected", expect)
            .with("found", there)),
        _ => Ok((key, serial)),
    }
}

/// The item as it will be stored, when its folder, its route and its size allow it.
fn take(state: &State, key: u64, item: &Item, mark: &Mark) -> Result<Taken> {
    let mut routes = state.options.capabilities.accepts.iter();
    let route = routes.find(|route| route.kind == item.kind && route.format == item.format).ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, format!("a {} cannot be written as {}", item.kind, item.format))
    })?;
    check_kind(state, key, item.kind)?;
    if let Some(most) = route.max_bytes.filter(|most| item.body.len() > *most) {
        return Err(Error::new(ErrorKind::TooLarge, "the item is too large")
            .with("bytes", item.body.len())
            .with("allowed", most));
    }
    let mut bytes = transfer::import(item.kind, item.body.bytes()?, &item.format)?;
    let (flags, mut losses) = kept(state, &item.flags);
    if state.options.rewrites_headers
        && let Some(munged) = transfer::munged(&bytes)
    {
        bytes = munged;
        losses.push(Loss::new("header-8bit", "8-bit octets in the header became X"));
    }
    let mut stored = Stored::new(NewItem::new(item.kind, bytes));
    stored.flags = flags;
    (stored.received, stored.created, stored.modified) = (item.received, item.created, item.modified);
    stored.class = item.class.clone();
    stored.mark = state.options.marks.then(|| mark.clone());
    Ok(Taken { item: stored, via: route.via.clone(), losses, altered: Vec::new() })
}

fn check_kind(state: &State, key: u64, kind: mailmove_core::Kind) -> Result<()> {
    if state.folder(key).kinds.contains(&kind) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Refused, format!("this folder holds no {kind} items")))
}

fn check_quota(state: &State, bytes: u64, items: u64) -> Result<()> {
    let full = |used: u64, more: u64, quota: Option<u64>| quota.is_some_and(|quota| used + more > quota);
    if full(state.bytes, bytes, state.options.quota) || full(state.items.len() as u64, items, state.options.items_quota)
    {
        return Err(Error::new(ErrorKind::Quota, "the mailbox is full"));
    }
    Ok(())
}

/// The flags that this mailbox keeps, and what is lost of them.
fn kept(state: &State, flags: &Flags) -> (Flags, Vec<Loss>) {
    let mut losses = Vec::new();
    let mut kept = if state.options.categories_kept { flags.clone() } else { Flags::new(flags.state) };
    if kept.categories().len() < flags.categories().len() {
        losses.push(Loss::new("keyword", "categories are not kept"));
    }
    kept.state &= state.options.states_kept;
    if kept.state != flags.state {
        losses.push(Loss::new("flag", "some states are not kept"));
    }
    (kept, losses)
}
