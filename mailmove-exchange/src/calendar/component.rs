//! What events and tasks of iCalendar have in common, and how a reader keeps account of what it passes over.

use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarDuration, ICalendarEntry, ICalendarParameter,
    ICalendarParameterName, ICalendarParameterValue, ICalendarProperty as Name, ICalendarRelated, ICalendarValue,
};
use mailmove_core::{Error, ErrorKind, Loss, Result};
use time::{OffsetDateTime, PrimitiveDateTime};

use super::attach::{Apart, Attached, REFERENCE};
use super::{Importance, Moment, Sensitivity, Text};
use crate::ical::{local, moment, partial_utc};
use crate::zone::{Zone, Zones};

/// What was lost on the way, each once.
#[derive(Debug, Default)]
pub(super) struct Losses {
    found: Vec<Loss>,
    properties: Vec<String>,
}

impl Losses {
    pub(super) fn add(&mut self, code: &'static str, text: impl Into<String>) {
        let loss = Loss::new(code, text);
        if !self.found.contains(&loss) {
            self.found.push(loss);
        }
    }

    /// A property that has no place in Exchange.
    pub(super) fn property(&mut self, name: &str) {
        self.properties.push(name.to_owned());
    }

    pub(super) fn finish(mut self) -> Vec<Loss> {
        self.properties.sort();
        self.properties.dedup();
        if !self.properties.is_empty() {
            let text = format!("Exchange has no place for {}", self.properties.join(", "));
            self.found.push(Loss::new("calendar-properties", text));
        }
        self.found
    }
}

/// A calendar with the zones that it names, and what hangs on the things in it.
pub(super) struct Calendar {
    pub(super) tree: ICalendar,
    zones: Zones,
    attached: Vec<Attached>,
}

impl Calendar {
    /// # Errors
    /// `Refused` when this is no iCalendar.
    pub(super) fn parse(octets: &[u8]) -> Result<Self> {
        let tree = ICalendar::parse(String::from_utf8_lossy(octets)).map_err(|_| refused("this is no iCalendar"))?;
        Ok(Self { zones: Zones::of(&tree), tree, attached: Vec::new() })
    }

    /// The same from a text that was taken apart.
    pub(super) fn parse_apart(apart: Apart) -> Result<Self> {
        Ok(Self { attached: apart.attached, ..Self::parse(&apart.text)? })
    }

    /// What hangs on a component.
    pub(super) fn attached(&self, component: &ICalendarComponent) -> Vec<Attached> {
        let numbers = component.entries.iter().filter(|entry| is_reference(&entry.name));
        let numbers = numbers.filter_map(|entry| first(entry).parse::<usize>().ok());
        numbers.filter_map(|number| self.attached.get(number).cloned()).collect()
    }

    /// The components of one type, all of one UID.
    pub(super) fn all(&self, kind: &ICalendarComponentType) -> Result<Vec<&ICalendarComponent>> {
        let found: Vec<_> = self.tree.components.iter().filter(|part| part.component_type == *kind).collect();
        let Some(first) = found.first() else {
            return Err(refused(&format!("there is no {} in this iCalendar", kind.as_str())));
        };
        if found.iter().any(|part| part.uid() != first.uid()) {
            return Err(refused("there is more than one thing in this iCalendar"));
        }
        Ok(found)
    }

    /// What is inside of a component.
    pub(super) fn inside(&self, component: &ICalendarComponent) -> impl Iterator<Item = &ICalendarComponent> {
        component.component_ids.iter().filter_map(|id| self.tree.components.get(*id as usize))
    }

    /// The time that an entry tells; `None` when it tells none, or only a day.
    pub(super) fn moment(&self, entry: &ICalendarEntry, losses: &mut Losses) -> Option<Moment> {
        let value = entry.values.first()?;
        self.moment_of(value, entry.tz_id(), losses)
    }

    /// The time that a value tells, in the zone that its entry names.
    pub(super) fn moment_of(&self, value: &ICalendarValue, zone: Option<&str>, losses: &mut Losses) -> Option<Moment> {
        let ICalendarValue::PartialDateTime(value) = value else { return None };
        value.hour?;
        if let Some(moment) = moment(value) {
            return Some(Moment::new(PrimitiveDateTime::new(moment.date(), moment.time()), Zone::UTC));
        }
        let floating = || self.zones.floating.clone().unwrap_or(Zone::UTC);
        let zone = match zone.map(|name| (name, self.zones.find(name))) {
            Some((_, Some(zone))) => {
                if zone.iana().is_none() {
                    losses.add(
                        "time-zone",
                        format!("the zone {:?} has no name that is known; its rules are kept", zone.name()),
                    );
                }
                zone
            }
            Some((name, None)) => {
                let zone = floating();
                losses.add("time-zone", format!("the zone {name:?} is not known and not defined; {zone} is taken"));
                zone
            }
            None => {
                let zone = floating();
                losses.add("floating-time", format!("the time belongs to no zone; {zone} is taken"));
                zone
            }
        };
        Some(Moment::new(local(value)?, zone))
    }
}

/// A text and its form in HTML, from the entries that hold them.
pub(super) fn take_text(entry: &ICalendarEntry, body: &mut Text) -> bool {
    let text = || normal(&texts(entry).join(","));
    match &entry.name {
        Name::Description if body.plain.is_empty() => body.plain = text(),
        Name::Other(name) if name.eq_ignore_ascii_case("X-ALT-DESC") => {
            let html = entry.parameter(&ICalendarParameterName::Fmttype).and_then(|kind| kind.as_text());
            if !html.is_some_and(|kind| kind.eq_ignore_ascii_case("text/html")) || body.html.is_some() {
                return false;
            }
            body.html = Some(text());
        }
        _ => return false,
    }
    true
}

pub(super) fn add_text(component: &mut ICalendarComponent, body: &Text) {
    add(component, Name::Description, &body.plain);
    if let Some(html) = &body.html {
        let kind = ICalendarParameter::fmttype("text/html".to_owned());
        component.add_property_with_params(Name::Other("X-ALT-DESC".to_owned()), [kind], normal(html));
    }
}

/// Adds a text that is there.
pub(super) fn add(component: &mut ICalendarComponent, name: Name, text: &str) {
    if !text.is_empty() {
        component.add_property(name, normal(text));
    }
}

/// Adds what every component has at its beginning.
pub(super) fn begin(
    component: &mut ICalendarComponent,
    uid: &str,
    created: Option<OffsetDateTime>,
    modified: Option<OffsetDateTime>,
) {
    component.add_uid(uid);
    component.add_dtstamp(partial_utc(modified.or(created).unwrap_or(OffsetDateTime::UNIX_EPOCH)));
    let moments = [(Name::Created, created), (Name::LastModified, modified)];
    moments.into_iter().for_each(|(name, when)| {
        if let Some(when) = when {
            component.add_property(name, partial_utc(when));
        }
    });
}

/// CLASS as Exchange writes it.
pub(super) fn add_class(component: &mut ICalendarComponent, sensitivity: Sensitivity) {
    let word = match sensitivity {
        Sensitivity::Normal => return,
        Sensitivity::Personal => "X-PERSONAL",
        Sensitivity::Private => "PRIVATE",
        Sensitivity::Confidential => "CONFIDENTIAL",
    };
    component.add_property(Name::Class, word.to_owned());
}

pub(super) fn class(entry: &ICalendarEntry) -> Sensitivity {
    match first(entry).to_ascii_uppercase().as_str() {
        "PRIVATE" => Sensitivity::Private,
        "CONFIDENTIAL" => Sensitivity::Confidential,
        "X-PERSONAL" | "PERSONAL" => Sensitivity::Personal,
        _ => Sensitivity::Normal,
    }
}

pub(super) fn add_importance(component: &mut ICalendarComponent, importance: Importance) {
    match importance {
        Importance::Low => component.add_property(Name::Priority, 9_i64),
        Importance::Normal => {}
        Importance::High => component.add_property(Name::Priority, 1_i64),
    }
}

pub(super) fn importance(entry: &ICalendarEntry) -> Importance {
    match entry.values.first().and_then(ICalendarValue::as_integer) {
        Some(1..=4) => Importance::High,
        Some(6..=9) => Importance::Low,
        _ => Importance::Normal,
    }
}

pub(super) fn add_categories(component: &mut ICalendarComponent, categories: &[String]) {
    if !categories.is_empty() {
        let values = categories.iter().map(|name| ICalendarValue::Text(normal(name))).collect();
        component.entries.push(ICalendarEntry::new(Name::Categories).with_values(values));
    }
}

/// Minutes before the start at which an alarm goes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    Before(u32),
    At(OffsetDateTime),
}

/// The trigger of an alarm, when it is one that Exchange has.
pub(super) fn trigger(alarm: &ICalendarComponent) -> Option<Trigger> {
    let entry = alarm.property(&Name::Trigger)?;
    match entry.values.first()? {
        ICalendarValue::Duration(span) => {
            let related = entry.parameter(&ICalendarParameterName::Related);
            let end = matches!(related, Some(ICalendarParameterValue::Related(ICalendarRelated::End)));
            let seconds = span.as_seconds();
            (!end && seconds <= 0 && seconds % 60 == 0)
                .then_some(())
                .and_then(|()| u32::try_from(-seconds / 60).ok())
                .map(Trigger::Before)
        }
        ICalendarValue::PartialDateTime(when) => moment(when).map(Trigger::At),
        _ => None,
    }
}

/// An alarm with this trigger.
pub(super) fn alarm(trigger: Trigger) -> ICalendarComponent {
    let mut alarm = ICalendarComponent::new(ICalendarComponentType::VAlarm);
    alarm.add_property(Name::Action, calcard::icalendar::ICalendarAction::Display);
    alarm.add_property(Name::Description, "Reminder".to_owned());
    match trigger {
        Trigger::Before(minutes) => {
            alarm.add_property(Name::Trigger, ICalendarDuration { neg: minutes > 0, minutes, ..Default::default() });
        }
        Trigger::At(when) => {
            let date = ICalendarParameter::value(calcard::icalendar::ICalendarValueType::DateTime);
            alarm.add_property_with_params(Name::Trigger, [date], partial_utc(when));
        }
    }
    alarm
}

/// Puts a component into a calendar, below another.
pub(super) fn push(calendar: &mut ICalendar, parent: usize, component: ICalendarComponent) -> usize {
    let own = calendar.components.len();
    calendar.components.push(component);
    calendar.components[parent].component_ids.push(own as u32);
    own
}

/// An empty calendar.
pub(super) fn calendar() -> ICalendar {
    let mut root = ICalendarComponent::new(ICalendarComponentType::VCalendar);
    root.add_property(Name::Version, "2.0".to_owned());
    root.add_property(Name::Prodid, "-//mailmove//Exchange//EN".to_owned());
    ICalendar { components: vec![root] }
}

pub(super) fn print(calendar: &ICalendar) -> Vec<u8> {
    let mut out = String::new();
    // Writing into a string does not fail.
    _ = calendar.write_to(&mut out);
    out.into_bytes()
}

/// Whether a property stands for something that hangs there.
pub(super) fn is_reference(name: &Name) -> bool {
    matches!(name, Name::Other(name) if name == REFERENCE)
}

/// Puts a reference to each of these into a component, and them behind what hangs elsewhere.
pub(super) fn hang(component: &mut ICalendarComponent, own: &[Attached], all: &mut Vec<Attached>) {
    for attached in own {
        component.add_property(Name::Other(REFERENCE.to_owned()), all.len().to_string());
        all.push(attached.clone());
    }
}

/// What is known to be for the program that wrote it, or to be told otherwise here.
pub(super) fn is_idle(name: &Name) -> bool {
    match name {
        Name::Begin | Name::End | Name::Dtstamp | Name::RequestStatus => true,
        // Read by its number.
        name if is_reference(name) => true,
        Name::Other(name) => {
            let name = name.to_ascii_uppercase();
            let makers = ["X-MICROSOFT-", "X-MS-OLK-", "X-MOZ-", "X-LIC-", "X-EVOLUTION-", "X-KDE-", "X-ZIMBRA-"];
            makers.iter().any(|maker| name.starts_with(maker))
        }
        _ => false,
    }
}

pub(super) fn refused(what: &str) -> Error {
    Error::new(ErrorKind::Refused, what).remedy("look at the item at the source; move it by hand if it is needed")
}

/// The values of an entry as texts.
pub(super) fn texts(entry: &ICalendarEntry) -> Vec<String> {
    let text = |value: &ICalendarValue| match value {
        ICalendarValue::Integer(number) => number.to_string(),
        other => other.as_text().unwrap_or_default().to_owned(),
    };
    entry.values.iter().map(text).collect()
}

pub(super) fn first(entry: &ICalendarEntry) -> String {
    texts(entry).into_iter().next().unwrap_or_default()
}

/// One sort of line end.
pub(super) fn normal(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
