use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::dialogue::{create, get, id, mime_content};
use super::{Client, ID_ONLY, ann};
use crate::ews::NewItem;

const MIME: &str = "From: Bob <b@x.test>\r\nTo: a@x.test\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\
                    Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@x.test>\r\n\r\nhello\r\n";

#[tokio::test]
async fn a_message_comes_back_as_it_went_in() {
    let server = ann().start().await;
    let client = Client::new(&server);
    let id = client.create("inbox", MIME).await;
    let message = client
        .ok(&get(&id, "<t:BaseShape>AllProperties</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>"))
        .await;
    let item = &message.find("Items").unwrap().children[0];
    assert_eq!(STANDARD.decode(item.value("MimeContent").unwrap()).unwrap(), MIME.as_bytes());
    for (name, value) in [
        ("Subject", "Grüße"),
        ("DateTimeSent", "2026-11-20T09:00:00Z"),
        ("InternetMessageId", "<1@x.test>"),
        ("Body", "hello\r\n"),
        ("IsRead", "false"),
        ("IsDraft", "true"),
        ("DisplayTo", "a@x.test"),
        ("ItemClass", "IPM.Note"),
    ] {
        assert_eq!(item.value(name), Some(value), "{name}");
    }
    assert_eq!(item.at(&["From", "Mailbox", "Name"]).unwrap().text, "Bob");
    assert_eq!(server.log().counters().sent, 0);
}

#[tokio::test]
async fn flags_and_dates_are_kept_when_they_are_set_while_creating() {
    let server = ann().start().await;
    let client = Client::new(&server);
    let property = |tag: &str, kind: &str, value: &str| {
        format!(
            "<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"{tag}\" PropertyType=\"{kind}\"/>\
             <t:Value>{value}</t:Value></t:ExtendedProperty>"
        )
    };
    let mark = "<t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId=\"PublicStrings\" \
                PropertyName=\"X-Mark\" PropertyType=\"String\"/><t:Value>m1</t:Value></t:ExtendedProperty>";
    let children = format!(
        "{}<t:Categories><t:String>red</t:String></t:Categories>{}{}{mark}",
        mime_content(MIME),
        property("0x0E07", "Integer", "1"),
        property("0xe06", "SystemTime", "2020-01-02T03:04:05Z"),
    );
    let id = id(&client.ok(&create("inbox", &children)).await);
    let item = &server.mailbox("ann@x.test").items("Inbox")[0];
    assert_eq!((item.read, item.draft), (true, false));
    assert_eq!(item.received.unix_timestamp(), 1_577_934_245);
    assert_eq!(item.categories, ["red"]);
    assert_eq!(server.mailbox("ann@x.test").named(&id, "X-Mark").as_deref(), Some("m1"));

    // Later it is too late for the flags.
    let update = format!(
        "<m:UpdateItem MessageDisposition=\"SaveOnly\" ConflictResolution=\"AlwaysOverwrite\"><m:ItemChanges>\
         <t:ItemChange><t:ItemId Id=\"{id}\"/><t:Updates><t:SetItemField><t:ExtendedFieldURI PropertyTag=\"0x0E07\" \
         PropertyType=\"Integer\"/><t:Message>{}</t:Message></t:SetItemField></t:Updates></t:ItemChange>\
         </m:ItemChanges></m:UpdateItem>",
        property("0x0E07", "Integer", "8")
    );
    assert_eq!(client.codes(&update).await, ["ErrorInvalidPropertySet"]);
}

#[tokio::test]
async fn every_item_of_a_batch_has_its_own_answer() {
    let server = ann().start().await;
    let client = Client::new(&server);
    let id = client.create("inbox", MIME).await;
    let ids = format!("<t:ItemId Id=\"x\"/><t:ItemId Id=\"{id}\"/><t:ItemId Id=\"{}\"/>", id.to_lowercase());
    let codes = client.codes(&format!("<m:GetItem>{ID_ONLY}<m:ItemIds>{ids}</m:ItemIds></m:GetItem>")).await;
    assert_eq!(codes, ["ErrorInvalidIdMalformed", "NoError", "ErrorInvalidIdMalformed"]);
}

#[tokio::test]
async fn what_leaves_the_server_is_counted() {
    let server = ann().start().await;
    let client = Client::new(&server);
    client.ok(&create("inbox", &mime_content(MIME)).replace("SaveOnly", "SendAndSaveCopy")).await;
    assert_eq!(server.log().counters().sent, 1);
    let meeting = "<m:CreateItem SendMeetingInvitations=\"SendToNone\"><m:Items><t:CalendarItem>\
                   <t:Start>2026-01-01T10:00:00Z</t:Start><t:End>2026-01-01T11:00:00Z</t:End><t:RequiredAttendees>\
                   <t:Attendee><t:Mailbox><t:EmailAddress>b@x.test</t:EmailAddress></t:Mailbox></t:Attendee>\
                   </t:RequiredAttendees></t:CalendarItem></m:Items></m:CreateItem>";
    client.ok(meeting).await;
    assert_eq!(server.log().counters().sent, 1);
    client.ok(&meeting.replace("SendToNone", "SendToAllAndSaveCopy")).await;
    assert_eq!(server.log().counters().sent, 2);
    let careless = meeting.replace(" SendMeetingInvitations=\"SendToNone\"", "");
    assert_eq!(client.codes(&careless).await, ["ErrorSendMeetingInvitationsRequired"]);
}

#[tokio::test]
async fn a_stale_change_key_conflicts() {
    let server = ann().start().await;
    let client = Client::new(&server);
    let message = client.ok(&create("inbox", &mime_content(MIME))).await;
    let key =
        message.find("Items").unwrap().children[0].find("ItemId").unwrap().attribute("ChangeKey").unwrap().to_owned();
    let id = id(&message);
    let update = format!(
        "<m:UpdateItem MessageDisposition=\"SaveOnly\" ConflictResolution=\"AutoResolve\"><m:ItemChanges>\
         <t:ItemChange><t:ItemId Id=\"{id}\" ChangeKey=\"{key}\"/><t:Updates><t:SetItemField>\
         <t:FieldURI FieldURI=\"item:Subject\"/><t:Message><t:Subject>new</t:Subject></t:Message></t:SetItemField>\
         </t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
    );
    assert_eq!(client.codes(&update).await, ["NoError"]);
    assert_eq!(client.codes(&update).await, ["ErrorIrresolvableConflict"]);
    let item = &server.mailbox("ann@x.test").items("Inbox")[0];
    assert_eq!(item.subject, "new");
    assert!(String::from_utf8_lossy(&item.mime).contains("\r\nSubject: new\r\n"));
}

#[tokio::test]
async fn items_move_copy_and_go() {
    let server = ann().start().await;
    let (client, mailbox) = (Client::new(&server), server.mailbox("ann@x.test"));
    let old = client.create("inbox", MIME).await;
    let transfer = |operation: &str, id: &str| {
        format!(
            "<m:{operation}><m:ToFolderId><t:DistinguishedFolderId Id=\"drafts\"/></m:ToFolderId><m:ItemIds>\
             <t:ItemId Id=\"{id}\"/></m:ItemIds></m:{operation}>"
        )
    };
    let new = id(&client.ok(&transfer("MoveItem", &old)).await);
    assert_ne!(old, new);
    assert_eq!(client.codes(&transfer("MoveItem", &old)).await, ["ErrorItemNotFound"]);
    client.ok(&transfer("CopyItem", &new)).await;
    assert_eq!((mailbox.count("Inbox"), mailbox.count("Drafts")), (0, 2));
    let delete = |how: &str| {
        format!("<m:DeleteItem DeleteType=\"{how}\"><m:ItemIds><t:ItemId Id=\"{new}\"/></m:ItemIds></m:DeleteItem>")
    };
    client.ok(&delete("MoveToDeletedItems")).await;
    assert_eq!((mailbox.count("Drafts"), mailbox.count("Deleted Items")), (1, 1));
    assert_eq!(client.codes(&delete("HardDelete")).await, ["ErrorItemNotFound"]);
}

#[tokio::test]
async fn a_full_mailbox_takes_nothing_more() {
    let server = ann().start().await;
    let client = Client::new(&server);
    server.mailbox("ann@x.test").set_quota(Some(10));
    assert_eq!(client.codes(&create("inbox", &mime_content(MIME))).await, ["ErrorQuotaExceeded"]);
}

#[tokio::test]
async fn notes_and_hidden_items_have_their_places() {
    let server = ann().start().await;
    let (client, mailbox) = (Client::new(&server), server.mailbox("ann@x.test"));
    let note = mailbox.add("Notes", NewItem::of_class("IPM.StickyNote").subject("s").body("text"));
    let message = client.ok(&get(&note, "<t:BaseShape>Default</t:BaseShape><t:BodyType>Text</t:BodyType>")).await;
    let item = &message.find("Items").unwrap().children[0];
    assert_eq!((item.name.as_str(), item.value("Body")), ("Item", Some("text")));
}
