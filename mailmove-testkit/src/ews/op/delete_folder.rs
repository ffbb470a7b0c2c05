//! DeleteFolder and EmptyFolder.

use super::delete_item::dispose;
use super::{Context, required, response};
use crate::ews::refusal::Refusal;
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let how = request.attribute("DeleteType").unwrap_or_default().to_owned();
    let ids = &required(request, "FolderIds")?.children;
    let messages = context.each("DeleteFolder", ids, |context, id| {
        let key = context.folder(id)?;
        let folder = context.store.folder(key).ok_or_else(Refusal::not_found)?;
        if folder.well_known.is_some() {
            let words = "Distinguished folders cannot be deleted.";
            return Err(Refusal::new("ErrorDeleteDistinguishedFolder", words));
        }
        let bin = context.store.well_known(folder.mailbox, "deleteditems");
        match (how.as_str(), bin) {
            ("MoveToDeletedItems", Some(bin)) => {
                let name = free_name(context, bin, &folder.name.clone());
                context.store.change_folder(key, |folder| {
                    folder.parent = Some(bin);
                    folder.name = name;
                });
            }
            _ => context.store.remove_folder(key),
        }
        Ok(Vec::new())
    });
    Ok(response("DeleteFolder", messages))
}

/// The name, with a number when another folder there has it.
fn free_name(context: &Context<'_>, parent: u64, name: &str) -> String {
    let taken = |name: &str| context.store.children(parent).any(|folder| folder.name.eq_ignore_ascii_case(name));
    if !taken(name) {
        return name.to_owned();
    }
    (1..).map(|number| format!("{name}{number}")).find(|name| !taken(name)).unwrap_or_default()
}

pub(super) fn empty(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let how = request.attribute("DeleteType").unwrap_or_default().to_owned();
    let with_folders = matches!(request.attribute("DeleteSubFolders"), Some("true" | "1"));
    let ids = &required(request, "FolderIds")?.children;
    let messages = context.each("EmptyFolder", ids, |context, id| {
        let key = context.folder(id)?;
        let items: Vec<u64> = context.store.items_of(key).map(|item| item.key).collect();
        items.into_iter().try_for_each(|item| dispose(context, item, &how))?;
        if with_folders {
            let inside: Vec<u64> = context.store.children(key).map(|folder| folder.key).collect();
            inside.into_iter().for_each(|key| context.store.remove_folder(key));
        }
        Ok(Vec::new())
    });
    Ok(response("EmptyFolder", messages))
}
