//! A folder in an answer.

use mailmove_core::Result;

use super::ids::ItemKey;
use super::item::{boolean, extended};
use super::property::Property;
use super::xml::Xml;

/// What an answer says of a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FolderData {
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) name: String,
    pub(crate) items: Option<u64>,
    pub(crate) bytes: Option<u64>,
    pub(crate) hidden: bool,
    /// A search, which holds no items of its own.
    pub(crate) search: bool,
    /// Whether items may be put into it, when the server says so.
    pub(crate) writable: Option<bool>,
    /// How many folders are right below it.
    pub(crate) children: Option<u64>,
    /// Which mailboxes hold what is in it, in base64.
    pub(crate) replicas: Option<String>,
}

/// Every folder of a list whose element was just opened.
pub(crate) fn read_folders(xml: &mut Xml) -> Result<Vec<FolderData>> {
    let mut folders = Vec::new();
    while let Some(element) = xml.child()? {
        folders.push(FolderData { search: element.name == "SearchFolder", ..FolderData::read(xml)? });
    }
    Ok(folders)
}

impl FolderData {
    /// From a folder of any class whose element was just opened.
    pub(crate) fn read(xml: &mut Xml) -> Result<Self> {
        let mut folder = Self::default();
        while let Some(field) = xml.child()? {
            match field.name.as_str() {
                "FolderId" => folder.id = ItemKey::read(&field, xml)?.id,
                "ParentFolderId" => folder.parent = Some(ItemKey::read(&field, xml)?.id),
                "FolderClass" => folder.class = Some(xml.text()?),
                "DisplayName" => folder.name = xml.text()?,
                "TotalCount" => folder.items = xml.text()?.trim().parse().ok(),
                "ChildFolderCount" => folder.children = xml.text()?.trim().parse().ok(),
                "EffectiveRights" => folder.writable = writable(xml)?,
                "ExtendedProperty" => match extended(xml)? {
                    Some((Property::Hidden, value)) => folder.hidden = boolean(&value) == Some(true),
                    Some((Property::Replicas, value)) => folder.replicas = Some(value),
                    Some((Property::FolderSize, value)) => folder.bytes = value.trim().parse().ok(),
                    _ => {}
                },
                _ => xml.skip()?,
            }
        }
        Ok(folder)
    }
}

fn writable(xml: &mut Xml) -> Result<Option<bool>> {
    let mut rights = None;
    while let Some(right) = xml.child()? {
        match right.name.as_str() {
            "CreateContents" => rights = boolean(&xml.text()?),
            _ => xml.skip()?,
        }
    }
    Ok(rights)
}
