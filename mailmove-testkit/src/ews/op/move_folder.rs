//! MoveFolder and CopyFolder.

use super::create_folder::free;
use super::{Context, required, response};
use crate::ews::refusal::Refusal;
use crate::ews::show::{self, Shape};
use crate::ews::state::Item;
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    transfer(context, request, "MoveFolder", |context, key, target| {
        context.store.change_folder(key, |folder| folder.parent = Some(target));
        Ok(key)
    })
}

pub(super) fn copy(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    transfer(context, request, "CopyFolder", copied)
}

fn transfer(
    context: &mut Context<'_>,
    request: &Node,
    operation: &str,
    act: impl Fn(&mut Context<'_>, u64, u64) -> Result<u64, Refusal>,
) -> Result<Node, Refusal> {
    let target = context.folder_in(required(request, "ToFolderId")?);
    let ids = &required(request, "FolderIds")?.children;
    let messages = context.each(operation, ids, |context, id| {
        let (target, key) = (target.clone()?, context.folder(id)?);
        let folder = context.store.folder(key).ok_or_else(Refusal::not_found)?;
        if folder.well_known.is_some() && operation == "MoveFolder" {
            let words = "Distinguished folders cannot be moved.";
            return Err(Refusal::new("ErrorMoveDistinguishedFolder", words));
        }
        if key == target || context.store.lies_below(target, key) {
            return Err(Refusal::new("ErrorMoveCopyFailed", "A folder cannot go into itself."));
        }
        let name = folder.name.clone();
        free(context.store, target, &name, Some(key))?;
        let key = act(context, key, target)?;
        let folder = context.store.folder(key).ok_or_else(Refusal::not_found)?;
        Ok(vec![Node::m("Folders").child(show::folder(context.store, folder, &Shape::id_only(), context.style))])
    });
    Ok(response(operation, messages))
}

fn copied(context: &mut Context<'_>, key: u64, target: u64) -> Result<u64, Refusal> {
    let folder = context.store.folder(key).ok_or_else(Refusal::not_found)?.clone();
    let mailbox = context.store.folder(target).ok_or_else(Refusal::no_folder)?.mailbox;
    let inside: Vec<u64> = context.store.children(key).map(|folder| folder.key).collect();
    let items: Vec<Item> = context.store.items_of(key).cloned().collect();
    let new = context.store.insert_folder(mailbox, Some(target), &folder.name, &folder.class, None);
    context.store.change_folder(new, |new| new.properties = folder.properties);
    for item in items {
        context.store.insert_item(new, item)?;
    }
    for key in inside {
        copied(context, key, new)?;
    }
    Ok(new)
}
