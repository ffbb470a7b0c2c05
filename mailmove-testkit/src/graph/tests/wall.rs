use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::Client;
use super::client::{ANN, message};
use crate::graph::{Action, Fault, GraphServer, Limits};

fn batch(requests: Vec<Value>) -> Value {
    json!({"requests": requests})
}

fn answers(answer: &Value) -> Vec<(String, u64)> {
    let mut all: Vec<(String, u64)> = answer["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].as_str().unwrap().to_owned(), one["status"].as_u64().unwrap()))
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn whoever_comes_too_often_waits() {
    let client = Client::with(GraphServer::builder().limits(Limits::OUTLOOK.with_requests(2))).await;
    for _ in 0..2 {
        client.get("mailFolders").await.ok();
    }
    let refused = client.get("mailFolders").await;
    assert_eq!((refused.status, refused.error()), (StatusCode::TOO_MANY_REQUESTS, "ApplicationThrottled"));
    assert!(refused.headers["retry-after"].parse::<f64>().unwrap() > 500.0);
    client.get("mailFolders").await.error();
    assert_eq!(client.server.log().sent_during_back_off(Duration::ZERO).len(), 1);
    assert_eq!(client.server.log().counters().status(429), 2);
}

#[tokio::test]
async fn a_fast_clock_makes_waits_short() {
    let limits = Limits::OUTLOOK.with_requests(1);
    let client = Client::with(GraphServer::builder().limits(limits).speed(6000.0)).await;
    client.get("mailFolders").await.ok();
    let wait = client.get("mailFolders").await.headers["retry-after"].parse::<f64>().unwrap();
    assert!(wait <= 0.1, "{wait}");
    tokio::time::sleep(Duration::from_millis(110)).await;
    client.get("mailFolders").await.ok();
}

#[tokio::test]
async fn every_request_of_a_batch_counts_and_fails_for_itself() {
    let client = Client::with(GraphServer::builder().limits(Limits::OUTLOOK.with_requests(3))).await;
    let get = |id: &str, url: &str| json!({"id": id, "method": "GET", "url": format!("/users/{ANN}/{url}")});
    let requests = (0..4).map(|id| get(&id.to_string(), "mailFolders/inbox")).collect();
    let done = client.post("/v1.0/$batch", batch(requests)).await.ok();
    let statuses: Vec<u64> = answers(&done).into_iter().map(|(_, status)| status).collect();
    assert_eq!(statuses, [200, 200, 200, 429]);
    let throttled = done["responses"].as_array().unwrap().iter().find(|one| one["status"] == 429).unwrap();
    assert!(throttled["headers"]["Retry-After"].is_string());
}

#[tokio::test]
async fn a_batch_has_rules() {
    let client = Client::new().await;
    let make = |id: &str, more: Value| {
        let mut one = json!({"id": id, "method": "POST", "url": format!("/users/{ANN}/messages"), "body": message(id)});
        one.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        one
    };
    let kind = json!({"headers": {"Content-Type": "application/json"}});
    let depends = json!({"headers": {"Content-Type": "application/json"}, "dependsOn": ["bad"]});
    let bad = json!({"id": "bad", "method": "GET", "url": format!("/users/{ANN}/messages/x")});
    let value = json!({"id": "v", "method": "GET", "url": format!("/users/{ANN}/mailFolders/drafts/messages/$count")});
    let requests = vec![make("a", kind.clone()), make("b", json!({})), bad, make("c", depends), value];
    let done = client.post("/v1.0/$batch", batch(requests)).await.ok();
    let wanted = [("a", 201), ("b", 400), ("bad", 400), ("c", 424), ("v", 200)];
    assert_eq!(answers(&done), wanted.map(|(id, status)| (id.to_owned(), status)));
    assert_eq!(client.server.mailbox(ANN).count("Drafts"), 1);
    let many = (0..21).map(|id| make(&id.to_string(), kind.clone())).collect();
    assert_eq!(client.post("/v1.0/$batch", batch(many)).await.status, StatusCode::BAD_REQUEST);
    let twins = vec![make("a", kind.clone()), make("a", kind)];
    assert_eq!(client.post("/v1.0/$batch", batch(twins)).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn faults_happen_to_whom_they_are_meant_for() {
    let client = Client::new().await;
    let faults = client.server.faults();
    let post = "POST mailFolders/{id}/messages";
    let url = format!("{}/v1.0/users/{ANN}/mailFolders/inbox/messages", client.server.url());
    let bearer = format!("Bearer {}", client.sign_in("secret").await.json["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let send = async || client.send(Method::POST, &url, &headers, message("a").to_string()).await;
    faults.add(Fault::on(post).nth(1).then(Action::LoseAnswer));
    faults.add(Fault::on(post).nth(2).then(Action::CutBefore));
    faults.add(Fault::on(post).nth(3).then(Action::CutOutput { after: 10 }));
    faults.add(Fault::on(post).nth(4).then(Action::Status {
        code: 503,
        retry_after: Some(Duration::from_secs(2)),
        body: String::new(),
    }));
    for stored in [1, 1, 2] {
        assert!(send().await.is_none());
        assert_eq!(client.server.mailbox(ANN).count("Inbox"), stored);
    }
    let busy = send().await.unwrap();
    assert_eq!((busy.status, busy.headers["retry-after"].as_str()), (StatusCode::SERVICE_UNAVAILABLE, "2"));
    faults.clear();
    faults.add(Fault::on("GET mailFolders").times(1).then(Action::Truncate { after: 40 }));
    let cut = client.get("mailFolders").await;
    assert_eq!((cut.status, cut.octets.len(), &cut.json), (StatusCode::OK, 40, &Value::Null));
    faults.add(Fault::on("GET messages/{id}").then(Action::Status {
        code: 429,
        retry_after: None,
        body: String::new(),
    }));
    let requests = vec![json!({"id": "1", "method": "GET", "url": format!("/users/{ANN}/messages/x")})];
    let done = client.post("/v1.0/$batch", batch(requests)).await.ok();
    assert_eq!(answers(&done), [("1".to_owned(), 429)]);
}

#[tokio::test]
async fn roles_are_needed_and_a_user_has_the_own_mailbox() {
    let server = GraphServer::builder().user("bob@x.test").app_token("reader", &["Mail.Read"]).user_token(ANN, "ann");
    let client = Client::with(server).await;
    let as_whom = async |token: &str, method: Method, path: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let url = format!("{}/v1.0/{path}", client.server.url());
        client.send(method, &url, &headers, message("a").to_string()).await.unwrap().status
    };
    let messages = format!("users/{ANN}/messages");
    assert_eq!(as_whom("reader", Method::GET, &messages).await, StatusCode::OK);
    assert_eq!(as_whom("reader", Method::POST, &messages).await, StatusCode::FORBIDDEN);
    assert_eq!(as_whom("reader", Method::GET, &format!("users/{ANN}/contacts")).await, StatusCode::FORBIDDEN);
    assert_eq!(as_whom("ann", Method::GET, "me/messages").await, StatusCode::OK);
    assert_eq!(as_whom("ann", Method::GET, "users/bob@x.test/messages").await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_is_around_the_items_is_there() {
    let client = Client::new().await;
    let settings =
        client.patch("mailboxSettings", json!({"automaticRepliesSetting": {"status": "alwaysEnabled"}})).await.ok();
    assert_eq!(settings["automaticRepliesSetting"]["status"], "alwaysEnabled");
    let rule = json!({"displayName": "r", "sequence": 1, "actions": {"forwardTo": [{"emailAddress": {"address": "f@x.test"}}]}});
    let rule = client.post("mailFolders/inbox/messageRules", rule).await.id();
    assert_eq!(client.get("mailFolders/inbox/messageRules").await.ok()["value"][0]["isEnabled"], true);
    assert_eq!(client.delete(&format!("mailFolders/inbox/messageRules/{rule}")).await.status, StatusCode::NO_CONTENT);
    let category = json!({"displayName": "red", "color": "preset0"});
    assert_eq!(client.post("outlook/masterCategories", category.clone()).await.status, StatusCode::CREATED);
    assert_eq!(client.post("outlook/masterCategories", category).await.status, StatusCode::CONFLICT);
    let id = client.post("messages", message("a")).await.id();
    let ids = json!({"inputIds": [id, "x"], "sourceIdType": "restId", "targetIdType": "restImmutableEntryId"});
    let translated = client.post("translateExchangeIds", ids).await.ok();
    assert!(translated["value"][0]["targetId"].as_str().unwrap().starts_with("AAkA"));
    assert_eq!(translated["value"][1]["errorDetails"]["code"], "ErrorInvalidIdMalformed");
}

#[tokio::test]
async fn a_mailbox_has_few_places_and_one_that_is_taken_is_told_of() {
    let limits = Limits::OUTLOOK.with_concurrency(1);
    let stall = Fault::on("GET mailFolders").nth(1).then(Action::Stall);
    let client = Client::with(GraphServer::builder().limits(limits).fault(stall)).await;
    let log = client.server.log();
    let second = async {
        while log.counters().operation("GET mailFolders") == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        client.get("mailFolders").await
    };
    tokio::select! {
        _ = client.get("mailFolders") => panic!("this one is never answered"),
        refused = second => {
            assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
            assert!(refused.json["error"]["message"].as_str().unwrap().contains("MailboxConcurrency"));
        }
    }
    // Its connection is gone, and with it what it held.
    while client.get("mailFolders").await.status != StatusCode::OK {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn what_is_done_late_is_done_and_what_is_slow_arrives() {
    let client = Client::new().await;
    let faults = client.server.faults();
    faults.add(Fault::on("GET mailFolders").then(Action::Slow { chunk: 200, delay: Duration::from_millis(1) }));
    client.get("mailFolders").await.ok();
    faults.add(Fault::on("POST messages").then(Action::CommitLate(Duration::from_millis(20))));
    let token = client.sign_in("secret").await.json["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let url = format!("{}/v1.0/users/{ANN}/messages", client.server.url());
    assert!(client.send(Method::POST, &url, &headers, message("a").to_string()).await.is_none());
    while client.server.mailbox(ANN).count("Drafts") == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
