use mailmove_core::{Result, Spool};

use super::envelope::Operation;
use super::folder::{FolderData, read_folders};
use super::ids::FolderRef;
use super::shape::{FolderShape, write_folder_shape};
use super::writer::Writer;
use super::xml::{Element, Xml};

/// Folders by their ids or by what they are for.
pub(crate) struct GetFolder {
    pub(crate) folders: Vec<FolderRef>,
    /// Whether to ask what may be done there.
    pub(crate) rights: bool,
}

impl Operation for GetFolder {
    const NAME: &'static str = "GetFolder";
    type Part = Option<FolderData>;

    fn write(&self, out: &mut Writer) {
        out.open("m:GetFolder");
        write_folder_shape(out, if self.rights { FolderShape::Rights } else { FolderShape::Tree });
        out.open("m:FolderIds");
        self.folders.iter().for_each(|folder| folder.write(out));
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
