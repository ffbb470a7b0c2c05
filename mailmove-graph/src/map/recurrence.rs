//! How things come again, in the words of Graph.

use mailmove_exchange::calendar::{Days, End, Pattern, Recurrence, Week};
use serde_json::{Value, json};
use time::{Date, Month, Weekday};

use super::event::{date_of, date_text};

const DAYS: [(Weekday, &str); 7] = [
    (Weekday::Sunday, "sunday"),
    (Weekday::Monday, "monday"),
    (Weekday::Tuesday, "tuesday"),
    (Weekday::Wednesday, "wednesday"),
    (Weekday::Thursday, "thursday"),
    (Weekday::Friday, "friday"),
    (Weekday::Saturday, "saturday"),
];

const WEEKS: [&str; 5] = ["first", "second", "third", "fourth", "last"];

/// As Graph takes it, from the first day on.
pub(crate) fn json(recurrence: &Recurrence, first: Date, zone: Option<&str>) -> Value {
    let mut pattern = match recurrence.pattern {
        Pattern::Daily { interval } => json!({ "type": "daily", "interval": interval.max(1) }),
        Pattern::Weekly { interval, days } => {
            json!({ "type": "weekly", "interval": interval.max(1), "daysOfWeek": names(days) })
        }
        Pattern::AbsoluteMonthly { interval, day } => {
            json!({ "type": "absoluteMonthly", "interval": interval.max(1), "dayOfMonth": day })
        }
        Pattern::RelativeMonthly { interval, week, days } => json!({
            "type": "relativeMonthly", "interval": interval.max(1), "daysOfWeek": names(days), "index": index(week),
        }),
        Pattern::AbsoluteYearly { interval, month, day } => json!({
            "type": "absoluteYearly", "interval": interval.max(1), "month": u8::from(month), "dayOfMonth": day,
        }),
        Pattern::RelativeYearly { interval, month, week, days } => json!({
            "type": "relativeYearly", "interval": interval.max(1), "month": u8::from(month), "daysOfWeek": names(days),
            "index": index(week),
        }),
    };
    pattern["firstDayOfWeek"] = name(recurrence.week_start).into();
    let mut range = match recurrence.end {
        End::Never => json!({ "type": "noEnd" }),
        End::On(day) => json!({ "type": "endDate", "endDate": date_text(day) }),
        End::After(count) => json!({ "type": "numbered", "numberOfOccurrences": count }),
    };
    range["startDate"] = date_text(first).into();
    if let Some(zone) = zone {
        range["recurrenceTimeZone"] = zone.into();
    }
    json!({ "pattern": pattern, "range": range })
}

/// As Graph gives it; nothing when it is not one.
pub(crate) fn of(value: &Value) -> Option<Recurrence> {
    let pattern = &value["pattern"];
    let number = |name: &str| pattern[name].as_u64().unwrap_or_default();
    let interval = u16::try_from(number("interval")).unwrap_or(1).max(1);
    let days: Days = texts(&pattern["daysOfWeek"]).filter_map(weekday).collect();
    let day = u8::try_from(number("dayOfMonth")).unwrap_or(1).clamp(1, 31);
    let month = || Month::try_from(u8::try_from(number("month")).ok()?).ok();
    let week =
        pattern["index"].as_str().and_then(|name| WEEKS.iter().position(|known| known.eq_ignore_ascii_case(name)));
    let week = Week::ALL[week.unwrap_or(0)];
    let pattern = match pattern["type"].as_str()?.to_ascii_lowercase().as_str() {
        "daily" => Pattern::Daily { interval },
        "weekly" => Pattern::Weekly { interval, days },
        "absolutemonthly" => Pattern::AbsoluteMonthly { interval, day },
        "relativemonthly" => Pattern::RelativeMonthly { interval, week, days },
        "absoluteyearly" => Pattern::AbsoluteYearly { interval, month: month()?, day },
        "relativeyearly" => Pattern::RelativeYearly { interval, month: month()?, week, days },
        _ => return None,
    };
    let range = &value["range"];
    let end = match range["type"].as_str().unwrap_or_default().to_ascii_lowercase().as_str() {
        "enddate" => End::On(date_of(range["endDate"].as_str()?)?),
        "numbered" => End::After(u32::try_from(range["numberOfOccurrences"].as_u64()?).ok()?),
        _ => End::Never,
    };
    let week_start = value["pattern"]["firstDayOfWeek"].as_str().and_then(weekday).unwrap_or(Weekday::Sunday);
    Some(Recurrence { pattern, end, week_start })
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn names(days: Days) -> Vec<&'static str> {
    days.iter().map(name).collect()
}

fn name(day: Weekday) -> &'static str {
    DAYS.iter().find(|(known, _)| *known == day).map_or("sunday", |(_, name)| name)
}

fn weekday(name: &str) -> Option<Weekday> {
    DAYS.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(day, _)| *day)
}

fn index(week: Week) -> &'static str {
    WEEKS[usize::from(week.number() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_comes_back() {
        let first = Date::from_calendar_date(2024, Month::February, 29).unwrap();
        let (month, week, days) = (Month::March, Week::Last, Days::WORKING);
        for pattern in [
            Pattern::Daily { interval: 3 },
            Pattern::Weekly { interval: 2, days: Days::from(Weekday::Friday) },
            Pattern::AbsoluteMonthly { interval: 1, day: 31 },
            Pattern::RelativeMonthly { interval: 1, week, days },
            Pattern::AbsoluteYearly { interval: 1, month, day: 5 },
            Pattern::RelativeYearly { interval: 1, month, week: Week::Second, days },
        ] {
            for end in [End::Never, End::On(first), End::After(7)] {
                let before = Recurrence { pattern, end, week_start: Weekday::Monday };
                let json = json(&before, first, Some("UTC"));
                assert_eq!(json["range"]["startDate"], "2024-02-29");
                assert_eq!(of(&json), Some(before));
            }
        }
        assert_eq!(of(&Value::Null), None);
    }
}
