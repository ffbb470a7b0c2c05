use super::dialogue::{create, get, id};
use super::{Client, ann};
use crate::ews::NewItem;
use crate::ews::xml::Node;

fn attach(item: &str, attachment: &str) -> String {
    format!(
        "<m:CreateAttachment><m:ParentItemId Id=\"{item}\"/><m:Attachments>{attachment}</m:Attachments></m:CreateAttachment>"
    )
}

fn fetch(id: &str) -> String {
    format!("<m:GetAttachment><m:AttachmentIds><t:AttachmentId Id=\"{id}\"/></m:AttachmentIds></m:GetAttachment>")
}

fn attachment_id(message: &Node) -> &Node {
    message.find("Attachments").unwrap().children[0].find("AttachmentId").unwrap()
}

#[tokio::test]
async fn files_and_items_are_attached_read_and_removed() {
    let server = ann().start().await;
    let client = Client::new(&server);
    let item = id(&client.ok(&create("inbox", "<t:Subject>s</t:Subject>")).await);
    let file = "<t:FileAttachment><t:Name>a.bin</t:Name><t:Content>AAH/</t:Content></t:FileAttachment>";
    let message = client.ok(&attach(&item, file)).await;
    let file = attachment_id(&message).attribute("Id").unwrap().to_owned();
    assert_eq!(attachment_id(&message).attribute("RootItemId"), Some(item.as_str()));
    assert!(attachment_id(&message).attribute("RootItemChangeKey").is_some());
    let inner =
        "<t:ItemAttachment><t:Name>i</t:Name><t:Message><t:Subject>inner</t:Subject></t:Message></t:ItemAttachment>";
    let message = client.ok(&attach(&item, inner)).await;
    let inner = attachment_id(&message).attribute("Id").unwrap().to_owned();

    let message = client.ok(&fetch(&file)).await;
    assert_eq!(message.at(&["Attachments", "FileAttachment", "Content"]).unwrap().text, "AAH/");
    let message = client.ok(&fetch(&inner)).await;
    assert_eq!(message.at(&["Attachments", "ItemAttachment", "Message", "Subject"]).unwrap().text, "inner");

    let remove = format!(
        "<m:DeleteAttachment><m:AttachmentIds><t:AttachmentId Id=\"{file}\"/></m:AttachmentIds></m:DeleteAttachment>"
    );
    client.ok(&remove).await;
    assert_eq!(client.codes(&fetch(&file)).await, ["ErrorInvalidAttachmentId"]);
    let message = client.ok(&get(&item, "<t:BaseShape>Default</t:BaseShape>")).await;
    let shown = message.find("Items").unwrap().children[0].find("Attachments").unwrap();
    assert_eq!(shown.children.len(), 1);
}

#[tokio::test]
async fn what_is_attached_to_a_message_is_in_its_mime() {
    let server = ann().start().await;
    let (client, mailbox) = (Client::new(&server), server.mailbox("ann@x.test"));
    let item = mailbox.add("Inbox", NewItem::from("Subject: s\r\n\r\nbody\r\n"));
    let file = "<t:FileAttachment><t:Name>a.bin</t:Name><t:Content>AAH/</t:Content></t:FileAttachment>";
    client.ok(&attach(&item, file)).await;
    let item = &mailbox.items("Inbox")[0];
    let mime = String::from_utf8_lossy(&item.mime).into_owned();
    assert!(
        mime.contains("Subject: s\r\n") && mime.contains("filename=\"a.bin\"") && mime.contains("\r\nAAH/\r\n"),
        "{mime}"
    );
    assert_eq!(item.attachments[0].bytes[..], [0, 1, 255]);
}
