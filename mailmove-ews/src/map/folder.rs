//! The tree of folders, from the pieces in which the server tells it.

use std::collections::{HashMap, HashSet};

use mailmove_core::{Epoch, Folder, FolderId, Role};

use super::kind;
use crate::wire::folder::FolderData;

/// Folder ids are never given again, so what they hold has one epoch.
pub(crate) fn epoch() -> Epoch {
    Epoch::new("exchange")
}

/// Every folder that users see, parents before children.
///
/// Searches are left out, since what they show stands in other folders, and so is what is hidden, with all below it.
pub(crate) fn tree(root: &str, folders: &[FolderData], roles: &HashMap<String, Role>) -> Vec<Folder> {
    let known: HashSet<&str> = folders.iter().map(|folder| folder.id.as_str()).collect();
    let mut children: HashMap<&str, Vec<&FolderData>> = HashMap::new();
    for folder in folders.iter().filter(|folder| !folder.search && !folder.hidden && folder.id != root) {
        let parent = folder.parent.as_deref().filter(|parent| known.contains(parent)).unwrap_or(root);
        children.entry(parent).or_default().push(folder);
    }
    let mut tree = Vec::new();
    let mut due = below(&mut children, root, &[], roles);
    while let Some((folder, path)) = due.pop() {
        due.extend(below(&mut children, &folder.id, &path, roles));
        tree.push(one(folder, path, roles));
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
        let name = if inbox { "INBOX".to_owned() } else { folder.name.clone() };
        (folder, path.iter().cloned().chain([name]).collect())
    };
    children.remove(parent).unwrap_or_default().into_iter().rev().map(with_path).collect()
}

fn one(data: &FolderData, path: Vec<String>, roles: &HashMap<String, Role>) -> Folder {
    let mut folder = Folder::new(FolderId::new(data.id.as_str()), path);
    folder.role = roles.get(&data.id).copied();
    folder.kinds = kind::of_folder(data.class.as_deref());
    folder.epoch = epoch();
    folder.items = data.items;
    folder.bytes = data.bytes;
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(id: &str, parent: &str, name: &str) -> FolderData {
        FolderData { id: id.into(), parent: Some(parent.into()), name: name.into(), ..FolderData::default() }
    }

    #[test]
    fn parents_come_first_and_the_inbox_has_its_name() {
        let folders = [folder("3", "2", "Unter"), folder("2", "R", "Posteingang"), folder("4", "R", "Zweiter")];
        let tree = tree("R", &folders, &HashMap::from([("2".to_owned(), Role::Inbox)]));
        let paths: Vec<Vec<String>> = tree.iter().map(|folder| folder.path.clone()).collect();
        assert_eq!(paths, [vec!["INBOX"], vec!["INBOX", "Unter"], vec!["Zweiter"]]);
        assert_eq!(tree[0].role, Some(Role::Inbox));
    }

    #[test]
    fn searches_and_what_is_hidden_are_no_folders() {
        let mut folders = [folder("1", "R", "Search"), folder("2", "R", "Hidden"), folder("3", "2", "Below")];
        (folders[0].search, folders[1].hidden) = (true, true);
        assert!(tree("R", &folders, &HashMap::new()).is_empty());
    }

    #[test]
    fn a_folder_whose_parent_is_not_told_stands_at_the_top() {
        assert_eq!(tree("R", &[folder("1", "nobody", "Lost")], &HashMap::new())[0].path, ["Lost"]);
    }
}
