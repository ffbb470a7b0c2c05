//! What the readers of vCards (RFC 6350) ask of entries.

use calcard::common::{IanaString, PartialDateTime};
use calcard::vcard::{VCard, VCardEntry, VCardParameterName, VCardValue};
use mailmove_core::{Error, ErrorKind, Result};

/// Takes a vCard apart.
///
/// # Errors
/// [`ErrorKind::Refused`] when this is none.
pub fn parse(text: &str) -> Result<VCard> {
    VCard::parse(text).map_err(|_| {
        Error::new(ErrorKind::Refused, "this is no vCard")
            .remedy("look at the contact at the source; export it by hand")
    })
}

/// The values as text; a part that is a list has commas in it.
pub fn texts(entry: &VCardEntry) -> Vec<String> {
    let text = |value: &VCardValue| match value {
        VCardValue::Text(text) => text.clone(),
        VCardValue::Component(parts) => parts.join(", "),
        VCardValue::Kind(kind) => kind.as_str().to_owned(),
        _ => String::new(),
    };
    entry.values.iter().map(text).collect()
}

/// What kind of telephone or address it is: the values of TYPE.
pub fn words(entry: &VCardEntry) -> Vec<String> {
    let types = entry.params.iter().filter(|param| param.name == VCardParameterName::Type);
    types.filter_map(|param| param.value.as_text()).map(str::to_owned).collect()
}

/// A whole day, as Exchange writes those that have no hour: `2026-11-20T00:00:00Z`.
pub fn day(entry: &VCardEntry) -> Option<String> {
    let VCardValue::PartialDateTime(date) = entry.values.first()? else { return None };
    let PartialDateTime { year: Some(year), month: Some(month), day: Some(day), .. } = date else { return None };
    Some(format!("{year:04}-{month:02}-{day:02}T00:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_say_their_values_their_types_and_their_day() {
        let card = parse(
            "BEGIN:VCARD\r\nVERSION:4.0\r\nORG:One;Two\r\nTEL;TYPE=home,cell:1\r\nBDAY:20200102\r\n\
             ANNIVERSARY:--0102\r\nEND:VCARD\r\n",
        )
        .unwrap();
        let entry = |name: &str| card.entries.iter().find(|entry| entry.name.as_str() == name).unwrap();
        assert_eq!(texts(entry("ORG")), ["One", "Two"]);
        assert_eq!(words(entry("TEL")), ["HOME", "CELL"]);
        assert_eq!(day(entry("BDAY")).as_deref(), Some("2020-01-02T00:00:00Z"));
        assert_eq!(day(entry("ANNIVERSARY")), None);
        assert_eq!(parse("nothing").unwrap_err().kind(), ErrorKind::Refused);
    }
}
