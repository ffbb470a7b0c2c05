//! MoveItem and CopyItem.

use super::{Context, required, response};
use crate::ews::refusal::Refusal;
use crate::ews::version::Version;
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    transfer(context, request, "MoveItem")
}

pub(super) fn copy(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    transfer(context, request, "CopyItem")
}

fn transfer(context: &mut Context<'_>, request: &Node, operation: &str) -> Result<Node, Refusal> {
    let target = context.folder_in(required(request, "ToFolderId")?);
    let tells = context.style.version < Version::Exchange2010Sp1 || request.value("ReturnNewItemIds") != Some("false");
    let ids = &required(request, "ItemIds")?.children;
    let messages = context.each(operation, ids, |context, id| {
        let (target, key) = (target.clone()?, context.item(id)?);
        let item = match operation {
            "MoveItem" => context.store.remove_item(key),
            _ => context.store.item(key).cloned(),
        };
        let item = item.ok_or_else(Refusal::not_found)?;
        let element = item.element();
        // A new place is a new id.
        let key = context.store.insert_item(target, item)?;
        let shown = tells.then(|| Node::t(element).child(context.item_id(key)));
        Ok(vec![Node::m("Items").child(shown)])
    });
    Ok(response(operation, messages))
}
