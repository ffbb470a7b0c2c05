//! GetUserConfiguration: there is never one.

use super::{Context, message, required, response};
use crate::ews::refusal::Refusal;
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let name = required(request, "UserConfigurationName")?;
    let found = context.folder_in(name);
    let result = found.and(Err(Refusal::new("ErrorItemNotFound", "The user configuration was not found.")));
    Ok(response("GetUserConfiguration", vec![message("GetUserConfiguration", result)]))
}
