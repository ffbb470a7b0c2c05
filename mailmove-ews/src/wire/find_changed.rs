use mailmove_core::{Result, Spool};

use super::envelope::Operation;
use super::find_item::{Found, read_page};
use super::ids::FolderRef;
use super::property::Property;
use super::shape::Shape;
use super::writer::Writer;
use super::xml::{Element, Xml};

/// The items of a folder in the order of their last changes, page by page: for folders that know no synchronization.
pub(crate) struct FindChanged {
    pub(crate) folder: FolderRef,
    pub(crate) shape: Shape,
    pub(crate) condition: Condition,
    pub(crate) offset: u32,
    /// How many items the page has at most.
    pub(crate) most: u32,
}

/// Which items.
pub(crate) enum Condition {
    All,
    /// Changed at this time or later.
    ModifiedSince(String),
    /// Created at this time or later.
    CreatedSince(String),
}

/// How many items a page has at most: what servers give with a condition.
pub(crate) const PAGE: u32 = 250;

impl Operation for FindChanged {
    const NAME: &'static str = "FindItem";
    type Part = Found;

    fn write(&self, out: &mut Writer) {
        out.open_with("m:FindItem", &[("Traversal", "Shallow")]);
        self.shape.write(out);
        let (most, offset) = (self.most.to_string(), self.offset.to_string());
        let page = [("MaxEntriesReturned", &*most), ("Offset", &*offset), ("BasePoint", "Beginning")];
        out.empty("m:IndexedPageItemView", &page);
        let (compare, property, time) = match &self.condition {
            Condition::All => ("", Property::LastModified, ""),
            Condition::ModifiedSince(time) => ("t:IsGreaterThanOrEqualTo", Property::LastModified, &**time),
            Condition::CreatedSince(time) => ("t:IsGreaterThanOrEqualTo", Property::Created, &**time),
        };
        if !compare.is_empty() {
            out.open("m:Restriction");
            out.open(compare);
            property.write_uri(out);
            out.open("t:FieldURIOrConstant");
            out.empty("t:Constant", &[("Value", time)]);
            out.close();
            out.close();
            out.close();
        }
        out.open("m:SortOrder");
        out.open_with("t:FieldOrder", &[("Order", "Ascending")]);
        Property::LastModified.write_uri(out);
        out.close();
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
