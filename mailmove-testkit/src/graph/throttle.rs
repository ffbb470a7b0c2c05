//! The wall: what one application may do to one mailbox.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::settings::Limits;
use crate::simulator::{Busy, Place, lock};

/// Why there is no place for a request, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Full {
    pub(crate) why: &'static str,
    /// On the server's clock.
    pub(crate) wait: Duration,
}

/// What all requests to mailboxes go through.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    budgets: Mutex<HashMap<Key, Budget>>,
    busy: Arc<Busy<Key>>,
}

/// An application and a mailbox.
type Key = (String, String);

#[derive(Debug, Default)]
struct Budget {
    requests: VecDeque<Duration>,
    uploads: VecDeque<(Duration, u64)>,
}

impl Budget {
    fn take(&mut self, limits: &Limits, now: Duration, upload: u64) -> Result<(), Full> {
        let past = |at: Duration, window: Duration| at + window <= now;
        while self.requests.front().is_some_and(|at| past(*at, limits.window)) {
            self.requests.pop_front();
        }
        while self.uploads.front().is_some_and(|(at, _)| past(*at, limits.upload_window)) {
            self.uploads.pop_front();
        }
        if self.requests.len() >= limits.requests {
            let first = self.requests.front().copied().unwrap_or(now);
            return Err(Full { why: "Application is over its RequestRate limit.", wait: first + limits.window - now });
        }
        let used: u64 = self.uploads.iter().map(|(_, octets)| octets).sum();
        if upload > 0 && used > 0 && used + upload > limits.upload {
            let mut free = limits.upload.saturating_sub(used);
            let fits = self.uploads.iter().find(|(_, octets)| {
                free += octets;
                upload <= free
            });
            let until = fits.or(self.uploads.back()).map_or(now, |(at, _)| *at);
            return Err(Full {
                why: "Application is over its Upload limit.",
                wait: until + limits.upload_window - now,
            });
        }
        self.requests.push_back(now);
        if upload > 0 {
            self.uploads.push_back((now, upload));
        }
        Ok(())
    }
}

impl Throttle {
    /// A place for a request of an application to a mailbox, which sends so many octets.
    pub(crate) fn enter(
        &self,
        limits: &Limits,
        (application, mailbox): (&str, &str),
        now: Duration,
        upload: u64,
    ) -> Result<Place<Key>, Full> {
        let place = self.busy.enter((application.to_owned(), mailbox.to_owned()), limits.concurrency);
        let why = "Application is over its MailboxConcurrency limit.";
        let place = place.ok_or(Full { why, wait: Duration::from_secs(1) })?;
        self.count(limits, (application, mailbox), now, upload)?;
        Ok(place)
    }

    /// Counts a request that is part of another one.
    pub(crate) fn count(
        &self,
        limits: &Limits,
        (application, mailbox): (&str, &str),
        now: Duration,
        upload: u64,
    ) -> Result<(), Full> {
        let key = (application.to_owned(), mailbox.to_owned());
        lock(&self.budgets).entry(key).or_default().take(limits, now, upload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits::OUTLOOK.with_requests(3).with_concurrency(2).with_upload(100);
    const KEY: (&str, &str) = ("app", "ann@x.test");

    #[test]
    fn places_are_few_and_come_back() {
        let throttle = Throttle::default();
        let enter = || throttle.enter(&LIMITS, KEY, Duration::ZERO, 0);
        let (one, _two) = (enter().unwrap(), enter().unwrap());
        assert!(enter().is_err_and(|full| full.why.contains("MailboxConcurrency")));
        assert!(throttle.enter(&LIMITS, ("app", "bob@x.test"), Duration::ZERO, 0).is_ok());
        drop(one);
        assert!(enter().is_ok());
    }

    #[test]
    fn a_window_slides() {
        let throttle = Throttle::default();
        let at = |seconds: u64| throttle.enter(&LIMITS, KEY, Duration::from_secs(seconds), 0).map(drop);
        assert!([0, 100, 200].into_iter().all(|seconds| at(seconds).is_ok()));
        assert_eq!(at(300).map_err(|full| full.wait), Err(Duration::from_secs(300)));
        assert!(at(600).is_ok());
        assert_eq!(at(601).map_err(|full| full.wait), Err(Duration::from_secs(99)));
    }

    #[test]
    fn octets_are_counted_and_one_large_request_fits() {
        let limits = LIMITS.with_requests(100);
        let throttle = Throttle::default();
        let at =
            |seconds: u64, octets: u64| throttle.enter(&limits, KEY, Duration::from_secs(seconds), octets).map(drop);
        assert!(at(0, 60).is_ok() && at(10, 40).is_ok());
        assert_eq!(at(20, 1).map_err(|full| full.wait), Err(Duration::from_secs(280)));
        assert_eq!(at(20, 61).map_err(|full| full.wait), Err(Duration::from_secs(290)));
        assert!(at(310, 500).is_ok());
    }
}
