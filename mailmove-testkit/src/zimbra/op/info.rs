//! What the server and the account are.

use super::{Context, answer};
use crate::zimbra::element::Element;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::world::Rank;

pub(super) fn version(context: &mut Context<'_>, _: &Element) -> Result<Element, Refusal> {
    let version = context.shared.settings.version;
    let info = Element::new("info").set("version", version.told()).set("release", "20241001120000");
    let info = info
        .set("buildDate", "20241001-1200")
        .set("host", "mail.example.org")
        .set("majorversion", major(version.name(), 0));
    let info = info.set("minorversion", major(version.name(), 1)).set("microversion", major(version.name(), 2));
    Ok(answer().child(info.set("platform", "UBUNTU22_64").set("type", "FOSS")))
}

/// What users are told of it.
pub(super) fn short_version(context: &mut Context<'_>, _: &Element) -> Result<Element, Refusal> {
    let version = context.shared.settings.version;
    let info = Element::new("info").set("version", version.told()).set("release", "20241001120000");
    Ok(answer().child(info.set("buildDate", "20241001-1200").set("host", "mail.example.org")))
}

fn major(name: &str, at: usize) -> String {
    name.split(['.', '_']).nth(at).unwrap_or("0").to_owned()
}

pub(super) fn nothing(_: &mut Context<'_>, _: &Element) -> Result<Element, Refusal> {
    Ok(answer())
}

/// The account, in the sections that are asked for, or all.
pub(super) fn info(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let target = context.target()?;
    let sections = request.value("sections").unwrap_or_default();
    let wanted = |section: &str| sections.is_empty() || sections.split(',').any(|one| one.trim() == section);
    let settings = &context.shared.settings;
    let url = &context.shared.url;
    let (account, mailbox) = (&context.world.accounts[target], &context.world.mailboxes[target]);
    let largest = if settings.max_message == 0 { -1 } else { i64::try_from(settings.max_message).unwrap_or(i64::MAX) };
    let life = i64::try_from(settings.token_life.as_millis()).unwrap_or(i64::MAX);
    let mut shown = answer().set("attSizeLimit", largest).set("docSizeLimit", 10_485_760);
    shown = shown.content("version", settings.version.told()).content("id", &account.id);
    shown = shown.content("name", &account.address).content("lifetime", life);
    if context.caller.as_ref().is_some_and(|caller| caller.by.is_some()) {
        shown = shown.content("adminDelegated", true);
    }
    shown = shown.content("rest", format!("{url}/home/{}", account.address));
    if wanted("mbox") {
        shown = shown.content("used", mailbox.used);
    }
    shown =
        shown.child(Element::single("cos").set("id", "e00428a1-0c00-11d9-836a-000d93afea2a").set("name", "default"));
    let mut preferences = Element::single("prefs");
    let mut attributes = Element::single("attrs");
    for (name, values) in &account.attributes {
        for value in values {
            if name.starts_with("zimbraPref") {
                preferences = preferences.pair("pref", "name", name, value);
            } else {
                attributes = attributes.pair("attr", "name", name, value);
            }
        }
    }
    let fixed = [
        ("zimbraMailQuota", mailbox.quota.to_string()),
        ("zimbraContactMaxNumEntries", settings.max_contacts.to_string()),
        ("zimbraFeatureExportFolderEnabled", if settings.export_disabled { "FALSE" } else { "TRUE" }.to_owned()),
        ("zimbraFeatureTasksEnabled", if settings.version.has_tasks() { "TRUE" } else { "FALSE" }.to_owned()),
        ("zimbraIsAdminAccount", if account.rank == Rank::Global { "TRUE" } else { "FALSE" }.to_owned()),
    ];
    for (name, value) in &fixed {
        attributes = attributes.pair("attr", "name", name, value);
    }
    if wanted("prefs") {
        shown = shown.child(preferences);
    }
    if wanted("attrs") {
        shown = shown.child(attributes);
    }
    if wanted("idents") {
        let identities = account.identities.iter().map(super::persona::identity);
        shown = shown.child(Element::single("identities").children(identities));
    }
    if wanted("sigs") {
        let signatures = account.signatures.iter().map(super::persona::signature);
        shown = shown.child(Element::single("signatures").children(signatures));
    }
    if wanted("dsrcs") {
        shown = shown.child(Element::single("dataSources"));
    }
    if wanted("children") {
        shown = shown.child(Element::single("childAccounts"));
    }
    let at = |path: &str| format!("{url}{path}");
    Ok(shown.content("soapURL", at("/service/soap/")).content("publicURL", url))
}
