//! The operations, one room each, and who may call them.

mod actions;
mod around;
mod attachments;
mod batch;
mod contacts;
mod delta;
mod directory;
mod events;
mod folders;
mod mailbox_api;
mod messages;
mod photo;
mod upload;

use hyper::StatusCode;

pub(crate) use attachments::Holder;

use super::call::{Answer, Call};
use super::refusal::Refusal;
use super::service::Shared;
use super::state::{DEFAULT_LIST, Purpose};
use crate::http::{Reply, Request};

/// Does what a call asks for.
pub(crate) fn perform(call: &mut Call<'_>) -> Answer {
    match call.target.root.as_str() {
        "users" | "me" | "admin/exchange/mailboxes" => {}
        root if directory::ROOTS.contains(&root) => return directory::perform(call),
        "$batch" if call.request.method == "POST" => return batch::perform(call),
        other => return Err(Refusal::segment(other)),
    }
    let Some(mailbox) = call.shared.owner(&call.target, &call.caller) else {
        let message = format!("The requested user '{}' is invalid.", call.target.owner);
        return Err(Refusal::new(StatusCode::NOT_FOUND, "ErrorInvalidUser", message));
    };
    call.mailbox = mailbox;
    permitted(call)?;
    if call.target.root == "admin/exchange/mailboxes" {
        return mailbox_api::perform(call);
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
        ("POST", "messages/{id}/attachments/createUploadSession" | "events/{id}/attachments/createUploadSession") => {
            upload::begin(call, "AttachmentItem", "attachmentItem")
        }
        ("GET", "contactFolders") | ("GET", "contactFolders/{id}/childFolders") => {
            folders::list(call, Purpose::Contacts)
        }
        ("POST", "contactFolders") | ("POST", "contactFolders/{id}/childFolders") => {
            folders::create(call, Purpose::Contacts)
        }
        ("GET", "contactFolders/delta") => delta::tree(call, Purpose::Contacts, "contactFolder"),
        ("GET", "contactFolders/{id}") => folders::show(call, Purpose::Contacts),
        ("PATCH", "contactFolders/{id}") => folders::update(call, Purpose::Contacts),
        ("DELETE", "contactFolders/{id}") => folders::delete(call),
        ("POST", "contactFolders/{id}/permanentDelete") => folders::purge(call),
        ("GET", "contactFolders/{id}/contacts" | "contacts") => contacts::list(call, "contact", "contacts"),
        ("POST", "contactFolders/{id}/contacts" | "contacts") => {
            contacts::create(call, "contact", "IPM.Contact", "contacts")
        }
        ("GET", "contactFolders/{id}/contacts/delta") => delta::items(call, "contact"),
        ("GET", "contacts/delta") => delta::items(call, "contact"),
        ("GET", "contacts/{id}") => contacts::show(call, "contact"),
        ("GET", "contacts/{id}/photo/$value") => photo::show(call),
        ("PUT" | "PATCH", "contacts/{id}/photo/$value") => photo::set(call),
        ("PATCH", "contacts/{id}") => contacts::update(call, "contact"),
        ("DELETE", "contacts/{id}") => actions::delete(call),
        ("POST", "contacts/{id}/permanentDelete" | "events/{id}/permanentDelete") => actions::purge(call),
        _ if template.starts_with("calendar") || template.starts_with("events") => calendars(call),
        _ if template.starts_with("todo/") => tasks(call),
        _ => around(call),
    }
}

/// What can be done to the calendars and events of a user.
fn calendars(call: &Call<'_>) -> Answer {
    let template = call.target.template.as_str();
    match (call.request.method.as_str(), template) {
        ("GET", "calendars") => folders::list(call, Purpose::Calendar),
        ("POST", "calendars") => folders::create(call, Purpose::Calendar),
        ("GET", "calendar" | "calendars/{id}") => folders::show(call, Purpose::Calendar),
        ("PATCH", "calendars/{id}") => folders::update(call, Purpose::Calendar),
        ("DELETE", "calendars/{id}") => folders::delete(call),
        ("POST", "calendars/{id}/permanentDelete") => folders::purge(call),
        ("GET", "events" | "calendar/events" | "calendars/{id}/events") => events::list(call),
        ("POST", "events" | "calendar/events" | "calendars/{id}/events") => events::create(call),
        ("GET", "calendars/{id}/events/delta" | "events/delta") => delta::items(call, "event"),
        ("GET", "calendarView" | "calendar/calendarView" | "calendars/{id}/calendarView") => events::view(call),
        ("GET", "calendarView/delta" | "calendar/calendarView/delta" | "calendars/{id}/calendarView/delta") => {
            delta::items(call, "calendarView")
        }
        ("GET", "events/{id}") => events::show(call),
        ("PATCH", "events/{id}") => events::update(call),
        ("DELETE", "events/{id}") => events::delete(call),
        ("GET", "events/{id}/instances") => events::instances(call),
        ("GET", "events/{id}/exceptionOccurrences") => events::exceptions(call),
        _ => Err(Refusal::segment(template)),
    }
}

/// What can be done to the lists and tasks of a user.
fn tasks(call: &Call<'_>) -> Answer {
    let template = call.target.template.as_str();
    match (call.request.method.as_str(), template) {
        ("GET", "todo/lists") => folders::list(call, Purpose::Tasks),
        ("POST", "todo/lists") => folders::create(call, Purpose::Tasks),
        ("GET", "todo/lists/delta") => delta::tree(call, Purpose::Tasks, "todoTaskList"),
        ("GET", "todo/lists/{id}") => folders::show(call, Purpose::Tasks),
        ("PATCH", "todo/lists/{id}") => folders::update(call, Purpose::Tasks),
        ("DELETE", "todo/lists/{id}") => folders::delete(call),
        ("GET", "todo/lists/{id}/tasks") => contacts::list(call, "todoTask", DEFAULT_LIST),
        ("POST", "todo/lists/{id}/tasks") => contacts::create(call, "todoTask", "IPM.Task", DEFAULT_LIST),
        ("GET", "todo/lists/{id}/tasks/delta") => delta::items(call, "todoTask"),
        ("GET", "todo/lists/{id}/tasks/{id}") => contacts::show(call, "todoTask"),
        ("PATCH", "todo/lists/{id}/tasks/{id}") => contacts::update(call, "todoTask"),
        ("DELETE", "todo/lists/{id}/tasks/{id}") => contacts::delete_task(call),
        ("GET", "todo/lists/{id}/tasks/{id}/checklistItems") => contacts::list_parts(call, contacts::CHECKLIST),
        ("POST", "todo/lists/{id}/tasks/{id}/checklistItems") => {
            contacts::create_part(call, contacts::CHECKLIST, "checklistItem")
        }
        ("GET", "todo/lists/{id}/tasks/{id}/linkedResources") => contacts::list_parts(call, contacts::LINKS),
        ("POST", "todo/lists/{id}/tasks/{id}/linkedResources") => {
            contacts::create_part(call, contacts::LINKS, "linkedResource")
        }
        ("PATCH", "todo/lists/{id}/tasks/{id}/linkedResources/{id}") => {
            contacts::update_part(call, contacts::LINKS, "linkedResource")
        }
        ("PATCH", "todo/lists/{id}/tasks/{id}/checklistItems/{id}") => {
            contacts::update_part(call, contacts::CHECKLIST, "checklistItem")
        }
        ("DELETE", "todo/lists/{id}/tasks/{id}/linkedResources/{id}") => contacts::delete_part(call, contacts::LINKS),
        ("DELETE", "todo/lists/{id}/tasks/{id}/checklistItems/{id}") => {
            contacts::delete_part(call, contacts::CHECKLIST)
        }
        ("GET", "todo/lists/{id}/tasks/{id}/attachments") => attachments::list(call),
        ("POST", "todo/lists/{id}/tasks/{id}/attachments") => attachments::create(call),
        ("POST", "todo/lists/{id}/tasks/{id}/attachments/createUploadSession") => {
            upload::begin(call, "attachmentInfo", "attachmentInfo")
        }
        ("PUT", "todo/lists/{id}/tasks/{id}/attachmentSessions/{id}/content")
        | ("GET" | "DELETE", "todo/lists/{id}/tasks/{id}/attachmentSessions/{id}") => upload::of_task(call),
        ("GET", "todo/lists/{id}/tasks/{id}/attachments/{id}") => attachments::show(call),
        ("GET", "todo/lists/{id}/tasks/{id}/attachments/{id}/$value") => attachments::value(call),
        ("DELETE", "todo/lists/{id}/tasks/{id}/attachments/{id}") => attachments::delete(call),
        _ => Err(Refusal::segment(template)),
    }
}

/// What is around the items of a user.
fn around(call: &Call<'_>) -> Answer {
    use around::Things::{Categories, Rules};
    let template = call.target.template.as_str();
    let things = if template.starts_with("outlook/masterCategories") { Categories } else { Rules };
    match (call.request.method.as_str(), template) {
        ("GET", "") => around::user(call),
        ("GET", "settings/exchange") => around::exchange(call),
        ("GET", "mailboxSettings") => around::settings(call),
        ("PATCH", "mailboxSettings") => around::set_settings(call),
        ("POST", "translateExchangeIds") => around::translate(call),
        ("GET", "outlook/masterCategories" | "mailFolders/{id}/messageRules") => around::list(call, things),
        ("POST", "outlook/masterCategories" | "mailFolders/{id}/messageRules") => around::create(call, things),
        ("GET", "outlook/masterCategories/{id}" | "mailFolders/{id}/messageRules/{id}") => around::show(call, things),
        ("PATCH", "outlook/masterCategories/{id}" | "mailFolders/{id}/messageRules/{id}") => {
            around::update(call, things)
        }
        ("DELETE", "outlook/masterCategories/{id}" | "mailFolders/{id}/messageRules/{id}") => {
            around::delete(call, things)
        }
        _ => Err(Refusal::segment(template)),
    }
}

/// What is done with a URL that is its own permission.
pub(crate) fn secret(shared: &Shared, request: &Request, rest: &str) -> Answer {
    match rest.strip_prefix("uploads/") {
        Some(token) => upload::piece(shared, request, token, false),
        None if rest.ends_with("/importItem") => mailbox_api::import(shared, request),
        None => Err(Refusal::segment(rest)),
    }
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
            &[
                "MailboxItem.Read.All",
                "MailboxItem.ReadWrite.All",
                "MailboxItem.Export.All",
                "MailboxItem.ImportExport.All",
            ],
            &["MailboxItem.ReadWrite.All"],
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
