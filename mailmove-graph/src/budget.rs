//! The provider's wall, and how far away from it one stays.
//!
//! Exchange Online counts for each application and mailbox: requests in ten minutes, bytes sent in five, and requests at
//! one time. Whoever runs into the wall is turned away and has to wait; so the budget keeps count as the provider does and
//! says before each request how long to wait.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mailmove_core::Forecast;
use tokio::time::Instant;

/// What a provider grants one application in one mailbox.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Allowance {
    /// How many requests.
    pub requests: u64,
    /// In what time.
    pub requests_in: Duration,
    /// How many bytes may be sent.
    pub bytes: u64,
    /// In what time.
    pub bytes_in: Duration,
    /// Which part of both is used: the provider's clock is not ours, and others may use the same application.
    pub share: f64,
}

impl Allowance {
    /// What Microsoft documents for Outlook: 10,000 requests in 10 minutes, 150 MB in 5 minutes; 97 % of it is used.
    pub fn outlook() -> Self {
        let (ten, five) = (Duration::from_secs(600), Duration::from_secs(300));
        Self { requests: 10_000, requests_in: ten, bytes: 150_000_000, bytes_in: five, share: 0.97 }
    }

    /// The same on a clock that runs so many times as fast.
    pub fn scaled(mut self, times: u32) -> Self {
        self.requests_in /= times.max(1);
        self.bytes_in /= times.max(1);
        self
    }
}

/// What was used lately of an [`Allowance`].
#[derive(Debug)]
pub struct Budget {
    allowance: Allowance,
    used: Mutex<Used>,
}

#[derive(Debug)]
struct Used {
    requests: Window,
    bytes: Window,
}

impl Budget {
    /// Nothing used yet.
    pub fn new(allowance: Allowance) -> Self {
        let part = |amount: u64| ((amount as f64 * allowance.share) as u64).max(1);
        let requests = Window::new(part(allowance.requests), allowance.requests_in);
        let bytes = Window::new(part(allowance.bytes), allowance.bytes_in);
        Self { allowance, used: Mutex::new(Used { requests, bytes }) }
    }

    /// Takes so many requests that send so many bytes together. When they do not fit yet, nothing is taken, and the
    /// answer is how long to wait before asking again.
    ///
    /// What is larger than the whole allowance fits when next to nothing else was used.
    pub fn take(&self, requests: u64, bytes: u64) -> Result<(), Duration> {
        let now = Instant::now();
        let mut used = self.used();
        let wait = used.requests.wait(now, requests).max(used.bytes.wait(now, bytes));
        if wait.is_zero() {
            used.requests.add(now, requests);
            used.bytes.add(now, bytes);
            return Ok(());
        }
        Err(wait)
    }

    /// How long so many requests that send so many bytes together take from now on, as far as the provider is concerned; at the
    /// most, with a quarter more of both: repeats, and items that take several.
    pub fn forecast(&self, requests: u64, bytes: u64) -> Forecast {
        let now = Instant::now();
        let used = self.used();
        let time = |requests: u64, bytes: u64| used.requests.time(now, requests).max(used.bytes.time(now, bytes));
        Forecast::between(time(requests, bytes), time(requests + requests / 4, bytes + bytes / 4))
    }

    /// What is granted.
    pub fn allowance(&self) -> &Allowance {
        &self.allowance
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In how many slices a window is counted.
const SLICES: u32 = 600;

/// Which part of an allowance is next to nothing.
const CRUMBS: u64 = 32;

/// What was used within a time that moves along.
#[derive(Debug)]
struct Window {
    most: u64,
    length: Duration,
    slice: Duration,
    /// When a slice began, and how much was used in it.
    slices: VecDeque<(Instant, u64)>,
    sum: u64,
}

impl Window {
    fn new(most: u64, length: Duration) -> Self {
        let slice = (length / SLICES).max(Duration::from_millis(1));
        Self { most, length, slice, slices: VecDeque::new(), sum: 0 }
    }

    /// Forgets what is too long ago.
    fn turn(&mut self, now: Instant) {
        while let Some((began, amount)) = self.slices.front().copied() {
            if began + self.slice + self.length > now {
                break;
            }
            self.sum -= amount;
            self.slices.pop_front();
        }
    }

    fn add(&mut self, now: Instant, amount: u64) {
        self.sum += amount;
        match self.slices.back_mut() {
            Some((began, used)) if now < *began + self.slice => *used += amount,
            _ => self.slices.push_back((now, amount)),
        }
    }

    /// How long until this much fits.
    fn wait(&mut self, now: Instant, amount: u64) -> Duration {
        self.turn(now);
        if amount == 0 {
            return Duration::ZERO;
        }
        // What goes over the allowance on its own need not wait for crumbs.
        let room = self.most.checked_sub(amount).unwrap_or(self.most / CRUMBS);
        let mut over = self.sum.saturating_sub(room);
        for (began, used) in &self.slices {
            if over == 0 {
                break;
            }
            over = over.saturating_sub(*used);
            if over == 0 {
                return (*began + self.slice + self.length).saturating_duration_since(now);
            }
        }
        Duration::ZERO
    }

    /// How long this much takes, used as fast as it is granted.
    fn time(&self, now: Instant, amount: u64) -> Duration {
        let live = |(began, _): &&(Instant, u64)| *began + self.slice + self.length > now;
        let used: u64 = self.slices.iter().filter(live).map(|(_, used)| used).sum();
        let free = self.most.saturating_sub(used);
        if amount <= free {
            return Duration::ZERO;
        }
        // What is used comes back slice by slice, what was free a whole window after it was taken now. From then on the
        // window repeats itself.
        let again = self.length + self.slice;
        let (rounds, rest) = ((amount - free - 1) / self.most, (amount - free - 1) % self.most + 1);
        let mut back = 0;
        let slice = self.slices.iter().filter(live).find(|(_, used)| {
            back += used;
            back >= rest
        });
        let last = slice.map_or(again, |(began, _)| (*began + again).saturating_duration_since(now));
        again * u32::try_from(rounds).unwrap_or(u32::MAX) + last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Allowance {
        let second = Duration::from_secs(1);
        Allowance { requests: 100, requests_in: 60 * second, bytes: 1000, bytes_in: 30 * second, share: 1.0 }
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_is_taken_in_any_window_than_is_granted() {
        let budget = Budget::new(small());
        let mut taken: Vec<Instant> = Vec::new();
        let start = Instant::now();
        while taken.len() < 350 {
            match budget.take(1, 0) {
                Ok(()) => taken.push(Instant::now()),
                Err(wait) => tokio::time::sleep(wait).await,
            }
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        for (at, when) in taken.iter().enumerate() {
            let within = taken[at..].iter().filter(|later| **later < *when + Duration::from_secs(60)).count();
            assert!(within <= 100, "{within} in a window");
        }
        // 100 at once, and the rest as fast as it is granted: 3 windows more, at 95 % at least.
        let least = Duration::from_secs(180).as_secs_f64() * 0.95;
        let took = (taken[349] - start).as_secs_f64();
        assert!((least..=190.0).contains(&took), "{took} s");
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_are_counted_as_well_and_what_is_too_large_is_not_kept_out_for_ever() {
        let budget = Budget::new(small());
        assert!(budget.take(1, 900).is_ok());
        let wait = budget.take(1, 200).unwrap_err();
        assert!(wait > Duration::from_secs(29) && wait <= Duration::from_secs(31), "{wait:?}");
        tokio::time::advance(wait).await;
        assert!(budget.take(1, 200).is_ok());
        let wait = budget.take(1, 5000).unwrap_err();
        tokio::time::advance(wait).await;
        assert!(budget.take(1, 30).is_ok());
        assert!(budget.take(1, 5000).is_ok(), "crumbs do not hold it up");
        assert!(budget.take(1, 0).is_ok(), "what sends nothing goes on");
    }

    #[tokio::test(start_paused = true)]
    async fn a_forecast_comes_true_within_an_eighth() {
        for (requests, each) in [(50, 1), (450, 1), (1000, 2), (300, 20)] {
            let budget = Budget::new(small());
            let forecast = budget.forecast(requests, requests * each);
            let start = Instant::now();
            for _ in 0..requests {
                while let Err(wait) = budget.take(1, each) {
                    tokio::time::sleep(wait).await;
                }
            }
            let took = start.elapsed().as_secs_f64();
            let told = forecast.at_least.as_secs_f64();
            assert!((told - took).abs() <= took / 8.0 + 0.5, "told {told}, took {took}");
            assert!(forecast.at_most >= Some(forecast.at_least));
        }
    }
}
