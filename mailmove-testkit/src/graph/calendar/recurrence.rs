//! On which days a series takes place.

use serde_json::Value;
use time::{Date, Duration, Month, Weekday};

use crate::graph::date;
use crate::graph::refusal::Refusal;

/// Days that are looked at in series without an end.
const MOST: usize = 5000;

const WEEK: [(&str, Weekday); 7] = [
    ("sunday", Weekday::Sunday),
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
];

fn weekday(name: &str) -> Option<Weekday> {
    WEEK.iter().find(|(own, _)| *own == name).map(|(_, day)| *day)
}

/// Whether a recurrence says all that its type needs.
///
/// # Errors
/// When something is missing or out of range.
pub(crate) fn check(recurrence: &Value) -> Result<(), Refusal> {
    let bad = |what: &str| {
        Err(Refusal::bad("ErrorPropertyValidationFailure", format!("The recurrence has no valid {what}.")))
    };
    let (pattern, range) = (&recurrence["pattern"], &recurrence["range"]);
    let number = |name: &str| pattern[name].as_i64().unwrap_or_default();
    let days = pattern["daysOfWeek"].as_array().is_some_and(|days| !days.is_empty());
    if number("interval") < 1 {
        return bad("interval");
    }
    let kind = pattern["type"].as_str().unwrap_or_default();
    match kind {
        "daily" => {}
        "weekly" | "relativeMonthly" if !days => return bad("daysOfWeek"),
        "relativeYearly" if !days || !(1..=12).contains(&number("month")) => return bad("month or daysOfWeek"),
        "absoluteMonthly" if !(1..=31).contains(&number("dayOfMonth")) => return bad("dayOfMonth"),
        "absoluteYearly" if !(1..=31).contains(&number("dayOfMonth")) || !(1..=12).contains(&number("month")) => {
            return bad("month or dayOfMonth");
        }
        "weekly" | "relativeMonthly" | "relativeYearly" | "absoluteMonthly" | "absoluteYearly" => {}
        _ => return bad("type"),
    }
    let day = |name: &str| range[name].as_str().and_then(date::parse_date);
    let Some(start) = day("startDate") else { return bad("startDate") };
    match range["type"].as_str() {
        Some("noEnd") => Ok(()),
        Some("numbered") if range["numberOfOccurrences"].as_i64().is_some_and(|count| count > 0) => Ok(()),
        Some("endDate") if day("endDate").is_some_and(|end| end >= start) => Ok(()),
        _ => bad("range"),
    }
}

/// The days of a series up to this one.
pub(super) fn days(recurrence: &Value, until: Date) -> Vec<Date> {
    let (pattern, range) = (&recurrence["pattern"], &recurrence["range"]);
    let Some(start) = range["startDate"].as_str().and_then(date::parse_date) else { return Vec::new() };
    let end = match range["type"].as_str() {
        Some("endDate") => range["endDate"].as_str().and_then(date::parse_date).unwrap_or(until).min(until),
        _ => until,
    };
    let most = match range["type"].as_str() {
        Some("numbered") => range["numberOfOccurrences"].as_u64().unwrap_or(1) as usize,
        _ => MOST,
    };
    let mut found = Vec::new();
    for step in 0..MOST as i64 {
        let days = step_days(pattern, start, step);
        let Some(days) = days else { break };
        for day in days.into_iter().filter(|day| *day >= start) {
            if day > end || found.len() == most {
                return found;
            }
            found.push(day);
        }
    }
    found
}

/// The days of the nth day, week, month or year of a series.
fn step_days(pattern: &Value, start: Date, step: i64) -> Option<Vec<Date>> {
    let number = |name: &str| pattern[name].as_i64().unwrap_or(1);
    let steps = step * number("interval");
    let wanted: Vec<Weekday> =
        pattern["daysOfWeek"].as_array().into_iter().flatten().filter_map(|day| weekday(day.as_str()?)).collect();
    let month = |year: i32, month: u8| Month::try_from(month).ok().map(|month| (year, month));
    let later = |months: i64| {
        let all = i64::from(start.year()) * 12 + i64::from(u8::from(start.month())) - 1 + months;
        month(i32::try_from(all.div_euclid(12)).ok()?, all.rem_euclid(12) as u8 + 1)
    };
    let yearly = || month(start.year() + i32::try_from(steps).ok()?, u8::try_from(number("month")).ok()?);
    match pattern["type"].as_str()? {
        "daily" => Some(vec![start.checked_add(Duration::days(steps))?]),
        "weekly" => {
            let first = pattern["firstDayOfWeek"].as_str().and_then(weekday).unwrap_or(Weekday::Sunday);
            let from = |day: Weekday| (day.number_days_from_sunday() + 7 - first.number_days_from_sunday()) % 7;
            let week =
                start.checked_sub(Duration::days(from(start.weekday()).into()))?.checked_add(Duration::weeks(steps))?;
            let mut days: Vec<i64> = wanted.into_iter().map(|day| from(day).into()).collect();
            days.sort_unstable();
            days.into_iter().map(|day| week.checked_add(Duration::days(day))).collect()
        }
        "absoluteMonthly" => absolute(later(steps)?, number("dayOfMonth")),
        "absoluteYearly" => absolute(yearly()?, number("dayOfMonth")),
        "relativeMonthly" => relative(later(steps)?, pattern["index"].as_str(), &wanted),
        "relativeYearly" => relative(yearly()?, pattern["index"].as_str(), &wanted),
        _ => None,
    }
}

/// A day of a month; the last one where the month is shorter.
fn absolute((year, month): (i32, Month), day: i64) -> Option<Vec<Date>> {
    let day = u8::try_from(day).ok()?.min(month.length(year));
    Date::from_calendar_date(year, month, day).ok().map(|day| vec![day])
}

/// The first, second … last of these weekdays in a month.
fn relative((year, month): (i32, Month), index: Option<&str>, wanted: &[Weekday]) -> Option<Vec<Date>> {
    let days = (1..=month.length(year)).filter_map(|day| Date::from_calendar_date(year, month, day).ok());
    let days: Vec<Date> = days.filter(|day| wanted.contains(&day.weekday())).collect();
    let nth = match index {
        Some("second") => 1,
        Some("third") => 2,
        Some("fourth") => 3,
        Some("last") => days.len().checked_sub(1)?,
        _ => 0,
    };
    days.get(nth).map(|day| vec![*day])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(pattern: Value, range: Value) -> String {
        let recurrence = json!({"pattern": pattern, "range": range});
        check(&recurrence).unwrap();
        let days = days(&recurrence, date::parse_date("2030-01-01").unwrap());
        days.iter().take(4).map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_kind_of_series_has_its_days() {
        let range = json!({"type": "numbered", "numberOfOccurrences": 3, "startDate": "2026-01-30"});
        let endless = json!({"type": "noEnd", "startDate": "2026-01-30"});
        for (pattern, range, days) in [
            (json!({"type": "daily", "interval": 2}), &range, "2026-01-30 2026-02-01 2026-02-03"),
            (
                json!({"type": "weekly", "interval": 2, "daysOfWeek": ["friday", "monday"], "firstDayOfWeek": "monday"}),
                &endless,
                "2026-01-30 2026-02-09 2026-02-13 2026-02-23",
            ),
            (
                json!({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 30}),
                &range,
                "2026-01-30 2026-02-28 2026-03-30",
            ),
            (
                json!({"type": "relativeMonthly", "interval": 1, "index": "last", "daysOfWeek": ["friday"]}),
                &range,
                "2026-01-30 2026-02-27 2026-03-27",
            ),
            (
                json!({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 29, "month": 2}),
                &endless,
                "2026-02-28 2027-02-28 2028-02-29 2029-02-28",
            ),
            (
                json!({"type": "relativeYearly", "interval": 1, "index": "second", "daysOfWeek": ["sunday"], "month": 5}),
                &endless,
                "2026-05-10 2027-05-09 2028-05-14 2029-05-13",
            ),
        ] {
            assert_eq!(of(pattern, range.clone()), days);
        }
        let until = json!({"type": "endDate", "startDate": "2026-01-30", "endDate": "2026-02-01"});
        assert_eq!(of(json!({"type": "daily", "interval": 1}), until), "2026-01-30 2026-01-31 2026-02-01");
    }

    #[test]
    fn what_is_missing_is_refused() {
        let range = json!({"type": "noEnd", "startDate": "2026-01-30"});
        for pattern in [
            json!({"type": "daily"}),
            json!({"type": "weekly", "interval": 1}),
            json!({"type": "absoluteMonthly", "interval": 1}),
            json!({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 1}),
        ] {
            assert!(check(&json!({"pattern": pattern, "range": range})).is_err());
        }
        let pattern = json!({"type": "daily", "interval": 1});
        assert!(check(&json!({"pattern": pattern, "range": {"type": "numbered", "startDate": "2026-01-30"}})).is_err());
    }
}
