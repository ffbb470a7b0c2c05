//! What would happen: a value to read before anything is written.

use std::collections::BTreeMap;

use mailmove_core::{
    Capabilities, Digest, Error, ErrorKind, Folder, Forecast, Format, Forwarding, Kind, Loss, Result, Role, Route,
    Storage, Via,
};
use serde::Serialize;

use crate::ledger::FolderRow;
use crate::mapping::{self, Mapped, Skipped};
use crate::rules::Rules;

/// What a run would do, from the folder lists of both sides alone: nothing was written.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// The job's name.
    pub job: String,
    /// The source's name.
    pub source: String,
    /// The destination's name.
    pub destination: String,
    /// The folders that will be read, in the order of the tree.
    pub folders: Vec<PlannedFolder>,
    /// The folders that will not.
    pub skipped: Vec<SkippedFolder>,
    /// How each kind goes, the chosen route first.
    pub routes: Vec<PlannedRoute>,
    /// Kinds that are asked for and that no route carries.
    pub unroutable: Vec<Kind>,
    /// How full the source is.
    pub source_storage: Storage,
    /// How full the destination is.
    pub destination_storage: Storage,
    /// How long it will take, by the providers' limits alone. `None`: neither side is known to have one.
    pub forecast: Option<Forecast>,
    /// Where the source sends mail on to: what is sent on and moved arrives twice. `None` where nobody can tell, and in
    /// the plan of a run, which does not ask.
    pub forwardings: Option<Vec<Forwarding>>,
    /// What the source holds beside its items and the destination will not have. Empty in the plan of a run, which does
    /// not ask.
    pub inventory: Vec<Loss>,
    /// What a person should know before the run.
    pub warnings: Vec<String>,
    /// The digest of the decisions: endpoints, folder map, routes, rules, kinds of loss. Counts are not part of it, so it
    /// stays the same while mail arrives.
    #[serde(serialize_with = "digest_text")]
    pub digest: Digest,
}

/// A folder that will be read.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct PlannedFolder {
    /// The path at the source.
    pub from: Vec<String>,
    /// The path at the destination.
    pub to: Vec<String>,
    /// Whether it has to be created there.
    pub create: bool,
    /// Its role at the source.
    pub role: Option<Role>,
    /// How many items it holds.
    pub items: Count,
    /// How many bytes they have.
    pub bytes: Count,
    /// Whether nothing changed in it since the last run.
    pub unchanged: bool,
    /// Why the target is another path than the source's.
    pub note: Option<String>,
}

/// A folder that will not be read.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SkippedFolder {
    /// The path at the source.
    pub path: Vec<String>,
    /// Why.
    pub reason: String,
    /// How many items it holds.
    pub items: Count,
}

/// How a kind goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlannedRoute {
    /// The kind.
    pub kind: Kind,
    /// The format in which it travels.
    pub format: Format,
    /// The path at the source.
    pub read: Via,
    /// The path at the destination.
    pub write: Via,
    /// The largest item, in bytes, that both ends take.
    pub max_bytes: Option<u64>,
    /// What it is known not to carry.
    pub losses: Vec<Loss>,
}

/// A number, and how far it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Count {
    /// So many.
    Exact(u64),
    /// So many or fewer: the rules may leave some out.
    AtMost(u64),
    /// The server does not say.
    Unknown,
}

impl Count {
    /// The number, where there is one.
    pub fn value(self) -> Option<u64> {
        match self {
            Count::Exact(count) | Count::AtMost(count) => Some(count),
            Count::Unknown => None,
        }
    }
}

/// What both endpoints said, and what follows from it.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) plan: Plan,
    pub(crate) mapped: Vec<Mapped>,
}

/// What a plan is made from.
pub(crate) struct Material<'a> {
    pub(crate) job: &'a str,
    pub(crate) rules: &'a Rules,
    pub(crate) source: (&'a str, &'a Capabilities, &'a [Folder], Storage),
    pub(crate) destination: (&'a str, &'a Capabilities, &'a [Folder], Storage),
    pub(crate) known: &'a [FolderRow],
}

pub(crate) fn prepare(material: Material<'_>) -> Result<Prepared> {
    let Material { job, rules, source, destination, known } = material;
    let mut warnings = check(rules)?;
    let (mut mapped, skipped) = mapping::map_folders(rules, source.2, destination.2, &destination.1.names, known);
    let routes = routes(rules, source.1, destination.1);
    for one in mapped.iter_mut().filter(|one| one.existing.is_none() && !one.folder.kinds.is_empty()) {
        if !one.folder.kinds.iter().any(|kind| routes.iter().any(|route| route.kind == *kind)) {
            one.nowhere = true;
            one.note = Some("not made there: nothing of what it holds can be carried".to_owned());
        }
    }
    let unroutable: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|kind| rules.moves(*kind) && source.1.offers.iter().any(|route| route.kind == *kind))
        .filter(|kind| !routes.iter().any(|route| route.kind == *kind))
        .collect();
    for kind in &unroutable {
        warnings.push(format!("no route carries items of kind {kind}: they will be reported as lost"));
    }
    for folder in skipped.iter().filter(|folder| folder.reason.starts_with("a view")) {
        warnings.push(format!(
            "\"{}\" is left out as {}; name it with an include rule to move it as well",
            folder.path.join("/"),
            folder.reason
        ));
    }
    let used = source.3.used;
    let free = destination.3.quota.zip(destination.3.used).map(|(quota, used)| quota.saturating_sub(used));
    if let (Some(used), Some(free)) = (used, free)
        && used > free
        && known.is_empty()
    {
        warnings.push(format!("the source holds {used} bytes and the destination has room for {free}"));
    }
    let folders = mapped.iter().map(|mapped| planned(rules, mapped, known)).collect();
    let mut plan = Plan {
        job: job.to_owned(),
        source: source.0.to_owned(),
        destination: destination.0.to_owned(),
        folders,
        skipped: skipped.into_iter().map(skipped_folder).collect(),
        routes,
        unroutable,
        source_storage: source.3,
        destination_storage: destination.3,
        forecast: None,
        forwardings: None,
        inventory: Vec::new(),
        warnings,
        digest: Digest::of(b""),
    };
    plan.digest = decisions(&plan, rules);
    Ok(Prepared { plan, mapped })
}

/// The rules that cannot be, and what to say about those that can but surprise.
fn check(rules: &Rules) -> Result<Vec<String>> {
    if let (Some(since), Some(before)) = (rules.since, rules.before)
        && since >= before
    {
        return Err(Error::new(ErrorKind::Config, "the date range is empty")
            .with("since", since)
            .with("before", before)
            .remedy("give a beginning that lies before the end"));
    }
    if !Kind::ALL.into_iter().any(|kind| rules.moves(kind)) {
        return Err(Error::new(ErrorKind::Config, "the rules leave out every kind of item")
            .remedy("take away at least one of the skip flags"));
    }
    let conflicts = rules.flags.conflicts();
    if let Some(conflict) = conflicts.iter().find(|conflict| conflict.is_error()) {
        return Err(Error::new(ErrorKind::Config, conflict.to_string()).remedy("take away one of the flags"));
    }
    Ok(conflicts.iter().map(ToString::to_string).collect())
}

/// For each kind the pairs of routes in a common format: the destination's preference leads.
fn routes(rules: &Rules, source: &Capabilities, destination: &Capabilities) -> Vec<PlannedRoute> {
    let mut routes = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| rules.moves(*kind)) {
        for write in destination.accepts.iter().filter(|route| route.kind == kind) {
            let fits = |read: &&Route| read.kind == kind && read.format == write.format;
            let Some(read) = source.offers.iter().find(fits) else { continue };
            let max_bytes = [read.max_bytes, write.max_bytes].into_iter().flatten().min();
            let mut losses = read.losses.clone();
            // What both ends lose is lost once.
            losses.extend(write.losses.iter().filter(|loss| !read.losses.contains(loss)).cloned());
            routes.push(PlannedRoute {
                kind,
                format: write.format.clone(),
                read: read.via.clone(),
                write: write.via.clone(),
                max_bytes,
                losses,
            });
        }
    }
    routes
}

fn planned(rules: &Rules, mapped: &Mapped, known: &[FolderRow]) -> PlannedFolder {
    let folder = &mapped.folder;
    let row = known.iter().find(|row| row.id == folder.id && row.epoch == folder.epoch);
    let narrowed = rules.since.is_some()
        || rules.before.is_some()
        || rules.max_bytes.is_some()
        || rules.sample.is_some()
        || rules.errors_only;
    let count = |value: Option<u64>| match value {
        None => Count::Unknown,
        Some(value) if narrowed && value > 0 => Count::AtMost(value),
        Some(value) => Count::Exact(value),
    };
    PlannedFolder {
        from: folder.path.clone(),
        to: mapped.target.clone(),
        create: mapped.existing.is_none() && !mapped.nowhere,
        role: folder.role,
        items: count(folder.items),
        bytes: count(folder.bytes),
        unchanged: row.is_some_and(|row| row.state.is_some() && row.state == folder.state && row.due == 0),
        note: mapped.note.clone(),
    }
}

fn skipped_folder(skipped: Skipped) -> SkippedFolder {
    let items = skipped.items.map_or(Count::Unknown, Count::Exact);
    SkippedFolder { path: skipped.path, reason: skipped.reason.to_owned(), items }
}

fn decisions(plan: &Plan, rules: &Rules) -> Digest {
    let folders: BTreeMap<_, _> = plan.folders.iter().map(|folder| (&folder.from, &folder.to)).collect();
    let text = format!(
        "{} {} {} {folders:?} {:?} {:?} {rules:?}",
        plan.job, plan.source, plan.destination, plan.routes, plan.unroutable
    );
    Digest::of(text.as_bytes())
}

fn digest_text<S: serde::Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
}
