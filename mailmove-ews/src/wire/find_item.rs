use mailmove_core::{Result, Spool};

use super::envelope::Operation;
use super::ids::FolderRef;
use super::item::{ItemData, boolean, read_items};
use super::property::Property;
use super::shape::Shape;
use super::writer::Writer;
use super::xml::{Element, Xml};

/// The items of a folder that carry one of these marks, page by page.
pub(crate) struct FindItem {
    pub(crate) folder: FolderRef,
    pub(crate) shape: Shape,
    /// At least one.
    pub(crate) marks: Vec<String>,
    pub(crate) offset: u32,
}

/// How many items a page has at most: what servers give with a condition.
const PAGE: &str = "250";

/// A page.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) items: Vec<ItemData>,
    /// Where the next page begins.
    pub(crate) next: Option<u32>,
    /// Whether this page is the last one, when the server says so.
    pub(crate) last: Option<bool>,
    /// How many items there are on all pages.
    pub(crate) total: Option<u32>,
}

impl Operation for FindItem {
    const NAME: &'static str = "FindItem";
    type Part = Found;

    fn write(&self, out: &mut Writer) {
        out.open_with("m:FindItem", &[("Traversal", "Shallow")]);
        self.shape.write(out);
        let offset = self.offset.to_string();
        let page = [("MaxEntriesReturned", PAGE), ("Offset", &offset), ("BasePoint", "Beginning")];
        out.empty("m:IndexedPageItemView", &page);
        out.open("m:Restriction");
        let any = self.marks.len() > 1;
        if any {
            out.open("t:Or");
        }
        for mark in &self.marks {
            out.open("t:IsEqualTo");
            Property::Mark.write_uri(out);
            out.open("t:FieldURIOrConstant");
            out.empty("t:Constant", &[("Value", mark)]);
            out.close();
            out.close();
        }
        if any {
            out.close();
        }
        out.close();
        out.open("m:ParentFolderIds");
        self.folder.write(out);
        out.close();
        out.close();
    }

    fn read(&self, element: &Element, xml: &mut Xml, spool: &Spool, part: &mut Self::Part) -> Result<()> {
        read_page(element, xml, spool, part)
    }
}

/// Reads a page of items.
pub(super) fn read_page(element: &Element, xml: &mut Xml, spool: &Spool, part: &mut Found) -> Result<()> {
    if element.name != "RootFolder" {
        return xml.skip();
    }
    part.next = element.attribute("IndexedPagingOffset").and_then(|text| text.parse().ok());
    part.last = element.attribute("IncludesLastItemInRange").and_then(boolean);
    part.total = element.attribute("TotalItemsInView").and_then(|text| text.parse().ok());
    while let Some(child) = xml.child()? {
        match child.name.as_str() {
            "Items" => part.items = read_items(xml, spool)?,
            _ => xml.skip()?,
        }
    }
    Ok(())
}
