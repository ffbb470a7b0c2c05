//! The JSON form: `_jsns` is the namespace, `_content` the text, `_attrs` a list of pairs.

use serde_json::{Map, Value as Json};

use super::{Element, Place, Value};

/// The element that this object is.
///
/// # Errors
/// With the words of the parser.
pub(crate) fn parse(bytes: &[u8]) -> Result<Element, String> {
    let json: Json = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    Ok(element("Envelope", &json))
}

fn element(name: &str, json: &Json) -> Element {
    let mut element = Element::new(name);
    let Json::Object(members) = json else {
        element.text = scalar(json).map(|value| value.text());
        return element;
    };
    for (key, value) in members {
        match (key.as_str(), value) {
            ("_jsns", Json::String(namespace)) => element.namespace.clone_from(namespace),
            ("_content", value) => element.text = scalar(value).map(|value| value.text()),
            ("_attrs", Json::Object(pairs)) => element.children.extend(pairs.iter().flat_map(|(key, value)| {
                let values = match value {
                    Json::Array(values) => values.iter().collect(),
                    value => vec![value],
                };
                let pair = move |value| {
                    let text = scalar(value).map(|value| value.text()).unwrap_or_default();
                    let mut pair = Element::new("a").set("n", key).set("name", key).text(text);
                    pair.pair = Some("n");
                    pair
                };
                values.into_iter().map(pair)
            })),
            (_, Json::Null) => {}
            (_, Json::Array(values)) => element.children.extend(values.iter().map(|value| self::element(key, value))),
            (_, Json::Object(_)) => element.children.push(self::element(key, value)),
            (_, value) => {
                let value = scalar(value).unwrap_or(Value::Flag(false));
                element.attributes.push((key.clone(), value, Place::Attribute));
            }
        }
    }
    element
}

fn scalar(json: &Json) -> Option<Value> {
    match json {
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Bool(flag) => Some(Value::Flag(*flag)),
        Json::Number(number) => number.as_i64().map(Value::Number).or_else(|| Some(Value::Text(number.to_string()))),
        _ => None,
    }
}

/// The element as an object.
pub(crate) fn text(root: &Element) -> String {
    object(root).to_string()
}

fn object(element: &Element) -> Json {
    let mut members = Map::new();
    for (name, value, _) in &element.attributes {
        let value = match value {
            Value::Text(text) => Json::from(text.as_str()),
            Value::Number(number) => Json::from(*number),
            Value::Flag(flag) => Json::from(*flag),
        };
        members.insert(name.clone(), value);
    }
    if let Some(text) = &element.text {
        members.insert("_content".to_owned(), Json::from(text.as_str()));
    }
    for child in &element.children {
        let listed = members.get_mut(&child.name).filter(|_| child.pair.is_none() && !child.single);
        match (child.pair, listed) {
            (Some(key), _) => add_pair(&mut members, child, key),
            (None, Some(Json::Array(list))) => list.push(object(child)),
            (None, _) if child.single => {
                members.insert(child.name.clone(), object(child));
            }
            (None, _) => {
                members.insert(child.name.clone(), Json::Array(vec![object(child)]));
            }
        }
    }
    if !element.namespace.is_empty() {
        members.insert("_jsns".to_owned(), Json::from(element.namespace.as_str()));
    }
    Json::Object(members)
}

/// A key that comes twice has a list of values.
fn add_pair(members: &mut Map<String, Json>, child: &Element, key: &str) {
    let pairs = members.entry("_attrs").or_insert_with(|| Json::Object(Map::new()));
    let Json::Object(pairs) = pairs else { return };
    let name = child.value(key).unwrap_or_default();
    let value = Json::from(child.own_text());
    match pairs.get_mut(&name) {
        Some(Json::Array(values)) => values.push(value),
        Some(first) => *first = Json::Array(vec![first.take(), value]),
        None => {
            pairs.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_json_are_those_of_zimbra() {
        let attrs = Element::single("attrs").pair("attr", "name", "a", "1").pair("attr", "name", "a", "2");
        let root = Element::of("urn:zimbraAccount", "AuthResponse")
            .child(Element::new("authToken").text("t"))
            .content("lifetime", 5)
            .child(attrs);
        let expected = serde_json::json!({
            "_jsns": "urn:zimbraAccount", "authToken": [{"_content": "t"}], "lifetime": 5,
            "attrs": {"_attrs": {"a": ["1", "2"]}},
        });
        assert_eq!(object(&root), expected);
        let read = parse(text(&root).as_bytes()).unwrap();
        assert_eq!((read.value("authToken").as_deref(), read.number("lifetime")), (Some("t"), Some(5)));
        assert_eq!(read.find("attrs").unwrap().children[1].value("name").as_deref(), Some("a"));
    }
}
