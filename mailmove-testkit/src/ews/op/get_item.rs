//! GetItem.

use super::{Context, required, response};
use crate::ews::refusal::Refusal;
use crate::ews::show::{self, Shape, Where};
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let shape = Shape::read(required(request, "ItemShape")?)?;
    let ids = &required(request, "ItemIds")?.children;
    let messages = context.each("GetItem", ids, |context, id| {
        let key = context.item(id)?;
        let item = context.known(key)?;
        let shown = show::item(context.store, item, &shape, Where::Single, context.style)?;
        Ok(vec![Node::m("Items").child(shown)])
    });
    Ok(response("GetItem", messages))
}
