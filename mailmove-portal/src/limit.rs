use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many requests per minute and client.
pub(crate) struct Limit {
    per_minute: u32,
    clients: Mutex<HashMap<IpAddr, (Instant, u32)>>,
}

const MINUTE: Duration = Duration::from_secs(60);
/// So many clients are remembered; when there are more, all of them begin anew.
const CLIENTS: usize = 10_000;

impl Limit {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self { per_minute, clients: Mutex::default() }
    }

    /// Whether one more request of this client is taken.
    pub(crate) fn takes(&self, client: IpAddr) -> bool {
        let (now, mut clients) = (Instant::now(), self.clients.lock().unwrap_or_else(PoisonError::into_inner));
        if clients.len() >= CLIENTS && !clients.contains_key(&client) {
            clients.retain(|_, (since, _)| now.duration_since(*since) < MINUTE);
            if clients.len() >= CLIENTS {
                clients.clear();
            }
        }
        let (since, count) = clients.entry(client).or_insert((now, 0));
        if now.duration_since(*since) >= MINUTE {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= self.per_minute
    }
}
