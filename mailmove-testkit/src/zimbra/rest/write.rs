//! What is written.

use hyper::StatusCode;

use super::target::Target;
use super::{Answered, Visit, import};
use crate::http::Reply;
use crate::zimbra::calendar;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::service::html;
use crate::zimbra::state::{Adding, Content, ItemKind};
use crate::zimbra::vcard;

pub(super) fn post(visit: &mut Visit<'_>) -> Answered {
    let format = visit.parameter("fmt").map(str::to_owned);
    if matches!(format.as_deref(), Some("tgz" | "tar")) {
        return import::import(visit);
    }
    let Target::Folder(folder) = visit.find()? else { return Err(html(StatusCode::BAD_REQUEST, "not a folder")) };
    let body = visit.request.body.clone();
    let most = visit.shared.settings.max_contacts;
    let view = visit.mailbox().folders[&folder].view.clone();
    let done = match format.as_deref() {
        Some("ics") => {
            let lenient = visit.parameter("ignore") == Some("1");
            match calendar::import(visit.mailbox(), folder, &body) {
                Err(_) if lenient => Ok(()),
                done => done.map(|_| ()),
            }
        }
        Some("vcf") => contacts(visit, folder, &String::from_utf8_lossy(&body), most),
        None | Some("native" | "sync" | "eml") if view.is_empty() || view == "message" => {
            let content = Content::Message { blob: body };
            let (kind, flags, tags) = (ItemKind::Message, "u".to_owned(), Vec::new());
            visit.mailbox().add(Adding { folder, kind, content, flags, tags, date: None }).map(|_| ())
        }
        _ => return Err(html(StatusCode::BAD_REQUEST, "unsupported format")),
    };
    match done {
        Ok(()) => Ok(Reply::of(StatusCode::OK, "text/html; charset=utf-8", "")),
        Err(refusal) if refusal.code == "mail.QUOTA_EXCEEDED" => {
            Err(html(StatusCode::INSUFFICIENT_STORAGE, &refusal.code))
        }
        Err(refusal) if refusal.code.ends_with("PARSE_ERROR") => Err(html(StatusCode::BAD_REQUEST, &refusal.reason)),
        Err(refusal) => Err(html(StatusCode::INTERNAL_SERVER_ERROR, &refusal.code)),
    }
}

fn contacts(visit: &mut Visit<'_>, folder: i64, text: &str, most: usize) -> Result<(), Refusal> {
    let cards = vcard::parse(text).map_err(|why| Refusal::new("service.PARSE_ERROR", why))?;
    let mailbox = visit.mailbox();
    for (attributes, members) in cards {
        let count = mailbox.items.values().filter(|item| item.kind == ItemKind::Contact).count();
        if most > 0 && count >= most {
            return Err(Refusal::new("mail.TOO_MANY_CONTACTS", "too many contacts"));
        }
        let content = Content::Contact { attributes, members };
        let (kind, flags, tags) = (ItemKind::Contact, String::new(), Vec::new());
        mailbox.add(Adding { folder, kind, content, flags, tags, date: None })?;
    }
    Ok(())
}
