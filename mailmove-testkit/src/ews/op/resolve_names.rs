//! ResolveNames: the mailboxes of this server are its directory.

use super::{Context, message, response};
use crate::ews::refusal::Refusal;
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let entry = request.value("UnresolvedEntry").unwrap_or_default().to_lowercase();
    let wanted = entry.trim_start_matches("smtp:");
    let addresses = context.store.mailboxes.iter().map(|mailbox| mailbox.address.clone());
    let found: Vec<String> = addresses.filter(|address| address.to_lowercase().starts_with(wanted)).collect();
    let result = if found.is_empty() {
        Err(Refusal::new("ErrorNameResolutionNoResults", "No results were found."))
    } else {
        let resolutions = found.iter().map(|address| {
            let mailbox = Node::t("Mailbox")
                .child(Node::t("Name").text(address.split('@').next().unwrap_or_default()))
                .child(Node::t("EmailAddress").text(address))
                .child(Node::t("RoutingType").text("SMTP"))
                .child(Node::t("MailboxType").text("Mailbox"));
            Node::t("Resolution").child(mailbox)
        });
        let set = Node::m("ResolutionSet").attr("TotalItemsInView", found.len()).attr("IncludesLastItemInRange", true);
        Ok(vec![set.children(resolutions)])
    };
    Ok(response("ResolveNames", vec![message("ResolveNames", result)]))
}
