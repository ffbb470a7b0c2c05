//! Items of any kind, and documents.

use super::{Context, answer};
use crate::zimbra::calendar;
use crate::zimbra::element::Element;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::state::{Adding, Content, ItemKind};

/// An item or a folder by its id or its path.
pub(super) fn get(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let spec = request.find("item").ok_or_else(|| Refusal::invalid("missing required element: item"))?;
    if let Some(path) = spec.value("path") {
        let folder = context.mailbox()?.at_path(&path).ok_or_else(|| Refusal::missing("ITEM", &path))?;
        let shower = context.shower(context.target()?);
        return Ok(answer().child(shower.folder(&shower.mailbox.folders[&folder])));
    }
    let text = spec.value("id").ok_or_else(|| Refusal::invalid("must specify item id or path"))?;
    let id = context.id(&text)?;
    let shower = context.shower(context.target()?);
    if let Some(folder) = shower.mailbox.folders.get(&id) {
        return Ok(answer().child(shower.folder(folder)));
    }
    if let Some(tag) = shower.mailbox.tags.get(&id) {
        return Ok(answer().child(shower.tag(tag)));
    }
    let item = shower.mailbox.item(id).ok_or_else(|| Refusal::missing("ITEM", text))?;
    Ok(answer().child(match item.kind {
        ItemKind::Message => shower.message(item),
        ItemKind::Contact => shower.contact(item, &[]),
        ItemKind::Appointment | ItemKind::Task => calendar::item(&shower, item, false),
        ItemKind::Document => shower.document(item),
    }))
}

/// What changed since a change, by ids alone.
pub(super) fn modified(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    if !context.shared.settings.version.has_modified_ids() {
        return Err(Refusal::unknown("GetModifiedItemsIDsRequest"));
    }
    let since = request.number("ms").ok_or_else(|| Refusal::invalid("missing required attribute: ms"))?;
    let folder = request.value("l").map(|l| context.mailbox()?.folder_by(&l)).transpose()?;
    let mailbox = context.mailbox()?;
    let items =
        mailbox.items.values().filter(|item| item.ms > since && folder.is_none_or(|folder| item.folder == folder));
    let changed: Vec<i64> = items.map(|item| item.id).collect();
    let gone = mailbox.tombstones.iter().filter(|one| one.change > since).map(|one| one.id);
    let gone: Vec<i64> = gone.collect();
    let text = |id: &i64, name: &str| Element::new(name).text(id.to_string());
    let shown = changed.iter().map(|id| text(id, "mids")).chain(gone.iter().map(|id| text(id, "dids")));
    Ok(answer().children(shown))
}

/// Puts a file into the briefcase.
pub(super) fn save_document(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let spec = request.find("doc").ok_or_else(|| Refusal::invalid("missing required element: doc"))?;
    let folder = spec.value("l").unwrap_or_else(|| "16".to_owned());
    let folder = context.mailbox()?.folder_by(&folder)?;
    let upload = spec.find("upload").and_then(|upload| upload.value("id"));
    let aid = upload.ok_or_else(|| Refusal::invalid("missing required element: upload"))?;
    let kind =
        context.world.uploads.get(&aid).map_or_else(|| "application/octet-stream".to_owned(), |one| one.kind.clone());
    let blob = context.uploaded(&aid)?;
    let name = spec.value("name").unwrap_or_else(|| "unknown".to_owned());
    let content = Content::Document { name, kind: spec.value("ct").unwrap_or(kind), blob };
    let adding =
        Adding { folder, kind: ItemKind::Document, content, flags: String::new(), tags: Vec::new(), date: None };
    let id = context.mailbox()?.add(adding)?;
    let shower = context.shower(context.target()?);
    Ok(answer().child(shower.document(&shower.mailbox.items[&id])))
}
