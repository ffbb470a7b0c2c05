//! What the properties of a contact or a task say, in the words of Graph ([MS-OXOCNTC], [MS-OXOTASK]).

use serde_json::{Value, json};

use crate::graph::date;
use crate::graph::extended::Name;
use crate::graph::state::Item;

const ADDRESS: &str = "00062004-0000-0000-c000-000000000046";
const TASK: &str = "00062003-0000-0000-c000-000000000046";
const COMMON: &str = "00062008-0000-0000-c000-000000000046";

/// Texts with a field each.
const TEXTS: [(u16, &str); 12] = [
    (0x3001, "displayName"),
    (0x3a06, "givenName"),
    (0x3a11, "surname"),
    (0x3a44, "middleName"),
    (0x3a45, "title"),
    (0x3a05, "generation"),
    (0x3a16, "companyName"),
    (0x3a17, "jobTitle"),
    (0x3a18, "department"),
    (0x3a1c, "mobilePhone"),
    (0x3a4f, "nickName"),
    (0x3a51, "businessHomePage"),
];

/// Street, city, region, code, country of each address.
const PARTS: [&str; 5] = ["street", "city", "state", "postalCode", "countryOrRegion"];

/// Gives a contact the fields that its properties tell.
pub(super) fn contact(item: &mut Item) {
    for (tag, field) in TEXTS {
        set(item, field, tagged(item, tag));
    }
    let mails = [0x8083, 0x8093, 0x80a3].into_iter().filter_map(|number| {
        let address = numbered(item, ADDRESS, number)?;
        let name = numbered(item, ADDRESS, number - 3).unwrap_or_else(|| address.clone());
        Some(json!({"name": name, "address": address}))
    });
    item.set("emailAddresses", mails.collect::<Vec<Value>>());
    for (field, tags) in [("businessPhones", [0x3a08, 0x3a1b]), ("homePhones", [0x3a09, 0x3a2f])] {
        let phones: Vec<String> = tags.into_iter().filter_map(|tag| tagged(item, tag)).collect();
        item.set(field, phones);
    }
    item.set("imAddresses", numbered(item, ADDRESS, 0x8062).into_iter().collect::<Vec<String>>());
    let work = [0x8045, 0x8046, 0x8047, 0x8048, 0x8049].map(|number| numbered(item, ADDRESS, number));
    let home = [0x3a5d, 0x3a59, 0x3a5c, 0x3a5b, 0x3a5a].map(|tag| tagged(item, tag));
    let other = [0x3a63, 0x3a5f, 0x3a62, 0x3a61, 0x3a60].map(|tag| tagged(item, tag));
    for (field, parts) in [("businessAddress", work), ("homeAddress", home), ("otherAddress", other)] {
        let mut address = json!({});
        for (name, part) in PARTS.iter().zip(parts) {
            if let Some(part) = part {
                address[*name] = part.into();
            }
        }
        item.set(field, address);
    }
    set(item, "birthday", tagged(item, 0x3a42));
    let notes = item.fields.remove("body").and_then(|body| body["content"].as_str().map(str::to_owned));
    set(item, "personalNotes", notes);
    item.fields.remove("subject");
}

/// Gives a task the fields that its properties tell.
pub(super) fn task(item: &mut Item) {
    let status = ["notStarted", "inProgress", "completed", "waitingOnOthers", "deferred"];
    let number = numbered(item, TASK, 0x8101).and_then(|own| own.parse::<usize>().ok()).unwrap_or(0);
    item.set("status", status.get(number).copied().unwrap_or("notStarted"));
    for (set, number, field) in [
        (TASK, 0x8104, "startDateTime"),
        (TASK, 0x8105, "dueDateTime"),
        (TASK, 0x810f, "completedDateTime"),
        (COMMON, 0x8502, "reminderDateTime"),
    ] {
        if let Some(moment) = numbered(item, set, number).and_then(|own| date::parse(&own)) {
            let local = time::PrimitiveDateTime::new(moment.date(), moment.time());
            item.set(field, json!({"dateTime": date::local(local), "timeZone": "UTC"}));
        }
    }
    item.set("isReminderOn", numbered(item, COMMON, 0x8503).as_deref() == Some("true"));
}

fn set(item: &mut Item, field: &str, value: Option<String>) {
    if let Some(value) = value {
        item.set(field, value);
    }
}

fn tagged(item: &Item, tag: u16) -> Option<String> {
    let text = item.properties.get(&Name::Tag(tag))?.first().to_owned();
    (!text.is_empty()).then_some(text)
}

fn numbered(item: &Item, set: &str, number: u32) -> Option<String> {
    let text = item.properties.get(&Name::Number(set.to_owned(), number))?.first().to_owned();
    (!text.is_empty()).then_some(text)
}
