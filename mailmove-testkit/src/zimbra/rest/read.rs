//! What is read.

use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderName};

use super::target::Target;
use super::{Answered, Visit, export};
use crate::http::Reply;
use crate::zimbra::ical::Calendar;
use crate::zimbra::service::html;
use crate::zimbra::show::file_as;
use crate::zimbra::state::{Content, Item, Mailbox};
use crate::zimbra::vcard;

pub(super) fn get(visit: &mut Visit<'_>) -> Answered {
    let format = visit.parameter("fmt").map(str::to_owned);
    if matches!(format.as_deref(), Some("tgz" | "tar")) {
        return export::export(visit);
    }
    let target = visit.find()?;
    let format = visit.parameter("fmt").map(str::to_owned);
    match (target, format.as_deref()) {
        (Target::Item(id, part), None | Some("native" | "sync" | "eml")) => item(visit, id, part, format.as_deref()),
        (target, Some("ics")) => calendars(visit, target),
        (target, Some("vcf")) => cards(visit, target),
        (Target::Folder(folder), None | Some("native")) => match visit.mailbox().folders[&folder].view.as_str() {
            "contact" => cards(visit, target),
            "appointment" | "task" => calendars(visit, target),
            _ => Err(html(StatusCode::BAD_REQUEST, "unsupported format")),
        },
        _ => Err(html(StatusCode::BAD_REQUEST, "unsupported format")),
    }
}

/// The items that are meant.
fn items(mailbox: &Mailbox, target: Target) -> Vec<&Item> {
    match target {
        Target::Item(id, _) => mailbox.items.get(&id).into_iter().collect(),
        Target::Folder(folder) => mailbox.items.values().filter(|item| item.folder == folder).collect(),
    }
}

/// Appointments and tasks as one iCalendar, with all exceptions.
fn calendars(visit: &mut Visit<'_>, target: Target) -> Answered {
    let mailbox = visit.mailbox();
    let invites = items(mailbox, target).into_iter().flat_map(|item| match &item.content {
        Content::Calendar { invites, .. } => invites.as_slice(),
        _ => &[],
    });
    let text = Calendar::join(invites.map(|invite| &invite.calendar), "PUBLISH");
    Ok(Reply::of(StatusCode::OK, "text/calendar; charset=utf-8", text))
}

/// Contacts as vCards.
fn cards(visit: &mut Visit<'_>, target: Target) -> Answered {
    let mailbox = visit.mailbox();
    let cards = items(mailbox, target).into_iter().filter_map(|item| match &item.content {
        Content::Contact { attributes, members } => {
            Some(vcard::format(&(attributes.clone(), members.clone()), &file_as(attributes)))
        }
        _ => None,
    });
    Ok(Reply::of(StatusCode::OK, "text/x-vcard; charset=utf-8", cards.collect::<String>()))
}

/// One item as it was stored, with what is known of it when that is asked for.
fn item(visit: &mut Visit<'_>, id: i64, part: Option<i64>, format: Option<&str>) -> Answered {
    let inline = visit.parameter("nohdr").is_none();
    let mailbox = &visit.world.mailboxes[visit.target];
    let item = &mailbox.items[&id];
    let gone = || html(StatusCode::INTERNAL_SERVER_ERROR, "mail.NO_SUCH_BLOB");
    let (kind, bytes) = match &item.content {
        Content::Message { .. } => ("text/plain", item.stored().ok_or_else(gone)?.to_vec()),
        Content::Document { kind, .. } => (kind.as_str(), item.stored().ok_or_else(gone)?.to_vec()),
        Content::Contact { .. } if format == Some("sync") => ("text/plain", Vec::new()),
        Content::Contact { .. } => return Err(html(StatusCode::BAD_REQUEST, "unsupported format")),
        Content::Calendar { invites, .. } => match (part, format) {
            (Some(part), _) => {
                let invite = invites.iter().find(|invite| invite.id == part);
                ("text/plain", invite.ok_or_else(gone)?.mime.to_vec())
            }
            (None, Some("sync")) => ("text/plain", digest(item)),
            (None, _) => {
                let text = Calendar::join(invites.iter().map(|invite| &invite.calendar), "PUBLISH");
                ("text/calendar; charset=utf-8", text.into_bytes())
            }
        },
    };
    if format != Some("sync") {
        return Ok(Reply::of(StatusCode::OK, kind, bytes));
    }
    let headers = headers(mailbox, item, visit.shared.settings.version.has_tag_names());
    let mut reply = Reply::empty(StatusCode::OK).with(CONTENT_TYPE, kind);
    let mut body = Vec::new();
    for (name, value) in headers {
        if inline {
            body.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        let octets =
            value.chars().map(|character| if character.is_ascii() { character } else { '?' }).collect::<String>();
        if let Ok(name) = HeaderName::try_from(name) {
            reply = reply.with(name, octets);
        }
    }
    body.extend_from_slice(&bytes);
    reply.content = vec![crate::http::Piece::Plain(body.into())];
    Ok(reply)
}

/// What is known of an item, as header fields.
fn headers(mailbox: &Mailbox, item: &Item, names: bool) -> Vec<(&'static str, String)> {
    let tags = item.tags.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let mut all = vec![
        ("X-Zimbra-ItemId", item.id.to_string()),
        ("X-Zimbra-FolderId", item.folder.to_string()),
        ("X-Zimbra-Tags", tags),
    ];
    if names {
        all.push(("X-Zimbra-Tag-Names", mailbox.tag_names(&item.tags)));
    }
    all.extend([
        ("X-Zimbra-Flags", item.flags.clone()),
        ("X-Zimbra-Received", item.date.to_string()),
        ("X-Zimbra-Modified", item.md.to_string()),
        ("X-Zimbra-Change", item.ms.to_string()),
        ("X-Zimbra-Revision", item.rev.to_string()),
    ]);
    if matches!(item.content, Content::Message { .. }) {
        all.push(("X-Zimbra-Conv", item.conversation.to_string()));
    }
    all
}

/// The messages of all invites of an appointment as one.
pub(super) fn digest(item: &Item) -> Vec<u8> {
    let Content::Calendar { invites, .. } = &item.content else { return Vec::new() };
    let mut out = b"Content-Type: multipart/digest; boundary=\"invites\"\r\n\r\n".to_vec();
    for invite in invites {
        let head = format!("--invites\r\nContent-Type: message/rfc822\r\nX-Zimbra-InviteId: {}\r\n\r\n", invite.id);
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(&invite.mime);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"--invites--\r\n");
    out
}
