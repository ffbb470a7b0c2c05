use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::Client;
use super::client::message;
use crate::graph::GraphServer;

/// A message in the inbox to hang something on; the path of its attachments.
async fn attachments(client: &Client) -> String {
    let id = client.post("mailFolders/inbox/messages", message("a")).await.id();
    format!("messages/{id}/attachments")
}

async fn begin(client: &Client, path: &str, size: usize) -> String {
    let wanted = json!({"AttachmentItem": {"attachmentType": "file", "name": "big.bin", "size": size}});
    let session = client.post(&format!("{path}/createUploadSession"), wanted).await.ok();
    assert_eq!(session["nextExpectedRanges"], json!(["0-"]));
    session["uploadUrl"].as_str().unwrap().to_owned()
}

async fn put(client: &Client, url: &str, range: &str, octets: &[u8]) -> super::client::Answered {
    client.send(Method::PUT, url, &[("content-range", range)], octets.to_vec()).await.unwrap()
}

#[tokio::test]
async fn large_files_come_in_pieces_one_after_the_other() {
    let client = Client::new().await;
    let path = attachments(&client).await;
    let octets: Vec<u8> = (0..4_000_000u32).map(|at| (at % 251) as u8).collect();
    let url = begin(&client, &path, octets.len()).await;
    assert_eq!(put(&client, &url, "bytes 0-9/4000001", &octets[..10]).await.error(), "ErrorInvalidContentRange");
    assert_eq!(put(&client, &url, "bytes 1-10/4000000", &octets[1..11]).await.error(), "ErrorInvalidContentRange");
    let half = put(&client, &url, "bytes 0-1999999/4000000", &octets[..2_000_000]).await.ok();
    assert_eq!(half["nextExpectedRanges"], json!(["2000000"]));
    let done = put(&client, &url, "bytes 2000000-3999999/4000000", &octets[2_000_000..]).await;
    assert_eq!(done.status, StatusCode::CREATED);
    assert!(done.headers["location"].contains("/Attachments('"));
    assert_eq!(put(&client, &url, "bytes 0-1/4000000", &octets[..2]).await.status, StatusCode::NOT_FOUND);
    let listed = client.get(&path).await.ok();
    let (one, id) = (&listed["value"][0], listed["value"][0]["id"].as_str().unwrap());
    assert_eq!((&one["size"], &one["contentBytes"]), (&json!(4_000_000), &Value::Null));
    assert_eq!(client.get(&format!("{path}/{id}/$value")).await.octets, octets);
    let whole = client.get(&format!("{path}/{id}")).await.ok();
    assert_eq!(STANDARD.decode(whole["contentBytes"].as_str().unwrap()).unwrap(), octets);
    assert!(!client.server.log().requests().iter().any(|request| request.path.contains("s3cr3t")));
}

#[tokio::test]
async fn small_files_are_posted_and_large_requests_refused() {
    let client = Client::new().await;
    let path = attachments(&client).await;
    let file = |octets: &[u8]| json!({"@odata.type": "#microsoft.graph.fileAttachment", "name": "a", "contentBytes": STANDARD.encode(octets)});
    assert_eq!(client.post(&path, file(b"abc")).await.status, StatusCode::CREATED);
    assert_eq!(client.post(&path, file(&vec![0; 3_200_000])).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(client.post(&path, json!({"name": "a", "contentBytes": "YWJj"})).await.error(), "RequestBodyRead");
    let small = json!({"AttachmentItem": {"attachmentType": "file", "name": "a", "size": 5}});
    let refused = client.post(&format!("{path}/createUploadSession"), small).await;
    assert_eq!(refused.error(), "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize");
}

#[tokio::test]
async fn a_mail_hangs_on_a_mail_that_hangs_on_a_mail() {
    let client = Client::new().await;
    let inner = json!({"@odata.type": "#microsoft.graph.itemAttachment", "name": "inner", "item":
        {"@odata.type": "#microsoft.graph.message", "subject": "inner"}});
    let outer = json!({"@odata.type": "#microsoft.graph.itemAttachment", "name": "middle", "item":
        {"@odata.type": "#microsoft.graph.message", "subject": "middle", "attachments": [inner]}});
    let mut body = message("outer");
    body["attachments"] = json!([outer]);
    let id = client.post("messages", body).await.id();
    let listed = client.get(&format!("messages/{id}/attachments")).await.ok();
    let one = listed["value"][0]["id"].as_str().unwrap();
    let whole =
        client.get(&format!("messages/{id}/attachments/{one}?$expand=microsoft.graph.itemattachment/item")).await.ok();
    assert_eq!(whole["item"]["attachments"][0]["item"]["subject"], "inner");
    let mime = client.get(&format!("messages/{id}/$value")).await;
    let text = String::from_utf8_lossy(&mime.octets).into_owned();
    assert_eq!(text.matches("Content-Type: message/rfc822").count(), 2);
}

async fn mailbox(client: &Client) -> String {
    let id = client.get("settings/exchange").await.ok()["primaryMailboxId"].as_str().unwrap().to_owned();
    format!("/v1.0/admin/exchange/mailboxes/{id}")
}

#[tokio::test]
async fn items_of_all_classes_leave_and_come_back_as_they_were() {
    let client = Client::new().await;
    let ann = client.server.mailbox(super::client::ANN);
    let note =
        ann.add("Notes", crate::graph::NewItem::of_class("IPM.StickyNote").property("String 0x0037", "remember"));
    let mail = ann.add("Inbox", crate::graph::NewItem::from("Subject: hi\r\nTo: b@x.test\r\n\r\nbody\r\n").read(true));
    let base = mailbox(&client).await;
    let folders = client.get(&format!("{base}/folders/delta")).await.ok();
    let notes = folders["value"].as_array().unwrap().iter().find(|folder| folder["type"] == "IPF.StickyNote").unwrap();
    let listed = client.get(&format!("{base}/folders/{}/items/delta", notes["id"].as_str().unwrap())).await.ok();
    assert_eq!(listed["value"][0]["type"], "IPM.StickyNote");
    let exported = client.post(&format!("{base}/exportItems"), json!({"itemIds": [note, "nonsense", mail]})).await.ok();
    assert_eq!(exported["value"][1]["error"]["code"], "ErrorInvalidIdMalformed");
    let session = client.post(&format!("{base}/createImportSession"), json!({})).await.ok();
    let url = session["importUrl"].as_str().unwrap();
    let import = async |body: Value| {
        client.send(Method::POST, url, &[("content-type", "application/json")], body.to_string()).await.unwrap()
    };
    let data = exported["value"][2]["data"].as_str().unwrap();
    let made = import(json!({"FolderId": ann.folder_id("Archive"), "Mode": "create", "Data": data})).await.ok();
    let item = ann.item(made["itemId"].as_str().unwrap());
    assert_eq!((item.subject.as_str(), item.draft, item.read), ("hi", false, true));
    assert_eq!(item.stream.as_deref(), Some(&STANDARD.decode(data).unwrap()[..]));
    let update = json!({"FolderId": ann.folder_id("Archive"), "Mode": "create", "Data": data, "ItemId": "x"});
    assert_eq!(import(update).await.error(), "ErrorInvalidRequest");
    assert_eq!(
        import(json!({"FolderId": "inbox", "Mode": "create", "Data": "AAAA"})).await.error(),
        "ErrorCorruptData"
    );
    let many: Vec<&str> = vec![&mail; 21];
    assert_eq!(
        client.post(&format!("{base}/exportItems"), json!({"itemIds": many})).await.error(),
        "ErrorInvalidParameter"
    );
    client.server.end_import_sessions();
    let late = import(json!({"FolderId": "inbox", "Mode": "create", "Data": data})).await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED);
    assert!(!client.server.log().requests().iter().any(|request| request.path.contains("s3cr3t")));
}

#[tokio::test]
async fn a_national_cloud_has_no_import_and_export() {
    let client = Client::with(GraphServer::builder().without_import_export()).await;
    let base = mailbox(&client).await;
    assert_eq!(client.get(&format!("{base}/folders")).await.status, StatusCode::BAD_REQUEST);
}
