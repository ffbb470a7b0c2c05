//! Several requests in one, each with a verdict of its own.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use mailmove_core::http::{Part, Response};
use mailmove_core::{Error, ErrorKind, Recovery, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::{Client, LANES, parsed, succeeded};
use crate::error::{Fault, cut_short};
use crate::wire::ask::{Ask, Content, Path};

/// How many requests one batch carries at most.
pub(crate) const MOST: usize = 20;

/// How many bytes it carries at most: requests above 4 MB are refused.
pub(crate) const BYTES: u64 = 3_500_000;

/// How often what is left of a batch is sent again: because the mailbox was over its limit, or behind one that was refused.
const ROUNDS: usize = MOST + 12;

/// How long to wait when the provider does not say.
const USUAL_WAIT: Duration = Duration::from_secs(5);

/// Whether requests of a batch are carried out one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// In any order, several at one time.
    Any,
    /// In theirs.
    Theirs,
}

#[derive(Debug, Deserialize)]
struct Answer {
    responses: Vec<Reply>,
}

/// What became of one request.
#[derive(Debug, Deserialize)]
struct Reply {
    id: Value,
    status: u16,
    #[serde(default)]
    headers: HashMap<String, Value>,
    #[serde(default)]
    body: Value,
}

impl Client {
    /// One verdict for each request, in their order, with what its answer holds.
    ///
    /// Parts that the provider turned away are sent again after the time it asked for, and the others are not. One alone
    /// goes without a wrapping: questions send nothing then that the provider counts.
    pub(crate) async fn batch(&self, asks: &[Ask], order: Order) -> Vec<Result<Value>> {
        if let [ask] = asks {
            return vec![self.send(ask, 1, 1, |response| content(&response, ask.once)).await];
        }
        let mut verdicts: Vec<Option<Result<Value>>> = asks.iter().map(|_| None).collect();
        let sizes: Vec<u64> = asks.iter().map(Ask::size).collect();
        for range in split(&sizes, MOST, BYTES) {
            let mut due: Vec<usize> = range.collect();
            for _ in 0..ROUNDS {
                if due.is_empty() {
                    break;
                }
                due = self.round(asks, due, order, &mut verdicts).await;
            }
            for at in due {
                let error = Error::new(ErrorKind::Throttled, "the mailbox stays over the provider's limit");
                verdicts[at] = Some(Err(error.with_recovery(Recovery::Requeue)));
            }
        }
        verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(|| Err(cut_short(true)))).collect()
    }

    /// The same with what each answer holds read.
    pub(crate) async fn batch_of<T: DeserializeOwned>(&self, asks: &[Ask], order: Order) -> Vec<Result<T>> {
        let read = |(ask, verdict): (&Ask, Result<Value>)| {
            serde_json::from_value(verdict?).map_err(|error| cut_short(ask.once).because(error))
        };
        asks.iter().zip(self.batch(asks, order).await).map(read).collect()
    }

    /// Sends these once, and gives those that are to be sent again.
    async fn round(
        &self,
        asks: &[Ask],
        due: Vec<usize>,
        order: Order,
        verdicts: &mut [Option<Result<Value>>],
    ) -> Vec<usize> {
        let replies = match self.post(asks, &due, order).await {
            Ok(replies) => replies,
            Err(error) => {
                due.iter().for_each(|at| verdicts[*at] = Some(Err(error.clone())));
                return Vec::new();
            }
        };
        let (mut again, mut wait) = (Vec::new(), None);
        for at in due {
            let Some(reply) = replies.get(&at) else {
                verdicts[at] = Some(Err(cut_short(asks[at].once)));
                continue;
            };
            let turned_away = matches!(reply.status, 429 | 503);
            if turned_away {
                wait = wait.max(Some(reply.wait().unwrap_or(USUAL_WAIT)));
            }
            // What waited for one that was refused was not looked at.
            if turned_away || (reply.status == 424 && order == Order::Theirs) {
                again.push(at);
            } else {
                verdicts[at] = Some(reply.verdict(asks[at].once));
            }
        }
        if let Some(wait) = wait {
            self.pause(wait);
        }
        again
    }

    async fn post(&self, asks: &[Ask], due: &[usize], order: Order) -> Result<HashMap<usize, Reply>> {
        let after = |at: usize| (order == Order::Theirs && at > 0).then(|| due[at - 1]);
        let mut parts = vec![Part::Bytes(Bytes::from_static(b"{\"requests\":["))];
        let mut length = 16;
        for (at, ask) in due.iter().enumerate() {
            if at > 0 {
                parts.push(Part::Bytes(Bytes::from_static(b",")));
            }
            length += asks[*ask].in_batch(*ask, after(at), &mut parts) + 1;
        }
        parts.push(Part::Bytes(Bytes::from_static(b"]}")));
        let mut batch = Ask::post("batch", &Path::top("$batch"), Value::Null);
        batch.body = Some(Content::Parts(parts, length));
        batch.once = due.iter().any(|at| asks[*at].once);
        // The provider works on several of them at one time, which counts as if they had come alone.
        let lanes = if order == Order::Any { LANES.min(due.len() as u32) } else { 1 };
        let once = batch.once;
        let answer: Answer = self.send(&batch, lanes, due.len() as u32, |response| parsed(&response, once)).await?;
        let named = |reply: Reply| {
            let id = match &reply.id {
                Value::String(text) => text.parse().ok(),
                id => id.as_u64().map(|id| id as usize),
            };
            Some((id?, reply))
        };
        Ok(answer.responses.into_iter().filter_map(named).collect())
    }
}

impl Reply {
    fn wait(&self) -> Option<Duration> {
        let (_, value) = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
        let seconds = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
        Duration::try_from_secs_f64(seconds.max(0.0)).ok()
    }

    fn verdict(&self, once: bool) -> Result<Value> {
        if (200..300).contains(&self.status) {
            return Ok(self.body.clone());
        }
        let mut fault = Fault::in_body(self.status, &self.body);
        fault.wait = self.wait();
        let error = fault.error();
        match error.recovery() {
            Recovery::Locate if !once => Err(error.with_recovery(Recovery::Retry { after: None })),
            _ => Err(error),
        }
    }
}

/// The content of an answer of success, which may be none.
fn content(response: &Response, once: bool) -> Result<Value> {
    succeeded(response)?;
    if response.text().is_empty() { Ok(Value::Null) } else { parsed(response, once) }
}

/// Cuts a row of things of these sizes into batches. One that is larger than a batch goes alone.
pub(crate) fn split(sizes: &[u64], most_items: usize, most_bytes: u64) -> Vec<Range<usize>> {
    let mut batches: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0_u64;
    for (at, size) in sizes.iter().enumerate() {
        match batches.last_mut() {
            Some(batch) if batch.len() < most_items && bytes.saturating_add(*size) <= most_bytes => batch.end = at + 1,
            _ => {
                batches.push(at..at + 1);
                bytes = 0;
            }
        }
        bytes = bytes.saturating_add(*size);
    }
    batches
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn batches_are_bounded_by_number_and_by_bytes() {
        assert_eq!(split(&[1, 1, 1, 1, 1], 2, 100), [0..2, 2..4, 4..5]);
        assert_eq!(split(&[5, 5, 50, 5, 6], 10, 10), [0..2, 2..3, 3..4, 4..5]);
        assert!(split(&[], 2, 100).is_empty());
    }

    #[test]
    fn a_part_says_how_long_to_wait_in_fractions_of_seconds() {
        let reply = |value: Value| {
            let text = json!({ "id": "1", "status": 429, "headers": { "Retry-After": value } });
            serde_json::from_value::<Reply>(text).unwrap().wait()
        };
        assert_eq!(reply(json!("2.5")), Some(Duration::from_millis(2500)));
        assert_eq!(reply(json!(3)), Some(Duration::from_secs(3)));
        assert_eq!(reply(json!("soon")), None);
    }
}
