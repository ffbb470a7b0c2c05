//! What users set for themselves.

use super::{Context, answer};
use crate::zimbra::element::Element;
use crate::zimbra::refusal::Refusal;

/// Preferences, those that are asked for or all.
pub(super) fn preferences(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let target = context.target()?;
    let wanted: Vec<String> = request.all("pref").filter_map(|one| one.value("name")).collect();
    let mut shown = answer();
    for (name, values) in &context.world.accounts[target].attributes {
        if name.starts_with("zimbraPref") && (wanted.is_empty() || wanted.contains(name)) {
            shown = values.iter().fold(shown, |shown, value| shown.pair("pref", "name", name, value));
        }
    }
    Ok(shown)
}

/// Sets preferences; one without a value is taken away.
pub(super) fn modify_preferences(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let target = context.target()?;
    let changes = changes(request, "pref", "name")?;
    if let Some((name, _)) = changes.iter().find(|(name, _)| !name.starts_with("zimbraPref")) {
        return Err(Refusal::invalid(format_args!("pref name must start with zimbraPref: {name}")));
    }
    apply(context, target, &changes);
    Ok(answer())
}

/// Names with all values that elements give them, in the order in which they were first named.
pub(super) fn changes(request: &Element, element: &str, key: &str) -> Result<Vec<(String, Vec<String>)>, Refusal> {
    let mut changes: Vec<(String, Vec<String>)> = Vec::new();
    // The JSON form may give them as `_attrs`, which is read as elements called `a`.
    let listed = |child: &&Element| child.name == element || child.name == "a";
    for one in request.children.iter().filter(listed) {
        let name = one.value(key).ok_or_else(|| Refusal::invalid(format_args!("missing required attribute: {key}")))?;
        let value = one.own_text().to_owned();
        match changes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => changes.push((name, vec![value])),
        }
    }
    Ok(changes)
}

pub(super) fn apply(context: &mut Context<'_>, account: usize, changes: &[(String, Vec<String>)]) {
    for (name, values) in changes {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        if name == "zimbraMailQuota" {
            let quota = values.first().and_then(|value| value.parse().ok()).unwrap_or(0);
            context.world.mailboxes[account].quota = quota;
        } else {
            context.world.accounts[account].set(name, &values);
        }
    }
}

pub(super) fn change_password(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let name = request.find("account").map(|account| account.own_text().to_owned());
    let number = match &name {
        Some(name) => context.world.account(name),
        None => context.target,
    };
    let named = name.unwrap_or_default();
    let number = number.ok_or_else(|| Refusal::auth_failed(&named))?;
    let account = &mut context.world.accounts[number];
    if account.password.is_none() || account.password != request.value("oldPassword") {
        return Err(Refusal::auth_failed(&named));
    }
    account.password = request.value("password");
    account.status = crate::zimbra::AccountStatus::Active;
    account.validity += 1;
    let life = context.shared.settings.token_life;
    let (text, made) = context.world.token(number, life);
    context.world.tokens.insert(text.clone(), made);
    let life = i64::try_from(life.as_millis()).unwrap_or(i64::MAX);
    Ok(answer().child(Element::new("authToken").text(text)).content("lifetime", life))
}

/// Ends the sign-in, when that is asked for.
pub(super) fn end_session(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    if request.flag("logoff")
        && let Some(token) = &context.token
    {
        context.world.tokens.remove(token);
    }
    Ok(answer())
}

pub(super) fn rules(context: &mut Context<'_>, _: &Element) -> Result<Element, Refusal> {
    filters(context, 0)
}

pub(super) fn outgoing_rules(context: &mut Context<'_>, _: &Element) -> Result<Element, Refusal> {
    filters(context, 1)
}

fn filters(context: &Context<'_>, way: usize) -> Result<Element, Refusal> {
    if !context.shared.settings.version.has_filter_rules() {
        return Err(Refusal::unknown("GetFilterRulesRequest"));
    }
    let target = context.target()?;
    let rules = context.world.accounts[target].filters[way].iter().cloned();
    Ok(answer().child(Element::new("filterRules").children(rules)))
}

pub(super) fn modify_rules(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    set_filters(context, request, 0)
}

pub(super) fn modify_outgoing_rules(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    set_filters(context, request, 1)
}

fn set_filters(context: &mut Context<'_>, request: &Element, way: usize) -> Result<Element, Refusal> {
    let target = context.target()?;
    let rules = request.find("filterRules").ok_or_else(|| Refusal::invalid("missing required element: filterRules"))?;
    let mut kept = rules.children.clone();
    kept.iter_mut().for_each(without_namespaces);
    context.world.accounts[target].filters[way] = kept;
    Ok(answer())
}

fn without_namespaces(element: &mut Element) {
    element.namespace.clear();
    element.children.iter_mut().for_each(without_namespaces);
}

/// What others share with the account: folders that were granted to it.
pub(super) fn shares(context: &mut Context<'_>, _: &Element) -> Result<Element, Refusal> {
    let target = context.target()?;
    let own = context.world.accounts[target].id.clone();
    let mut shown = answer();
    for mailbox in &context.world.mailboxes {
        for folder in mailbox.folders.values() {
            for grant in folder.grants.iter().filter(|grant| grant.zid == own) {
                let share = Element::new("share").set("ownerId", &mailbox.id).set("ownerEmail", &mailbox.address);
                let share = share.set("folderId", folder.id).set("folderPath", mailbox.path(folder.id));
                let share = share.set("view", &folder.view).set("rights", &grant.perm).set("granteeType", &grant.kind);
                shown = shown.child(share.set("granteeId", &grant.zid).set("granteeName", &grant.name));
            }
        }
    }
    Ok(shown)
}

pub(super) fn white_black_list(_: &mut Context<'_>, _: &Element) -> Result<Element, Refusal> {
    Ok(answer().child(Element::new("whiteList")).child(Element::new("blackList")))
}

pub(super) fn data_sources(_: &mut Context<'_>, _: &Element) -> Result<Element, Refusal> {
    Ok(answer())
}
