//! Rights that a resource gives to a service principal, seen from either of the two.

use hyper::StatusCode;
use serde_json::Value;

use super::{PAGE, bad, known, moment, now, shown, unknown, with, writable};
use crate::graph::call::{Answer, Call};
use crate::graph::op::done;
use crate::graph::show;
use crate::graph::state::{Class, Directory};

/// By which of its two ends a grant is found: who has it.
pub(super) const OWN: &str = "principalId";
/// Who gave it.
pub(super) const GIVEN: &str = "resourceId";

const READ_ONLY: [&str; 5] = ["id", "createdDateTime", "principalDisplayName", "principalType", "resourceDisplayName"];

pub(super) fn list(call: &Call<'_>, end: &str) -> Answer {
    call.query.check(Class::Grant.kind(), call.beta)?;
    let now = now(call);
    let all = with(call, |directory| {
        let of = principal(call, directory)?;
        Ok(directory.known(Class::Grant, now).filter(|grant| grant.text(end) == of).map(shown).collect())
    })?;
    show::entities(call, all, PAGE)
}

pub(super) fn create(call: &Call<'_>, end: &str) -> Answer {
    let mut entity = call.entity(Class::Grant.kind())?;
    writable(&entity, &READ_ONLY)?;
    let text = |name: &str| entity.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (who, whose, role, own) = (text(OWN), text(GIVEN), text("appRoleId"), text(end));
    let (now, known) = (now(call), known(call));
    let made = with(call, |directory| {
        let of = principal(call, directory)?;
        if of != own {
            return Err(bad(format!("The {end} does not match the one of the address.")));
        }
        let name = |directory: &Directory, id: &str| {
            let found = directory.find(Class::Principal, id, now).ok_or_else(|| unknown(id))?;
            Ok(found.text("displayName").to_owned())
        };
        let (who_name, whose_name) = (name(directory, &who)?, name(directory, &whose)?);
        let resource = directory.find(Class::Principal, &whose, now).ok_or_else(|| unknown(&whose))?;
        if !resource.all("appRoles").iter().any(|own| own["id"] == role.as_str()) {
            return Err(bad("Permission being assigned was not found on application."));
        }
        let same = |grant: &crate::graph::state::Object| {
            (grant.text("principalId"), grant.text("resourceId"), grant.text("appRoleId"))
                == (who.as_str(), whose.as_str(), role.as_str())
        };
        if directory.known(Class::Grant, known).any(same) {
            return Err(bad("Permission being assigned already exists on the object."));
        }
        for (property, value) in [
            ("createdDateTime", moment()),
            ("principalDisplayName", who_name.into()),
            ("principalType", "ServicePrincipal".into()),
            ("resourceDisplayName", whose_name.into()),
        ] {
            entity.insert(property.to_owned(), value);
        }
        directory.add(Class::Grant, entity, known);
        Ok(directory.known(Class::Grant, known).last().map(shown).unwrap_or_default())
    })?;
    Ok(call.one(StatusCode::CREATED, made))
}

pub(super) fn delete(call: &Call<'_>, end: &str) -> Answer {
    let (key, now) = (call.target.key(1), now(call));
    with(call, |directory| {
        let of = principal(call, directory)?;
        directory.find(Class::Grant, key, now).filter(|grant| grant.text(end) == of).ok_or_else(|| unknown(key))?;
        directory.remove(key);
        done()
    })
}

/// The id of the principal in the address.
fn principal(call: &Call<'_>, directory: &Directory) -> Result<String, crate::graph::refusal::Refusal> {
    let key = call.target.key(0);
    directory
        .find(Class::Principal, key, now(call))
        .map(|found| found.text("id").to_owned())
        .ok_or_else(|| unknown(key))
}
