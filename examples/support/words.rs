//! Numbers as people read them.

use std::time::Duration;

use mailmove::{Forecast, Side};
use time::OffsetDateTime;

/// Bytes in powers of 1000.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    match unit {
        0 => format!("{count} bytes"),
        _ if value < 9.95 => format!("{value:.1} {}", UNITS[unit]),
        _ => format!("{value:.0} {}", UNITS[unit]),
    }
}

/// A time span.
pub(crate) fn time(span: Duration) -> String {
    match span.as_secs() {
        0..60 => format!("{:.1} s", span.as_secs_f64()),
        seconds @ 60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// How long work takes at providers' limits.
pub(crate) fn forecast(forecast: &Forecast) -> String {
    match (forecast.at_least.as_secs(), forecast.at_most) {
        (0, Some(Duration::ZERO)) => "the provider's limit will not hold this up".to_owned(),
        (_, Some(most)) => {
            format!("will take between {} and {} at the provider's limit", time(forecast.at_least), time(most))
        }
        (0, None) => "how long the provider's limit will hold this up is not known".to_owned(),
        (_, None) => format!("will take at least {} at the provider's limit", time(forecast.at_least)),
    }
}

/// Who is waited for, to the minute.
pub(crate) fn waiting(side: Side, until: OffsetDateTime) -> String {
    format!("waiting for the provider of the {side} until {:02}:{:02} UTC", until.hour(), until.minute())
}

/// A number of things.
pub(crate) fn count(number: u64, one: &str) -> String {
    let plural = if one.ends_with('x') { "es" } else { "s" };
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}{plural}") }
}

/// A folder's path.
pub(crate) fn path(names: &[String]) -> String {
    names.join("/")
}
