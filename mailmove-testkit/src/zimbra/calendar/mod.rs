//! Appointments and tasks between iCalendar and the item that holds them.

mod show;
mod write;

pub(crate) use show::item;
pub(crate) use write::calendar;

use bytes::Bytes;

use crate::zimbra::ical::{Calendar, unescaped};
use crate::zimbra::refusal::Refusal;
use crate::zimbra::state::{Adding, Content, Invite, Item, ItemKind, Mailbox};

/// The content that these calendars of one UID make, one invite for each.
pub(crate) fn content(mailbox: &mut Mailbox, calendars: Vec<Calendar>) -> Content {
    let uid = calendars.first().and_then(Calendar::component).and_then(|component| component.value("UID"));
    let uid = uid.unwrap_or_default().to_owned();
    let invites = calendars.into_iter().map(|calendar| invite(mailbox, calendar, None)).collect();
    Content::Calendar { uid, invites }
}

/// An invite, with the message that it came in or one that is made for it.
pub(crate) fn invite(mailbox: &mut Mailbox, calendar: Calendar, mime: Option<Bytes>) -> Invite {
    let recurrence = calendar.recurrence_id().map(str::to_owned);
    let mime = mime.unwrap_or_else(|| message(&calendar));
    Invite { id: mailbox.next_id(), recurrence, calendar, mime, ptst: "AC".to_owned() }
}

/// The kind of item that a calendar makes.
pub(crate) fn kind(calendar: &Calendar) -> ItemKind {
    let todo = calendar.component().is_some_and(|component| component.name == "VTODO");
    if todo { ItemKind::Task } else { ItemKind::Appointment }
}

/// The message that holds one calendar.
fn message(calendar: &Calendar) -> Bytes {
    let component = calendar.component();
    let subject = component.and_then(|component| component.value("SUMMARY")).unwrap_or_default();
    let subject: String = subject.chars().filter(char::is_ascii).collect();
    let text = Calendar::join([calendar], calendar.method.as_deref().unwrap_or("PUBLISH"));
    format!(
        "Subject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; charset=utf-8; method=PUBLISH\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{text}"
    )
    .into()
}

/// The title of an appointment or a task.
pub(crate) fn name(item: &Item) -> Option<String> {
    let Content::Calendar { invites, .. } = &item.content else { return None };
    let first = invites.first().and_then(|invite| invite.calendar.component())?;
    first.value("SUMMARY").map(unescaped)
}

/// The item of this UID.
pub(crate) fn with_uid(mailbox: &Mailbox, uid: &str) -> Option<i64> {
    let mut items = mailbox.items.values();
    let found = items.find(|item| matches!(&item.content, Content::Calendar { uid: own, .. } if own == uid));
    found.map(|item| item.id)
}

/// Puts everything that a text of iCalendar holds into a folder, each UID once; the ids of the items.
pub(crate) fn import(mailbox: &mut Mailbox, folder: i64, text: &[u8]) -> Result<Vec<i64>, Refusal> {
    let parsed = Calendar::parse(text).map_err(|why| Refusal::new("mail.ICALENDAR_PARSE_ERROR", why))?;
    let mut ids = Vec::new();
    for (uid, calendars) in parsed.by_uid() {
        let kind = calendars.first().map_or(ItemKind::Appointment, kind);
        let content = content(mailbox, calendars);
        ids.push(match with_uid(mailbox, &uid) {
            Some(id) => {
                mailbox.rewrite(id, |item| item.content = content);
                id
            }
            None => {
                mailbox.add(Adding { folder, kind, content, flags: String::new(), tags: Vec::new(), date: None })?
            }
        });
    }
    Ok(ids)
}
