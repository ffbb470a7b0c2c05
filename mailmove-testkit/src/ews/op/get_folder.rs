//! GetFolder.

use super::{Context, required, response};
use crate::ews::refusal::Refusal;
use crate::ews::show::{self, Shape};
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let shape = Shape::read(required(request, "FolderShape")?)?;
    let ids = &required(request, "FolderIds")?.children;
    let messages = context.each("GetFolder", ids, |context, id| {
        let key = context.folder(id)?;
        let folder = context.store.folder(key).ok_or_else(Refusal::not_found)?;
        Ok(vec![Node::m("Folders").child(show::folder(context.store, folder, &shape, context.style))])
    });
    Ok(response("GetFolder", messages))
}
