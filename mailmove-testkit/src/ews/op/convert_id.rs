//! ConvertId.

use super::{Context, required, response};
use crate::ews::refusal::Refusal;
use crate::ews::state::Id;
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let format = request.attribute("DestinationFormat").unwrap_or_default().to_owned();
    let ids = &required(request, "SourceIds")?.children;
    let messages = context.each("ConvertId", ids, |_, id| {
        let from = id.attribute("Format").unwrap_or_default();
        if from != "EwsId" || !matches!(format.as_str(), "EwsId" | "OwaId") {
            return Err(Refusal::unsupported(format!("converting {from} to {format}")));
        }
        let known = Id::read(id.attribute("Id").unwrap_or_default())?;
        let text = match format.as_str() {
            "OwaId" => known.text().replace('/', "%2f").replace('+', "%2b"),
            _ => known.text(),
        };
        let mailbox = id.attribute("Mailbox").unwrap_or_default();
        let node = Node::m("AlternateId").attr("Format", &format).attr("Id", text).attr("Mailbox", mailbox);
        Ok(vec![node])
    });
    Ok(response("ConvertId", messages))
}
