//! What a provider lets through in a day. Whoever goes on is slowed down or shut out for a day; so nobody does.

use std::sync::{Mutex, PoisonError};

use mailmove_core::{Error, ErrorKind, Recovery, Result};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::quirks::Quirks;

/// Which way octets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the server.
    Down,
    /// To it.
    Up,
}

/// The octets of one mailbox and one day, counted from the first on. Shared by all who open the mailbox through one
/// connector.
#[derive(Debug, Default)]
pub(crate) struct Budget(Mutex<Option<Day>>);

#[derive(Debug)]
struct Day {
    ends: OffsetDateTime,
    down: u64,
    up: u64,
}

impl Budget {
    /// Takes so many octets out of the day's. A single message that is larger than a whole day's goes when it is the first.
    pub(crate) fn spend(&self, quirks: &Quirks, way: Way, octets: u64, now: OffsetDateTime) -> Result<()> {
        let limit = match way {
            Way::Down => quirks.daily_download,
            Way::Up => quirks.daily_upload,
        };
        let Some(limit) = limit else { return Ok(()) };
        let mut day = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Day { ends: now + Duration::DAY, down: 0, up: 0 };
        let day = match &mut *day {
            Some(day) if now < day.ends => day,
            other => other.insert(fresh()),
        };
        let spent = if way == Way::Down { &mut day.down } else { &mut day.up };
        if *spent > 0 && *spent + octets > limit {
            let until = day.ends.format(&Rfc3339).unwrap_or_default();
            return Err(Error::new(ErrorKind::Throttled, "what the provider lets through in a day is used up")
                .with("octets", *spent)
                .with("waiting for provider until", until)
                .with_recovery(Recovery::Pause { until: Some(day.ends) })
                .remedy("run again then: the work goes on where it was"));
        }
        *spent += octets;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_so_many_octets_each_way_and_then_there_is_a_next_one() {
        let mut quirks = Quirks::new("");
        let (budget, noon) = (Budget::default(), OffsetDateTime::UNIX_EPOCH);
        assert!(budget.spend(&quirks, Way::Down, u64::MAX, noon).is_ok(), "without a limit");
        (quirks.daily_download, quirks.daily_upload) = (Some(100), Some(10));
        let spend = |way, octets, hour| budget.spend(&quirks, way, octets, noon + Duration::hours(hour));
        assert!(spend(Way::Down, 150, 0).is_ok(), "the first goes, whatever it is");
        let error = spend(Way::Down, 1, 23).unwrap_err();
        assert_eq!(error.recovery(), Recovery::Pause { until: Some(noon + Duration::DAY) });
        assert!(error.to_string().contains("waiting for provider until: 1970-01-02"), "{error}");
        assert!(spend(Way::Up, 10, 23).is_ok() && spend(Way::Up, 1, 23).is_err());
        assert!(spend(Way::Down, 1, 24).is_ok());
    }
}
