//! How long a plan will take, as far as the providers' limits tell it.

use mailmove_core::{Endpoint, Folder, Forecast, Kind, Load, Storage};

use crate::ledger::FolderRow;
use crate::mapping::Mapped;
use crate::plan::{Count, Plan, PlannedRoute};

/// What is to be moved, by what is known of it.
struct Work {
    /// No less than this.
    least: Vec<(usize, u64, u64)>,
    /// No more than this; `None`: nobody can tell.
    most: Option<Vec<(usize, u64, u64)>>,
}

/// How long it takes by the limits of both sides alone. `None`: neither is known to have one.
pub(crate) fn forecast(
    plan: &Plan,
    mapped: &[Mapped],
    known: &[FolderRow],
    [source, destination]: [&dyn Endpoint; 2],
) -> Option<Forecast> {
    let work = Work::of(plan, mapped, known);
    let side = |end: &dyn Endpoint, read: bool| {
        let loads = |parts: &[(usize, u64, u64)]| parts.iter().map(|part| load(plan, *part, read)).collect::<Vec<_>>();
        let least = end.forecast(&loads(&work.least))?;
        let most = work.most.as_ref().and_then(|most| end.forecast(&loads(most))?.at_most);
        Some(Forecast { at_least: least.at_least, at_most: most })
    };
    match (side(source, true), side(destination, false)) {
        (Some(one), Some(other)) => Some(one.beside(other)),
        (one, other) => one.or(other),
    }
}

fn load(plan: &Plan, (route, items, bytes): (usize, u64, u64), read: bool) -> Load {
    let route = &plan.routes[route];
    Load { via: if read { route.read.clone() } else { route.write.clone() }, items, bytes }
}

impl Work {
    fn of(plan: &Plan, mapped: &[Mapped], known: &[FolderRow]) -> Self {
        let (mut least, mut most) = (Vec::new(), Some(Vec::new()));
        let mut silent = false;
        for (planned, mapped) in plan.folders.iter().zip(mapped) {
            let Some(route) = route(&plan.routes, &mapped.folder) else { continue };
            let row = known.iter().find(|row| row.id == mapped.folder.id && row.epoch == mapped.folder.epoch);
            // In a folder that was read before, what is due is to be moved, and what changed, which is not known.
            let due = row.map(|row| row.due);
            if planned.unchanged {
                continue;
            }
            match (planned.items, due) {
                (Count::Exact(items), None) => least.push((route, items, exact(planned.bytes))),
                (_, due) => least.push((route, due.unwrap_or_default(), 0)),
            }
            match (planned.items.value(), &mut most) {
                (Some(items), Some(most)) => most.push((route, items, planned.bytes.value().unwrap_or_default())),
                _ => most = None,
            }
            silent |= planned.bytes.value().is_none() && planned.items.value() != Some(0);
        }
        // Folders that do not say how large they are hold no more than the mailbox does.
        if silent {
            most = most.and_then(|most| spread(most, plan.source_storage));
        }
        Self { least, most }
    }
}

fn exact(count: Count) -> u64 {
    if let Count::Exact(count) = count { count } else { 0 }
}

/// Adds what the mailbox holds beyond what its folders tell.
fn spread(mut most: Vec<(usize, u64, u64)>, storage: Storage) -> Option<Vec<(usize, u64, u64)>> {
    let told: u64 = most.iter().map(|(.., bytes)| bytes).sum();
    let rest = storage.used?.saturating_sub(told);
    if let Some((.., bytes)) = most.first_mut() {
        *bytes += rest;
    }
    Some(most)
}

/// How the items of a folder go, by the first kind that it holds.
fn route(routes: &[PlannedRoute], folder: &Folder) -> Option<usize> {
    let kind = folder.kinds.first().copied().unwrap_or(Kind::Mail);
    routes.iter().position(|route| route.kind == kind)
}
