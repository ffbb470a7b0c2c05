//! The operations, one room each, and who may call them.

mod actions;
mod attachments;
mod delta;
mod folders;
mod messages;

use hyper::StatusCode;

use super::call::{Answer, Call};
use super::refusal::Refusal;
use super::service::Shared;
use super::state::Purpose;
use crate::http::{Reply, Request};

/// Does what a call asks for.
pub(crate) fn perform(call: &mut Call<'_>) -> Answer {
    match call.target.root.as_str() {
        "users" | "me" | "admin/exchange/mailboxes" => {}
        other => return Err(Refusal::segment(other)),
    }
    let Some(mailbox) = call.shared.owner(&call.target, &call.caller) else {
        let message = format!("The requested user '{}' is invalid.", call.target.owner);
        return Err(Refusal::new(StatusCode::NOT_FOUND, "ErrorInvalidUser", message));
    };
    call.mailbox = mailbox;
    permitted(call)?;
    if call.target.root == "admin/exchange/mailboxes" {
        return Err(Refusal::segment(&call.target.template));
    }
    user(call)
}

/// What can be done to a user's mailbox.
fn user(call: &Call<'_>) -> Answer {
    let template = call.target.template.as_str();
    match (call.request.method.as_str(), template) {
        ("GET", "mailFolders") => folders::list(call, Purpose::Mail),
        ("POST", "mailFolders") => folders::create(call, Purpose::Mail),
        ("GET", "mailFolders/delta") => delta::folders(call),
        ("GET", "mailFolders/{id}") => folders::show(call, Purpose::Mail),
        ("PATCH", "mailFolders/{id}") => folders::update(call, Purpose::Mail),
        ("DELETE", "mailFolders/{id}") => folders::delete(call),
        ("POST", "mailFolders/{id}/permanentDelete") => folders::purge(call),
        ("POST", "mailFolders/{id}/move") => folders::relocate(call),
        ("GET", "mailFolders/{id}/childFolders") => folders::list(call, Purpose::Mail),
        ("POST", "mailFolders/{id}/childFolders") => folders::create(call, Purpose::Mail),
        ("GET", "mailFolders/{id}/messages" | "messages") => messages::list(call),
        ("POST", "mailFolders/{id}/messages" | "messages") => messages::create(call),
        ("GET", "mailFolders/{id}/messages/delta") => delta::items(call, "message"),
        ("GET", "mailFolders/{id}/messages/$count") => messages::count(call),
        ("GET", "messages/{id}") => messages::show(call),
        ("GET", "messages/{id}/$value") => messages::value(call),
        ("PATCH", "messages/{id}") => messages::update(call),
        ("DELETE", "messages/{id}") => actions::delete(call),
        ("POST", "messages/{id}/permanentDelete") => actions::purge(call),
        ("POST", "messages/{id}/move") => actions::relocate(call),
        ("POST", "messages/{id}/copy") => actions::copy(call),
        ("POST", "messages/{id}/send") => actions::send(call),
        ("GET", "messages/{id}/attachments" | "events/{id}/attachments") => attachments::list(call),
        ("POST", "messages/{id}/attachments" | "events/{id}/attachments") => attachments::create(call),
        ("GET", "messages/{id}/attachments/{id}" | "events/{id}/attachments/{id}") => attachments::show(call),
        ("GET", "messages/{id}/attachments/{id}/$value" | "events/{id}/attachments/{id}/$value") => {
            attachments::value(call)
        }
        ("DELETE", "messages/{id}/attachments/{id}" | "events/{id}/attachments/{id}") => attachments::delete(call),
        _ => Err(Refusal::segment(template)),
    }
}

/// What is done with a URL that is its own permission.
pub(crate) fn secret(_shared: &Shared, _request: &Request, rest: &str) -> Answer {
    Err(Refusal::segment(rest))
}

/// 204.
fn done() -> Answer {
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// Whether the caller has one of the roles that the path needs, and is the owner where that is what counts.
fn permitted(call: &Call<'_>) -> Result<(), Refusal> {
    let (template, reads) = (call.target.template.as_str(), call.request.method == "GET");
    let begins = |name: &str| template.split('/').next() == Some(name);
    let either = |read: &'static [&'static str], write: &'static [&'static str]| if reads { read } else { write };
    let admin = call.target.root == "admin/exchange/mailboxes";
    let roles: &[&str] = match template {
        "exportItems" => &["MailboxItem.Export.All", "MailboxItem.ImportExport.All"],
        "createImportSession" => &["MailboxItem.ImportExport.All"],
        _ if admin && (begins("items") || template.contains("/items")) => either(
            &["MailboxItem.Read.All", "MailboxItem.Export.All", "MailboxItem.ImportExport.All"],
            &["MailboxItem.ImportExport.All"],
        ),
        _ if admin => {
            either(&["MailboxFolder.Read.All", "MailboxFolder.ReadWrite.All"], &["MailboxFolder.ReadWrite.All"])
        }
        _ if template.contains("messageRules") || begins("mailboxSettings") || begins("outlook") => {
            either(&["MailboxSettings.Read", "MailboxSettings.ReadWrite"], &["MailboxSettings.ReadWrite"])
        }
        _ if template.ends_with("/send") => &["Mail.Send"],
        _ if begins("mailFolders") || begins("messages") => {
            either(&["Mail.Read", "Mail.ReadWrite"], &["Mail.ReadWrite"])
        }
        _ if begins("contactFolders") || begins("contacts") => {
            either(&["Contacts.Read", "Contacts.ReadWrite"], &["Contacts.ReadWrite"])
        }
        _ if begins("calendars") || begins("events") || template.starts_with("calendar") => {
            either(&["Calendars.Read", "Calendars.ReadWrite"], &["Calendars.ReadWrite"])
        }
        _ if begins("todo") => either(&["Tasks.Read.All", "Tasks.ReadWrite.All"], &["Tasks.ReadWrite.All"]),
        "settings/exchange" | "" => &["User.Read.All", "User.ReadWrite.All", "Directory.Read.All"],
        _ => return Ok(()),
    };
    if !call.caller.may(roles) {
        return Err(Refusal::denied());
    }
    let own =
        call.caller.user.as_deref().is_none_or(|user| call.with(|mailbox| mailbox.address.eq_ignore_ascii_case(user)));
    if own { Ok(()) } else { Err(Refusal::denied()) }
}
