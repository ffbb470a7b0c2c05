//! CreateFolder.

use super::{Context, required, response};
use crate::ews::refusal::Refusal;
use crate::ews::show::{self, Shape};
use crate::ews::state::{Folder, Path, Property, PropertyKey, Store};
use crate::ews::xml::Node;

pub(super) fn run(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let parent = context.folder_in(required(request, "ParentFolderId")?);
    let folders = &required(request, "Folders")?.children;
    let messages = context.each("CreateFolder", folders, |context, node| {
        let parent = parent.clone()?;
        let name = node.value("DisplayName").unwrap_or_default().to_owned();
        free(context.store, parent, &name, None)?;
        let class = class(node)?;
        let mailbox = context.store.folder(parent).map(|parent| parent.mailbox).ok_or_else(Refusal::no_folder)?;
        let mut properties = Vec::new();
        for child in &node.children {
            match child.name.as_str() {
                "DisplayName" | "FolderClass" => {}
                "ExtendedProperty" => properties.push(extended(child)?),
                other => return Err(Refusal::unsupported(format!("{other} in CreateFolder"))),
            }
        }
        let key = context.store.insert_folder(mailbox, Some(parent), &name, &class, None);
        context
            .store
            .change_folder(key, |folder| properties.into_iter().for_each(|(key, value)| set(folder, key, value)));
        let folder = context.store.folder(key).ok_or_else(Refusal::no_folder)?;
        Ok(vec![Node::m("Folders").child(show::folder(context.store, folder, &Shape::id_only(), context.style))])
    });
    Ok(response("CreateFolder", messages))
}

/// # Errors
/// When the name is empty, or another folder beside it has the same one; case does not matter.
pub(super) fn free(store: &Store, parent: u64, name: &str, own: Option<u64>) -> Result<(), Refusal> {
    if name.trim().is_empty() {
        return Err(Refusal::new("ErrorInvalidFolderName", "The folder name is empty."));
    }
    if name.chars().count() > 250 {
        return Err(Refusal::new("ErrorPropertyUpdate", "The folder name is too long."));
    }
    let same = |folder: &Folder| folder.name.to_lowercase() == name.to_lowercase() && Some(folder.key) != own;
    if store.children(parent).any(same) {
        return Err(Refusal::new("ErrorFolderExists", "A folder with the specified name already exists."));
    }
    Ok(())
}

/// The class that the element and FolderClass agree on.
fn class(node: &Node) -> Result<String, Refusal> {
    let default = match node.name.as_str() {
        "Folder" => "IPF.Note",
        "CalendarFolder" => "IPF.Appointment",
        "ContactsFolder" => "IPF.Contact",
        "TasksFolder" => "IPF.Task",
        other => return Err(Refusal::unsupported(format!("{other} in CreateFolder"))),
    };
    let Some(class) = node.value("FolderClass") else { return Ok(default.to_owned()) };
    let fits = class == default || class.starts_with(&format!("{default}.")) || node.name == "Folder";
    let words = "The folder class does not fit the folder.";
    fits.then(|| class.to_owned()).ok_or_else(|| Refusal::new("ErrorObjectTypeChanged", words))
}

/// Name and value of an ExtendedProperty.
pub(super) fn extended(node: &Node) -> Result<(PropertyKey, Property), Refusal> {
    let invalid = || Refusal::new("ErrorInvalidExtendedPropertyValue", "The value does not fit the property's type.");
    match Path::of(node)? {
        Path::Extended(key, _, _) => Property::read(node).map(|property| (key, property)).ok_or_else(invalid),
        Path::Field(_) | Path::Indexed(..) => Err(invalid()),
    }
}

/// Sets a property of a folder.
pub(super) fn set(folder: &mut Folder, key: PropertyKey, property: Property) {
    let value = || property.values.first().cloned().unwrap_or_default();
    match key {
        PropertyKey::Tag(0x3001) => folder.name = value(),
        PropertyKey::Tag(0x3613) => folder.class = value(),
        key => {
            folder.properties.insert(key, property);
        }
    }
}
