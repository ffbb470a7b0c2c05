//! DeleteItem.

use super::{Context, required, response};
use crate::ews::refusal::Refusal;
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let how = request.attribute("DeleteType").unwrap_or_default().to_owned();
    let cancellations = request.attribute("SendMeetingCancellations").map(str::to_owned);
    let tasks = request.attribute("AffectedTaskOccurrences").is_some();
    let ids = &required(request, "ItemIds")?.children;
    let messages = context.each("DeleteItem", ids, |context, id| {
        let key = context.item(id)?;
        let item = context.known(key)?;
        match item.element() {
            "CalendarItem" if cancellations.is_none() => {
                let words = "The SendMeetingCancellations attribute is required for calendar items.";
                return Err(Refusal::new("ErrorSendMeetingCancellationsRequired", words));
            }
            "Task" if !tasks => {
                let words = "The AffectedTaskOccurrences attribute is required for tasks.";
                return Err(Refusal::new("ErrorAffectedTaskOccurrencesRequired", words));
            }
            "CalendarItem" if cancellations.as_deref() != Some("SendToNone") => {
                context.outbox.messages += super::create_item::recipients(item);
            }
            _ => {}
        }
        dispose(context, key, &how).map(|()| Vec::new())
    });
    Ok(response("DeleteItem", messages))
}

/// Deletes an item in one of the three ways.
pub(super) fn dispose(context: &mut Context<'_>, key: u64, how: &str) -> Result<(), Refusal> {
    let item = context.store.item(key).ok_or_else(Refusal::not_found)?;
    let mailbox = context.store.folder(item.folder).map(|folder| folder.mailbox).ok_or_else(Refusal::not_found)?;
    let to = match how {
        "MoveToDeletedItems" => context.store.well_known(mailbox, "deleteditems"),
        "SoftDelete" => context.store.well_known(mailbox, "recoverableitemsdeletions"),
        _ => None,
    };
    let item = context.store.remove_item(key).ok_or_else(Refusal::not_found)?;
    if let Some(to) = to {
        context.store.insert_item(to, item)?;
    }
    Ok(())
}
