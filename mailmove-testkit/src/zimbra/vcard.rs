//! vCard 3.0 (RFC 2426) as Zimbra reads and writes it: fields that vCard has no place for are not told, except by X-
//! properties that came in.

/// Fields and members of one contact.
pub(crate) type Card = (Vec<(String, String)>, Vec<(String, String)>);

/// Property, parameters, field, and whether the field may come again with a number behind its name.
const SIMPLE: [(&str, &str, &str, bool); 22] = [
    ("NICKNAME", "", "nickname", false),
    ("TEL", "TYPE=car,voice", "carPhone", true),
    ("TEL", "TYPE=home,fax", "homeFax", true),
    ("TEL", "TYPE=home,voice", "homePhone", true),
    ("TEL", "TYPE=cell,voice", "mobilePhone", true),
    ("TEL", "TYPE=work,fax", "workFax", true),
    ("TEL", "TYPE=work,voice", "workPhone", true),
    ("TEL", "TYPE=fax", "otherFax", true),
    ("TEL", "TYPE=voice", "otherPhone", true),
    ("TEL", "TYPE=pager", "pager", true),
    ("EMAIL", "TYPE=internet", "email", true),
    ("EMAIL", "TYPE=internet", "workEmail", true),
    ("URL", "TYPE=home", "homeURL", true),
    ("URL", "", "otherURL", true),
    ("URL", "TYPE=work", "workURL", true),
    ("TITLE", "", "jobTitle", false),
    ("NOTE", "", "notes", false),
    ("PHOTO", "VALUE=URI", "image", false),
    ("BDAY", "VALUE=date", "birthday", false),
    ("X-ZIMBRA-MAIDENNAME", "", "maidenName", false),
    ("X-ZIMBRA-ANNIVERSARY", "", "anniversary", false),
    ("X-ZIMBRA-IMADDRESS1", "", "imAddress1", false),
];

/// Parameters and the beginning of the fields of an address.
const ADDRESSES: [(&str, &str); 3] =
    [("TYPE=home,postal,parcel", "home"), ("TYPE=work,postal,parcel", "work"), ("TYPE=postal,parcel", "other")];

const NAME: [&str; 5] = ["lastName", "firstName", "middleName", "namePrefix", "nameSuffix"];
const ADDRESS: [&str; 5] = ["Street", "City", "State", "PostalCode", "Country"];

/// Where X- properties are kept, one a line.
const EXTRA: &str = "vCardXProps";

/// A contact as a card.
pub(crate) fn format((attributes, members): &Card, name: &str) -> String {
    let value = |field: &str| attributes.iter().find(|(key, _)| key == field).map(|(_, value)| value.as_str());
    let escape = |text: &str| {
        text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace("\r\n", "\\n").replace('\n', "\\n")
    };
    let mut out = "BEGIN:VCARD\r\nVERSION:3.0\r\n".to_owned();
    let mut line = |name: &str, parameters: &str, value: &str| {
        let parameters = if parameters.is_empty() { String::new() } else { format!(";{parameters}") };
        out.push_str(&format!("{name}{parameters}:{value}\r\n"));
    };
    let full = value("fullName").filter(|full| !full.trim().is_empty()).or(Some(name)).filter(|full| !full.is_empty());
    let full = full.or(value("email")).or(value("company")).unwrap_or_default();
    line("FN", "", &escape(full));
    let parts: Vec<String> = NAME.iter().map(|field| escape(value(field).unwrap_or_default())).collect();
    let all = parts.join(";");
    line("N", "", &if all == ";;;;" { format!("{};;;;", escape(full)) } else { all });
    for (parameters, kind) in ADDRESSES {
        for number in 1..20 {
            let suffix = if number == 1 { String::new() } else { number.to_string() };
            let field = |part: &str| value(&format!("{kind}{part}{suffix}")).map(escape).unwrap_or_default();
            let parts: Vec<String> = ADDRESS.iter().map(|part| field(part)).collect();
            if parts.iter().any(|part| !part.is_empty()) {
                line("ADR", parameters, &format!(";;{}", parts.join(";")));
            }
        }
    }
    for (property, parameters, field, numbered) in SIMPLE {
        let own = value(field).map(str::to_owned);
        let more =
            (1..20).filter(|_| numbered).filter_map(|number| value(&format!("{field}{number}")).map(str::to_owned));
        own.into_iter().chain(more).for_each(|text| line(property, parameters, &escape(&text)));
    }
    if let Some(company) = value("company") {
        let department = value("department").map(|text| format!(";{}", escape(text))).unwrap_or_default();
        line("ORG", "", &format!("{}{department}", escape(company)));
    }
    for text in value(EXTRA).unwrap_or_default().lines() {
        if let Some((left, right)) = text.split_once(':') {
            line(left, "", right);
        }
    }
    if value("type") == Some("group") {
        // Members are told by what names them, which only Zimbra understands.
        members.iter().for_each(|(kind, value)| line("X-ZIMBRA-MEMBER", &format!("TYPE={kind}"), &escape(value)));
    }
    line("REV", "", "20261120T100000Z");
    out.push_str("END:VCARD\r\n");
    out
}

/// The contacts of a text.
///
/// # Errors
/// With a reason when it holds no card.
pub(crate) fn parse(text: &str) -> Result<Vec<Card>, String> {
    let text = text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    let mut cards: Vec<Card> = Vec::new();
    let mut open: Option<Card> = None;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (left, value) = line.split_once(':').ok_or_else(|| format!("missing ':' in line {line}"))?;
        let mut words = left.split(';');
        let name = words.next().unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default().to_ascii_uppercase();
        let types: Vec<String> = words.flat_map(|word| word.split([',', '='])).map(str::to_ascii_uppercase).collect();
        match (name.as_str(), &mut open) {
            ("BEGIN", open) => *open = Some(Card::default()),
            ("END", open) => cards.extend(open.take().filter(|(fields, _)| !fields.is_empty())),
            ("VERSION" | "REV" | "PRODID" | "UID", _) | (_, None) => {}
            (_, Some(card)) => property(card, &name, left, &types, value),
        }
    }
    if cards.is_empty() {
        return Err("no vCard with fields".to_owned());
    }
    Ok(cards)
}

fn property((fields, members): &mut Card, name: &str, left: &str, types: &[String], value: &str) {
    let has = |word: &str| types.iter().any(|one| one == word);
    let place = if has("HOME") {
        "home"
    } else if has("WORK") {
        "work"
    } else {
        "other"
    };
    let mut put = |field: &str, numbered: bool, text: String| {
        let taken = |fields: &[(String, String)], name: &str| fields.iter().any(|(key, _)| key == name);
        let mut name = field.to_owned();
        let mut number = 2;
        while numbered && taken(fields, &name) {
            name = format!("{field}{number}");
            number += 1;
        }
        if !text.is_empty() && !taken(fields, &name) {
            fields.push((name, text));
        }
    };
    match name {
        "FN" => put("fullName", false, clear(value)),
        "N" => NAME.iter().zip(structured(value)).for_each(|(field, text)| put(field, false, text)),
        "ORG" => {
            ["company", "department"].iter().zip(structured(value)).for_each(|(field, text)| put(field, false, text))
        }
        "ADR" => {
            let parts = structured(value);
            let street: Vec<String> = parts.iter().take(3).filter(|part| !part.is_empty()).cloned().collect();
            let parts = std::iter::once(street.join(", ")).chain(parts.into_iter().skip(3));
            ADDRESS.iter().zip(parts).for_each(|(part, text)| put(&format!("{place}{part}"), true, text));
        }
        "TEL" => {
            let kind = if has("CAR") {
                "carPhone".to_owned()
            } else if has("CELL") {
                "mobilePhone".to_owned()
            } else if has("PAGER") {
                "pager".to_owned()
            } else {
                format!("{place}{}", if has("FAX") { "Fax" } else { "Phone" })
            };
            put(&kind, true, clear(value));
        }
        "URL" => put(&format!("{place}URL"), true, clear(value)),
        "EMAIL" => put("email", true, clear(value)),
        "X-ZIMBRA-MEMBER" => {
            let kind = types.get(1).cloned().unwrap_or_else(|| "I".to_owned());
            members.push((kind, clear(value)));
        }
        _ => match SIMPLE.iter().find(|(property, ..)| *property == name) {
            Some((_, _, field, numbered)) => put(field, *numbered, clear(value)),
            None => match fields.iter_mut().find(|(key, _)| key == EXTRA) {
                Some((_, known)) => known.push_str(&format!("\n{left}:{value}")),
                None => fields.push((EXTRA.to_owned(), format!("{left}:{value}"))),
            },
        },
    }
}

fn clear(value: &str) -> String {
    crate::zimbra::ical::unescaped(value)
}

/// The parts between semicolons.
fn structured(value: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for character in value.chars() {
        let last = parts.last_mut().map(|part| part as &mut String);
        match (character, escaped, last) {
            (';', false, _) => parts.push(String::new()),
            (_, _, Some(part)) => part.push(character),
            _ => {}
        }
        escaped = character == '\\' && !escaped;
    }
    parts.iter().map(|part| clear(part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_card_has_a_place_for_is_kept() {
        let fields = [
            ("firstName", "Ann"),
            ("lastName", "O; Neil"),
            ("email", "a@x"),
            ("email2", "b@x"),
            ("homePhone", "1"),
            ("workFax", "2"),
            ("homeStreet", "Way 1, left"),
            ("homeCity", "Köln"),
            ("company", "C"),
            ("department", "D"),
            ("notes", "one\ntwo"),
            ("mobilePhone", "3"),
            ("workURL", "http://x"),
        ];
        let fields: Vec<(String, String)> = fields.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let text = format(&(fields.clone(), Vec::new()), "Neil, Ann");
        let (mut read, _) = parse(&text).unwrap().remove(0);
        read.retain(|(name, _)| name != "fullName");
        let sorted = |mut fields: Vec<(String, String)>| {
            fields.sort();
            fields
        };
        assert_eq!(sorted(read), sorted(fields));
    }

    #[test]
    fn what_nobody_knows_stays_as_it_was() {
        let (fields, _) = parse("BEGIN:VCARD\nFN:x\nX-FOO;A=b:c\\,d\nEND:VCARD\n").unwrap().remove(0);
        assert!(format(&(fields, Vec::new()), "").contains("X-FOO;A=b:c\\,d\r\n"));
        assert!(parse("BEGIN:VCARD\nEND:VCARD\n").is_err());
    }
}
