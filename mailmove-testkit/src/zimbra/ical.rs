//! iCalendar (RFC 5545) as far as the server looks into it: components with lines, grouped by UID.

use std::fmt::Write;

/// A component: VEVENT, VTODO, VTIMEZONE, VALARM ...
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Component {
    pub(crate) name: String,
    /// Unfolded.
    pub(crate) lines: Vec<String>,
    pub(crate) children: Vec<Component>,
}

/// A VCALENDAR with time zones and components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Calendar {
    pub(crate) method: Option<String>,
    pub(crate) zones: Vec<Component>,
    pub(crate) components: Vec<Component>,
}

impl Component {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), lines: Vec::new(), children: Vec::new() }
    }

    /// The value of the first property of this name, without its parameters.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.property(name).map(|(_, value)| value)
    }

    /// Parameters and value of the first property of this name.
    pub(crate) fn property(&self, name: &str) -> Option<(&str, &str)> {
        let mut split = self.lines.iter().map(|line| split(line));
        let (_, parameters, value) = split.find(|(key, ..)| key.eq_ignore_ascii_case(name))?;
        Some((parameters, value))
    }

    /// Parameters and values of all properties of this name.
    pub(crate) fn properties<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
        self.lines
            .iter()
            .map(|line| split(line))
            .filter_map(move |(key, parameters, value)| key.eq_ignore_ascii_case(name).then_some((parameters, value)))
    }

    pub(crate) fn is_item(&self) -> bool {
        matches!(self.name.as_str(), "VEVENT" | "VTODO")
    }

    fn write(&self, out: &mut String) {
        let _ = write!(out, "BEGIN:{}\r\n", self.name);
        self.lines.iter().for_each(|line| fold(out, line));
        self.children.iter().for_each(|child| child.write(out));
        let _ = write!(out, "END:{}\r\n", self.name);
    }
}

/// The value of a parameter.
pub(crate) fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|one| {
        let (key, value) = one.split_once('=')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim_matches('"'))
    })
}

/// Text in clear.
pub(crate) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, character == '\\') {
            (_, true) => match characters.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(other) => out.push(other),
                None => {}
            },
            (other, false) => out.push(other),
        }
    }
    out
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace("\r\n", "\\n").replace('\n', "\\n")
}

/// Name, parameters and value of a line; colons within quotes are none.
fn split(line: &str) -> (&str, &str, &str) {
    let mut quoted = false;
    let colon = line.find(|character| {
        quoted ^= character == '"';
        character == ':' && !quoted
    });
    let (left, value) = colon.map_or((line, ""), |at| (&line[..at], &line[at + 1..]));
    let (name, parameters) = left.split_once(';').unwrap_or((left, ""));
    (name, parameters, value)
}

fn fold(out: &mut String, line: &str) {
    let mut length = 0;
    for character in line.chars() {
        if length + character.len_utf8() > 75 {
            out.push_str("\r\n ");
            length = 1;
        }
        out.push(character);
        length += character.len_utf8();
    }
    out.push_str("\r\n");
}

impl Calendar {
    /// Everything in all VCALENDARs of a text.
    ///
    /// # Errors
    /// With a reason when it is no iCalendar.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
        let mut calendar = Self { method: None, zones: Vec::new(), components: Vec::new() };
        let mut open: Vec<Component> = Vec::new();
        let mut seen = false;
        for line in text.split('\n').filter(|line| !line.trim().is_empty()) {
            let (name, _, value) = split(line);
            match name.to_ascii_uppercase().as_str() {
                "BEGIN" => open.push(Component::new(&value.trim().to_ascii_uppercase())),
                "END" => {
                    let done = open.pop().filter(|done| done.name.eq_ignore_ascii_case(value.trim()));
                    let done = done.ok_or_else(|| format!("END:{value} ends nothing"))?;
                    match (done.name.as_str(), open.last_mut()) {
                        ("VCALENDAR", _) => {
                            calendar.method = calendar.method.or(done.value("METHOD").map(str::to_owned));
                            seen = true;
                        }
                        ("VTIMEZONE", Some(_)) => calendar.add_zone(done),
                        ("VEVENT" | "VTODO" | "VJOURNAL", Some(_)) => calendar.components.push(done),
                        (_, Some(parent)) => parent.children.push(done),
                        (_, None) => return Err(format!("{} stands alone", done.name)),
                    }
                }
                _ => open.last_mut().ok_or("a line outside of everything")?.lines.push(line.to_owned()),
            }
        }
        if !seen || !open.is_empty() {
            return Err("no whole VCALENDAR".to_owned());
        }
        if calendar.components.iter().any(|component| component.is_item() && component.value("UID").is_none()) {
            return Err("a component without UID".to_owned());
        }
        Ok(calendar)
    }

    fn add_zone(&mut self, zone: Component) {
        if !self.zones.iter().any(|known| known.value("TZID") == zone.value("TZID")) {
            self.zones.push(zone);
        }
    }

    /// One calendar of one component for each VEVENT and VTODO, with the zones that it uses, by UID, masters first.
    pub(crate) fn by_uid(&self) -> Vec<(String, Vec<Self>)> {
        let mut found: Vec<(String, Vec<Self>)> = Vec::new();
        for component in self.components.iter().filter(|component| component.is_item()) {
            let uid = component.value("UID").unwrap_or_default();
            let text = component.lines.join("\n");
            let zones = self.zones.iter().filter(|zone| text.contains(zone.value("TZID").unwrap_or("\0")));
            let one = Self {
                method: self.method.clone(),
                zones: zones.cloned().collect(),
                components: vec![component.clone()],
            };
            match found.iter_mut().find(|(other, _)| other == uid) {
                Some((_, many)) => many.push(one),
                None => found.push((uid.to_owned(), vec![one])),
            }
        }
        for (_, many) in &mut found {
            many.sort_by_key(|one| one.recurrence_id().is_some());
        }
        found
    }

    /// The one component.
    pub(crate) fn component(&self) -> Option<&Component> {
        self.components.first()
    }

    pub(crate) fn recurrence_id(&self) -> Option<&str> {
        self.component().and_then(|component| component.value("RECURRENCE-ID"))
    }

    /// Calendars as one text.
    pub(crate) fn join<'a>(calendars: impl IntoIterator<Item = &'a Self>, method: &str) -> String {
        let mut all = Self { method: None, zones: Vec::new(), components: Vec::new() };
        for calendar in calendars {
            calendar.zones.iter().for_each(|zone| all.add_zone(zone.clone()));
            all.components.extend(calendar.components.iter().cloned());
        }
        let mut out = "BEGIN:VCALENDAR\r\nPRODID:Zimbra-Calendar-Provider\r\nVERSION:2.0\r\n".to_owned();
        let _ = write!(out, "METHOD:{method}\r\n");
        all.zones.iter().chain(&all.components).for_each(|component| component.write(&mut out));
        out.push_str("END:VCALENDAR\r\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIES: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\n\
        DTSTART:19710101T030000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID;TZID=Europe/Berlin:\
        20261121T100000\r\nSUMMARY:other\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART;TZID=\"Europe/Berlin\":2026\r\n \
        1120T100000\r\nSUMMARY:a\\, b\r\nATTENDEE;CN=\"x: y\":mailto:x@y\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    #[test]
    fn a_series_and_its_exceptions_belong_together() {
        let items = Calendar::parse(SERIES.as_bytes()).unwrap().by_uid();
        let [(uid, calendars)] = items.as_slice() else { panic!("{items:?}") };
        assert_eq!((uid.as_str(), calendars.len(), calendars[0].zones.len()), ("a", 2, 1));
        let master = calendars[0].component().unwrap();
        assert_eq!(master.property("DTSTART"), Some(("TZID=\"Europe/Berlin\"", "20261120T100000")));
        assert_eq!(master.property("ATTENDEE"), Some(("CN=\"x: y\"", "mailto:x@y")));
        assert_eq!(unescaped(master.value("SUMMARY").unwrap()), "a, b");
        let again = Calendar::parse(Calendar::join(calendars, "PUBLISH").as_bytes()).unwrap();
        assert_eq!(again.by_uid()[0].1[1].components, calendars[1].components);
        assert_eq!(again.zones.len(), 1);
    }

    #[test]
    fn what_is_no_calendar_is_refused() {
        for broken in ["", "x", "BEGIN:VCALENDAR\n", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n"] {
            assert!(Calendar::parse(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
