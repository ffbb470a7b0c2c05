use mailmove_core::{Result, Spool};

use super::envelope::Operation;
use super::folder::{FolderData, read_folders};
use super::ids::FolderRef;
use super::item::boolean;
use super::shape::{FolderShape, write_folder_shape};
use super::writer::Writer;
use super::xml::{Element, Xml};

/// Every folder below these, page by page.
pub(crate) struct FindFolder {
    pub(crate) below: Vec<FolderRef>,
    pub(crate) offset: u32,
    /// Only those right below, as public folders want it, and with where their contents are.
    pub(crate) shallow: bool,
}

/// How many folders a page has at most.
const PAGE: &str = "500";

/// A page.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) folders: Vec<FolderData>,
    /// Where the next page begins.
    pub(crate) next: Option<u32>,
    /// Whether this page is the last one, when the server says so.
    pub(crate) last: Option<bool>,
}

impl Operation for FindFolder {
    const NAME: &'static str = "FindFolder";
    type Part = Found;

    fn write(&self, out: &mut Writer) {
        out.open_with("m:FindFolder", &[("Traversal", if self.shallow { "Shallow" } else { "Deep" })]);
        write_folder_shape(out, if self.shallow { FolderShape::Public } else { FolderShape::Tree });
        let offset = self.offset.to_string();
        let page = [("MaxEntriesReturned", PAGE), ("Offset", &offset), ("BasePoint", "Beginning")];
        out.empty("m:IndexedPageFolderView", &page);
        out.open("m:ParentFolderIds");
        self.below.iter().for_each(|folder| folder.write(out));
        out.close();
        out.close();
    }

    fn read(&self, element: &Element, xml: &mut Xml, _: &Spool, part: &mut Self::Part) -> Result<()> {
        if element.name != "RootFolder" {
            return xml.skip();
        }
        part.next = element.attribute("IndexedPagingOffset").and_then(|text| text.parse().ok());
        part.last = element.attribute("IncludesLastItemInRange").and_then(boolean);
        while let Some(child) = xml.child()? {
            match child.name.as_str() {
                "Folders" => part.folders = read_folders(xml)?,
                _ => xml.skip()?,
            }
        }
        Ok(())
    }
}
