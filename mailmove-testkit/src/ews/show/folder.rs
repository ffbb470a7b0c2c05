//! A folder as an answer shows it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Style;
use super::shape::{Base, Shape};
use crate::ews::state::{Folder, Path, Property, PropertyKey, Store};
use crate::ews::version::Version;
use crate::ews::xml::Node;
use crate::ews::{mapi, schema};

const DEFAULT: [&str; 4] = ["DisplayName", "TotalCount", "ChildFolderCount", "UnreadCount"];

pub(crate) fn folder(store: &Store, folder: &Folder, shape: &Shape, style: Style) -> Node {
    let kind = folder.element();
    let mut node = Node::t(kind);
    for name in schema::order(kind, style.version) {
        if name == "ExtendedProperty" {
            node.children.extend(extended(store, folder, shape, style));
            continue;
        }
        let wanted = name == "FolderId"
            || shape.names(name)
            || match shape.base {
                Base::IdOnly => false,
                Base::Default => DEFAULT.contains(&name),
                Base::AllProperties => true,
            };
        if wanted {
            node.children.extend(element(store, folder, name, style));
        }
    }
    node
}

fn element(store: &Store, folder: &Folder, name: &str, style: Style) -> Option<Node> {
    let id = |element: &str, key: u64| {
        let (id, change) = store.folder_id(key);
        Node::t(element).attr("Id", id).attr("ChangeKey", change)
    };
    let text = |text: &dyn std::fmt::Display| Node::t(name).text(text);
    Some(match name {
        "FolderId" => id("FolderId", folder.key),
        "ParentFolderId" => id("ParentFolderId", folder.parent?),
        "FolderClass" if !folder.class.is_empty() => text(&folder.class),
        "DisplayName" => text(&folder.name),
        "TotalCount" => text(&folder.total),
        "ChildFolderCount" => text(&store.children(folder.key).count()),
        "UnreadCount" if folder.element() != "CalendarFolder" => text(&folder.unread),
        "DistinguishedFolderId" => text(folder.well_known.as_ref()?),
        "EffectiveRights" => rights(style.version),
        _ => return None,
    })
}

/// All rights.
pub(super) fn rights(version: Version) -> Node {
    let names = ["CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read"];
    let node = Node::t("EffectiveRights").children(names.map(|name| Node::t(name).text(true)));
    node.child((version >= Version::Exchange2010).then(|| Node::t("ViewPrivateItems").text(true)))
}

fn extended(store: &Store, folder: &Folder, shape: &Shape, style: Style) -> Vec<Node> {
    let found = shape.paths.iter().filter_map(|path| match path {
        Path::Extended(key, kind, node) => {
            let property = mapi::of_folder(folder, key).or_else(|| replicas(store, folder, key))?;
            super::item::shown(property, kind, node, style)
        }
        Path::Field(_) | Path::Indexed(..) => None,
    });
    found.collect()
}

/// PidTagReplicaList: the GUID of the mailbox that holds what is in a public folder, as text that ends with a zero.
fn replicas(store: &Store, folder: &Folder, key: &PropertyKey) -> Option<Property> {
    if *key != PropertyKey::Tag(0x6698) {
        return None;
    }
    let content = store.content_of(folder)?;
    Some(Property::one("Binary", STANDARD.encode(format!("{}\0", content.guid))))
}
