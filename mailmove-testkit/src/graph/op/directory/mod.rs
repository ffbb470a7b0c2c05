//! The directory of the tenant: applications, service principals, and rights that were granted to them. What was just
//! made is not known everywhere at once.

mod applications;
mod grants;
mod principals;

use std::time::Duration;

use hyper::StatusCode;

use crate::graph::call::{Answer, Call, Entity};
use crate::graph::refusal::Refusal;
use crate::graph::show;
use crate::graph::state::{Class, Directory, Object};

/// Paths that begin here.
pub(super) const ROOTS: [&str; 2] = ["applications", "servicePrincipals"];

/// Entries of a page.
const PAGE: usize = 100;

/// Does what a call asks for.
pub(super) fn perform(call: &Call<'_>) -> Answer {
    permitted(call)?;
    let (method, template) = (call.request.method.as_str(), call.target.template.as_str());
    match (call.target.root.as_str(), method, template) {
        ("applications", "GET", "") => list(call, Class::Application),
        ("applications", "POST", "") => applications::create(call),
        ("applications", "GET", "{id}") => applications::one(call),
        ("applications", "PATCH", "{id}") => applications::update(call),
        ("applications", "DELETE", "{id}") => delete(call, Class::Application),
        ("applications", "POST", "{id}/addPassword") => applications::add_password(call),
        ("applications", "POST", "{id}/removePassword") => applications::remove_password(call),
        ("servicePrincipals", "GET", "") => list(call, Class::Principal),
        ("servicePrincipals", "POST", "") => principals::create(call),
        ("servicePrincipals", "GET", "{id}") => principals::one(call),
        ("servicePrincipals", "DELETE", "{id}") => delete(call, Class::Principal),
        ("servicePrincipals", "GET", "{id}/appRoleAssignments") => grants::list(call, grants::OWN),
        ("servicePrincipals", "GET", "{id}/appRoleAssignedTo") => grants::list(call, grants::GIVEN),
        ("servicePrincipals", "POST", "{id}/appRoleAssignments") => grants::create(call, grants::OWN),
        ("servicePrincipals", "POST", "{id}/appRoleAssignedTo") => grants::create(call, grants::GIVEN),
        ("servicePrincipals", "DELETE", "{id}/appRoleAssignments/{id}") => grants::delete(call, grants::OWN),
        ("servicePrincipals", "DELETE", "{id}/appRoleAssignedTo/{id}") => grants::delete(call, grants::GIVEN),
        (root, ..) => Err(Refusal::segment(if template.is_empty() { root } else { template })),
    }
}

/// Whether the caller may. Users are people here, and no administrators.
fn permitted(call: &Call<'_>) -> Result<(), Refusal> {
    let (grants, reads) = (call.target.template.contains("appRole"), call.request.method == "GET");
    let roles: &[&str] = match (grants, reads) {
        (_, true) => &[
            "Application.Read.All",
            "Application.ReadWrite.All",
            "AppRoleAssignment.ReadWrite.All",
            "Directory.Read.All",
        ],
        (true, false) => &["AppRoleAssignment.ReadWrite.All"],
        (false, false) => &["Application.ReadWrite.All"],
    };
    if call.caller.roles.is_some() && call.caller.may(roles) {
        return Ok(());
    }
    let message = "Insufficient privileges to complete the operation.";
    Err(Refusal::new(StatusCode::FORBIDDEN, "Authorization_RequestDenied", message))
}

fn list(call: &Call<'_>, class: Class) -> Answer {
    call.query.check(class.kind(), call.beta)?;
    let now = now(call);
    let all = with(call, |directory| directory.known(class, now).map(shown).collect());
    show::entities(call, all, PAGE)
}

fn delete(call: &Call<'_>, class: Class) -> Answer {
    let (key, now) = (call.target.key(0), now(call));
    with(call, |directory| {
        let id = directory.find(class, key, now).ok_or_else(|| unknown(key))?.text("id").to_owned();
        directory.remove(&id);
        super::done()
    })
}

/// As everybody may see it: keys and secrets of applications are left out.
fn shown(object: &Object) -> Entity {
    let mut entity = object.entity.clone();
    for (list, secret) in [("keyCredentials", "key"), ("passwordCredentials", "secretText")] {
        for one in entity.get_mut(list).and_then(|list| list.as_array_mut()).into_iter().flatten() {
            one[secret] = serde_json::Value::Null;
        }
    }
    entity
}

/// Works on the directory.
fn with<T>(call: &Call<'_>, work: impl FnOnce(&mut Directory) -> T) -> T {
    call.with_store(|store| work(&mut store.directory))
}

fn now(call: &Call<'_>) -> Duration {
    call.shared.hub.clock.now()
}

/// From when on what is made now is known.
fn known(call: &Call<'_>) -> Duration {
    now(call) + call.shared.settings.replication
}

fn moment() -> serde_json::Value {
    crate::graph::date::seconds(time::OffsetDateTime::now_utc()).into()
}

fn unknown(key: &str) -> Refusal {
    let message =
        format!("Resource '{key}' does not exist or one of its queried reference-property objects are not present.");
    Refusal::new(StatusCode::NOT_FOUND, "Request_ResourceNotFound", message)
}

fn bad(message: impl Into<String>) -> Refusal {
    Refusal::bad("Request_BadRequest", message)
}

/// Refuses properties that only the directory sets.
fn writable(entity: &Entity, read_only: &[&str]) -> Result<(), Refusal> {
    match read_only.iter().find(|name| entity.contains_key(**name)) {
        Some(name) => Err(bad(format!("Property '{name}' is read-only and cannot be set."))),
        None => Ok(()),
    }
}
