//! Tells while work waits for a server.

use std::convert::Infallible;
use std::time::Duration;

use mailmove_core::{Endpoint, Side};
use time::OffsetDateTime;

use crate::event::{Event, Observer};

/// How often it is looked, and the shortest wait that is worth telling.
const LOOK: Duration = Duration::from_secs(1);

/// Works, and tells meanwhile until when which side is waited for.
pub(crate) async fn telling<T>(
    observer: &Observer,
    source: &dyn Endpoint,
    destination: &dyn Endpoint,
    work: impl Future<Output = T>,
) -> T {
    tokio::select! {
        biased;
        done = work => done,
        never = look(observer, [(Side::Source, source), (Side::Destination, destination)]) => match never {},
    }
}

async fn look(observer: &Observer, ends: [(Side, &dyn Endpoint); 2]) -> Infallible {
    let mut told = [OffsetDateTime::UNIX_EPOCH; 2];
    loop {
        tokio::time::sleep(LOOK).await;
        for ((side, end), told) in ends.iter().zip(&mut told) {
            let Some(wait) = end.paused().filter(|wait| *wait >= LOOK) else { continue };
            let until = OffsetDateTime::now_utc() + wait;
            // The same wait is told once.
            if until > *told + LOOK {
                *told = until;
                observer.tell(Event::Waiting { side: *side, until });
            }
        }
    }
}
