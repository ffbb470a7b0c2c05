use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::{Method, StatusCode};
use serde_json::json;

use super::Client;
use super::client::message;
use crate::graph::NewItem;

#[tokio::test]
async fn a_secret_gives_a_token_and_a_wrong_one_does_not() {
    let client = Client::new().await;
    assert_eq!(client.get("mailFolders").await.status, StatusCode::OK);
    let refused = client.sign_in("wrong").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.json["error_codes"], json!([7000215]));
    client.server.revoke_tokens();
    assert_eq!(client.get("mailFolders").await.error(), "InvalidAuthenticationToken");
}

#[tokio::test]
async fn mime_comes_back_as_it_was_and_is_a_draft() {
    let client = Client::new().await;
    let mime = "Subject: hi\r\nX-A: 1\r\n\r\nbody\r\n";
    let made = client.call(Method::POST, "messages", "text/plain", STANDARD.encode(mime)).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!((&made.json["isDraft"], &made.json["subject"]), (&json!(true), &json!("hi")));
    let value = client.get(&format!("messages/{}/$value", made.id())).await;
    assert_eq!(value.octets, mime);
    assert_eq!(client.call(Method::POST, "messages", "text/plain", "#").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn flags_and_dates_are_set_while_a_message_is_made_and_only_then() {
    let client = Client::new().await;
    let mut body = message("hi");
    body["receivedDateTime"] = json!("2001-01-01T00:00:00Z");
    body["singleValueExtendedProperties"] = json!([
        {"id": "Integer 0x0E07", "value": "1"}, {"id": "SystemTime 0x0E06", "value": "2020-01-02T03:04:05Z"},
        {"id": "SystemTime 0x0039", "value": "2020-01-02T03:04:04Z"},
        {"id": "String {00020329-0000-0000-C000-000000000046} Name X-Mark", "value": "m"}
    ]);
    let made = client.post("mailFolders/inbox/messages", body).await;
    let id = made.id();
    let made = made.ok();
    assert_eq!((&made["isDraft"], &made["isRead"]), (&json!(false), &json!(true)));
    assert_eq!(made["receivedDateTime"], "2020-01-02T03:04:05Z");
    assert_eq!(made["sentDateTime"], "2020-01-02T03:04:04Z");
    let draft = json!({"singleValueExtendedProperties": [{"id": "Integer 0x0E07", "value": "8"}]});
    assert_eq!(client.patch(&format!("messages/{id}"), draft).await.ok()["isDraft"], false);
    let expand = "$expand=singleValueExtendedProperties($filter=id%20eq%20'Integer%200x0E07'%20or%20id%20eq%20'String%20\
        {00020329-0000-0000-C000-000000000046}%20Name%20X-Mark')";
    let shown = client.get(&format!("messages/{id}?{expand}")).await.ok();
    assert_eq!(
        shown["singleValueExtendedProperties"],
        json!([{"id": "Integer 0xe07", "value": "1"},
            {"id": "String {00020329-0000-0000-c000-000000000046} Name X-Mark", "value": "m"}])
    );
    let marked = "messages?$filter=singleValueExtendedProperties/Any(ep:%20ep/id%20eq%20'String%20\
        {00020329-0000-0000-C000-000000000046}%20Name%20X-Mark'%20and%20ep/value%20eq%20'm')&$select=subject";
    assert_eq!(client.get(marked).await.ok()["value"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_the_metadata_does_not_know_is_refused() {
    let client = Client::new().await;
    let cases = [
        (client.post("messages", json!({"subjekt": "x"})).await, "RequestBodyRead"),
        (client.post("messages", json!({})).await, "BadRequest"),
        (client.get("messages?$select=subjekt").await, "RequestBroker--ParseUri"),
        (client.get("messages?$filter=subject%20equals%20'x'").await, "BadRequest"),
        (client.get("mailFolders?$orderby=x").await, "RequestBroker--ParseUri"),
        (client.get("letters").await, "BadRequest"),
        (client.get("messages/x").await, "ErrorInvalidIdMalformed"),
        (
            client.post("messages", json!({"internetMessageHeaders": []})).await,
            "InvalidInternetMessageHeaderCollection",
        ),
        (
            client.post("messages", json!({"internetMessageHeaders": [{"name": "References", "value": "1"}]})).await,
            "InvalidInternetMessageHeader",
        ),
        (client.call(Method::POST, "messages", "text/html", "x").await, "RequestBodyRead"),
        (client.get("/v1.0/users/nobody%40x.test/messages").await, "ErrorInvalidUser"),
    ];
    for (answer, code) in cases {
        assert_eq!(answer.error(), code, "{}", answer.json);
    }
}

#[tokio::test]
async fn ids_change_on_moves_unless_they_are_immutable() {
    let mut client = Client::new().await;
    let ordinary = client.post("mailFolders/inbox/messages", message("a")).await.id();
    client.prefer = Some("IdType=\"ImmutableId\"".to_owned());
    let immutable = client.get(&format!("messages/{ordinary}")).await.id();
    assert_ne!(ordinary, immutable);
    let to = json!({"DestinationId": "archive"});
    assert_eq!(client.post(&format!("messages/{immutable}/move"), to).await.id(), immutable);
    assert_eq!(client.get(&format!("messages/{ordinary}")).await.error(), "ErrorItemNotFound");
    assert_eq!(client.get("mailFolders/archive/messages").await.ok()["value"][0]["id"], immutable.as_str());
}

#[tokio::test]
async fn pages_lead_to_each_other() {
    let client = Client::new().await;
    let ann = client.server.mailbox(super::client::ANN);
    ann.add_all("Inbox", (0..7).map(|number| NewItem::from(format!("Subject: {number}\r\n\r\n"))));
    let (mut path, mut subjects) =
        ("mailFolders/inbox/messages?$top=3&$select=subject&$count=true".to_owned(), Vec::new());
    loop {
        let page = client.get(&path).await.ok();
        for one in page["value"].as_array().unwrap() {
            assert_eq!(one.as_object().unwrap().keys().collect::<Vec<_>>(), ["@odata.etag", "id", "subject"]);
            subjects.push(one["subject"].as_str().unwrap().to_owned());
        }
        match page["@odata.nextLink"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    subjects.sort();
    assert_eq!(subjects.concat(), "0123456");
}

#[tokio::test]
async fn rounds_of_changes_tell_what_came_changed_and_went() {
    let client = Client::new().await;
    let ann = client.server.mailbox(super::client::ANN);
    let ids = ann.add_all("Inbox", (0..5).map(|number| NewItem::from(format!("Subject: {number}\r\n\r\n"))));
    let mut path = "mailFolders/inbox/messages/delta?$select=subject,isRead&$top=2".to_owned();
    let round = async |path: &mut String| {
        let mut all = Vec::new();
        loop {
            let page = client.get(path).await.ok();
            all.extend(page["value"].as_array().unwrap().clone());
            let (next, end) = (page["@odata.nextLink"].as_str(), page["@odata.deltaLink"].as_str());
            *path = next.or(end).unwrap().to_owned();
            if end.is_some() {
                return all;
            }
        }
    };
    assert_eq!(round(&mut path).await.len(), 5);
    assert!(round(&mut path).await.is_empty());
    ann.set_read(&ids[0], true).delete(&ids[1]).move_item(&ids[2], "Archive");
    let news = round(&mut path).await;
    assert_eq!(news.len(), 3);
    assert_eq!(news[0]["isRead"], true);
    assert!(news[1..].iter().all(|one| one["@removed"]["reason"] == "deleted"));
    ann.forget_delta_tokens();
    let expired = client.get(&path).await;
    assert_eq!((expired.status, expired.error()), (StatusCode::GONE, "SyncStateNotFound"));
}

#[tokio::test]
async fn folders_have_names_and_classes_and_no_twins() {
    let client = Client::new().await;
    let class = json!([{"id": "String 0x3613", "value": "IPF.Contact"}]);
    let body = json!({"displayName": "People", "singleValueExtendedProperties": class, "isHidden": true});
    let made = client.post("mailFolders/msgfolderroot/childFolders", body).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(client.post("mailFolders", json!({"displayName": "PEOPLE"})).await.error(), "ErrorFolderExists");
    let listed = client.get("mailFolders?$top=50").await.ok();
    let names: Vec<&str> =
        listed["value"].as_array().unwrap().iter().filter_map(|folder| folder["displayName"].as_str()).collect();
    assert!(names.contains(&"Inbox") && !names.contains(&"People") && !names.contains(&"Calendar"), "{names:?}");
    let inner = client.post("mailFolders/Inbox/childFolders", json!({"displayName": "2026"})).await;
    let tree = client.get("mailFolders/delta").await.ok();
    assert!(tree["value"].as_array().unwrap().iter().any(|folder| folder["id"] == inner.json["id"]));
    assert_eq!(client.delete(&format!("mailFolders/{}", inner.id())).await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.server.mailbox(super::client::ANN).folder_id("Deleted Items/2026"), inner.id());
    assert_eq!(client.delete("mailFolders/inbox").await.error(), "ErrorDeleteDistinguishedFolder");
}
