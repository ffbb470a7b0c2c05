//! VTIMEZONE of iCalendar (RFC 5545 §3.6.5).

use std::collections::HashMap;

use calcard::common::PartialDateTime;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarDay, ICalendarFrequency, ICalendarMonth,
    ICalendarProperty, ICalendarRecurrenceRule, ICalendarValue,
};
use time::{Date, Month, PrimitiveDateTime};

use super::{Daylight, Rules, Turn, Zone};
use crate::calendar::Week;
use crate::ical::{ical_weekday, local, partial, weekday};

/// The zones of a calendar by their names there.
#[derive(Debug, Default)]
pub(crate) struct Zones {
    defined: HashMap<String, Zone>,
    /// What is meant where no zone is named.
    pub(crate) floating: Option<Zone>,
}

impl Zones {
    /// The zones that are defined in a calendar.
    pub(crate) fn of(calendar: &ICalendar) -> Self {
        let mut zones = Zones::default();
        for component in calendar.timezones() {
            let Some(name) = text(component, &ICalendarProperty::Tzid) else { continue };
            let other = ["X-LIC-LOCATION", "X-MICROSOFT-CDO-TZID"];
            let other = other.map(|name| text(component, &ICalendarProperty::Other(name.to_owned())));
            let known = Zone::find(name).or_else(|| other.into_iter().flatten().find_map(Zone::find));
            let zone = known.or_else(|| Some(Zone::own(name, rules(calendar, component)?)));
            zones.defined.extend(zone.map(|zone| (name.to_owned(), zone)));
        }
        let wr = ICalendarProperty::Other("X-WR-TIMEZONE".to_owned());
        zones.floating = calendar.components.first().and_then(|root| text(root, &wr)).and_then(Zone::find);
        zones
    }

    /// The zone with this name.
    pub(crate) fn find(&self, name: &str) -> Option<Zone> {
        self.defined.get(name).cloned().or_else(|| Zone::find(name))
    }
}

/// Adds the definition of a zone, for the years from one to another.
pub(crate) fn add_to(calendar: &mut ICalendar, zone: &Zone, from: i32, to: i32) {
    if zone.is_utc() {
        return;
    }
    let start = |year: i32| {
        let day = Date::from_calendar_date(year, Month::January, 1).unwrap_or(Date::MIN);
        day.midnight().assume_utc().unix_timestamp()
    };
    if zone.iana().is_some() {
        // A day earlier: the year may have begun there already.
        calendar.add_timezone(zone.name(), start(from) - 86_400, start(to));
        return;
    }
    let rules = zone.rules(from);
    let (standard, daylight) = match &rules.daylight {
        None => (observance(ICalendarComponentType::Standard, None, from, rules.offset, rules.offset), None),
        Some(summer) => (
            observance(ICalendarComponentType::Standard, Some(&summer.ends), from, summer.offset, rules.offset),
            Some(observance(ICalendarComponentType::Daylight, Some(&summer.begins), from, rules.offset, summer.offset)),
        ),
    };
    let mut timezone = ICalendarComponent::new(ICalendarComponentType::VTimezone);
    timezone.add_property(ICalendarProperty::Tzid, zone.name().to_owned());
    let own = calendar.components.len() as u32;
    calendar.components.push(timezone);
    for part in [Some(standard), daylight].into_iter().flatten() {
        let id = calendar.components.len() as u32;
        calendar.components.push(part);
        calendar.components[own as usize].component_ids.push(id);
    }
    calendar.components[0].component_ids.insert(0, own);
}

fn observance(
    kind: ICalendarComponentType,
    turn: Option<&Turn>,
    year: i32,
    before: i16,
    after: i16,
) -> ICalendarComponent {
    let mut part = ICalendarComponent::new(kind);
    // The turn of the year before: the definition holds from the year's first day on.
    let begin = turn.and_then(|turn| turn.in_year(year - 1));
    let first_day = Date::from_calendar_date(year, Month::January, 1).unwrap_or(Date::MIN);
    part.add_property(ICalendarProperty::Dtstart, partial(begin.unwrap_or(first_day.midnight())));
    part.add_property(ICalendarProperty::Tzoffsetfrom, offset(before));
    part.add_property(ICalendarProperty::Tzoffsetto, offset(after));
    if let Some(turn) = turn {
        let ordwk = match turn.week {
            Week::Last => -1,
            other => i16::from(other.number()),
        };
        let rule = ICalendarRecurrenceRule {
            freq: ICalendarFrequency::Yearly,
            bymonth: vec![ICalendarMonth::new(turn.month.into(), false)],
            byday: vec![ICalendarDay { ordwk: Some(ordwk), weekday: ical_weekday(turn.weekday) }],
            ..Default::default()
        };
        part.add_property(ICalendarProperty::Rrule, ICalendarValue::RecurrenceRule(Box::new(rule)));
    }
    part
}

/// The rules that hold last.
fn rules(calendar: &ICalendar, component: &ICalendarComponent) -> Option<Rules> {
    let part = |kind: ICalendarComponentType| {
        let parts = component.component_ids.iter().filter_map(|id| calendar.components.get(*id as usize));
        let parts = parts.filter(|part| part.component_type == kind);
        parts.filter_map(Observance::of).max_by_key(|part| part.begin)
    };
    let standard = part(ICalendarComponentType::Standard);
    let daylight = part(ICalendarComponentType::Daylight);
    let (standard, daylight) = match (standard, daylight) {
        (None, None) => return None,
        (Some(only), None) | (None, Some(only)) => return Some(Rules { offset: only.offset, daylight: None }),
        (Some(standard), Some(daylight)) => (standard, daylight),
    };
    let both = standard.turn.zip(daylight.turn).filter(|_| standard.offset != daylight.offset);
    let daylight = both.map(|(ends, begins)| Daylight { offset: daylight.offset, begins, ends });
    Some(Rules { offset: standard.offset, daylight })
}

/// One STANDARD or DAYLIGHT.
struct Observance {
    begin: PrimitiveDateTime,
    offset: i16,
    turn: Option<Turn>,
}

impl Observance {
    fn of(part: &ICalendarComponent) -> Option<Self> {
        let value = |name: &ICalendarProperty| part.property(name)?.values.first();
        let ICalendarValue::PartialDateTime(offset) = value(&ICalendarProperty::Tzoffsetto)? else { return None };
        let hours = i16::from(offset.tz_hour?) * 60 + i16::from(offset.tz_minute.unwrap_or(0));
        let offset = if offset.tz_minus { -hours } else { hours };
        let ICalendarValue::PartialDateTime(begin) = value(&ICalendarProperty::Dtstart)? else { return None };
        let begin = local(begin)?;
        let turn = match value(&ICalendarProperty::Rrule) {
            Some(ICalendarValue::RecurrenceRule(rule)) => turn(rule, begin),
            _ => None,
        };
        Some(Self { begin, offset, turn })
    }
}

/// The moment of each year that a rule names.
fn turn(rule: &ICalendarRecurrenceRule, begin: PrimitiveDateTime) -> Option<Turn> {
    if rule.freq != ICalendarFrequency::Yearly {
        return None;
    }
    let month = match &rule.bymonth[..] {
        [] => begin.month(),
        [month] => Month::try_from(month.month()).ok()?,
        _ => return None,
    };
    let [day] = &rule.byday[..] else { return Some(Turn::on(begin.date(), begin.time())) };
    let week = match (day.ordwk, &rule.bymonthday[..]) {
        (Some(-1), _) => Week::Last,
        (Some(week), _) => Week::from_number(u8::try_from(week).ok()?).filter(|week| *week != Week::Last)?,
        // "The Sunday on or after the eighth."
        (None, [first, ..]) if *first > 0 => *Week::ALL.get(((*first - 1) / 7) as usize)?,
        (None, _) => Turn::on(begin.date(), begin.time()).week,
    };
    Some(Turn { month, week, weekday: weekday(day.weekday), time: begin.time() })
}

fn text<'a>(component: &'a ICalendarComponent, name: &ICalendarProperty) -> Option<&'a str> {
    component.property(name)?.values.first()?.as_text()
}

fn offset(minutes: i16) -> PartialDateTime {
    let size = minutes.unsigned_abs();
    PartialDateTime {
        tz_hour: u8::try_from(size / 60).ok(),
        tz_minute: u8::try_from(size % 60).ok(),
        tz_minus: minutes < 0,
        ..Default::default()
    }
}
