//! How long a plan will take, as far as the providers' limits tell it.

use mailmove_core::{Endpoint, Folder, Forecast, Kind, Load};

use crate::ledger::FolderRow;
use crate::mapping::Mapped;
use crate::plan::{Count, Plan, PlannedRoute};

/// So many items by a route, and their bytes.
type Part = (usize, u64, u64);

/// What is to be moved, by what is known of it.
struct Work {
    /// No less than this.
    least: Vec<Part>,
    /// No more than this; `None`: nobody can tell.
    most: Option<Vec<Part>>,
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
        let loads = |parts: &[Part]| parts.iter().map(|part| load(plan, *part, read)).collect::<Vec<_>>();
        let least = end.forecast(&loads(&work.least))?;
        let most = work.most.as_ref().and_then(|most| end.forecast(&loads(most))?.at_most);
        Some(Forecast { at_least: least.at_least, at_most: most })
    };
    match (side(source, true), side(destination, false)) {
        (Some(one), Some(other)) => Some(one.beside(other)),
        (one, other) => one.or(other),
    }
}

fn load(plan: &Plan, (route, items, bytes): Part, read: bool) -> Load {
    let route = &plan.routes[route];
    Load { via: if read { route.read.clone() } else { route.write.clone() }, items, bytes }
}

impl Work {
    fn of(plan: &Plan, mapped: &[Mapped], known: &[FolderRow]) -> Self {
        let (mut least, mut most) = (Vec::new(), Vec::new());
        // Where items are not counted, and whether bytes are not.
        let (mut uncounted, mut silent) = (None, false);
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
            let items = planned.items.value();
            most.push((route, items.unwrap_or_default(), planned.bytes.value().unwrap_or_default()));
            if items.is_none() {
                uncounted = uncounted.or(Some(most.len() - 1));
            }
            silent |= planned.bytes.value().is_none() && items != Some(0);
        }
        // What folders do not say is no more than what the mailbox says beyond them.
        let mut most = Some(most);
        if let Some(at) = uncounted {
            let told = plan.folders.iter().map(|folder| folder.items);
            let told: u64 = told.chain(plan.skipped.iter().map(|folder| folder.items)).filter_map(Count::value).sum();
            most = add(most, plan.source_storage.items, told, |most| &mut most[at].1);
        }
        if silent {
            let told = plan.folders.iter().filter_map(|folder| folder.bytes.value()).sum();
            most = add(most, plan.source_storage.used, told, |most| &mut most[0].2);
        }
        Self { least, most }
    }
}

fn exact(count: Count) -> u64 {
    if let Count::Exact(count) = count { count } else { 0 }
}

/// Adds what a mailbox holds in all beyond what was told of it. `None`: it does not say.
fn add(
    most: Option<Vec<Part>>,
    all: Option<u64>,
    told: u64,
    place: impl Fn(&mut Vec<Part>) -> &mut u64,
) -> Option<Vec<Part>> {
    let (mut most, all) = most.zip(all)?;
    *place(&mut most) += all.saturating_sub(told);
    Some(most)
}

/// How the items of a folder go, by the first kind that it holds.
fn route(routes: &[PlannedRoute], folder: &Folder) -> Option<usize> {
    let kind = folder.kinds.first().copied().unwrap_or(Kind::Mail);
    routes.iter().position(|route| route.kind == kind)
}
