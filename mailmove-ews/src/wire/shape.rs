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
            "calendar:UID",
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

    /// The same with the item's content as MIME.
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
pub(crate) fn write_folder_shape(out: &mut Writer, rights: bool) {
    out.open("m:FolderShape");
    out.leaf("t:BaseShape", "IdOnly");
    let known = ["folder:ParentFolderId", "folder:FolderClass", "folder:DisplayName", "folder:TotalCount"];
    let fields = known.into_iter().chain(rights.then_some("folder:EffectiveRights"));
    additional(out, &fields.collect::<Vec<_>>(), &[Property::Hidden, Property::FolderSize]);
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
