//! One run from open endpoints to a report.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use mailmove_core::{
    Destination, Epoch, Error, ErrorKind, Folder, FolderId, MailboxFlags, Recovery, Result, Source, Storage,
};

use crate::ahead::{Ahead, Wish};
use crate::ensure::ensure;
use crate::event::Event;
use crate::feed::{FeedEnd, FeedJob};
use crate::foresee::forecast;
use crate::intents::intents;
use crate::ledger::{Entry, FeedRow, FolderKey, FolderRow, Journal, RowState};
use crate::mapping::Mapped;
use crate::migration::Settings;
use crate::pass::{Pass, Setup, SourceFolder, TargetFolder};
use crate::plan::{Material, Plan, Prepared, prepare};
use crate::relook::Why;
use crate::removals;
use crate::report::{Outcome, Report};
use crate::schedule::{Abreast, Intents, Slot, run_all};
use crate::settle;
use crate::waits;

/// Both mailboxes, open, and what they said about themselves.
pub(crate) struct Opened {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) destination: Arc<dyn Destination>,
    pub(crate) source_folders: Vec<Folder>,
    pub(crate) destination_folders: Vec<Folder>,
    pub(crate) storage: (Storage, Storage),
    pub(crate) known: Vec<FolderRow>,
    pub(crate) feeds: Vec<FeedRow>,
}

impl Opened {
    pub(crate) fn prepare(&self, settings: &Settings) -> Result<Prepared> {
        let mut prepared = prepare(Material {
            job: settings.job.as_str(),
            rules: &settings.rules,
            source: (self.source.name(), self.source.capabilities(), &self.source_folders, self.storage.0),
            destination: (
                self.destination.name(),
                self.destination.capabilities(),
                &self.destination_folders,
                self.storage.1,
            ),
            known: &self.known,
        })?;
        let Prepared { plan, mapped } = &mut prepared;
        plan.forecast = forecast(plan, mapped, &self.known, [self.source.as_ref(), self.destination.as_ref()]);
        Ok(prepared)
    }
}

/// Runs. Errors are those that come before anything could be done; everything later is in the report.
pub(crate) async fn run(
    settings: &Settings,
    journal: Arc<dyn Journal>,
    opened: Opened,
    plan: Option<&Plan>,
    started: Instant,
) -> Result<Report> {
    let prepared = opened.prepare(settings)?;
    if let Some(plan) = plan
        && plan.digest != prepared.plan.digest
    {
        return Err(Error::new(ErrorKind::PlanStale, "the mailboxes or the rules are not what the plan was made for"));
    }
    settings.observer.tell(Event::Planned {
        folders: prepared.plan.folders.len(),
        items: prepared.plan.folders.iter().filter_map(|folder| folder.items.value()).sum(),
        bytes: prepared.plan.folders.iter().filter_map(|folder| folder.bytes.value()).sum(),
        forecast: prepared.plan.forecast,
    });
    let Prepared { plan, mapped } = prepared;
    let (source, destination) = (opened.source.clone(), opened.destination.clone());
    let working = async {
        let mut work = Work::prepare(settings, journal, &opened, &plan, mapped).await?;
        let errors = work.run().await;
        Ok::<_, Error>((work, errors))
    };
    let (work, errors) = waits::telling(&settings.observer, source.as_ref(), destination.as_ref(), working).await?;
    work.report(plan, errors, started).await
}

struct Work {
    pass: Arc<Pass>,
    slots: Vec<Slot>,
    intents: Vec<Intents>,
    /// What became of the folders, to be recorded before anything else.
    entries: Vec<Entry>,
    /// Folders that could not be made.
    errors: Vec<(FolderId, Error)>,
}

impl Work {
    async fn prepare(
        settings: &Settings,
        journal: Arc<dyn Journal>,
        opened: &Opened,
        plan: &Plan,
        mapped: Vec<Mapped>,
    ) -> Result<Self> {
        let first = opened.known.is_empty();
        let abreast = Abreast::of(opened.source.capabilities(), opened.destination.capabilities());
        let wish = Wish {
            source: &opened.source,
            folders: &mapped,
            abreast: &abreast,
            rules: &settings.rules,
            routes: &plan.routes,
            spool: &settings.spool,
        };
        let ahead = match first && !settings.rules.errors_only {
            true => Ahead::of(&wish),
            false => Ahead::default(),
        };
        let (mapped, targets, errors) = ensure(settings, &*opened.destination, mapped).await?;
        let keys = journal
            .open_folders(&mapped.iter().map(|m| (m.folder.id.clone(), m.folder.epoch.clone())).collect::<Vec<_>>())
            .await?;
        let (folders, entries) = join(&opened.known, &opened.source_folders, mapped, &targets, &keys);
        let listed: HashSet<(&FolderId, &Epoch)> =
            opened.source_folders.iter().map(|folder| (&folder.id, &folder.epoch)).collect();
        let known_live = opened.known.iter().filter(|row| listed.contains(&(&row.id, &row.epoch))).map(|row| row.key);
        let live = known_live.chain(keys.iter().copied()).collect();
        let (slots, intents) = plan_work(settings, &*journal, opened, &folders, first).await?;
        let pass = Pass::new(Setup {
            job: settings.job.clone(),
            source: opened.source.clone(),
            destination: opened.destination.clone(),
            journal,
            rules: settings.rules.clone(),
            routes: plan.routes.clone(),
            spool: settings.spool.clone(),
            observer: settings.observer.clone(),
            stop: settings.stop.clone(),
            salt: settings.salt,
            first,
            folders,
            live,
            ahead,
        });
        Ok(Self { pass: Arc::new(pass), slots, intents, entries, errors })
    }

    async fn run(&mut self) -> Vec<(FolderId, Error)> {
        let (slots, intents) = (std::mem::take(&mut self.slots), std::mem::take(&mut self.intents));
        // What has no work was listed: its state says that nothing changed. Unless nothing is listed at all.
        let nothing_listed = self.pass.rules.errors_only;
        let busy: HashSet<FolderKey> =
            slots.iter().filter(|slot| slot.job.list).flat_map(|slot| &slot.job.folders).map(|f| f.row.key).collect();
        self.pass.folders.values().map(|f| f.row.key).filter(|key| !nothing_listed && !busy.contains(key)).for_each(
            |key| {
                self.pass.set_listed(key);
            },
        );
        // Nobody waits for it: what is recorded behind it, intents among it, is not durable before it.
        let entries = std::mem::take(&mut self.entries);
        let folders = async {
            if !entries.is_empty()
                && let Err(error) = self.pass.journal.record(entries).await
            {
                self.pass.halt(error);
            }
        };
        let ((), ends) = tokio::join!(folders, run_all(&self.pass, slots, intents));
        let mut errors = std::mem::take(&mut self.errors);
        let mut again = Vec::new();
        for (job, end) in ends {
            if end.waiting && end.error.is_none() {
                let (cursor, list, settled) = (None, false, true);
                let (feed, folders, selection) = (job.feed.clone(), job.folders.clone(), job.selection);
                let job = FeedJob { feed, folders, cursor, list, selection, settled };
                again.push(Slot { job: Arc::new(job), items: 0, relook: Vec::new() });
            }
            note_errors(&job, end, &mut errors);
        }
        if !self.pass.is_over() && !again.is_empty() {
            for (job, end) in run_all(&self.pass, again, Vec::new()).await {
                note_errors(&job, end, &mut errors);
            }
        }
        // When everything has its row: only then is it known what is one too many.
        for target in self.pass.folders.values().map(|folder| &folder.target) {
            if self.pass.halted().is_none()
                && let Err(error) = settle::remove_doubles(&self.pass, target).await
            {
                self.pass.note(format!("late writes may stand twice in \"{}\": {error}", target.name()));
            }
        }
        if !self.pass.is_over()
            && let Err(error) = removals::mirror(&self.pass).await
        {
            self.pass.note(format!("removals were not finished: {error}"));
        }
        self.pass.destination.close().await;
        errors
    }

    async fn report(self, plan: Plan, errors: Vec<(FolderId, Error)>, started: Instant) -> Result<Report> {
        let pass = self.pass;
        let mut report = Report {
            outcome: Outcome::Completed,
            error: None,
            job: pass.job.to_string(),
            run: pass.journal.run(),
            took: started.elapsed(),
            this_run: pass.progress(),
            totals: Default::default(),
            folders: Vec::new(),
            problems: Vec::new(),
            losses: Default::default(),
            altered: Default::default(),
            notes: plan.warnings.iter().cloned().chain(pass.notes()).collect(),
            plan: Some(plan),
        };
        let halted = pass.halted();
        // A ledger that cannot be written can often still be read; if not, the first error is the one to tell.
        if let Err(error) = report.read_rows(&*pass.journal).await
            && halted.is_none()
        {
            pass.halt(error);
        }
        for folder in &mut report.folders {
            let same = |id: &FolderId| pass.folders.get(id).is_some_and(|known| known.folder.path == folder.from);
            folder.error = errors.iter().find(|(id, _)| same(id)).map(|(_, error)| error.clone());
        }
        let unfinished = report.count(&[RowState::Failed, RowState::Lost, RowState::Pending, RowState::Intended]) > 0;
        report.error = halted.clone().or_else(|| errors.first().map(|(_, error)| error.clone()));
        report.outcome = match pass.halted() {
            Some(why) => match why.recovery() {
                Recovery::Pause { until } => Outcome::Paused { until, why },
                _ => Outcome::Failed { why },
            },
            None if pass.stop.is_asked() => Outcome::Stopped,
            None if unfinished || !errors.is_empty() => Outcome::WithErrors,
            None => Outcome::Completed,
        };
        report.took = started.elapsed();
        Ok(report)
    }
}

fn note_errors(job: &FeedJob, end: FeedEnd, errors: &mut Vec<(FolderId, Error)>) {
    if let Some(error) = end.error {
        errors.extend(job.folders.iter().map(|folder| (folder.folder.id.clone(), error.clone())));
    }
}

/// Joins folders with their rows; gives the rows that have to be written because something about a folder changed.
fn join(
    known: &[FolderRow],
    listed: &[Folder],
    mapped: Vec<Mapped>,
    targets: &HashMap<Vec<String>, Arc<TargetFolder>>,
    keys: &[FolderKey],
) -> (Vec<Arc<SourceFolder>>, Vec<Entry>) {
    let (mut folders, mut entries) = (Vec::new(), Vec::new());
    for (one, key) in mapped.into_iter().zip(keys) {
        let Some(target) = targets.get(&one.target) else { continue };
        let before = known.iter().find(|row| row.key == *key);
        let mut row = before.cloned().unwrap_or_else(|| {
            FolderRow::new(*key, one.folder.id.clone(), one.folder.epoch.clone(), one.folder.path.clone())
        });
        row.path = one.folder.path.clone();
        row.live = true;
        row.target = Some(target.id.clone());
        row.target_path = target.path.clone();
        if before != Some(&row) {
            entries.push(Entry::Folder(row.clone()));
        }
        let before = before.and_then(|row| row.target.clone());
        folders.push(Arc::new(SourceFolder { folder: one.folder, row, before, target: target.clone() }));
    }
    let there: HashSet<(&FolderId, &Epoch)> = listed.iter().map(|folder| (&folder.id, &folder.epoch)).collect();
    for row in known.iter().filter(|row| row.live && !there.contains(&(&row.id, &row.epoch))) {
        entries.push(Entry::Folder(FolderRow { live: false, ..row.clone() }));
    }
    (folders, entries)
}

/// Which feeds have work, which intents are to be settled, which folders hold things nobody knows.
async fn plan_work(
    settings: &Settings,
    journal: &dyn Journal,
    opened: &Opened,
    folders: &[Arc<SourceFolder>],
    first: bool,
) -> Result<(Vec<Slot>, Vec<Intents>)> {
    let mut fewer: HashSet<FolderId> = HashSet::new();
    let mut surveyed: HashSet<FolderId> = HashSet::new();
    for folder in folders {
        let target = &folder.target;
        if !surveyed.insert(target.id.clone()) {
            continue;
        }
        let owned = if first || target.created { 0 } else { journal.owned(&target.id, &target.epoch).await? };
        let unknown = !target.created && target.items.is_none_or(|items| items > owned);
        target.set_look(unknown && !settings.rules.has(MailboxFlags::NO_DUPLICATE_SEARCH));
        if target.items.is_some_and(|items| items < owned) {
            fewer.insert(target.id.clone());
        }
    }
    let intents = intents(journal, opened, folders, first).await?;
    let selection = settings.rules.selection();
    let mut by_feed: Vec<(&FolderId, Vec<Arc<SourceFolder>>)> = Vec::new();
    let mut at: HashMap<String, usize> = HashMap::new();
    for folder in folders {
        let slot = *at.entry(folder.folder.feed.to_string()).or_insert_with(|| {
            by_feed.push((&folder.folder.id, Vec::new()));
            by_feed.len() - 1
        });
        by_feed[slot].1.push(folder.clone());
    }
    let mut slots = Vec::new();
    for (_, folders) in by_feed {
        let feed = folders[0].folder.feed.clone();
        let read = opened.feeds.iter().find(|row| row.feed == feed);
        let fresh = folders.iter().any(|folder| !opened.known.iter().any(|row| row.key == folder.row.key));
        let same = read.is_some_and(|row| row.selection == Some(selection)) && !fresh;
        let still =
            |folder: &Arc<SourceFolder>| folder.folder.state.is_some() && folder.folder.state == folder.row.state;
        let list = !(settings.rules.errors_only
            || (same && read.is_some_and(|row| row.complete) && folders.iter().all(still)));
        let due = folders.iter().any(|folder| folder.row.due > 0 || folder.row.intended > 0);
        let relook: Vec<(usize, Why)> = folders
            .iter()
            .enumerate()
            .filter_map(|(at, folder)| {
                let target = &folder.target;
                let recreated = folder.row.target_epoch.as_ref().is_some_and(|epoch| *epoch != target.epoch)
                    || folder.before.as_ref().is_some_and(|before| *before != target.id);
                let asked = settings.rules.has(MailboxFlags::REMIGRATE_SUCCESSFUL) && !first;
                let why = if recreated {
                    Some(Why::Recreated)
                } else if asked {
                    Some(Why::Asked)
                } else {
                    fewer.contains(&target.id).then_some(Why::FewerItems)
                };
                why.map(|why| (at, why))
            })
            .collect();
        if !list && !due && relook.is_empty() {
            continue;
        }
        // A sample counts what is there already: it is listed whole.
        let cursor = read.filter(|_| same && settings.rules.sample.is_none()).and_then(|row| row.cursor.clone());
        let items = if list && cursor.is_none() {
            folders.iter().map(|folder| folder.folder.items.unwrap_or(u64::MAX / 1024)).sum()
        } else {
            folders.iter().map(|folder| folder.row.due).sum()
        };
        let job = FeedJob { feed, folders, cursor, list, selection, settled: false };
        slots.push(Slot { job: Arc::new(job), items, relook });
    }
    Ok((slots, intents))
}
