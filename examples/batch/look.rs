//! What can be known of every mailbox before it is moved.

use mailmove::batch::{Batch, Preflight};
use mailmove::{JobId, Result};

use crate::support::{say, words};

/// Looks at each mailbox and says what somebody should know; returns how many cannot be moved as they are.
pub(crate) async fn at_all(batch: &Batch, ids: &[JobId]) -> Result<usize> {
    let (mut shut, mut items, mut bytes, mut unknown) = (0, 0, 0, 0);
    let mut all = Vec::new();
    for id in ids {
        let found = batch.preflight(id).await?;
        shut += usize::from(found.shut.is_some() || found.fits == Some(false));
        unknown += usize::from(found.shut.is_none() && found.bytes.is_none());
        items += found.items.unwrap_or_default();
        bytes += found.bytes.unwrap_or_default();
        for line in lines(&found) {
            say!("{id}: {line}");
        }
        all.push(found);
    }
    let forecast = batch.forecast(&all);
    let all = words::count(ids.len() as u64, "mailbox");
    let guess = if unknown > 0 { format!("; of {unknown} the server does not say the size") } else { String::new() };
    say!("{all}: {} to look at, {}{guess}", words::count(items, "item"), words::bytes(bytes));
    forecast.iter().for_each(|forecast| say!("{all}: {}", words::forecast(forecast)));
    Ok(shut)
}

fn lines(found: &Preflight) -> Vec<String> {
    if let Some(why) = &found.shut {
        return vec![why.text.clone()];
    }
    let mut lines = found.warnings.clone();
    lines.extend(found.unroutable.iter().map(|kind| format!("{kind} items cannot be moved between these servers")));
    lines.extend(found.losses.iter().map(|(kind, loss)| format!("{kind}: {loss}")));
    lines.extend(found.inventory.iter().map(ToString::to_string));
    if found.fits.is_none() {
        let silent = if found.bytes.is_none() {
            "the source does not tell its size"
        } else {
            "the destination does not tell its room"
        };
        lines.push(format!("whether it fits is not known: {silent}"));
    }
    lines.extend(found.forecast.as_ref().map(words::forecast));
    lines.extend(found.estimate.map(|time| format!("about {} at the rate so far", words::time(time))));
    lines
}
