//! SendItem.

use super::{Context, required, response};
use crate::ews::refusal::Refusal;
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let saves = matches!(request.attribute("SaveItemToFolder"), Some("true" | "1"));
    let ids = &required(request, "ItemIds")?.children;
    let target = match request.find("SavedItemFolderId") {
        Some(id) => context.folder_in(id),
        None => context.folder(&Node::t("DistinguishedFolderId").attr("Id", "sentitems")),
    };
    let messages = context.each("SendItem", ids, |context, id| {
        let key = context.item(id)?;
        context.outbox.messages += super::create_item::recipients(context.known(key)?).max(1);
        let item = context.store.remove_item(key).ok_or_else(Refusal::not_found)?;
        if saves {
            let mut item = item;
            (item.draft, item.read) = (false, true);
            context.store.insert_item(target.clone()?, item)?;
        }
        Ok(Vec::new())
    });
    Ok(response("SendItem", messages))
}
