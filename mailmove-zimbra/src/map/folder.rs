//! The tree of folders, from the pieces in which the server tells it.

use std::collections::{HashMap, HashSet};

use mailmove_core::{Epoch, FeedId, Folder, FolderId, Position, Role};

use super::kind;
use crate::wire::folder::FolderData;

/// Everything in a mailbox is read together.
pub(crate) const FEED: &str = "mailbox";

/// Numbers of folders and items are never given again, so what a folder holds has one epoch.
pub(crate) fn epoch() -> Epoch {
    Epoch::new("zimbra")
}

/// Every folder that users see, parents before children.
pub(crate) fn tree(folders: &[FolderData], tasks: bool) -> Vec<Folder> {
    let known: HashSet<&str> = folders.iter().map(|folder| folder.id.as_str()).collect();
    let mut children: HashMap<&str, Vec<&FolderData>> = HashMap::new();
    for folder in folders.iter().filter(|folder| !is_above(&folder.id)) {
        let parent = if known.contains(folder.parent.as_str()) { folder.parent.as_str() } else { kind::ROOT };
        children.entry(parent).or_default().push(folder);
    }
    let mut tree = Vec::new();
    let mut due = below(&mut children, kind::ROOT, &[]);
    while let Some((folder, path)) = due.pop() {
        due.extend(below(&mut children, &folder.id, &path));
        tree.push(one(folder, path, tasks));
    }
    tree
}

/// The folders of the server itself: the root of users, the root of all, tags and conversations.
fn is_above(folder: &str) -> bool {
    matches!(folder, kind::ROOT | "11" | "8" | "9")
}

/// What is directly below a folder, last first.
fn below<'a>(
    children: &mut HashMap<&str, Vec<&'a FolderData>>,
    parent: &str,
    path: &[String],
) -> Vec<(&'a FolderData, Vec<String>)> {
    let with_path = |folder: &'a FolderData| {
        let inbox = kind::role(&folder.id) == Some(Role::Inbox);
        let name = if inbox { "INBOX".to_owned() } else { folder.name.clone() };
        (folder, path.iter().cloned().chain([name]).collect())
    };
    children.remove(parent).unwrap_or_default().into_iter().rev().map(with_path).collect()
}

/// One folder at this path.
pub(crate) fn one(data: &FolderData, path: Vec<String>, tasks: bool) -> Folder {
    let mut folder = Folder::new(FolderId::new(data.id.as_str()), path);
    folder.role = kind::role(&data.id);
    // What a folder gets from elsewhere belongs to whoever publishes it.
    folder.kinds = if data.url.is_empty() { kind::of_view(&data.view, tasks) } else { Vec::new() };
    folder.feed = FeedId::new(FEED);
    folder.epoch = epoch();
    folder.items = data.items;
    folder.bytes = data.bytes;
    folder.position = data.next.map(|next| Position::new(next.to_string()));
    folder.subscribed = Some(data.flags.contains('*'));
    folder
}

#[cfg(test)]
mod tests {
    use mailmove_core::Kind;

    use super::*;

    fn folder(id: &str, parent: &str, name: &str, view: &str) -> FolderData {
        let text = str::to_owned;
        FolderData { id: text(id), parent: text(parent), name: text(name), view: text(view), ..FolderData::default() }
    }

    #[test]
    fn parents_come_first_and_folders_are_known_by_their_numbers() {
        let mut subscribed = folder("300", "1", "Kalender", "appointment");
        subscribed.url = "https://example.org/holidays.ics".to_owned();
        let folders = [
            folder("11", "", "ROOT", ""),
            folder("1", "11", "USER_ROOT", ""),
            folder("9", "11", "Conversations", ""),
            folder("2", "1", "Posteingang", "message"),
            folder("257", "2", "Unter", "message"),
            folder("3", "1", "Trash", ""),
            folder("16", "1", "Briefcase", "document"),
            subscribed,
        ];
        let tree = tree(&folders, true);
        let paths: Vec<String> = tree.iter().map(Folder::display_path).collect();
        assert_eq!(paths, ["INBOX", "INBOX/Unter", "Trash", "Briefcase", "Kalender"]);
        assert_eq!(
            (tree[0].role, tree[2].kinds.len(), tree[1].kinds.as_slice()),
            (Some(Role::Inbox), 4, &[Kind::Mail][..])
        );
        assert!(!tree[3].holds_items() && !tree[4].holds_items());
        assert!(tree.iter().all(|folder| folder.feed.as_str() == FEED));
    }
}
