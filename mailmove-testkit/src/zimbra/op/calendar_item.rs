//! Appointments and tasks.

use super::{Context, answer};
use crate::zimbra::calendar;
use crate::zimbra::element::Element;
use crate::zimbra::ical::Calendar;
use crate::zimbra::mail;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::state::{Adding, Content, Invite, Item, ItemKind};

pub(super) fn set_appointment(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    set(context, request, ItemKind::Appointment)
}

pub(super) fn set_task(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    set(context, request, ItemKind::Task)
}

/// Makes an item, or puts all of it in the place of the one with the same UID. Nobody gets mail.
fn set(context: &mut Context<'_>, request: &Element, kind: ItemKind) -> Result<Element, Refusal> {
    let folder = request.value("l").unwrap_or_else(|| if kind == ItemKind::Task { "15" } else { "10" }.to_owned());
    let folder = context.mailbox()?.folder_by(&folder)?;
    let tags = context.tags(request)?;
    let main = request.find("default").ok_or_else(|| Refusal::invalid("missing required element: default"))?;
    let others = request.children.iter().filter(|child| matches!(child.name.as_str(), "except" | "cancel"));
    let (uid, first) = invites(context, main, kind, None)?;
    let mut all = vec![first];
    for other in others {
        let (_, invite) = invites(context, other, kind, Some(&uid))?;
        if invite.recurrence.is_none() {
            return Err(Refusal::invalid("exception without a recurrence id"));
        }
        all.push(invite);
    }
    let shown = all.iter().map(|invite| (invite.id, invite.recurrence.clone())).collect::<Vec<_>>();
    let content = Content::Calendar { uid: uid.clone(), invites: all };
    let flags = request.value("f").unwrap_or_default();
    let id = put(context, folder, kind, &uid, content, flags, tags)?;
    let own = crate::zimbra::show::Ids::of(context).show(id);
    let mut element = answer().set("calItemId", &own);
    if kind == ItemKind::Appointment {
        element = element.set("apptId", &own);
    }
    for (invite, recurrence) in shown {
        let id = format!("{own}-{invite}");
        element = element.child(match recurrence {
            None => Element::single("default").set("id", id),
            Some(recurrence) => Element::new("except").set("recurId", recurrence).set("id", id),
        });
    }
    Ok(element)
}

/// Puts an item into the mailbox, in the place of the one with the same UID.
fn put(
    context: &mut Context<'_>,
    folder: i64,
    kind: ItemKind,
    uid: &str,
    content: Content,
    flags: String,
    tags: Option<Vec<i64>>,
) -> Result<i64, Refusal> {
    let known = context.with_uid(uid)?;
    let mailbox = context.mailbox()?;
    match known {
        Some(id) => {
            mailbox.rewrite(id, |item| {
                (item.folder, item.content) = (folder, content);
                item.tags = tags.unwrap_or(std::mem::take(&mut item.tags));
            });
            Ok(id)
        }
        None => mailbox.add(Adding { folder, kind, content, flags, tags: tags.unwrap_or_default(), date: None }),
    }
}

/// The UID and the invite of one part of a request.
fn invites(
    context: &mut Context<'_>,
    part: &Element,
    kind: ItemKind,
    uid: Option<&str>,
) -> Result<(String, Invite), Refusal> {
    let message = part.find("m").ok_or_else(|| Refusal::invalid("missing required element: m"))?;
    let (calendar, mime) = calendar_of(context, message, kind, uid)?;
    let component = calendar.component().ok_or_else(|| Refusal::invalid("no component"))?;
    let own = component.value("UID").unwrap_or_default().to_owned();
    if uid.is_some_and(|uid| uid != own) {
        return Err(Refusal::invalid("UIDs of the series and its exceptions differ"));
    }
    let wanted = if kind == ItemKind::Task { "VTODO" } else { "VEVENT" };
    if component.name != wanted {
        return Err(Refusal::invalid(format_args!("{} where {wanted} is wanted", component.name)));
    }
    let mut invite = calendar::invite(context.mailbox()?, calendar, mime);
    invite.ptst = part.value("ptst").unwrap_or(invite.ptst);
    Ok((own, invite))
}

/// The one calendar that a message holds: described, as iCalendar, or inside of MIME that is inline or uploaded.
fn calendar_of(
    context: &mut Context<'_>,
    message: &Element,
    kind: ItemKind,
    uid: Option<&str>,
) -> Result<(Calendar, Option<bytes::Bytes>), Refusal> {
    let one = |text: &[u8]| {
        let parsed = Calendar::parse(text).map_err(|why| Refusal::new("mail.ICALENDAR_PARSE_ERROR", why))?;
        let mut all: Vec<Calendar> = parsed.by_uid().into_iter().flat_map(|(_, calendars)| calendars).collect();
        if all.is_empty() { Err(Refusal::invalid("no VEVENT and no VTODO")) } else { Ok(all.remove(0)) }
    };
    let mime = match (message.value("aid"), message.value("content")) {
        (Some(aid), _) => Some(context.uploaded(&aid)?),
        (None, Some(text)) => Some(context.inline(&text)),
        (None, None) => None,
    };
    if let Some(mime) = mime {
        let text = mail::calendars(&mime).into_iter().next();
        let text = text.ok_or_else(|| Refusal::invalid("no text/calendar in the message"))?;
        return Ok((one(&text)?, Some(mime)));
    }
    fn inside(part: &Element) -> Option<&Element> {
        let kind = part.value("ct").unwrap_or_default();
        if kind.starts_with("text/calendar") { Some(part) } else { part.all("mp").find_map(inside) }
    }
    if let Some(part) = message.all("mp").find_map(inside) {
        return Ok((one(part.value("content").unwrap_or_default().as_bytes())?, None));
    }
    let invitation = message.find("inv").ok_or_else(|| Refusal::invalid("missing required element: inv"))?;
    let made = context.world.word("uid");
    let calendar = calendar::calendar(message, invitation, kind, uid.unwrap_or(&made))?;
    let first = calendar.by_uid().into_iter().flat_map(|(_, calendars)| calendars).next();
    let mut first = first.ok_or_else(|| Refusal::invalid("no VEVENT and no VTODO"))?;
    first.method = calendar.method;
    Ok((first, None))
}

pub(super) fn create_appointment(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    create(context, request, ItemKind::Appointment)
}

pub(super) fn create_task(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    create(context, request, ItemKind::Task)
}

/// Makes an item, and mails it to those whom the message names.
fn create(context: &mut Context<'_>, request: &Element, kind: ItemKind) -> Result<Element, Refusal> {
    let message = request.find("m").ok_or_else(|| Refusal::invalid("missing required element: m"))?;
    let folder = message.value("l").unwrap_or_else(|| if kind == ItemKind::Task { "15" } else { "10" }.to_owned());
    let folder = context.mailbox()?.folder_by(&folder)?;
    let (calendar, mime) = calendar_of(context, message, kind, None)?;
    let uid = calendar.component().and_then(|component| component.value("UID")).unwrap_or_default().to_owned();
    let invite = calendar::invite(context.mailbox()?, calendar, mime);
    let number = invite.id;
    let content = Content::Calendar { uid: uid.clone(), invites: vec![invite] };
    let id = put(context, folder, kind, &uid, content, String::new(), None)?;
    context.mails(message);
    made(context, id, number, kind)
}

/// Adds an exception to a series.
pub(super) fn create_exception(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    change(context, request, false)
}

/// Puts an invite in the place of another.
pub(super) fn modify(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    change(context, request, true)
}

fn change(context: &mut Context<'_>, request: &Element, replace: bool) -> Result<Element, Refusal> {
    let text = request.value("id").ok_or_else(|| Refusal::invalid("missing required attribute: id"))?;
    let (id, number) = text.rsplit_once('-').unwrap_or((&text, ""));
    let id = context.id(id)?;
    let message = request.find("m").ok_or_else(|| Refusal::invalid("missing required element: m"))?;
    let item = context.calendar_item(id)?;
    let (kind, Content::Calendar { uid, .. }) = (item.kind, item.content.clone()) else {
        return Err(Refusal::missing("CALITEM", id));
    };
    let (calendar, mime) = calendar_of(context, message, kind, Some(&uid))?;
    let invite = calendar::invite(context.mailbox()?, calendar, mime);
    if !replace && invite.recurrence.is_none() {
        return Err(Refusal::invalid("exception without a recurrence id"));
    }
    let made_number = invite.id;
    let number: Option<i64> = number.parse().ok();
    context.mailbox()?.rewrite(id, |item| {
        let Content::Calendar { invites, .. } = &mut item.content else { return };
        let place = if replace {
            invites.iter().position(|one| Some(one.id) == number)
        } else {
            invites.iter().position(|one| one.recurrence == invite.recurrence)
        };
        match place {
            Some(place) => invites[place] = invite,
            None => invites.push(invite),
        }
    });
    context.mails(message);
    made(context, id, made_number, kind)
}

/// Cancels an item, or one occurrence of it.
pub(super) fn cancel(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let text = request.value("id").ok_or_else(|| Refusal::invalid("missing required attribute: id"))?;
    let id = context.id(text.rsplit_once('-').map_or(text.as_str(), |(id, _)| id))?;
    context.calendar_item(id)?;
    if let Some(message) = request.find("m") {
        context.mails(message);
    }
    match request.find("inst").and_then(|instance| instance.value("d")) {
        None => context.mailbox()?.touch(id, |item| item.folder = 3),
        Some(date) => context.mailbox()?.rewrite(id, |item| {
            let Content::Calendar { invites, .. } = &mut item.content else { return };
            invites.retain(|invite| invite.recurrence.as_deref() != Some(&date));
            let first = invites.first_mut().and_then(|invite| invite.calendar.components.first_mut());
            first.into_iter().for_each(|series| series.lines.push(format!("EXDATE:{date}")));
        }),
    }
    Ok(answer())
}

fn made(context: &Context<'_>, id: i64, invite: i64, kind: ItemKind) -> Result<Element, Refusal> {
    let own = crate::zimbra::show::Ids::of(context).show(id);
    let item = context.calendar_item(id)?;
    let mut element = answer().set("calItemId", &own);
    if kind == ItemKind::Appointment {
        element = element.set("apptId", &own);
    }
    Ok(element.set("invId", format!("{own}-{invite}")).set("ms", item.ms).set("rev", item.rev))
}

/// An item by its id or its UID.
pub(super) fn get(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let id = match (request.value("id"), request.value("uid")) {
        (Some(id), _) => context.id(id.rsplit_once('-').map_or(id.as_str(), |(id, _)| id))?,
        (None, Some(uid)) => context.with_uid(&uid)?.ok_or_else(|| Refusal::missing("APPT", uid))?,
        (None, None) => return Err(Refusal::invalid("must specify either id or uid")),
    };
    context.calendar_item(id)?;
    let shower = context.shower(context.target()?);
    let content = request.flag("includeContent");
    Ok(answer().child(calendar::item(&shower, &shower.mailbox.items[&id], content)))
}

/// iCalendar of an item.
pub(super) fn get_ical(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let text = request.value("id").ok_or_else(|| Refusal::invalid("missing required attribute: id"))?;
    let id = context.id(text.rsplit_once('-').map_or(text.as_str(), |(id, _)| id))?;
    let Content::Calendar { invites, .. } = &context.calendar_item(id)?.content else {
        return Err(Refusal::missing("CALITEM", id));
    };
    let joined = Calendar::join(invites.iter().map(|invite| &invite.calendar), "PUBLISH");
    Ok(answer().child(Element::new("ical").set("id", text).text(joined)))
}

/// Everything that a text of iCalendar holds.
pub(super) fn import(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let folder = request.value("l").unwrap_or_else(|| "10".to_owned());
    let folder = context.mailbox()?.folder_by(&folder)?;
    if !matches!(request.value("ct").as_deref(), Some("ics" | "text/calendar")) {
        return Err(Refusal::invalid("unsupported content type"));
    }
    let content = request.find("content").ok_or_else(|| Refusal::invalid("missing required element: content"))?;
    let bytes = match content.value("aid") {
        Some(aid) => context.uploaded(&aid)?,
        None => context.inline(content.own_text()),
    };
    let target = context.target()?;
    let ids = calendar::import(&mut context.world.mailboxes[target], folder, &bytes)?;
    let shown = crate::zimbra::show::Ids::of(context).list(&ids);
    Ok(answer().set("ids", shown).set("n", ids.len()))
}

impl Context<'_> {
    pub(crate) fn calendar_item(&self, id: i64) -> Result<&Item, Refusal> {
        let item = self.world.mailboxes[self.target()?].item(id);
        let item = item.filter(|item| matches!(item.kind, ItemKind::Appointment | ItemKind::Task));
        item.ok_or_else(|| Refusal::missing("APPT", id))
    }

    fn with_uid(&self, uid: &str) -> Result<Option<i64>, Refusal> {
        Ok(calendar::with_uid(&self.world.mailboxes[self.target()?], uid))
    }

    /// The message goes to all whom it names.
    fn mails(&self, message: &Element) {
        let to = |one: &&Element| matches!(one.value("t").as_deref(), Some("t" | "c" | "b"));
        let count = message.all("e").filter(to).count();
        self.shared.hub.log.sent(count as u64);
    }
}
