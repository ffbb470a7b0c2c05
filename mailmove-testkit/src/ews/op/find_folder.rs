//! FindFolder.

use super::{Context, required, response};
use crate::ews::find::{self, FolderSubject, Window};
use crate::ews::refusal::Refusal;
use crate::ews::show::{self, Shape};
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let shape = Shape::read(required(request, "FolderShape")?)?;
    let deep = match request.attribute("Traversal") {
        Some("Deep") => true,
        Some("Shallow") => false,
        other => return Err(Refusal::unsupported(format!("the traversal {}", other.unwrap_or_default()))),
    };
    if request.find("FractionalPageFolderView").is_some() {
        return Err(Refusal::unsupported("FractionalPageFolderView"));
    }
    let view = request.find("IndexedPageFolderView");
    let restriction = request.find("Restriction").and_then(|restriction| restriction.children.first());
    let parents = &required(request, "ParentFolderIds")?.children;
    let messages = context.each("FindFolder", parents, |context, id| {
        let parent = context.folder(id)?;
        if deep {
            context.not_public(parent, "deep traversal")?;
        }
        let store = &*context.store;
        let keys = match deep {
            true => store.descendants(parent),
            false => store.children(parent).map(|folder| folder.key).collect(),
        };
        let mut found = Vec::new();
        for folder in keys.into_iter().filter_map(|key| store.folder(key)) {
            let hit = restriction.map_or(Ok(true), |expression| find::matches(expression, &FolderSubject(folder)))?;
            found.extend(hit.then_some(folder));
        }
        let window = Window::of(view, found.len(), context.page)?;
        let total = found.len();
        let shown = found[window.range].iter().map(|folder| show::folder(store, folder, &shape, context.style));
        let root = Node::m("RootFolder").attr("IndexedPagingOffset", window.next).attr("TotalItemsInView", total);
        let root = root.attr("IncludesLastItemInRange", window.last);
        Ok(vec![root.child(Node::t("Folders").children(shown))])
    });
    Ok(response("FindFolder", messages))
}
