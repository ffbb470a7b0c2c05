//! Applications, and the certificates and secrets with which they sign in.

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::{bad, known, moment, now, shown, unknown, with, writable};
use crate::graph::call::{Answer, Call, Entity};
use crate::graph::op::done;
use crate::graph::refusal::Refusal;
use crate::graph::state::{Class, Directory, described};

const READ_ONLY: [&str; 4] = ["id", "appId", "createdDateTime", "deletedDateTime"];
const CERTIFICATES: &str = "keyCredentials";
const SECRETS: &str = "passwordCredentials";

pub(super) fn create(call: &Call<'_>) -> Answer {
    let mut entity = call.entity("application")?;
    writable(&entity, &READ_ONLY)?;
    if entity.get("displayName").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(bad("A value is required for property 'displayName' of resource 'Application'."));
    }
    let known = known(call);
    let made = with(call, |directory| {
        credentials(directory, &mut entity, &[])?;
        entity.insert("appId".to_owned(), directory.guid().into());
        entity.insert("createdDateTime".to_owned(), moment());
        for list in [CERTIFICATES, SECRETS, "tags", "identifierUris", "requiredResourceAccess"] {
            entity.entry(list).or_insert_with(|| json!([]));
        }
        entity.entry("signInAudience").or_insert_with(|| "AzureADandPersonalMicrosoftAccount".into());
        directory.add(Class::Application, entity, known);
        // Whoever made it sees it at once, in this one answer.
        Ok(directory.known(Class::Application, known).last().map(shown).unwrap_or_default())
    })?;
    Ok(call.one(StatusCode::CREATED, made))
}

/// The keys themselves are only told who asks for them by name.
pub(super) fn one(call: &Call<'_>) -> Answer {
    call.query.check("application", call.beta)?;
    let (key, now) = (call.target.key(0), now(call));
    let named = call.query.select.iter().flatten().any(|name| name == CERTIFICATES);
    let entity = with(call, |directory| {
        let object = directory.find(Class::Application, key, now).ok_or_else(|| unknown(key))?;
        let mut entity = shown(object);
        if named {
            entity.insert(CERTIFICATES.to_owned(), object.all(CERTIFICATES).into());
        }
        Ok(entity)
    })?;
    Ok(call.one(StatusCode::OK, entity))
}

pub(super) fn update(call: &Call<'_>) -> Answer {
    let mut entity = call.entity("application")?;
    writable(&entity, &READ_ONLY)?;
    let (key, now) = (call.target.key(0), now(call));
    with(call, |directory| {
        let object = directory.find(Class::Application, key, now).ok_or_else(|| unknown(key))?;
        let before = object.all(CERTIFICATES).to_vec();
        credentials(directory, &mut entity, &before)?;
        let object = directory.find_mut(Class::Application, key, now).ok_or_else(|| unknown(key))?;
        object.entity.extend(entity);
        done()
    })
}

pub(super) fn add_password(call: &Call<'_>) -> Answer {
    let parameters = call.json()?;
    let mut wanted = call.parameter(&parameters, "passwordCredential").unwrap_or_else(|| json!({}));
    crate::graph::schema::body("passwordCredential", &mut wanted, call.beta)?;
    let (key, now) = (call.target.key(0), now(call));
    let (start, end) = (moment(), time::OffsetDateTime::now_utc() + time::Duration::days(730));
    let made = with(call, |directory| {
        let id = directory.guid();
        let object = directory.find_mut(Class::Application, key, now).ok_or_else(|| unknown(key))?;
        let secret = format!("sim~{}", id.replace('-', ""));
        let made = json!({
            "customKeyIdentifier": null, "displayName": wanted["displayName"], "keyId": id, "secretText": secret,
            "startDateTime": start, "hint": secret[..3], "endDateTime": match &wanted["endDateTime"] {
                Value::Null => crate::graph::date::seconds(end).into(),
                given => given.clone(),
            },
        });
        let all = object.entity.entry(SECRETS).or_insert_with(|| json!([]));
        all.as_array_mut().into_iter().for_each(|all| all.push(made.clone()));
        Ok(made.as_object().cloned().unwrap_or_default())
    })?;
    Ok(call.one(StatusCode::OK, made))
}

pub(super) fn remove_password(call: &Call<'_>) -> Answer {
    let parameters = call.json()?;
    let id = call.parameter(&parameters, "keyId").unwrap_or_default();
    let (key, now) = (call.target.key(0), now(call));
    with(call, |directory| {
        let object = directory.find_mut(Class::Application, key, now).ok_or_else(|| unknown(key))?;
        let all = object.entity.get_mut(SECRETS).and_then(Value::as_array_mut);
        let Some(at) = all.as_ref().and_then(|all| all.iter().position(|one| one["keyId"] == id)) else {
            return Err(bad("No password credential found with keyId."));
        };
        all.into_iter().for_each(|all| _ = all.remove(at));
        done()
    })
}

/// Holds the certificates of a body against what was there before. One that is named without its key stays as it was;
/// all that are not named go.
fn credentials(directory: &mut Directory, entity: &mut Entity, before: &[Value]) -> Result<(), Refusal> {
    if entity.get(SECRETS).and_then(Value::as_array).is_some_and(|all| !all.is_empty()) {
        return Err(bad("New password credentials must be generated with service actions."));
    }
    for one in entity.get_mut(CERTIFICATES).and_then(Value::as_array_mut).into_iter().flatten() {
        let Value::Object(one) = one else { return Err(bad("A key credential was expected.")) };
        let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default();
        let old = before.iter().find(|old| old["keyId"].as_str() == Some(text("keyId")));
        if let (Some(old), "") = (old, text("key")) {
            *one = old.as_object().cloned().unwrap_or_default();
            continue;
        }
        if (text("type"), text("usage")) != ("AsymmetricX509Cert", "Verify") {
            return Err(bad("Key credential has an invalid type or usage."));
        }
        let told = described(text("key")).ok_or_else(|| bad("Key credential is no certificate."))?;
        let given: Map<String, Value> = std::mem::take(one).into_iter().filter(|(_, value)| !value.is_null()).collect();
        one.extend(told);
        one.extend(given);
        one.entry("keyId").or_insert_with(|| directory.guid().into());
    }
    Ok(())
}
