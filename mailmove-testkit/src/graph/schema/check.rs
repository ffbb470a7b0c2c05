//! Bodies of requests, held against the metadata.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::{Map, Value};

use super::{enumerated, is_a, is_enumeration, is_type, member};
use crate::graph::date;
use crate::graph::refusal::Refusal;

/// Checks the body of a create or an update against a type, and spells enumerations as the metadata does.
///
/// # Errors
/// RequestBodyRead, as the service says it, when a property does not exist or a value does not fit.
pub(crate) fn body(kind: &str, value: &mut Value, beta: bool) -> Result<(), Refusal> {
    entity(kind, value, beta, "").map_err(|why| Refusal::body(&why))
}

fn entity(kind: &str, value: &mut Value, beta: bool, at: &str) -> Result<(), String> {
    let Value::Object(properties) = value else {
        return Err(format!("An object of 'microsoft.graph.{kind}' was expected{at}."));
    };
    let kind = real(kind, properties, at)?;
    for (name, value) in properties.iter_mut() {
        if let Some((name, _)) = name.split_once('@') {
            if !name.is_empty() && member(&kind, name, beta).is_none() {
                return Err(format!("The annotation of '{name}' does not belong to a property of '{kind}'."));
            }
            continue;
        }
        let Some(property) = member(&kind, name, beta) else {
            return Err(format!(
                "The property '{name}' does not exist on type 'microsoft.graph.{kind}'. Make sure to only use \
                 property names that are defined by the type."
            ));
        };
        let at = format!("{at}/{name}");
        match (property.many, &mut *value) {
            (_, Value::Null) => {}
            (true, Value::Array(values)) => {
                values.iter_mut().try_for_each(|value| one(property.kind, value, beta, &at))?;
            }
            (true, _) => return Err(format!("A node of type 'StartArray' was expected for '{at}'.")),
            (false, value) => one(property.kind, value, beta, &at)?,
        }
    }
    Ok(())
}

/// The type that is meant, where the object says it itself.
fn real(kind: &str, properties: &Map<String, Value>, at: &str) -> Result<String, String> {
    let Some(named) = properties.get("@odata.type") else { return Ok(kind.to_owned()) };
    let named = named.as_str().unwrap_or_default().trim_start_matches('#');
    let short = named.strip_prefix("microsoft.graph.").unwrap_or_default();
    // Spelled in one of its ways by clients: fileAttachment, FileAttachment.
    let mut letters = short.chars();
    let short =
        letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str());
    match is_type(&short) && is_a(&short, kind) {
        true => Ok(short),
        false => Err(format!("'{named}' is not a type that can stand{at}.")),
    }
}

fn one(kind: &str, value: &mut Value, beta: bool, at: &str) -> Result<(), String> {
    let bad = || Err(format!("Cannot convert the value of '{at}' to the expected type '{kind}'."));
    if is_type(kind) {
        return entity(kind, value, beta, at);
    }
    if is_enumeration(kind) {
        let Some(member) = value.as_str().and_then(|value| enumerated(kind, value)) else {
            return Err(format!("Requested value {value} was not found in '{kind}'."));
        };
        *value = Value::from(member);
        return Ok(());
    }
    let fits = match (kind, &*value) {
        ("bool", value) => value.is_boolean(),
        ("int", value) => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        ("long", value) => value.is_i64(),
        ("double", value) => value.is_number(),
        ("moment", Value::String(text)) => date::parse(text).is_some(),
        ("date", Value::String(text)) => date::parse_date(text).is_some(),
        ("bytes", Value::String(text)) => STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).is_ok(),
        ("text" | "clock" | "guid" | "stream", value) => value.is_string(),
        _ => false,
    };
    if fits { Ok(()) } else { bad() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_not_fit_is_refused() {
        let bad = [
            json!({"subjekt": "x"}),
            json!({"Subject": "x"}),
            json!({"isRead": "true"}),
            json!({"importance": "highest"}),
            json!({"toRecipients": {"emailAddress": {}}}),
            json!({"toRecipients": [{"emailAddress": {"adress": "a@x.test"}}]}),
            json!({"receivedDateTime": "2020-01-01T00:00:00"}),
            json!({"attachments": [{"@odata.type": "#microsoft.graph.event"}]}),
            json!({"attachments": [{"@odata.type": "#microsoft.graph.fileAttachment", "contentBytes": "#"}]}),
        ];
        for mut value in bad {
            let refused = body("message", &mut value, false);
            assert!(refused.is_err(), "{value}");
        }
    }

    #[test]
    fn enumerations_are_spelled_as_in_the_metadata() {
        let mut value = json!({
            "body": {"contentType": "HTML", "content": "x"}, "importance": "High", "from@odata.count": 1,
            "attachments": [{"@odata.type": "#microsoft.graph.itemAttachment", "name": "x",
                "item": {"@odata.type": "#microsoft.graph.message", "subject": "in"}}],
            "singleValueExtendedProperties": [{"id": "Integer 0x0E07", "value": "1"}]
        });
        body("message", &mut value, false).unwrap();
        assert_eq!((&value["body"]["contentType"], &value["importance"]), (&json!("html"), &json!("high")));
    }
}
