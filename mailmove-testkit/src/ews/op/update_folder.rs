//! UpdateFolder.

use super::create_folder::{extended, free, set};
use super::{Context, required, response};
use crate::ews::refusal::Refusal;
use crate::ews::show::{self, Shape};
use crate::ews::state::Path;
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let changes = &required(request, "FolderChanges")?.children;
    let messages = context.each("UpdateFolder", changes, |context, change| {
        let key = context.folder_in(change)?;
        for update in &required(change, "Updates")?.children {
            apply(context, key, update)?;
        }
        let folder = context.store.folder(key).ok_or_else(Refusal::not_found)?;
        Ok(vec![Node::m("Folders").child(show::folder(context.store, folder, &Shape::id_only(), context.style))])
    });
    Ok(response("UpdateFolder", messages))
}

fn apply(context: &mut Context<'_>, key: u64, update: &Node) -> Result<(), Refusal> {
    let path = Path::of(update)?;
    let value = update.children.get(1).and_then(|folder| folder.children.first());
    match (update.name.as_str(), &path, path.element(), value) {
        ("SetFolderField", _, Some("DisplayName"), Some(value)) if value.name == "DisplayName" => {
            let folder = context.store.folder(key).ok_or_else(Refusal::not_found)?;
            if folder.well_known.is_some() {
                return Err(Refusal::new("ErrorObjectTypeChanged", "A distinguished folder keeps its name."));
            }
            if let Some(parent) = folder.parent {
                free(context.store, parent, &value.text, Some(key))?;
            }
            context.store.change_folder(key, |folder| folder.name.clone_from(&value.text));
        }
        ("SetFolderField", _, Some("FolderClass"), Some(value)) if value.name == "FolderClass" => {
            context.store.change_folder(key, |folder| folder.class.clone_from(&value.text));
        }
        ("SetFolderField", Path::Extended(..), _, Some(value)) if value.name == "ExtendedProperty" => {
            let (name, property) = extended(value)?;
            context.store.change_folder(key, |folder| set(folder, name, property));
        }
        ("DeleteFolderField", Path::Extended(name, ..), _, _) => {
            context.store.change_folder(key, |folder| folder.properties.remove(name));
        }
        (what, ..) => return Err(Refusal::unsupported(format!("{what} of {}", path.uri()))),
    }
    Ok(())
}
