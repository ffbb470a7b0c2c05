//! What tasks and journal entries have in common: one component of iCalendar, and the fields that every class has.

use calcard::common::{IanaString, PartialDateTime};
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarParameter, ICalendarProperty,
    ICalendarValue, ICalendarValueType,
};
use mailmove_core::{Error, ErrorKind, Loss, Result};
use time::OffsetDateTime;

use crate::wire::create_item::Content;
use crate::wire::item::ItemData;
use crate::wire::property::Property;
use crate::wire::tree::Field;

/// An entry of a calendar taken apart.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(super) head: Vec<Field>,
    pub(super) middle: Vec<Field>,
    pub(super) tail: Vec<Field>,
    pub(crate) categories: Vec<String>,
    pub(crate) properties: Vec<(Property, String)>,
    pub(crate) losses: Vec<Loss>,
}

impl Parts {
    pub(crate) fn content(&mut self) -> Content {
        let take = std::mem::take;
        Content::Fields { head: take(&mut self.head), middle: take(&mut self.middle), tail: take(&mut self.tail) }
    }
}

/// Reads the first component of this type. `take` gets every property that is not common to all, and says whether it
/// keeps it.
pub(super) fn read(
    text: &str,
    wanted: &ICalendarComponentType,
    mut take: impl FnMut(&ICalendarEntry, &mut Parts) -> bool,
) -> Result<Parts> {
    let refused = || {
        Error::new(ErrorKind::Refused, format!("this is no {} of iCalendar", wanted.as_str()))
            .remedy("look at the item at the source; move it by hand if it is needed")
    };
    let calendar = ICalendar::parse(text).map_err(|_| refused())?;
    let mut found = calendar.components.iter().filter(|component| component.component_type == *wanted);
    let component = found.next().ok_or_else(refused)?;
    let mut parts = Parts::default();
    let mut lost: Vec<String> = component
        .component_ids
        .iter()
        .filter_map(|id| calendar.components.get(*id as usize))
        .map(|inner| inner.component_type.as_str().to_owned())
        .collect();
    if found.next().is_some() {
        lost.push("RECURRENCE-ID".to_owned());
    }
    let (mut subject, mut body, mut sensitivity) = (None, Vec::new(), None);
    for entry in &component.entries {
        let first = texts(entry).into_iter().next().unwrap_or_default();
        match &entry.name {
            ICalendarProperty::Uid | ICalendarProperty::Dtstamp | ICalendarProperty::Created => {}
            ICalendarProperty::LastModified | ICalendarProperty::Sequence => {}
            ICalendarProperty::Summary => subject = Some(first),
            ICalendarProperty::Description => body.push(first),
            ICalendarProperty::Categories => parts.categories.extend(texts(entry)),
            ICalendarProperty::Class => {
                sensitivity = match first.to_ascii_uppercase().as_str() {
                    "PRIVATE" => Some("Private"),
                    "CONFIDENTIAL" => Some("Confidential"),
                    _ => None,
                }
            }
            name if !take(entry, &mut parts) => lost.push(name.as_str().to_owned()),
            _ => {}
        }
    }
    let subject = subject.filter(|subject| !subject.is_empty()).map(|subject| Field::text("t:Subject", subject));
    let sensitivity = sensitivity.map(|word| Field::text("t:Sensitivity", word));
    let body = Some(body.join("\r\n\r\n")).filter(|body| !body.is_empty());
    let body = body.map(|body| Field::text("t:Body", body).with("BodyType", "Text"));
    parts.head = [subject, sensitivity, body].into_iter().flatten().collect();
    let anew = "the iCalendar is made of the fields that Exchange keeps";
    parts.losses.push(Loss::new("rendered-anew", anew));
    if !lost.is_empty() {
        lost.sort();
        lost.dedup();
        let text = format!("Exchange has no place for {}", lost.join(", "));
        parts.losses.push(Loss::new("calendar-properties", text));
    }
    Ok(parts)
}

/// The iCalendar of an item, with what is not common to all put in by `more`.
pub(super) fn write(
    item: &ItemData,
    kind: ICalendarComponentType,
    more: impl FnOnce(&mut ICalendarComponent),
) -> String {
    let mut calendar = ICalendarComponent::new(ICalendarComponentType::VCalendar);
    calendar.add_property(ICalendarProperty::Version, "2.0".to_owned());
    calendar.add_property(ICalendarProperty::Prodid, "-//mailmove//Exchange//EN".to_owned());
    calendar.component_ids.push(1);
    let mut component = ICalendarComponent::new(kind);
    component.add_uid(&super::item::uid(item).unwrap_or_default());
    let modified = item.time(Property::LastModified).or(item.created).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    component.add_dtstamp(moment(modified));
    let mut text = |name: ICalendarProperty, value: Option<&str>| {
        if let Some(text) = value.filter(|text| !text.is_empty()) {
            component.add_property(name, text.to_owned());
        }
    };
    text(ICalendarProperty::Summary, item.subject.as_deref());
    text(ICalendarProperty::Description, item.field_text("Body").map(str::trim_end));
    text(
        ICalendarProperty::Class,
        match item.field_text("Sensitivity") {
            Some("Private" | "Personal") => Some("PRIVATE"),
            Some("Confidential") => Some("CONFIDENTIAL"),
            _ => None,
        },
    );
    if !item.categories.is_empty() {
        let values = item.categories.iter().cloned().map(ICalendarValue::Text).collect();
        component.entries.push(ICalendarEntry::new(ICalendarProperty::Categories).with_values(values));
    }
    more(&mut component);
    let mut out = String::new();
    // Writing into a string does not fail.
    _ = ICalendar { components: vec![calendar, component] }.write_to(&mut out);
    out
}

/// Adds a day.
pub(super) fn add_day(component: &mut ICalendarComponent, name: ICalendarProperty, text: Option<&str>) {
    if let Some(day) = text.and_then(super::item::day) {
        let date = ICalendarParameter::value(ICalendarValueType::Date);
        component.add_property_with_params(name, [date], day);
    }
}

/// A moment in UTC.
pub(super) fn moment(when: OffsetDateTime) -> PartialDateTime {
    let when = when.to_offset(time::UtcOffset::UTC);
    PartialDateTime {
        year: u16::try_from(when.year()).ok(),
        month: Some(u8::from(when.month())),
        day: Some(when.day()),
        hour: Some(when.hour()),
        minute: Some(when.minute()),
        second: Some(when.second()),
        tz_hour: Some(0),
        tz_minute: Some(0),
        tz_minus: false,
    }
}

/// The day or moment of an entry as requests carry it. Without a zone it is taken for UTC.
pub(super) fn date_text(entry: &ICalendarEntry) -> Option<String> {
    let Some(ICalendarValue::PartialDateTime(date)) = entry.values.first() else { return None };
    let (year, month, day) = (date.year?, date.month?, date.day?);
    let [hour, minute, second] = [date.hour, date.minute, date.second].map(Option::unwrap_or_default);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

/// The values of an entry as texts.
pub(super) fn texts(entry: &ICalendarEntry) -> Vec<String> {
    let text = |value: &ICalendarValue| match value {
        ICalendarValue::Text(text) => text.clone(),
        ICalendarValue::Integer(number) => number.to_string(),
        ICalendarValue::Status(word) => word.as_str().to_owned(),
        ICalendarValue::Classification(word) => word.as_str().to_owned(),
        _ => String::new(),
    };
    entry.values.iter().map(text).collect()
}
