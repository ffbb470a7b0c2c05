//! UpdateItem.

use super::{Context, required, response};
use crate::ews::dictionary;
use crate::ews::fields;
use crate::ews::mapi;
use crate::ews::refusal::Refusal;
use crate::ews::state::{Item, Path, change_key};
use crate::ews::version::Version;
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let careful = request.attribute("ConflictResolution") != Some("AlwaysOverwrite");
    let disposition = request.attribute("MessageDisposition").map(str::to_owned);
    let invitations = request.attribute("SendMeetingInvitationsOrCancellations").map(str::to_owned);
    let changes = &required(request, "ItemChanges")?.children;
    let messages = context.each("UpdateItem", changes, |context, change| {
        let id = change.children.first().ok_or_else(|| Refusal::schema("an id is missing"))?;
        let key = context.item(id)?;
        let item = context.known(key)?;
        if item.has_read_state() && disposition.is_none() {
            let words = "The MessageDisposition attribute is required for message items.";
            return Err(Refusal::new("ErrorMessageDispositionRequired", words));
        }
        if item.element() == "CalendarItem" && invitations.is_none() {
            let words = "The SendMeetingInvitationsOrCancellations attribute is required for calendar items.";
            return Err(Refusal::new("ErrorSendMeetingInvitationsOrCancellationsRequired", words));
        }
        if careful && id.attribute("ChangeKey") != Some(change_key(item.changed).as_str()) {
            let words = "The send or update operation could not be performed because the change key passed in the \
                         request does not match the current change key for the item.";
            return Err(Refusal::new("ErrorIrresolvableConflict", words));
        }
        // On a copy: a change that fails in its middle changes nothing.
        let mut new = item.clone();
        required(change, "Updates")?.children.iter().try_for_each(|update| apply(&mut new, update))?;
        let attendees = super::create_item::recipients(&new);
        let silent = matches!(disposition.as_deref(), None | Some("SaveOnly"));
        let uninvited = matches!(invitations.as_deref(), None | Some("SendToNone"));
        if (new.has_read_state() && !silent) || (new.element() == "CalendarItem" && !uninvited) {
            context.outbox.messages += attendees;
        }
        let element = new.element();
        context.store.change_item(key, |item| *item = new);
        let item = Node::t(element).child(context.item_id(key));
        let conflicts = Node::m("ConflictResults").child(Node::t("Count").text(0));
        let tells = context.style.version >= Version::Exchange2007Sp1
            && context.store.item(key).is_some_and(Item::has_read_state);
        Ok([Some(Node::m("Items").child(item)), tells.then_some(conflicts)].into_iter().flatten().collect())
    });
    Ok(response("UpdateItem", messages))
}

fn apply(item: &mut Item, update: &Node) -> Result<(), Refusal> {
    let path = Path::of(update)?;
    let value = update.children.get(1).and_then(|item| item.children.first());
    let mismatch = || {
        let words = "The property does not fit the path of the change.";
        Refusal::new("ErrorIncorrectUpdatePropertyCount", words)
    };
    match (update.name.as_str(), &path) {
        ("SetItemField", Path::Field(_)) => {
            let value = value.filter(|value| path.element() == Some(value.name.as_str())).ok_or_else(mismatch)?;
            fields::set(item, value)
        }
        ("SetItemField", Path::Extended(..)) => {
            let value = value.filter(|value| value.name == "ExtendedProperty").ok_or_else(mismatch)?;
            fields::extended(item, value, false)
        }
        ("SetItemField", Path::Indexed(uri, index)) => {
            let value = value.ok_or_else(mismatch)?;
            let entry = value.children.first().filter(|entry| entry.attribute("Key") == Some(index));
            dictionary::set(item, uri, entry.ok_or_else(mismatch)?)
        }
        ("DeleteItemField", Path::Indexed(uri, index)) => dictionary::remove(item, uri, index),
        ("DeleteItemField", Path::Field(_)) => {
            item.fields.remove(path.element().unwrap_or_default());
            Ok(())
        }
        ("DeleteItemField", Path::Extended(key, ..)) => {
            mapi::remove(item, key);
            Ok(())
        }
        (what, _) => Err(Refusal::unsupported(format!("{what} of {}", path.uri()))),
    }
}
