//! How long work takes, as far as providers' limits tell it.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::Via;

/// So much to move by one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// The path, as a [`Route`](crate::Route) names it.
    pub via: Via,
    /// How many items.
    pub items: u64,
    /// How many bytes they have together.
    pub bytes: u64,
}

/// How long work takes when the provider's limit is all that holds it up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// No less than this; nothing, when the work fits below the limit.
    #[serde(serialize_with = "seconds")]
    pub at_least: Duration,
    /// No more than this, repeats and items that take several requests included. `None`: nobody can tell.
    #[serde(serialize_with = "optional")]
    pub at_most: Option<Duration>,
}

impl Forecast {
    /// Between these two.
    pub fn between(at_least: Duration, at_most: Duration) -> Self {
        Self { at_least, at_most: Some(at_most.max(at_least)) }
    }

    /// Both works at the same time: the longer one decides.
    pub fn beside(self, other: Self) -> Self {
        let at_most = self.at_most.zip(other.at_most).map(|(one, other)| one.max(other));
        Self { at_least: self.at_least.max(other.at_least), at_most }
    }

    /// All of them, so many at a time, in any order.
    ///
    /// No order does better than the largest, or than all of them shared out evenly; none that begins the next whenever
    /// one ends does worse than both together.
    pub fn of_all(all: &[Self], at_a_time: usize) -> Self {
        let places = u32::try_from(at_a_time.max(1)).unwrap_or(u32::MAX);
        let sum: Duration = all.iter().map(|one| one.at_least).sum();
        let largest = all.iter().map(|one| one.at_least).max().unwrap_or_default();
        let most: Option<Vec<Duration>> = all.iter().map(|one| one.at_most).collect();
        let at_most = most.map(|most| match all.len() <= at_a_time.max(1) {
            true => most.iter().max().copied().unwrap_or_default(),
            false => most.iter().sum::<Duration>() / places + most.iter().max().copied().unwrap_or_default(),
        });
        Self { at_least: largest.max(sum / places), at_most }
    }
}

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(time.as_secs())
}

fn optional<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.as_secs()).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(at_least: u64, at_most: u64) -> Forecast {
        Forecast::between(Duration::from_secs(at_least * 60), Duration::from_secs(at_most * 60))
    }

    #[test]
    fn the_slower_side_decides() {
        assert_eq!(minutes(1, 5).beside(minutes(2, 3)), minutes(2, 5));
        let unknown = Forecast { at_least: Duration::from_secs(600), at_most: None };
        assert_eq!(minutes(1, 5).beside(unknown), unknown);
    }

    #[test]
    fn many_take_as_long_as_their_places_let_them() {
        let all = [minutes(10, 20), minutes(10, 20), minutes(10, 20), minutes(30, 40)];
        assert_eq!(Forecast::of_all(&all, 4), minutes(30, 40));
        assert_eq!(Forecast::of_all(&all, 1), minutes(60, 140));
        assert_eq!(Forecast::of_all(&all, 2), minutes(30, 90));
        assert_eq!(Forecast::of_all(&[], 2), minutes(0, 0));
        let unknown = Forecast { at_least: Duration::ZERO, at_most: None };
        assert_eq!(Forecast::of_all(&[minutes(1, 2), unknown], 1).at_most, None);
    }
}
