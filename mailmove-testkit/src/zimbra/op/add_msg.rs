//! Messages that are put into the mailbox as they are.

use bytes::Bytes;

use super::{Context, answer};
use crate::zimbra::calendar;
use crate::zimbra::element::Element;
use crate::zimbra::ical::Calendar;
use crate::zimbra::mail;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::state::{Adding, Content, ItemKind};

pub(super) fn add(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let spec = request.find("m").ok_or_else(|| Refusal::invalid("missing required element: m"))?;
    let folder = spec.value("l").unwrap_or_else(|| "2".to_owned());
    let folder = context.mailbox()?.folder_by(&folder)?;
    let tags = context.tags(spec)?.unwrap_or_default();
    let blob = match spec.value("aid") {
        Some(aid) => context.uploaded(&aid)?,
        None => {
            let text = spec.value("content").ok_or_else(|| Refusal::invalid("missing required element: content"))?;
            context.inline(&text)
        }
    };
    let largest = context.shared.settings.max_message;
    if largest > 0 && blob.len() > largest {
        let words = "message of this size cannot be accepted";
        return Err(Refusal::new("mail.MESSAGE_TOO_BIG", words).argument("maxSize", "NUM", largest));
    }
    let mailbox = context.mailbox()?;
    let flags = spec.value("f").unwrap_or_default();
    let content = Content::Message { blob: blob.clone() };
    let adding = Adding { folder, kind: ItemKind::Message, content, flags, tags, date: spec.number("d") };
    let id = mailbox.add(adding)?;
    if !spec.flag("noICal") {
        for text in mail::calendars(&blob) {
            let Ok(parsed) = Calendar::parse(&text) else { continue };
            for (_, calendars) in parsed.by_uid() {
                let kind = calendars.first().map_or(ItemKind::Appointment, calendar::kind);
                let content = calendar::content(mailbox, calendars);
                let folder = if kind == ItemKind::Task { 15 } else { 10 };
                mailbox.add(Adding { folder, kind, content, flags: String::new(), tags: Vec::new(), date: None })?;
            }
        }
    }
    let shower = context.shower(context.target()?);
    Ok(answer().child(shower.message(&shower.mailbox.items[&id])))
}

/// Sends a message: it goes to all whom it names, and stays among the sent ones.
pub(super) fn send(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let spec = request.find("m").ok_or_else(|| Refusal::invalid("missing required element: m"))?;
    let to = |one: &&Element| matches!(one.value("t").as_deref(), Some("t" | "c" | "b"));
    let named: Vec<String> = spec.all("e").filter(to).filter_map(|one| one.value("a")).collect();
    let blob = match spec.value("aid") {
        Some(aid) => context.uploaded(&aid)?,
        None => {
            let text = spec.find("mp").and_then(|part| part.value("content")).unwrap_or_default();
            let subject = spec.value("su").unwrap_or_default();
            format!("Subject: {subject}\r\nTo: {}\r\n\r\n{text}", named.join(", ")).into()
        }
    };
    context.shared.hub.log.sent(named.len().max(1) as u64);
    let content = Content::Message { blob };
    let adding =
        Adding { folder: 5, kind: ItemKind::Message, content, flags: "s".to_owned(), tags: Vec::new(), date: None };
    let id = context.mailbox()?.add(adding)?;
    let id = crate::zimbra::show::Ids::of(context).show(id);
    Ok(answer().child(Element::new("m").set("id", id)))
}

impl Context<'_> {
    /// A file that was uploaded; it can be used once.
    pub(crate) fn uploaded(&mut self, id: &str) -> Result<Bytes, Refusal> {
        let caller = self.caller.as_ref().map(|caller| caller.account);
        let known = self.world.uploads.get(id).is_some_and(|upload| Some(upload.account) == caller);
        let upload = self.world.uploads.remove(id).filter(|_| known);
        upload.map(|upload| upload.bytes).ok_or_else(|| {
            Refusal::new("mail.NO_SUCH_UPLOAD", format!("no such upload: {id}")).argument("uploadId", "STR", id)
        })
    }

    /// Text that stood in the request, as far as Zimbra takes it.
    pub(crate) fn inline(&self, text: &str) -> Bytes {
        let octets = text.as_bytes();
        Bytes::copy_from_slice(&octets[..octets.len().min(self.shared.settings.max_inline)])
    }
}
