//! What makes the occurrences of a series what they are: those that are no more, and those that are not like the others.

use mailmove_core::{Error, ErrorKind, Loss, Result};
use mailmove_exchange::calendar::Appointment;
use serde_json::Value;
use time::{Date, Duration};

use crate::batch::Order;
use crate::endpoint::GraphMailbox;
use crate::map;
use crate::place::Place;
use crate::wire::ask::Ask;
use crate::wire::attachment::Holder;
use crate::wire::entry;
use crate::wire::message::moment_text;
use crate::wire::record::Record;

impl GraphMailbox {
    /// Makes of the occurrences of a series what they are. Those that the server does not take are named.
    pub(super) async fn change_occurrences(
        &self,
        place: &Place,
        id: &str,
        series: &Appointment,
        losses: &mut Vec<Loss>,
    ) -> Result<()> {
        let days = series.deleted.iter().copied().chain(series.changed.iter().map(|changed| changed.original));
        let (Some(first), Some(last)) = (days.clone().min(), days.max()) else { return Ok(()) };
        let (from, to) = (bound(first, -2), bound(last, 3));
        let instances: Vec<Record> = self.client.all(&entry::instances(&self.user, id, &from, &to)).await?;
        let of =
            |day: Date| instances.iter().find(|one| map::event::day_of(one, &series.when) == Some(day)).map(Record::id);
        let (mut asks, mut missing): (Vec<Ask>, usize) = (Vec::new(), 0);
        for day in &series.deleted {
            match of(*day) {
                Some(id) => asks.push(entry::remove(&self.user, place, id).repeatable()),
                None => missing += 1,
            }
        }
        for changed in &series.changed {
            let fields = map::event::changed(changed);
            match of(changed.original) {
                Some(id) if !fields.is_empty() => {
                    asks.push(entry::update(&self.user, place, id, None, &Value::Object(fields)));
                }
                Some(_) => {}
                None => missing += 1,
            }
        }
        // One after the other: all of them are kept within the series.
        for answer in self.client.batch(&asks, Order::Theirs).await {
            match answer {
                // An occurrence that crosses its neighbour, or that is gone already.
                Err(error) if is_about_the_occurrence(&error) => missing += 1,
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
        for changed in &series.changed {
            // Each begins with copies of what hangs on the series.
            let (Some(wanted), Some(id)) = (&changed.attachments, of(changed.original)) else { continue };
            match self.hang(&Holder::event(&self.user, id), wanted, &series.attachments, losses).await {
                Err(error) if is_about_the_occurrence(&error) => missing += 1,
                done => done?,
            }
        }
        if missing > 0 {
            let text = format!("of {missing} occurrences the server did not take what makes them different");
            losses.push(Loss::new("occurrence", text));
        }
        Ok(())
    }
}

/// Midnight some days from this one.
fn bound(day: Date, days: i64) -> String {
    let midnight = day.saturating_add(Duration::days(days)).midnight().assume_utc();
    moment_text(midnight).trim_end_matches('Z').to_owned()
}

fn is_about_the_occurrence(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Refused | ErrorKind::NotFound | ErrorKind::Conflict)
}
