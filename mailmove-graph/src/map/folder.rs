//! The tree of folders, from the pieces in which the server tells it.

use std::collections::{HashMap, HashSet};

use mailmove_core::{Epoch, Folder, Role};

use crate::place::{Area, Place};
use crate::wire::folder::FolderData;

/// The mail folders that every mailbox knows by what they are for.
pub(crate) const ROLES: [(&str, Role); 6] = [
    ("inbox", Role::Inbox),
    ("drafts", Role::Drafts),
    ("sentitems", Role::Sent),
    ("deleteditems", Role::Trash),
    ("junkemail", Role::Junk),
    ("archive", Role::Archive),
];

/// Folder ids are never given again, so what they hold has one epoch.
pub(crate) fn epoch() -> Epoch {
    Epoch::new("exchange")
}

/// Every folder of one sort that users see, parents before children.
///
/// Searches are left out, since what they show stands in other folders, and so is what is hidden, with all below it.
pub(crate) fn tree(area: Area, folders: &[FolderData], roles: &HashMap<String, Role>) -> Vec<Folder> {
    let hidden = |folder: &&FolderData| !folder.is_search() && folder.is_hidden != Some(true);
    let known: HashSet<&str> = folders.iter().map(|folder| folder.id.as_str()).collect();
    let mut children: HashMap<&str, Vec<&FolderData>> = HashMap::new();
    let mut seen = HashSet::new();
    for folder in folders.iter().filter(hidden).filter(|folder| seen.insert(folder.id.as_str())) {
        let parent = folder.parent_folder_id.as_deref().filter(|parent| known.contains(parent) && area.nests());
        children.entry(parent.unwrap_or_default()).or_default().push(folder);
    }
    let mut tree = Vec::new();
    let mut due = below(&mut children, "", &[], roles);
    while let Some((folder, path)) = due.pop() {
        due.extend(below(&mut children, &folder.id, &path, roles));
        tree.push(one(area, folder, path, roles));
    }
    tree
}

/// What is directly below a folder, last first.
fn below<'a>(
    children: &mut HashMap<&str, Vec<&'a FolderData>>,
    parent: &str,
    path: &[String],
    roles: &HashMap<String, Role>,
) -> Vec<(&'a FolderData, Vec<String>)> {
    let with_path = |folder: &'a FolderData| {
        let inbox = roles.get(&folder.id) == Some(&Role::Inbox);
        let name = if inbox { "INBOX".to_owned() } else { folder.display_name.clone() };
        (folder, path.iter().cloned().chain([name]).collect())
    };
    children.remove(parent).unwrap_or_default().into_iter().rev().map(with_path).collect()
}

/// One folder at this path.
pub(crate) fn one(area: Area, data: &FolderData, path: Vec<String>, roles: &HashMap<String, Role>) -> Folder {
    let mut folder = Folder::new(Place::new(area, data.id.as_str()).folder_id(), path);
    folder.role = roles.get(&data.id).copied();
    folder.kinds = vec![area.kind()];
    folder.epoch = epoch();
    folder.items = data.total_item_count;
    folder.bytes = data.bytes();
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(id: &str, parent: &str, name: &str) -> FolderData {
        let parent = Some(parent.to_owned());
        FolderData { id: id.into(), parent_folder_id: parent, display_name: name.into(), ..FolderData::default() }
    }

    #[test]
    fn parents_come_first_and_the_inbox_has_its_name() {
        let folders = [folder("3", "2", "Unter"), folder("2", "R", "Posteingang"), folder("4", "R", "Zweiter")];
        let tree = tree(Area::Mail, &folders, &HashMap::from([("2".to_owned(), Role::Inbox)]));
        let paths: Vec<Vec<String>> = tree.iter().map(|folder| folder.path.clone()).collect();
        assert_eq!(paths, [vec!["INBOX"], vec!["INBOX", "Unter"], vec!["Zweiter"]]);
        assert_eq!((tree[0].role, tree[0].id.as_str()), (Some(Role::Inbox), "mail:2"));
    }

    #[test]
    fn searches_and_what_is_hidden_are_no_folders() {
        let mut folders = [folder("1", "R", "Search"), folder("2", "R", "Hidden"), folder("3", "2", "Below")];
        folders[0].odata_type = Some("#microsoft.graph.mailSearchFolder".to_owned());
        folders[1].is_hidden = Some(true);
        assert!(tree(Area::Mail, &folders, &HashMap::new()).is_empty());
    }
}
