//! What is around the items of a mailbox: its settings, rules, categories, and the user whose it is.

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::done;
use crate::graph::call::{Answer, Call, Entity};
use crate::graph::refusal::Refusal;
use crate::graph::show;
use crate::graph::state::{Id, Kind, Mailbox, Numbered};

pub(super) fn user(call: &Call<'_>) -> Answer {
    let shown = call.with(|mailbox| {
        json!({
            "id": mailbox.user, "userPrincipalName": mailbox.address, "mail": mailbox.address,
            "displayName": mailbox.address.split('@').next().unwrap_or_default(),
        })
    });
    Ok(call.one(StatusCode::OK, shown.as_object().cloned().unwrap_or_default()))
}

/// The ids under which the import and export API knows the mailbox.
pub(super) fn exchange(call: &Call<'_>) -> Answer {
    let mut shown = Map::new();
    call.with_store(|store| {
        let mailbox = &store.mailboxes[call.mailbox];
        shown.insert("id".to_owned(), mailbox.user.as_str().into());
        shown.insert("primaryMailboxId".to_owned(), store.mailbox_id(mailbox).into());
        if let (true, Some(archive)) = (call.beta, mailbox.archive) {
            let archive = store.mailbox_id(&store.mailboxes[archive]);
            shown.insert("inPlaceArchiveMailboxId".to_owned(), archive.into());
        }
    });
    Ok(call.one(StatusCode::OK, shown))
}

pub(super) fn settings(call: &Call<'_>) -> Answer {
    call.query.check("mailboxSettings", call.beta)?;
    let shown = call.with(|mailbox| settings_of(mailbox));
    Ok(call.one(StatusCode::OK, shown))
}

fn settings_of(mailbox: &Mailbox) -> Entity {
    let moment = json!({"dateTime": "2026-01-01T00:00:00.0000000", "timeZone": "UTC"});
    let mut all = json!({
        "archiveFolder": mailbox.folder_id(mailbox.standard("archive")), "timeZone": "UTC",
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly", "dateFormat": "yyyy-MM-dd", "timeFormat": "HH:mm",
        "userPurpose": "user", "language": {"locale": "en-US", "displayName": "English (United States)"},
        "automaticRepliesSetting": {
            "status": "disabled", "externalAudience": "all", "internalReplyMessage": "", "externalReplyMessage": "",
            "scheduledStartDateTime": moment, "scheduledEndDateTime": moment,
        },
        "workingHours": {
            "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"], "startTime": "08:00:00.0000000",
            "endTime": "17:00:00.0000000", "timeZone": {"name": "UTC"},
        },
    });
    for (name, value) in &mailbox.settings {
        match (&mut all[name.as_str()], value) {
            (Value::Object(old), Value::Object(new)) => old.extend(new.clone()),
            (old, new) => *old = new.clone(),
        }
    }
    all.as_object().cloned().unwrap_or_default()
}

pub(super) fn set_settings(call: &Call<'_>) -> Answer {
    let entity = call.entity("mailboxSettings")?;
    if entity.contains_key("userPurpose") {
        return Err(Refusal::bad("ErrorInvalidPropertySet", "userPurpose cannot be set."));
    }
    let shown = call.with(|mailbox| {
        mailbox.settings.extend(entity.into_iter().filter(|(name, _)| !name.contains('@')));
        settings_of(mailbox)
    });
    Ok(call.one(StatusCode::OK, shown))
}

/// Which of the kept things a path means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Things {
    Rules,
    Categories,
}

impl Things {
    fn kind(self) -> &'static str {
        match self {
            Self::Rules => "messageRule",
            Self::Categories => "outlookCategory",
        }
    }

    fn of(self, mailbox: &mut Mailbox) -> &mut Numbered {
        match self {
            Self::Rules => &mut mailbox.rules,
            Self::Categories => &mut mailbox.categories,
        }
    }

    fn shown(self, mailbox: usize, (number, entity): &(u32, Entity)) -> Entity {
        let mut shown = entity.clone();
        shown.insert("id".to_owned(), self.id(mailbox, *number).into());
        if self == Self::Rules {
            for (name, default) in
                [("hasError", json!(false)), ("isReadOnly", json!(false)), ("isEnabled", json!(true))]
            {
                shown.entry(name).or_insert(default);
            }
        }
        shown
    }

    fn id(self, mailbox: usize, number: u32) -> String {
        Id { kind: Kind::Other, mailbox, key: self as u64, moves: Some(0), part: number }.text()
    }

    /// The number of the thing that the last key names.
    fn number(self, call: &Call<'_>) -> Result<u32, Refusal> {
        let key = call.target.keys.last().map_or("", String::as_str);
        let id = Id::read(key, call.mailbox)?;
        let there = call.with(|mailbox| self.of(mailbox).iter().any(|(number, _)| *number == id.part));
        if id.kind == Kind::Other && id.key == self as u64 && there { Ok(id.part) } else { Err(Refusal::missing()) }
    }
}

pub(super) fn list(call: &Call<'_>, things: Things) -> Answer {
    call.query.check(things.kind(), call.beta)?;
    let shown = call.with(|mailbox| {
        let number = mailbox.number;
        things.of(mailbox).iter().map(|one| things.shown(number, one)).collect()
    });
    show::entities(call, shown, 100)
}

pub(super) fn show(call: &Call<'_>, things: Things) -> Answer {
    let number = things.number(call)?;
    let shown = call.with(|mailbox| {
        let own = mailbox.number;
        things.of(mailbox).iter().find(|(other, _)| *other == number).map(|one| things.shown(own, one))
    });
    Ok(call.one(StatusCode::OK, shown.ok_or_else(Refusal::missing)?))
}

pub(super) fn create(call: &Call<'_>, things: Things) -> Answer {
    let entity = call.entity(things.kind())?;
    let name = entity.get("displayName").and_then(Value::as_str).unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err(Refusal::bad("ErrorInvalidParameter", "It needs a displayName."));
    }
    let shown = call.with(|mailbox| {
        let twin = |(_, other): &(u32, Entity)| other.get("displayName").and_then(Value::as_str) == Some(&name);
        if things == Things::Categories && things.of(mailbox).iter().any(twin) {
            let message = "A category with this name already exists.";
            return Err(Refusal::new(StatusCode::CONFLICT, "CategoryNameAlreadyExists", message));
        }
        let (number, own) = (mailbox.key() as u32, mailbox.number);
        things.of(mailbox).push((number, entity.clone()));
        Ok(things.shown(own, &(number, entity)))
    })?;
    Ok(call.one(StatusCode::CREATED, shown))
}

pub(super) fn update(call: &Call<'_>, things: Things) -> Answer {
    let entity = call.entity(things.kind())?;
    if things == Things::Categories && entity.contains_key("displayName") {
        return Err(Refusal::bad("ErrorInvalidPropertySet", "The name of a category cannot be changed."));
    }
    let number = things.number(call)?;
    let shown = call.with(|mailbox| {
        let own = mailbox.number;
        let one = things.of(mailbox).iter_mut().find(|(other, _)| *other == number)?;
        one.1.extend(entity);
        Some(things.shown(own, one))
    });
    Ok(call.one(StatusCode::OK, shown.ok_or_else(Refusal::missing)?))
}

pub(super) fn delete(call: &Call<'_>, things: Things) -> Answer {
    let number = things.number(call)?;
    call.with(|mailbox| things.of(mailbox).retain(|(other, _)| *other != number));
    done()
}

/// The same things under their ids in another form.
pub(super) fn translate(call: &Call<'_>) -> Answer {
    let parameters = call.json()?;
    let ids = call.parameter(&parameters, "inputIds").unwrap_or_default();
    let target = call.parameter(&parameters, "targetIdType").unwrap_or_default();
    let immutable = match target.as_str().unwrap_or_default().to_ascii_lowercase().as_str() {
        "restimmutableentryid" => true,
        "restid" => false,
        other => {
            return Err(Refusal::bad(
                "ErrorInvalidParameter",
                format!("This server has no ids of the type '{other}'."),
            ));
        }
    };
    let ids = ids.as_array().cloned().unwrap_or_default();
    if ids.is_empty() || ids.len() > 1000 {
        return Err(Refusal::bad("ErrorInvalidParameter", "There have to be 1 to 1000 ids."));
    }
    let results =
        call.with(|mailbox| {
            ids.iter().map(|id| {
            let source = id.as_str().unwrap_or_default();
            match mailbox.item(source) {
                Ok(item) => json!({"sourceId": source, "targetId": item.id(immutable).text()}),
                Err(refusal) => {
                    json!({"sourceId": source, "errorDetails": {"code": refusal.code, "message": refusal.message}})
                }
            }
        }).filter_map(|result| result.as_object().cloned()).collect::<Vec<_>>()
        });
    Ok(call.many(results, Vec::new()))
}
