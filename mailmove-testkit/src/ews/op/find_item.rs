//! FindItem.

use super::{Context, required, response};
use crate::ews::date;
use crate::ews::find::{self, ItemSubject, Window};
use crate::ews::refusal::Refusal;
use crate::ews::show::{self, Shape, Where};
use crate::ews::state::Item;
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let shape = Shape::read(required(request, "ItemShape")?)?;
    for name in [
        "FractionalPageItemView",
        "SeekToConditionPageItemView",
        "ContactsView",
        "GroupBy",
        "DistinguishedGroupBy",
        "QueryString",
    ] {
        if request.find(name).is_some() {
            return Err(Refusal::unsupported(name));
        }
    }
    let associated = match request.attribute("Traversal") {
        Some("Shallow") => false,
        Some("Associated") => true,
        other => return Err(Refusal::unsupported(format!("the traversal {}", other.unwrap_or_default()))),
    };
    let restriction = request.find("Restriction").and_then(|restriction| restriction.children.first());
    let calendar = request.find("CalendarView");
    if calendar.is_some() && (restriction.is_some() || request.find("SortOrder").is_some()) {
        let words = "Restrictions and sort order may not be specified for a CalendarView.";
        return Err(Refusal::new("ErrorInvalidRestriction", words));
    }
    let parents = &required(request, "ParentFolderIds")?.children;
    let messages = context.each("FindItem", parents, |context, id| {
        shape.check(Where::Search)?;
        let folder = context.folder(id)?;
        context.routed(folder)?;
        let (store, style) = (&*context.store, context.style);
        let mut found: Vec<&Item> = Vec::new();
        for item in store.items_of(folder).filter(|item| item.associated == associated) {
            let hit =
                restriction.map_or(Ok(true), |expression| find::matches(expression, &ItemSubject(item, style)))?;
            let hit = hit && calendar.map_or(Ok(true), |view| overlaps(item, view))?;
            found.extend(hit.then_some(item));
        }
        match request.find("SortOrder") {
            Some(order) => find::sort(&mut found, order, |item, path| show::value_texts(item, path, style))?,
            None if calendar.is_some() => found.sort_by_key(|item| item.text("Start").map(str::to_owned)),
            // Newest first, as Exchange sorts when nothing is said.
            None => found.sort_by_key(|item| std::cmp::Reverse((item.received, item.key))),
        }
        let view = request
            .find("IndexedPageItemView")
            .or(calendar.filter(|view| view.attribute("MaxEntriesReturned").is_some()));
        let window = Window::of(view, found.len(), context.page)?;
        let total = found.len();
        let shown = found[window.range].iter().map(|item| show::item(store, item, &shape, Where::Search, style));
        let shown = shown.collect::<Result<Vec<_>, _>>()?;
        let root = match calendar {
            Some(_) => Node::m("RootFolder"),
            None => Node::m("RootFolder").attr("IndexedPagingOffset", window.next),
        };
        let root = root.attr("TotalItemsInView", total).attr("IncludesLastItemInRange", window.last);
        Ok(vec![root.child(Node::t("Items").children(shown))])
    });
    Ok(response("FindItem", messages))
}

/// Whether an appointment lies in the time of a CalendarView. Series are not unfolded: they are refused rather than
/// shown as one.
fn overlaps(item: &Item, view: &Node) -> Result<bool, Refusal> {
    let moment = |name: &str| view.attribute(name).and_then(date::parse);
    let (Some(from), Some(to)) = (moment("StartDate"), moment("EndDate")) else {
        return Err(Refusal::schema("CalendarView needs dates"));
    };
    let own = |name: &str| item.text(name).and_then(date::parse);
    let (Some(start), Some(end)) = (own("Start"), own("End")) else { return Ok(false) };
    if item.fields.contains_key("Recurrence") && start < to {
        return Err(Refusal::unsupported("CalendarView of a calendar with series"));
    }
    Ok(start < to && end > from)
}
