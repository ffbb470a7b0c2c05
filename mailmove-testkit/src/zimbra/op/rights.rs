//! Rights of administrators: granted, revoked, looked at.

use super::{Context, answer};
use crate::zimbra::element::Element;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::world::{Rank, RightGrant};

/// The kind of a target and its name; accounts by their address, whatever they were named by.
fn target(context: &Context<'_>, request: &Element) -> Result<(String, String), Refusal> {
    let target = request.find("target").ok_or_else(|| Refusal::invalid("missing required element: target"))?;
    let kind = target.value("type").ok_or_else(|| Refusal::invalid("missing required attribute: type"))?;
    let name = target.own_text().trim().to_lowercase();
    if kind != "account" {
        return Ok((kind, name));
    }
    let number = context.world.account(&name);
    let number = number.ok_or_else(|| Refusal::new("account.NO_SUCH_ACCOUNT", format!("no such account: {name}")))?;
    Ok((kind, context.world.accounts[number].address.clone()))
}

fn grantee(context: &Context<'_>, request: &Element) -> Result<usize, Refusal> {
    let grantee = request.find("grantee").ok_or_else(|| Refusal::invalid("missing required element: grantee"))?;
    let name = grantee.own_text().trim();
    let number = context.world.account(name);
    number.ok_or_else(|| Refusal::new("account.NO_SUCH_ACCOUNT", format!("no such account: {name}")))
}

fn right(request: &Element) -> Result<(String, bool), Refusal> {
    let right = request.find("right").map(|right| (right.own_text().trim().to_owned(), right.flag("deny")));
    let right = right.or_else(|| request.value("right").map(|right| (right, false)));
    right.filter(|(name, _)| !name.is_empty()).ok_or_else(|| Refusal::invalid("missing required element: right"))
}

/// Only who may do everything hands out rights here.
fn allowed(context: &Context<'_>) -> Result<(), Refusal> {
    let global =
        context.caller.as_ref().is_some_and(|caller| context.world.accounts[caller.account].rank == Rank::Global);
    if global { Ok(()) } else { Err(Refusal::denied("insufficient right to change grants")) }
}

pub(super) fn grant(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    allowed(context)?;
    let ((kind, target), grantee) = (target(context, request)?, grantee(context, request)?);
    let (right, deny) = right(request)?;
    let grant = RightGrant { kind, target, grantee, right, deny };
    let same = |one: &RightGrant| {
        (&one.kind, &one.target, one.grantee, &one.right) == (&grant.kind, &grant.target, grantee, &grant.right)
    };
    context.world.grants.retain(|one| !same(one));
    context.world.grants.push(grant);
    Ok(answer())
}

/// Takes a grant back; one that is not there is refused.
pub(super) fn revoke(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    allowed(context)?;
    let ((kind, target), grantee) = (target(context, request)?, grantee(context, request)?);
    let (right, _) = right(request)?;
    let before = context.world.grants.len();
    context
        .world
        .grants
        .retain(|one| (&one.kind, &one.target, one.grantee, &one.right) != (&kind, &target, grantee, &right));
    if context.world.grants.len() == before {
        return Err(Refusal::new("account.NO_SUCH_GRANT", format!("no such grant: {right} on {kind} {target}")));
    }
    Ok(answer())
}

/// Whether somebody has a right on an account.
pub(super) fn check(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let ((_, name), grantee) = (target(context, request)?, grantee(context, request)?);
    let (right, _) = right(request)?;
    let number = context.world.account(&name);
    let allow = number.is_some_and(|number| context.world.has_right(grantee, &right, number));
    Ok(answer().set("allow", allow))
}

/// The grants on a target, to a grantee, or both.
pub(super) fn list(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let on = request.find("target").map(|_| target(context, request)).transpose()?;
    let to = request.find("grantee").map(|_| grantee(context, request)).transpose()?;
    if on.is_none() && to.is_none() {
        return Err(Refusal::invalid("at least one of target and grantee must be specified"));
    }
    let fits = |grant: &&RightGrant| {
        let place =
            on.as_ref().is_none_or(|(kind, name)| grant.kind == *kind && (kind == "global" || grant.target == *name));
        place && to.is_none_or(|to| grant.grantee == to)
    };
    let shown = context.world.grants.iter().filter(fits).map(|grant| {
        let account = context.world.account(&grant.target).map(|number| context.world.accounts[number].id.clone());
        let id = account.unwrap_or_else(|| crate::zimbra::state::uuid(&grant.target));
        let target = Element::new("target").set("type", &grant.kind).set("id", id).set("name", &grant.target);
        let grantee = &context.world.accounts[grant.grantee];
        let grantee = Element::new("grantee").set("type", "usr").set("id", &grantee.id).set("name", &grantee.address);
        let right = Element::new("right").set("deny", grant.deny).set("canDelegate", false);
        Element::new("grant").child(target).child(grantee).child(right.text(grant.right.as_str()))
    });
    Ok(answer().children(shown))
}
