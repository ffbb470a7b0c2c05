use mailmove_core::Result;
use serde_json::{Map, Value, json};

use super::folder::FolderData;
use super::node::Node;
use super::soap::{Operation, fields};

/// The whole tree. What others share is named and not entered.
pub(crate) struct GetFolder;

/// See [`GetFolder`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    /// Parents first; the root of what users see is among them.
    pub(crate) folders: Vec<FolderData>,
    /// Saved searches.
    pub(crate) searches: usize,
    /// Folders of other mailboxes.
    pub(crate) mountpoints: usize,
}

impl Operation for GetFolder {
    const NAME: &'static str = "GetFolder";
    type Answer = Tree;

    fn write(&self) -> Map<String, Value> {
        fields(json!({ "visible": "1", "tr": "0" }))
    }

    fn read(&self, answer: Node<'_>) -> Result<Tree> {
        let mut tree = Tree::default();
        collect(answer, &mut tree);
        Ok(tree)
    }
}

fn collect(node: Node<'_>, tree: &mut Tree) {
    for folder in node.children("folder") {
        // A folder without an id says that nothing may be seen.
        let data = FolderData::read(folder);
        if !data.id.is_empty() {
            tree.folders.push(data);
        }
        collect(folder, tree);
    }
    tree.searches += node.children("search").count();
    tree.mountpoints += node.children("link").count();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_share_is_counted_and_not_entered() {
        let answer = json!({ "folder": [{ "id": "1", "l": "11", "name": "USER_ROOT",
            "folder": [{ "id": "2", "l": "1", "name": "Inbox", "view": "message", "n": 3, "s": 900, "i4next": 300 }],
            "search": [{ "id": "300", "name": "unread" }],
            "link": [{ "id": "301", "name": "Bob's", "folder": [{ "id": "abc:2", "name": "Inbox" }] }] }] });
        let tree = GetFolder.read(Node::new(&answer)).unwrap();
        assert_eq!(tree.folders.iter().map(|folder| folder.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((tree.searches, tree.mountpoints, tree.folders[1].next), (1, 1, Some(300)));
    }
}
