//! SyncFolderHierarchy.

use super::sync_state::SyncState;
use super::{Context, message, required, response};
use crate::ews::refusal::Refusal;
use crate::ews::show::{self, Shape};
use crate::ews::state::FolderChange;
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let shape = Shape::read(required(request, "FolderShape")?)?;
    let result = context.effect.refuse(1).map_or_else(|| changes(context, request, &shape), Err);
    Ok(response("SyncFolderHierarchy", vec![message("SyncFolderHierarchy", result)]))
}

fn changes(context: &Context<'_>, request: &Node, shape: &Shape) -> Result<Vec<Node>, Refusal> {
    let root = match request.find("SyncFolderId") {
        Some(id) => context.folder_in(id)?,
        None => context.folder(&Node::t("DistinguishedFolderId").attr("Id", "root"))?,
    };
    let store = &*context.store;
    let mailbox = store.folder(root).map(|folder| folder.mailbox).ok_or_else(Refusal::not_found)?;
    let mailbox = &store.mailboxes[mailbox];
    let known = SyncState::read(request.value("SyncState"), root, mailbox.epoch, 0)?;
    let mut nodes = Vec::new();
    let (mut reached, mut last) = (known.change, true);
    let news = mailbox.folder_changes.range(known.change + 1..);
    for (change, what) in news {
        let node = match *what {
            FolderChange::Gone { created, .. } if created > known.change => None,
            FolderChange::Gone { key, .. } => Some(gone(context, key)),
            FolderChange::Folder(key) if !store.lies_below(key, root) => {
                // One that was moved away; one that was never here is nothing to a client, and harmless.
                let moved = store.folder(key).is_some_and(|folder| folder.created <= known.change);
                moved.then(|| gone(context, key))
            }
            FolderChange::Folder(key) => store.folder(key).map(|folder| {
                let kind = if folder.created > known.change { "Create" } else { "Update" };
                Node::t(kind).child(show::folder(store, folder, shape, context.style))
            }),
        };
        if node.is_some() && nodes.len() == context.page {
            last = false;
            break;
        }
        reached = *change;
        nodes.extend(node);
    }
    let state = SyncState { change: reached, ..known };
    Ok(vec![
        Node::m("SyncState").text(state.text()),
        Node::m("IncludesLastFolderInRange").text(last),
        Node::m("Changes").children(nodes),
    ])
}

fn gone(context: &Context<'_>, key: u64) -> Node {
    let (id, change) = context.store.folder_id(key);
    Node::t("Delete").child(Node::t("FolderId").attr("Id", id).attr("ChangeKey", change))
}
