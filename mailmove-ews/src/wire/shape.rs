//! What a request wants to know of items and folders.

use super::property::Property;
use super::writer::Writer;

/// What is asked of an item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) mime: bool,
    /// Every field that items of the class have, the body as plain text.
    pub(crate) all: bool,
    pub(crate) fields: &'static [&'static str],
    pub(crate) properties: &'static [Property],
}

impl Shape {
    /// What a listing says, in folders of any class.
    pub(crate) const LISTING: Shape = Shape {
        mime: false,
        all: false,
        fields: &[
            "item:ItemClass",
            "item:Subject",
            "item:DateTimeReceived",
            "item:Size",
            "item:Categories",
            "item:IsDraft",
            "item:DateTimeSent",
            "item:DateTimeCreated",
            "item:HasAttachments",
            "message:IsRead",
            "message:InternetMessageId",
            "calendar:UID",
            "calendar:Start",
        ],
        properties: &[
            Property::MessageFlags,
            Property::LastModified,
            Property::FlagStatus,
            Property::LastVerb,
            Property::IconIndex,
            Property::ImapDeleted,
            Property::SearchKey,
            Property::Mark,
            Property::Uid,
        ],
    };

    /// The same, of single items of any class: what belongs to messages alone is asked as properties, since a contact
    /// that is asked for its read state is an error.
    pub(crate) const ITEM: Shape = Shape {
        mime: false,
        all: false,
        fields: &[
            "item:ParentFolderId",
            "item:ItemClass",
            "item:Subject",
            "item:DateTimeReceived",
            "item:Size",
            "item:Categories",
            "item:IsDraft",
            "item:DateTimeSent",
            "item:DateTimeCreated",
            "item:HasAttachments",
        ],
        properties: &[
            Property::MessageFlags,
            Property::LastModified,
            Property::FlagStatus,
            Property::LastVerb,
            Property::IconIndex,
            Property::ImapDeleted,
            Property::SearchKey,
            Property::InternetMessageId,
            Property::Mark,
            Property::Uid,
        ],
    };

    /// The same of appointments alone.
    pub(crate) const EVENT: Shape = Shape {
        fields: &[
            "item:ParentFolderId",
            "item:ItemClass",
            "item:Subject",
            "item:DateTimeReceived",
            "item:Size",
            "item:Categories",
            "item:IsDraft",
            "item:DateTimeSent",
            "item:DateTimeCreated",
            "item:HasAttachments",
            "calendar:UID",
        ],
        ..Shape::ITEM
    };

    /// The same with every field.
    pub(crate) const WITH_FIELDS: Shape = Shape { all: true, ..Shape::ITEM };

    /// The same of journal entries.
    pub(crate) const JOURNAL: Shape = Shape {
        all: true,
        properties: &[
            Property::MessageFlags,
            Property::LastModified,
            Property::SearchKey,
            Property::Mark,
            Property::Uid,
            Property::JournalStart,
        ],
        ..Shape::ITEM
    };

    /// Nothing but which item it is.
    pub(crate) const NOTHING: Shape = Shape { mime: false, all: false, fields: &[], properties: &[] };

    /// As [`ITEM`](Self::ITEM), with the item's content as MIME.
    pub(crate) const WITH_MIME: Shape = Shape { mime: true, ..Shape::ITEM };

    pub(crate) fn write(self, out: &mut Writer) {
        out.open("m:ItemShape");
        out.leaf("t:BaseShape", if self.all { "AllProperties" } else { "IdOnly" });
        if self.mime {
            out.leaf("t:IncludeMimeContent", "true");
        }
        if self.all {
            out.leaf("t:BodyType", "Text");
        }
        additional(out, self.fields, self.properties);
        out.close();
    }
}

/// What is asked of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FolderShape {
    /// What a tree is made of.
    Tree,
    /// The same with what may be done there.
    Rights,
    /// The same with how many folders are below it, and which mailbox holds its contents.
    Public,
}

pub(crate) fn write_folder_shape(out: &mut Writer, shape: FolderShape) {
    out.open("m:FolderShape");
    out.leaf("t:BaseShape", "IdOnly");
    let mut fields = vec!["folder:ParentFolderId", "folder:FolderClass", "folder:DisplayName", "folder:TotalCount"];
    let mut properties = vec![Property::Hidden, Property::FolderSize];
    match shape {
        FolderShape::Tree => {}
        FolderShape::Rights => fields.push("folder:EffectiveRights"),
        FolderShape::Public => {
            fields.push("folder:ChildFolderCount");
            properties.push(Property::Replicas);
        }
    }
    additional(out, &fields, &properties);
    out.close();
}

fn additional(out: &mut Writer, fields: &[&str], properties: &[Property]) {
    if fields.is_empty() && properties.is_empty() {
        return;
    }
    out.open("t:AdditionalProperties");
    fields.iter().for_each(|field| out.empty("t:FieldURI", &[("FieldURI", field)]));
    properties.iter().for_each(|property| property.write_uri(out));
    out.close();
}
