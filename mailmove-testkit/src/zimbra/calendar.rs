//! Appointments and tasks between iCalendar and the item that holds them.

use bytes::Bytes;

use super::ical::{Calendar, unescaped};
use super::state::{Content, Invite, Item, ItemKind, Mailbox};

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
