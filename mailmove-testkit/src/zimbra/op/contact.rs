//! Contacts and groups.

use super::{Context, answer};
use crate::zimbra::element::Element;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::show::Shower;
use crate::zimbra::state::{Adding, Content, ItemKind};
use crate::zimbra::vcard;
use crate::zimbra::world::Account;

pub(super) fn create(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let spec = request.find("cn").ok_or_else(|| Refusal::invalid("missing required element: cn"))?;
    let folder = spec.value("l").unwrap_or_else(|| "7".to_owned());
    let folder = context.mailbox()?.folder_by(&folder)?;
    let tags = context.tags(spec)?.unwrap_or_default();
    let mut made = Vec::new();
    let contents = match spec.find("vcard") {
        Some(card) => {
            let text = match card.value("aid") {
                Some(aid) => String::from_utf8_lossy(&context.uploaded(&aid)?).into_owned(),
                None => card.own_text().to_owned(),
            };
            vcard::parse(&text).map_err(|why| Refusal::new("service.PARSE_ERROR", why))?
        }
        None => {
            let members = members(spec);
            if let Some(twice) = (1..members.len()).find(|at| members[..*at].contains(&members[*at])) {
                let (kind, value) = &members[twice];
                return Err(Refusal::invalid(format_args!("member already exists: ({kind}) {value}")));
            }
            vec![(fields(spec)?, members)]
        }
    };
    for (attributes, members) in contents {
        let content = Content::Contact { attributes, members };
        made.push(context.add_contact(Adding {
            folder,
            kind: ItemKind::Contact,
            content,
            flags: String::new(),
            tags: tags.clone(),
            date: None,
        })?);
    }
    let shower = context.shower(context.target()?);
    Ok(answer().children(made.iter().map(|id| shower.contact(&shower.mailbox.items[id], &[]))))
}

/// The fields that an element gives; a contact without any is refused.
fn fields(spec: &Element) -> Result<Vec<(String, String)>, Refusal> {
    let mut fields = Vec::new();
    for one in spec.all("a") {
        let name = one.value("n").ok_or_else(|| Refusal::invalid("missing required attribute: n"))?;
        if name.trim().is_empty() {
            return Err(Refusal::invalid("a field without a name"));
        }
        let value = one.own_text().to_owned();
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    if fields.is_empty() && spec.find("m").is_none() {
        return Err(Refusal::invalid("contact must have fields"));
    }
    Ok(fields)
}

fn members(spec: &Element) -> Vec<(String, String)> {
    let members = spec.all("m").filter(|member| member.value("op").as_deref() != Some("-"));
    members.filter_map(|member| Some((member.value("type")?, member.value("value")?))).collect()
}

pub(super) fn modify(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let spec = request.find("cn").ok_or_else(|| Refusal::invalid("missing required element: cn"))?;
    let id = spec.value("id").ok_or_else(|| Refusal::invalid("missing required attribute: id"))?;
    let id = context.id(&id)?;
    context.known(id, ItemKind::Contact)?;
    let replace = request.flag("replace");
    let changes: Vec<(String, String)> =
        spec.all("a").filter_map(|one| Some((one.value("n")?, one.own_text().to_owned()))).collect();
    let gone: Vec<(Option<String>, Option<String>)> = spec
        .all("m")
        .filter(|member| member.value("op").as_deref() == Some("-"))
        .map(|member| (member.value("type"), member.value("value")))
        .collect();
    let joined = members(spec);
    let tags = context.tags(spec)?;
    let mailbox = context.mailbox()?;
    mailbox.rewrite(id, |item| {
        item.tags = tags.unwrap_or(std::mem::take(&mut item.tags));
        let Content::Contact { attributes, members } = &mut item.content else { return };
        if replace {
            attributes.clear();
            members.clear();
        }
        for (name, value) in changes {
            attributes.retain(|(known, _)| *known != name);
            if !value.is_empty() {
                attributes.push((name, value));
            }
        }
        members.retain(|(kind, value)| !gone.contains(&(Some(kind.clone()), Some(value.clone()))));
        members.retain(|member| !joined.contains(member));
        members.extend(joined);
    });
    let shower = context.shower(context.target()?);
    Ok(answer().child(shower.contact(&shower.mailbox.items[&id], &[])))
}

/// The contacts that are asked for, those of a folder, or all.
pub(super) fn get(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let wanted: Vec<String> = request.all("a").filter_map(|one| one.value("n")).collect();
    let folder = request.value("l").map(|l| context.mailbox()?.folder_by(&l)).transpose()?;
    let mut ids = Vec::new();
    for named in request.all("cn") {
        for text in named.value("id").unwrap_or_default().split(',').filter(|id| !id.is_empty()) {
            let id = context.id(text)?;
            context.known(id, ItemKind::Contact)?;
            ids.push(id);
        }
    }
    let (deref, sync) = (request.flag("derefGroupMember"), request.flag("sync"));
    if deref && request.find("cn").is_none() {
        return Err(Refusal::invalid("derefGroupMember is supported only when specific contact ids are specified"));
    }
    let shower = context.shower(context.target()?);
    if request.find("cn").is_none() {
        let all = shower.mailbox.items.values().filter(|item| item.kind == ItemKind::Contact);
        ids = all.filter(|item| folder.is_none_or(|folder| item.folder == folder)).map(|item| item.id).collect();
    }
    let shown = ids.iter().map(|id| {
        let mut element = shower.contact(&shower.mailbox.items[id], &wanted);
        if !sync {
            element.attributes.retain(|(name, ..)| !matches!(name.as_str(), "md" | "ms"));
        }
        if deref {
            dereference(&mut element, &shower, &context.world.accounts);
        }
        element
    });
    Ok(answer().children(shown))
}

/// Puts into the members of a group what they refer to, and sorts them by what they are called then.
fn dereference(group: &mut Element, shower: &Shower<'_>, accounts: &[Account]) {
    let (mut members, others): (Vec<Element>, Vec<Element>) =
        std::mem::take(&mut group.children).into_iter().partition(|child| child.name == "m");
    for member in &mut members {
        let value = member.value("value").unwrap_or_default();
        let known = match member.value("type").as_deref() {
            Some("C") => contact(&value, shower),
            Some("G") => accounts.iter().find(|account| entry_of(account) == value).map(entry),
            _ => None,
        };
        member.children.extend(known);
    }
    members.sort_by_cached_key(called);
    group.children = [others, members].concat();
}

/// The contact of an id, with or without the account's.
fn contact(id: &str, shower: &Shower<'_>) -> Option<Element> {
    let item = shower.mailbox.items.get(&id.rsplit(':').next()?.parse().ok()?)?;
    (item.kind == ItemKind::Contact).then(|| shower.contact(item, &[]))
}

/// The name of an account in the directory.
fn entry_of(account: &Account) -> String {
    let (local, domain) = account.address.split_once('@').unwrap_or((&account.address, ""));
    let domain: String = domain.split('.').map(|part| format!(",dc={part}")).collect();
    format!("uid={local},ou=people{domain}")
}

/// An account as the directory of the organization shows it: its id is its name there.
fn entry(account: &Account) -> Element {
    let address = &account.address;
    Element::new("cn").set("id", entry_of(account)).set("fileAsStr", address).pair("a", "n", "email", address)
}

/// What members are sorted by.
fn called(member: &Element) -> (String, String) {
    let value = member.value("value").unwrap_or_default();
    let name = member.find("cn").and_then(|known| known.value("fileAsStr"));
    (name.unwrap_or_else(|| value.clone()), member.value("type").unwrap_or_default() + &value)
}

impl Context<'_> {
    /// Adds a contact, if there is room for another one.
    pub(crate) fn add_contact(&mut self, adding: Adding) -> Result<i64, Refusal> {
        let most = self.shared.settings.max_contacts;
        let mailbox = self.mailbox()?;
        let count = mailbox.items.values().filter(|item| item.kind == ItemKind::Contact).count();
        if most > 0 && count >= most {
            return Err(Refusal::new("mail.TOO_MANY_CONTACTS", "too many contacts").argument("limit", "NUM", most));
        }
        mailbox.add(adding)
    }
}
