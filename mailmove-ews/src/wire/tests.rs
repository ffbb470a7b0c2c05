//! Requests as they stand in the schema, and answers as servers give them.

use mailmove_core::{Body, Spool};

use super::create_item::{Content, CreateItem, NewItem};
use super::envelope::{self, Header, Operation};
use super::find_folder::FindFolder;
use super::find_item::FindItem;
use super::ids::{FolderRef, ItemKey};
use super::property::Property;
use super::shape::Shape;
use super::sync_folder_items::{Changed, SyncFolderItems};
use super::update_item::{Field, Update, UpdateItem};
use super::upload_items::{Upload, UploadItems};
use super::version::Version;
use super::writer::text_of;

fn body(operation: &impl Operation) -> String {
    let header = Header { version: Version::Exchange2013, impersonate: None };
    let text = text_of(&envelope::write(&header, operation));
    let (_, body) = text.split_once("<s:Body>").unwrap();
    body.strip_suffix("</s:Body></s:Envelope>").unwrap().to_owned()
}

fn answer<O: Operation>(operation: &O, message: &str) -> O::Part {
    let text = format!(
        "<s:Envelope><s:Body><m:R><m:ResponseMessages><m:M ResponseClass='Success'><m:ResponseCode>NoError\
         </m:ResponseCode>{message}</m:M></m:ResponseMessages></m:R></s:Body></s:Envelope>"
    );
    let answer = envelope::read(operation, std::io::Cursor::new(text.into_bytes()), &Spool::new(1 << 20)).unwrap();
    answer.outcome.unwrap().swap_remove(0).part
}

fn folder() -> FolderRef {
    FolderRef::Id("F".into())
}

fn key() -> ItemKey {
    ItemKey { id: "A".into(), change_key: Some("C".into()) }
}

#[test]
fn a_new_message_is_saved_with_everything_in_the_order_of_the_schema() {
    let message = NewItem {
        element: "t:Message",
        content: Content::Mime(Body::unpooled(&b"hello"[..])),
        class: Some("IPM.Note".into()),
        categories: vec!["R&D".into()],
        properties: vec![(Property::MessageFlags, "1".into()), (Property::Mark, "m".into())],
        read: Some(true),
    };
    assert_eq!(
        body(&CreateItem { folder: folder(), items: vec![message] }),
        "<m:CreateItem MessageDisposition=\"SaveOnly\" SendMeetingInvitations=\"SendToNone\"><m:SavedItemFolderId>\
         <t:FolderId Id=\"F\"/></m:SavedItemFolderId><m:Items><t:Message><t:MimeContent>aGVsbG8=</t:MimeContent>\
         <t:ItemClass>IPM.Note</t:ItemClass><t:Categories><t:String>R&amp;D</t:String></t:Categories>\
         <t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x0e07\" PropertyType=\"Integer\"/><t:Value>1</t:Value>\
         </t:ExtendedProperty><t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId=\"PublicStrings\" \
         PropertyName=\"X-Mailmove-Mark\" PropertyType=\"String\"/><t:Value>m</t:Value></t:ExtendedProperty>\
         <t:IsRead>true</t:IsRead></t:Message></m:Items></m:CreateItem>"
    );
}

#[test]
fn an_update_sets_takes_away_and_never_overwrites_nor_sends() {
    let fields = vec![Field::Read(true), Field::Categories(Vec::new()), Field::Property(Property::FlagStatus, None)];
    assert_eq!(
        body(&UpdateItem { items: vec![Update { element: "t:Message", key: key(), fields }], suppress_receipts: true }),
        "<m:UpdateItem ConflictResolution=\"NeverOverwrite\" MessageDisposition=\"SaveOnly\" \
         SendMeetingInvitationsOrCancellations=\"SendToNone\" SuppressReadReceipts=\"true\"><m:ItemChanges><t:ItemChange>\
         <t:ItemId Id=\"A\" ChangeKey=\"C\"/><t:Updates><t:SetItemField><t:FieldURI FieldURI=\"message:IsRead\"/>\
         <t:Message><t:IsRead>true</t:IsRead></t:Message></t:SetItemField><t:DeleteItemField><t:FieldURI \
         FieldURI=\"item:Categories\"/></t:DeleteItemField><t:DeleteItemField><t:ExtendedFieldURI \
         PropertyTag=\"0x1090\" PropertyType=\"Integer\"/></t:DeleteItemField></t:Updates></t:ItemChange>\
         </m:ItemChanges></m:UpdateItem>"
    );
}

#[test]
fn a_stream_goes_in_as_new_or_in_the_place_of_an_item() {
    let data = Body::unpooled(&b"hello"[..]);
    let items = vec![Upload { replaces: None, data: data.clone() }, Upload { replaces: Some(key()), data }];
    assert_eq!(
        body(&UploadItems { folder: "F".into(), items }),
        "<m:UploadItems><m:Items><t:Item CreateAction=\"CreateNew\" IsAssociated=\"false\"><t:ParentFolderId Id=\"F\"/>\
         <t:Data>aGVsbG8=</t:Data></t:Item><t:Item CreateAction=\"Update\" IsAssociated=\"false\"><t:ParentFolderId \
         Id=\"F\"/><t:ItemId Id=\"A\" ChangeKey=\"C\"/><t:Data>aGVsbG8=</t:Data></t:Item></m:Items></m:UploadItems>"
    );
}

#[test]
fn one_mark_is_a_condition_and_several_are_alternatives() {
    let find = |marks: &[&str]| {
        let marks = marks.iter().map(|mark| (*mark).to_owned()).collect();
        body(&FindItem { folder: folder(), shape: Shape::LISTING, marks, offset: 250 })
    };
    let (one, two) = (find(&["a"]), find(&["a", "b"]));
    assert!(
        one.contains("MaxEntriesReturned=\"250\" Offset=\"250\" BasePoint=\"Beginning\"/><m:Restriction><t:IsEqualTo>")
    );
    assert!(two.contains("<m:Restriction><t:Or><t:IsEqualTo>") && two.contains("<t:Constant Value=\"b\"/>"));
}

#[test]
fn changes_are_told_with_their_state_and_their_end() {
    let sync = SyncFolderItems { folder: folder(), shape: Shape::LISTING, state: Some("S1".into()) };
    assert!(body(&sync).contains("</m:SyncFolderId><m:SyncState>S1</m:SyncState><m:MaxChangesReturned>512<"));
    let page = answer(
        &sync,
        "<m:SyncState>S2</m:SyncState><m:IncludesLastItemInRange>false</m:IncludesLastItemInRange><m:Changes>\
         <t:Create><t:Message><t:ItemId Id='1' ChangeKey='c'/><t:Subject>x</t:Subject></t:Message></t:Create>\
         <t:Update><t:CalendarItem><t:ItemId Id='2'/></t:CalendarItem></t:Update>\
         <t:Delete><t:ItemId Id='3'/></t:Delete>\
         <t:ReadFlagChange><t:ItemId Id='4'/><t:IsRead>true</t:IsRead></t:ReadFlagChange></m:Changes>",
    );
    assert_eq!((page.state.as_deref(), page.last), (Some("S2"), Some(false)));
    let told: Vec<String> = page
        .changes
        .iter()
        .map(|change| match change {
            Changed::Present(item) => format!("present {}", item.key.id),
            Changed::Deleted(key) => format!("deleted {}", key.id),
            Changed::Read(key, read) => format!("read {} {read}", key.id),
        })
        .collect();
    assert_eq!(told, ["present 1", "present 2", "deleted 3", "read 4 true"]);
}

#[test]
fn a_page_of_folders_says_where_the_next_one_begins() {
    let page = answer(
        &FindFolder { below: vec![folder()], offset: 0, shallow: false },
        "<m:RootFolder IndexedPagingOffset='2' TotalItemsInView='9' IncludesLastItemInRange='false'><t:Folders>\
         <t:Folder><t:FolderId Id='1'/><t:ParentFolderId Id='R'/><t:FolderClass>IPF.Note</t:FolderClass>\
         <t:DisplayName>A &amp; B</t:DisplayName><t:TotalCount>7</t:TotalCount><t:ExtendedProperty>\
         <t:ExtendedFieldURI PropertyTag='0x10f4' PropertyType='Boolean'/><t:Value>true</t:Value></t:ExtendedProperty>\
         </t:Folder><t:SearchFolder><t:FolderId Id='2'/></t:SearchFolder></t:Folders></m:RootFolder>",
    );
    assert_eq!((page.next, page.last), (Some(2), Some(false)));
    let first = &page.folders[0];
    assert_eq!((first.name.as_str(), first.items, first.hidden), ("A & B", Some(7), true));
    assert!(page.folders[1].search && !first.search);
}
