//! Service principals: what stands for an application in a tenant.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{bad, known, now, shown, unknown, with, writable};
use crate::graph::call::{Answer, Call};
use crate::graph::refusal::Refusal;
use crate::graph::state::Class;

const READ_ONLY: [&str; 5] = ["id", "appDisplayName", "appOwnerOrganizationId", "deletedDateTime", "appRoles"];

pub(super) fn create(call: &Call<'_>) -> Answer {
    let mut entity = call.entity("servicePrincipal")?;
    writable(&entity, &READ_ONLY)?;
    let id = entity.get("appId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (by, now, known) = (format!("appId='{id}'"), now(call), known(call));
    let made = call.with_store(|store| {
        let (tenant, directory) = (store.tenant.clone(), &mut store.directory);
        let Some(application) = directory.find(Class::Application, &by, now) else {
            let message =
                format!("The appId '{id}' of the service principal does not reference a valid application object.");
            return Err(bad(message));
        };
        if directory.known(Class::Principal, known).any(|object| object.text("appId") == id) {
            let message = format!(
                "The service principal cannot be created, updated, or restored because the service principal name {id} \
                 is already in use."
            );
            return Err(Refusal::new(StatusCode::CONFLICT, "Request_MultipleObjectsWithSameKeyValue", message));
        }
        let name = application.text("displayName").to_owned();
        for (property, value) in [
            ("displayName", json!(name)),
            ("appDisplayName", json!(name)),
            ("appOwnerOrganizationId", json!(tenant)),
            ("accountEnabled", json!(true)),
            ("servicePrincipalType", json!("Application")),
            ("appRoles", json!([])),
            ("tags", json!([])),
        ] {
            entity.entry(property).or_insert(value);
        }
        directory.add(Class::Principal, entity, known);
        Ok(directory.known(Class::Principal, known).last().map(shown).unwrap_or_default())
    })?;
    Ok(call.one(StatusCode::CREATED, made))
}

pub(super) fn one(call: &Call<'_>) -> Answer {
    call.query.check("servicePrincipal", call.beta)?;
    let (key, now) = (call.target.key(0), now(call));
    let found = with(call, |directory| directory.find(Class::Principal, key, now).map(shown));
    Ok(call.one(StatusCode::OK, found.ok_or_else(|| unknown(key))?))
}
