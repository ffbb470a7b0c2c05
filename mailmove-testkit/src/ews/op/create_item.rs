//! CreateItem.

use super::{Context, required, response};
use crate::ews::fields;
use crate::ews::refusal::Refusal;
use crate::ews::state::{Item, class_of, element_of};
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let disposition = request.attribute("MessageDisposition").map(str::to_owned);
    let invitations = request.attribute("SendMeetingInvitations").map(str::to_owned);
    let target = request.find("SavedItemFolderId").map(|id| context.folder_in(id));
    let items = &required(request, "Items")?.children;
    let messages = context.each("CreateItem", items, |context, node| {
        let mut item = Item::new(class_of(&node.name));
        if !matches!(
            node.name.as_str(),
            "Item" | "Message" | "PostItem" | "CalendarItem" | "Contact" | "DistributionList" | "Task"
        ) && !node.name.starts_with("Meeting")
        {
            return Err(Refusal::unsupported(format!("{} in CreateItem", node.name)));
        }
        if node.find("Organizer").is_some() {
            return Err(Refusal::new("ErrorInvalidPropertySet", "Set action is invalid for property Organizer."));
        }
        fields::apply(&mut item, node)?;
        let element = element_of(&item.class);
        let generic = matches!(node.name.as_str(), "Item" | "Message");
        if element != node.name && !generic {
            let words = "The item class does not fit the item.";
            return Err(Refusal::new("ErrorInvalidItemForOperationCreateItem", words));
        }
        if let (Some(rule), Some(mime)) = (&context.rewrite, &item.mime) {
            item.mime = Some(rule(mime));
        }
        let sends = send(&item, disposition.as_deref(), invitations.as_deref())?;
        context.outbox.messages += sends;
        if disposition.as_deref() == Some("SendOnly") && item.has_read_state() {
            return Ok(vec![Node::m("Items")]);
        }
        let sent = sends > 0 && item.has_read_state();
        if sent {
            (item.draft, item.read) = (false, true);
            item.sent.get_or_insert_with(time::OffsetDateTime::now_utc);
        }
        let folder = match &target {
            Some(folder) => folder.clone()?,
            None => context.folder(&Node::t("DistinguishedFolderId").attr("Id", default_folder(&item, sent)))?,
        };
        if element == "CalendarItem" {
            check_calendar(&item)?;
            organize(context, &mut item, folder);
        }
        let key = context.store.insert_item(folder, item)?;
        Ok(vec![Node::m("Items").child(Node::t(element).child(context.item_id(key)))])
    });
    Ok(response("CreateItem", messages))
}

/// How many messages leave the server.
fn send(item: &Item, disposition: Option<&str>, invitations: Option<&str>) -> Result<u64, Refusal> {
    if item.has_read_state() {
        let words = "The MessageDisposition attribute is required for message items.";
        let disposition = disposition.ok_or_else(|| Refusal::new("ErrorMessageDispositionRequired", words))?;
        return Ok(if disposition == "SaveOnly" { 0 } else { recipients(item).max(1) });
    }
    if item.element() == "CalendarItem" {
        let words = "The SendMeetingInvitations attribute is required for calendar items.";
        let invitations = invitations.ok_or_else(|| Refusal::new("ErrorSendMeetingInvitationsRequired", words))?;
        return Ok(if invitations == "SendToNone" { 0 } else { recipients(item) });
    }
    Ok(0)
}

pub(super) fn recipients(item: &Item) -> u64 {
    const LISTS: [&str; 6] =
        ["ToRecipients", "CcRecipients", "BccRecipients", "RequiredAttendees", "OptionalAttendees", "Resources"];
    let lists = LISTS.iter().filter_map(|list| item.fields.get(*list));
    lists.map(|list| list.children.len() as u64).sum()
}

fn default_folder(item: &Item, sent: bool) -> &'static str {
    match item.element() {
        _ if sent => "sentitems",
        "CalendarItem" => "calendar",
        "Contact" | "DistributionList" => "contacts",
        "Task" => "tasks",
        _ => "drafts",
    }
}

/// The organiser is the owner of the calendar, whoever it was elsewhere.
fn organize(context: &Context<'_>, item: &mut Item, folder: u64) {
    let owner = context.store.folder(folder).map(|folder| &context.store.mailboxes[folder.mailbox].address);
    if let Some(owner) = owner {
        let mailbox = Node::t("Mailbox")
            .child(Node::t("Name").text(owner))
            .child(Node::t("EmailAddress").text(owner))
            .child(Node::t("RoutingType").text("SMTP"));
        item.fields.insert("Organizer".to_owned(), Node::t("Organizer").child(mailbox));
    }
}

fn check_calendar(item: &Item) -> Result<(), Refusal> {
    match (item.text("Start"), item.text("End")) {
        (Some(start), Some(end)) if start > end => {
            Err(Refusal::new("ErrorCalendarEndDateIsEarlierThanStartDate", "EndDate is earlier than StartDate."))
        }
        _ => Ok(()),
    }
}
