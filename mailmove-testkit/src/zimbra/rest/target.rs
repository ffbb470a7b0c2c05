//! What a path or the parameter `id` names.

use hyper::StatusCode;

use super::Visit;
use crate::http::Reply;
use crate::zimbra::service::html;
use crate::zimbra::state::{Content, Mailbox};

/// An item, with the number of an invite of it when one is meant, or a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Item(i64, Option<i64>),
    Folder(i64),
}

impl Visit<'_> {
    pub(super) fn mailbox(&mut self) -> &mut Mailbox {
        &mut self.world.mailboxes[self.target]
    }

    /// What is meant; an item that is not there is 404.
    pub(super) fn find(&mut self) -> Result<Target, Reply> {
        let nothing = || html(StatusCode::NOT_FOUND, "no such item");
        if let Some(text) = self.parameter("id").map(str::to_owned) {
            let mailbox = self.mailbox();
            let local = text.strip_prefix(&format!("{}:", mailbox.id)).unwrap_or(&text);
            let (id, part) = local.split_once('-').map_or((local, None), |(id, part)| (id, part.parse().ok()));
            let id: i64 = id.parse().map_err(|_| html(StatusCode::BAD_REQUEST, "malformed item ID"))?;
            if mailbox.folders.contains_key(&id) && id < 256 {
                return Ok(Target::Folder(id));
            }
            if mailbox.items.contains_key(&id) {
                return Ok(Target::Item(id, part));
            }
            return if mailbox.folders.contains_key(&id) { Ok(Target::Folder(id)) } else { Err(nothing()) };
        }
        let path = self.path.clone();
        if let Some(folder) = self.mailbox().at_path(&path) {
            return Ok(Target::Folder(folder));
        }
        // The last name may be that of a document, or that of a folder with the format at its end: `Calendar.ics`.
        let (above, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let mailbox = self.mailbox();
        let folder = mailbox.at_path(above);
        let document = mailbox.items.values().find(|item| {
            matches!(&item.content, Content::Document { name: own, .. } if own == name) && Some(item.folder) == folder
        });
        if let Some(document) = document {
            return Ok(Target::Item(document.id, None));
        }
        let bare = name.rsplit_once('.').map(|(bare, format)| (bare.to_owned(), format.to_owned()));
        if let Some((bare, format)) = bare {
            let full = format!("{above}/{bare}");
            if let Some(folder) = mailbox.at_path(&full) {
                if self.parameter("fmt").is_none() {
                    self.parameters.push(("fmt".to_owned(), format));
                }
                return Ok(Target::Folder(folder));
            }
        }
        Err(nothing())
    }
}
