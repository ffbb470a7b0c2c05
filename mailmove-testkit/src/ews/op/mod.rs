//! The operations, one file each, and what they share.

mod attachments;
mod configuration;
mod context;
mod convert_id;
mod create_folder;
mod create_item;
mod delete_folder;
mod delete_item;
mod find_folder;
mod find_item;
mod get_folder;
mod get_item;
mod move_folder;
mod move_item;
mod resolve_names;
mod send_item;
mod sync_hierarchy;
mod sync_items;
mod sync_state;
mod transfer;
mod update_folder;
mod update_item;

use super::refusal::Refusal;
use super::xml::Node;
pub(crate) use context::{Context, Outbox, Session, no_mailbox};

/// Executes an operation whose request is valid.
///
/// # Errors
/// When the request as a whole is refused; what is refused of a batch stands in the answer.
pub(crate) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    match request.name.as_str() {
        "GetFolder" => get_folder::run(context, request),
        "FindFolder" => find_folder::run(context, request),
        "CreateFolder" => create_folder::run(context, request),
        "UpdateFolder" => update_folder::run(context, request),
        "MoveFolder" => move_folder::run(context, request),
        "CopyFolder" => move_folder::copy(context, request),
        "DeleteFolder" => delete_folder::run(context, request),
        "EmptyFolder" => delete_folder::empty(context, request),
        "SyncFolderHierarchy" => sync_hierarchy::run(context, request),
        "SyncFolderItems" => sync_items::run(context, request),
        "FindItem" => find_item::run(context, request),
        "GetItem" => get_item::run(context, request),
        "CreateItem" => create_item::run(context, request),
        "UpdateItem" => update_item::run(context, request),
        "DeleteItem" => delete_item::run(context, request),
        "MoveItem" => move_item::run(context, request),
        "CopyItem" => move_item::copy(context, request),
        "SendItem" => send_item::run(context, request),
        "ExportItems" => transfer::export(context, request),
        "UploadItems" => transfer::upload(context, request),
        "CreateAttachment" => attachments::create(context, request),
        "GetAttachment" => attachments::get(context, request),
        "DeleteAttachment" => attachments::delete(context, request),
        "ResolveNames" => resolve_names::run(context, request),
        "ConvertId" => convert_id::run(context, request),
        "GetUserConfiguration" => configuration::run(context, request),
        other => Err(Refusal::unsupported(format!("the operation {other}"))),
    }
}

/// The answer of an operation with these response messages.
fn response(operation: &str, messages: Vec<Node>) -> Node {
    Node::m(&format!("{operation}Response")).child(Node::m("ResponseMessages").children(messages))
}

/// One response message: what follows the code of success, or what was refused.
fn message(operation: &str, result: Result<Vec<Node>, Refusal>) -> Node {
    let node = Node::m(&format!("{operation}ResponseMessage"));
    match result {
        Ok(children) => {
            let node = node.attr("ResponseClass", "Success").child(Node::m("ResponseCode").text("NoError"));
            node.children(children)
        }
        Err(refusal) => {
            let class = if refusal.code == "ErrorBatchProcessingStopped" { "Warning" } else { "Error" };
            let node = node.attr("ResponseClass", class).children(refusal.message().into_iter().flatten());
            node.child(empty(operation).map(Node::m))
        }
    }
}

/// What stands empty in a response message that failed.
fn empty(operation: &str) -> Option<&'static str> {
    match operation {
        "GetItem" | "CreateItem" | "UpdateItem" | "MoveItem" | "CopyItem" => Some("Items"),
        "GetFolder" | "CreateFolder" | "UpdateFolder" | "MoveFolder" | "CopyFolder" => Some("Folders"),
        "CreateAttachment" | "GetAttachment" => Some("Attachments"),
        _ => None,
    }
}

/// The child that the schema demands.
fn required<'a>(node: &'a Node, name: &str) -> Result<&'a Node, Refusal> {
    node.find(name).ok_or_else(|| Refusal::schema(&format!("{name} is missing")))
}
