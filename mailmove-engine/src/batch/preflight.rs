//! What can be known before a mailbox is moved.

use std::time::Duration;

use mailmove_core::{Forecast, Forwarding, Kind, Loss, Result, Side};
use serde::Serialize;

use super::pass::{Pass, Why};
use super::project::Batch;
use crate::around;
use crate::ledger::JobId;
use crate::migration::Migration;

/// What can be known before a mailbox is moved. What a server does not say is `None`, and never guessed.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Preflight {
    /// The mailbox.
    pub id: JobId,
    /// Why one of the two mailboxes cannot be opened, or nothing can be moved.
    pub shut: Option<Why>,
    /// Items that would be looked at.
    pub items: Option<u64>,
    /// Bytes that the selected folders hold.
    pub bytes: Option<u64>,
    /// Bytes that the destination has room for.
    pub room: Option<u64>,
    /// Whether they fit.
    pub fits: Option<bool>,
    /// Kinds that are asked for and that no route carries.
    pub unroutable: Vec<Kind>,
    /// What would be lost by kind, as the routes say.
    pub losses: Vec<(Kind, String)>,
    /// What the source holds beside its items and the destination will not have.
    pub inventory: Vec<Loss>,
    /// Where the source sends mail on to: what is sent on and moved arrives twice. `None` where nobody can tell.
    pub forwardings: Option<Vec<Forwarding>>,
    /// How long it takes by the providers' limits alone. `None`: neither side is known to have one.
    pub forecast: Option<Forecast>,
    /// How long it takes at the rate of the batch's passes so far.
    pub estimate: Option<Duration>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

impl Batch {
    /// Looks at both mailboxes, writes nothing, and says what can be known. Not while the mailbox is at work.
    pub async fn preflight(&self, id: &JobId) -> Result<Preflight> {
        let inner = &self.0;
        let item = self.item(id).await?;
        let (from, to) = (inner.server(Side::Source, &item)?, inner.server(Side::Destination, &item)?);
        let rules = Pass::Full.rules(&inner.settings.rules, item.flags)?;
        let mut found = Preflight {
            id: id.clone(),
            shut: None,
            items: None,
            bytes: None,
            room: None,
            fits: None,
            unroutable: Vec::new(),
            losses: Vec::new(),
            inventory: Vec::new(),
            forwardings: None,
            forecast: None,
            estimate: None,
            warnings: Vec::new(),
        };
        let migration =
            Migration::new(from.connector.clone(), item.source.clone(), to.connector.clone(), item.destination.clone());
        let plan = match migration.job(id.clone()).ledger(inner.settings.ledger.clone()).rules(rules).plan().await {
            Ok(plan) => plan,
            Err(error) => {
                found.shut = Some(Why::new(&error));
                return Ok(found);
            }
        };
        // One folder that does not say makes the sum unknown.
        let new = || plan.folders.iter().filter(|folder| !folder.unchanged);
        found.items = new().map(|folder| folder.items.value()).sum();
        found.bytes = new().map(|folder| folder.bytes.value()).sum::<Option<u64>>().or(plan.source_storage.used);
        let there = plan.destination_storage;
        found.room = there.quota.zip(there.used).map(|(quota, used)| quota.saturating_sub(used));
        found.fits = found.bytes.zip(found.room).map(|(bytes, room)| bytes <= room);
        found.unroutable = plan.unroutable;
        let losses = plan.routes.iter().flat_map(|route| route.losses.iter().map(move |loss| (route.kind, loss)));
        found.losses = losses.map(|(kind, loss)| (kind, loss.to_string())).collect();
        found.forecast = plan.forecast;
        found.inventory = plan.inventory;
        found.warnings = plan.warnings;
        found.forwardings = plan.forwardings;
        // The plan asked the connector; a control of the batch's own may see more.
        if let Some(control) = from.own_forwarding_control()
            && let Ok(more) = control.forwardings(&item.source).await
        {
            let told = found.forwardings.take().unwrap_or_default();
            let before = around::warning(&told);
            found.warnings.retain(|warning| Some(warning) != before.as_ref());
            let all: Vec<_> = told.iter().filter(|one| !more.contains(one)).cloned().chain(more.clone()).collect();
            found.warnings.extend(around::warning(&all));
            found.forwardings = Some(all);
        }
        if found.fits == Some(false) {
            found.warnings.push("the destination has less room than the source needs".to_owned());
        }
        found.estimate = match (found.bytes, self.rate().await?) {
            (Some(bytes), rate) if rate > 0.0 => Duration::try_from_secs_f64(bytes as f64 / rate).ok(),
            _ => None,
        };
        Ok(found)
    }

    /// How long all of these take together by the providers' limits alone, as many at a time as this batch works on.
    /// `None`: no limit is known. What is shut takes no time.
    pub fn forecast(&self, found: &[Preflight]) -> Option<Forecast> {
        let open: Vec<Option<Forecast>> =
            found.iter().filter(|one| one.shut.is_none()).map(|one| one.forecast).collect();
        if open.iter().all(Option::is_none) {
            return None;
        }
        let unknown = Forecast { at_least: Duration::ZERO, at_most: None };
        let all: Vec<Forecast> = open.into_iter().map(|one| one.unwrap_or(unknown)).collect();
        Some(Forecast::of_all(&all, self.0.settings.mailboxes))
    }

    /// Bytes per second of work, over all passes so far; 0 when nothing was moved yet.
    async fn rate(&self) -> Result<f64> {
        let (mut bytes, mut seconds) = (0, 0.0);
        for item in self.items().await.iter().filter(|item| item.passes > 0) {
            for pass in self.passes(&item.id).await? {
                bytes += pass.bytes;
                seconds += pass.timeline.last().map_or(0.0, |point| point.seconds);
            }
        }
        Ok(if seconds > 0.0 { bytes as f64 / seconds } else { 0.0 })
    }
}
