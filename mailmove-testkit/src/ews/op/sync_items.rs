//! SyncFolderItems.

use super::sync_state::SyncState;
use super::{Context, message, required, response};
use crate::ews::refusal::Refusal;
use crate::ews::show::{self, Shape, Where};
use crate::ews::state::{Change, Id, Kind};
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let shape = Shape::read(required(request, "ItemShape")?)?;
    let result = context.effect.refuse(1).map_or_else(|| changes(context, request, &shape), Err);
    Ok(response("SyncFolderItems", vec![message("SyncFolderItems", result)]))
}

fn changes(context: &Context<'_>, request: &Node, shape: &Shape) -> Result<Vec<Node>, Refusal> {
    let key = context.folder_in(required(request, "SyncFolderId")?)?;
    context.not_public(key, "synchronization")?;
    let store = &*context.store;
    let folder = store.folder(key).ok_or_else(|| Refusal::new("ErrorSyncFolderNotFound", "The folder is gone."))?;
    let with_associated = request.value("SyncScope") == Some("NormalAndAssociatedItems");
    let epoch = store.mailboxes[folder.mailbox].epoch;
    let known = SyncState::read(request.value("SyncState"), key, epoch, u8::from(with_associated))?;
    let most: usize = request.value("MaxChangesReturned").and_then(|text| text.trim().parse().ok()).unwrap_or(512);
    let ignored = request.find("Ignore").into_iter().flat_map(|ids| &ids.children);
    let ignored: Vec<u64> = ignored.filter_map(|id| Id::read(id.attribute("Id")?).ok()).map(|id| id.key).collect();
    let mut nodes = Vec::new();
    let (mut reached, mut last) = (known.change, true);
    for (change, what) in folder.changes.range(known.change + 1..) {
        let node = match *what {
            Change::Gone { created, associated, .. } if created > known.change || (associated && !with_associated) => {
                None
            }
            Change::Gone { key, .. } => {
                let id = Id::new(Kind::Item, key).text();
                let id = Node::t("ItemId").attr("Id", id).attr("ChangeKey", crate::ews::state::change_key(*change));
                Some(Node::t("Delete").child(id))
            }
            Change::Item(item) => match store.item(item) {
                Some(item) if (!item.associated || with_associated) && !ignored.contains(&item.key) => {
                    if item.created > known.change || item.content > known.change {
                        let kind = if item.created > known.change { "Create" } else { "Update" };
                        let shown = show::item(store, item, shape, Where::Synchronization, context.style)?;
                        Some(Node::t(kind).child(shown))
                    } else {
                        let read = Node::t("IsRead").text(item.read);
                        Some(Node::t("ReadFlagChange").child(context.item_id(item.key)).child(read))
                    }
                }
                _ => None,
            },
        };
        if node.is_some() && nodes.len() == most {
            last = false;
            break;
        }
        reached = *change;
        nodes.extend(node);
    }
    let state = SyncState { change: reached, ..known };
    Ok(vec![
        Node::m("SyncState").text(state.text()),
        Node::m("IncludesLastItemInRange").text(last),
        Node::m("Changes").children(nodes),
    ])
}
