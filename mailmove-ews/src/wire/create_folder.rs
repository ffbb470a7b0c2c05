use mailmove_core::{Result, Spool};

use super::envelope::Operation;
use super::folder::{FolderData, read_folders};
use super::ids::FolderRef;
use super::writer::Writer;
use super::xml::{Element, Xml};

/// A new folder. Its class decides what it holds.
pub(crate) struct CreateFolder {
    pub(crate) parent: FolderRef,
    pub(crate) class: &'static str,
    pub(crate) name: String,
}

impl Operation for CreateFolder {
    const NAME: &'static str = "CreateFolder";
    type Part = Option<FolderData>;

    fn write(&self, out: &mut Writer) {
        out.open("m:CreateFolder");
        out.open("m:ParentFolderId");
        self.parent.write(out);
        out.close();
        out.open("m:Folders");
        // The element and the class must agree where the schema has an element.
        out.open(match self.class {
            "IPF.Appointment" => "t:CalendarFolder",
            "IPF.Contact" => "t:ContactsFolder",
            "IPF.Task" => "t:TasksFolder",
            _ => "t:Folder",
        });
        out.leaf("t:FolderClass", self.class);
        out.leaf("t:DisplayName", &self.name);
        out.close();
        out.close();
        out.close();
    }

    fn read(&self, element: &Element, xml: &mut Xml, _: &Spool, part: &mut Self::Part) -> Result<()> {
        match element.name.as_str() {
            "Folders" => *part = read_folders(xml)?.into_iter().next(),
            _ => xml.skip()?,
        }
        Ok(())
    }
}
