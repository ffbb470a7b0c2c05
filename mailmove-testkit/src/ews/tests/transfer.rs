use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Client, ann};
use crate::ews::{EwsServer, NewItem, Version};

fn export(id: &str) -> String {
    format!("<m:ExportItems><m:ItemIds><t:ItemId Id=\"{id}\"/></m:ItemIds></m:ExportItems>")
}

fn upload(server: &EwsServer, action: &str, id: &str, data: &str) -> String {
    let folder = server.mailbox("ann@x.test").folder_id("Inbox");
    let id = if id.is_empty() { String::new() } else { format!("<t:ItemId Id=\"{id}\"/>") };
    format!(
        "<m:UploadItems><m:Items><t:Item CreateAction=\"{action}\"><t:ParentFolderId Id=\"{folder}\"/>{id}\
         <t:Data>{data}</t:Data></t:Item></m:Items></m:UploadItems>"
    )
}

#[tokio::test]
async fn a_stream_goes_from_server_to_server_unchanged() {
    let (from, to) = (ann().version(Version::Exchange2010Sp1).start().await, ann().start().await);
    let item = NewItem::message("Subject: s\r\n\r\nbody\r\n").read(true).categories(["c"]).attachment("x", vec![1]);
    let id = from.mailbox("ann@x.test").add("Drafts", item);
    let source = Client::new(&from).version(Version::Exchange2010Sp1);
    let message = source.ok(&export(&id)).await;
    let data = message.value("Data").unwrap().to_owned();
    assert_ne!(message.find("ItemId").unwrap().attribute("Id"), Some(id.as_str()));
    assert_eq!(source.ok(&export(&id)).await.value("Data"), Some(data.as_str()));

    let client = Client::new(&to);
    let message = client.ok(&upload(&to, "CreateNew", "", &data)).await;
    let new = message.find("ItemId").unwrap().attribute("Id").unwrap().to_owned();
    assert_eq!(client.ok(&export(&new)).await.value("Data"), Some(data.as_str()));
    let (old, new) = (&from.mailbox("ann@x.test").items("Drafts")[0], &to.mailbox("ann@x.test").items("Inbox")[0]);
    assert_eq!(old.stream, new.stream);
    assert_eq!(
        (&old.mime, old.read, &old.categories, old.received),
        (&new.mime, new.read, &new.categories, new.received)
    );
    assert_eq!(old.attachments, new.attachments);
    assert_eq!(to.log().counters().sent, 0);
}

#[tokio::test]
async fn what_changed_after_an_upload_is_exported_anew() {
    let server = ann().start().await;
    let (client, mailbox) = (Client::new(&server), server.mailbox("ann@x.test"));
    let id = mailbox.add("Inbox", "Subject: s\r\n\r\n");
    let before = client.ok(&export(&id)).await.value("Data").unwrap().to_owned();
    mailbox.set_read(&id, true);
    assert_ne!(client.ok(&export(&id)).await.value("Data"), Some(before.as_str()));
}

#[tokio::test]
async fn uploads_create_and_update_as_they_say() {
    let server = ann().start().await;
    let (client, mailbox) = (Client::new(&server), server.mailbox("ann@x.test"));
    let first = mailbox.add("Drafts", "Subject: one\r\n\r\n");
    let other = mailbox.add("Drafts", "Subject: two\r\n\r\n");
    let data = client.ok(&export(&first)).await.value("Data").unwrap().to_owned();
    for (action, id, code) in [
        ("Update", other.as_str(), "NoError"),
        ("UpdateOrCreate", &other, "NoError"),
        ("UpdateOrCreate", "AAAA", "NoError"),
        ("Update", "", "ErrorInvalidRequest"),
        ("CreateNew", &other, "ErrorInvalidRequest"),
    ] {
        assert_eq!(client.codes(&upload(&server, action, id, &data)).await, [code], "{action} {id}");
    }
    let subjects: Vec<String> = mailbox.items("Drafts").into_iter().map(|item| item.subject).collect();
    assert_eq!(subjects, ["one", "one"]);
    assert_eq!(mailbox.count("Inbox"), 1);
    let broken = STANDARD.encode("not a stream");
    assert_eq!(client.codes(&upload(&server, "CreateNew", "", &broken)).await, ["ErrorCorruptData"]);
}
