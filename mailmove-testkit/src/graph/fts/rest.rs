//! What an event, a contact or a task says and has no MAPI name in this server: carried as text in a property of its own.

use serde_json::{Map, Value, json};

use super::value;
use crate::graph::date;
use crate::graph::extended::{Name, PUBLIC_STRINGS};
use crate::graph::state::{Item, Shape};

/// The set of an appointment's properties.
const APPOINTMENT: &str = "00062002-0000-0000-c000-000000000046";

/// The property that carries it.
pub(super) fn name() -> Name {
    Name::Text(PUBLIC_STRINGS.to_owned(), "x-simulator-fields".to_owned())
}

/// When an appointment begins and ends, by the names that it has everywhere.
pub(super) const TIMES: [(u32, &str); 2] = [(0x820D, "start"), (0x820E, "end")];

pub(super) fn time_name(number: u32) -> Name {
    Name::Number(APPOINTMENT.to_owned(), number)
}

/// The rest of an item; nothing for messages, which are told in full by their properties.
pub(super) fn told(item: &Item) -> Option<String> {
    if item.shape().is_mail() || item.shape() == Shape::Other {
        return None;
    }
    let exceptions: Map<String, Value> =
        item.exceptions.iter().map(|(day, one)| (day.to_string(), Value::Object(one.fields.clone()))).collect();
    let cancelled: Vec<String> = item.cancelled.iter().map(ToString::to_string).collect();
    Some(
        json!({"fields": item.fields, "exceptions": exceptions, "cancelled": cancelled, "parts": item.parts})
            .to_string(),
    )
}

/// Puts the rest into an item.
pub(super) fn restore(item: &mut Item, text: &str) {
    let Ok(told) = serde_json::from_str::<Value>(text) else { return };
    let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
    item.fields = object(&told["fields"]);
    for (day, fields) in object(&told["exceptions"]) {
        if let Some(day) = date::parse_date(&day) {
            let mut one = Item::new(&item.class);
            one.fields = object(&fields);
            item.exceptions.insert(day, one);
        }
    }
    let cancelled = told["cancelled"].as_array().into_iter().flatten();
    item.cancelled = cancelled.filter_map(|day| date::parse_date(day.as_str()?)).collect();
    for name in ["checklistItems", "linkedResources"] {
        for one in told["parts"][name].as_array().into_iter().flatten() {
            let number = item.number();
            item.parts.entry(name).or_default().push((number, object(&one[1])));
        }
    }
}

/// The text of a property's first value.
pub(super) fn text_of(values: &[value::Value]) -> String {
    values.first().map(value::Value::text).unwrap_or_default()
}
