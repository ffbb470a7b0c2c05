use std::time::Duration;

use super::dialogue::{create, mime_content};
use super::{Client, ID_ONLY, ann};
use crate::ews::{Action, EwsServer, Fault, Mishap, Mistake};

const GET: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
                   <t:DistinguishedFolderId Id=\"inbox\"/><t:DistinguishedFolderId Id=\"drafts\"/>\
                   <t:DistinguishedFolderId Id=\"outbox\"/></m:FolderIds></m:GetFolder>";

async fn server(action: impl Into<Action>) -> EwsServer {
    ann().fault(Fault::on("CreateItem").then(action)).start().await
}

fn new_item() -> String {
    create("inbox", &mime_content("Subject: s\r\n\r\nbody\r\n"))
}

fn stored(server: &EwsServer) -> usize {
    server.mailbox("ann@x.test").count("Inbox")
}

#[tokio::test]
async fn a_throttled_request_is_not_executed() {
    let back_off = Duration::from_millis(1500);
    let outside = server(Mishap::Busy { back_off }).await;
    let reply = Client::new(&outside).send(&new_item()).await.unwrap();
    assert_eq!((reply.status, stored(&outside)), (500, 0));
    assert!(reply.body.contains("<t:Value Name=\"BackOffMilliseconds\">1500</t:Value>"), "{}", reply.body);
    let inside = server(Mishap::BusyInside { back_off }).await;
    let messages = Client::new(&inside).ask(&new_item()).await;
    assert_eq!((messages[0].value("ResponseCode"), stored(&inside)), (Some("ErrorServerBusy"), 0));
    assert_eq!(messages[0].at(&["MessageXml", "Value"]).unwrap().text, "1500");
}

#[tokio::test]
async fn a_request_during_a_back_off_is_found_out() {
    let server =
        ann().fault(Fault::any().nth(1).then(Mishap::Busy { back_off: Duration::from_secs(60) })).start().await;
    let client = Client::new(&server);
    client.fault(GET).await;
    assert!(server.log().sent_during_back_off(Duration::ZERO).is_empty());
    client.codes(GET).await;
    let violations = server.log().sent_during_back_off(Duration::ZERO);
    assert_eq!(violations.len(), 1);
    assert_eq!((violations[0].mailbox.as_str(), violations[0].operation.as_str()), ("ann@x.test", "GetFolder"));
    assert!(server.log().sent_during_back_off(Duration::from_secs(50)).is_empty());
}

#[tokio::test]
async fn other_statuses_have_their_headers() {
    let action =
        Action::Status { code: 503, retry_after: Some(Duration::from_secs(7)), body: "<html>later</html>".into() };
    let server = server(action).await;
    let reply = Client::new(&server).send(&new_item()).await.unwrap();
    assert_eq!((reply.status, reply.body.as_str(), stored(&server)), (503, "<html>later</html>", 0));
    assert!(reply.head.contains("retry-after: 7") && reply.head.contains("content-type: text/html"), "{}", reply.head);
}

#[tokio::test]
async fn connections_end_before_and_after_the_deed() {
    for (action, count) in [
        (Action::CutBefore, 0),
        (Action::LoseAnswer, 1),
        (Action::CutOutput { after: 100 }, 1),
        (Action::CutOutput { after: 0 }, 1),
    ] {
        let server = server(action.clone()).await;
        assert!(Client::new(&server).send(&new_item()).await.is_err(), "{action:?}");
        assert_eq!(stored(&server), count, "{action:?}");
        assert_eq!(server.log().counters().faults, 1);
    }
}

#[tokio::test]
async fn a_late_commit_comes_after_the_end() {
    let server = server(Action::CommitLate(Duration::from_millis(30))).await;
    assert!(Client::new(&server).send(&new_item()).await.is_err());
    assert_eq!(stored(&server), 0);
    while stored(&server) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_batch_stops_in_its_middle() {
    let server = ann().start().await;
    let client = Client::new(&server);
    server.faults().add(Fault::any().times(1).then(Mishap::StopBatch { after: 1 }));
    let messages = client.ask(GET).await;
    let classes: Vec<_> = messages.iter().map(|message| message.attribute("ResponseClass").unwrap()).collect();
    assert_eq!(classes, ["Success", "Warning", "Warning"]);
    assert_eq!(messages[2].value("ResponseCode"), Some("ErrorBatchProcessingStopped"));
    let refused = Mishap::RefuseNth { nth: 2, code: "ErrorMailboxStoreUnavailable".into() };
    server.faults().add(Fault::any().times(1).then(refused));
    assert_eq!(client.codes(GET).await, ["NoError", "ErrorMailboxStoreUnavailable", "NoError"]);
    server.faults().add(Fault::any().times(1).then(Mishap::Refuse("ErrorMailboxStoreUnavailable".into())));
    assert_eq!(client.codes(GET).await, ["ErrorMailboxStoreUnavailable"; 3]);
    server.faults().add(Fault::any().times(1).then(Mishap::SoapFault("ErrorInternalServerError".into())));
    assert_eq!(client.fault(GET).await, "ErrorInternalServerError");
}

#[tokio::test]
async fn answers_can_be_wrong_in_every_way() {
    let server = ann().start().await;
    let client = Client::new(&server);
    let id = client.create("inbox", "Subject: s\r\n\r\nbody\r\n").await;
    let requests = [
        format!(
            "<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>\
             </m:ItemShape><m:ItemIds><t:ItemId Id=\"{id}\"/></m:ItemIds></m:GetItem>"
        ),
        format!(
            "<m:SyncFolderItems>{ID_ONLY}<m:SyncFolderId><t:DistinguishedFolderId Id=\"inbox\"/></m:SyncFolderId>\
             <m:MaxChangesReturned>1</m:MaxChangesReturned></m:SyncFolderItems>"
        ),
        format!(
            "<m:FindItem Traversal=\"Shallow\">{ID_ONLY}<m:ParentFolderIds><t:DistinguishedFolderId Id=\"inbox\"/>\
             </m:ParentFolderIds></m:FindItem>"
        ),
    ];
    for mistake in Mistake::ALL {
        let mut spoiled = 0;
        for request in &requests {
            let good = client.send(request).await.unwrap();
            server.faults().add(Fault::any().times(1).then(Mishap::Spoil(mistake)));
            spoiled += usize::from(client.send(request).await.unwrap().body != good.body);
        }
        assert!(spoiled > 0, "{mistake:?} spoils nothing");
    }
    server
        .faults()
        .add(Fault::any().times(1).then(Action::Replace("<t:Subject>s".into(), "<t:Subject>&#x1A;&#x0;".into())));
    assert!(client.send(&requests[0]).await.unwrap().body.contains("<t:Subject>&#x1A;&#x0;</t:Subject>"));
    let slow = Action::Slow { chunk: 500, delay: Duration::from_millis(1) };
    server.faults().add(Fault::any().times(1).then(slow));
    let reply = client.send(&requests[0]).await.unwrap();
    assert_eq!(reply.body, client.send(&requests[0]).await.unwrap().body);
}

#[tokio::test]
async fn too_many_at_once_are_told_to_wait() {
    let server = ann().user("bob@x.test", "secret").max_concurrency(1, Duration::from_secs(60)).start().await;
    server.faults().add(Fault::any().nth(1).then(Action::Stall));
    let (client, bob) = (Client::new(&server), Client::signed_in(&server, "bob@x.test", "secret"));
    let stalled = client.send(GET);
    tokio::pin!(stalled);
    assert!(tokio::time::timeout(Duration::from_millis(50), &mut stalled).await.is_err());
    assert_eq!(client.fault(GET).await, "ErrorServerBusy");
    // Others have places of their own.
    assert_eq!(bob.codes(GET).await, ["NoError"; 3]);
    client.fault(GET).await;
    assert_eq!(server.log().sent_during_back_off(Duration::ZERO).len(), 1);
}

#[tokio::test]
async fn rules_come_and_go_while_the_server_runs() {
    let server = ann().start().await;
    let client = Client::new(&server);
    let rule = server
        .faults()
        .add(Fault::any().mailbox("ann@x.test").containing("outbox").then(Mishap::SoapFault("ErrorX".into())));
    assert_eq!(client.fault(GET).await, "ErrorX");
    client.codes(&new_item()).await;
    assert_eq!(server.faults().strikes(rule), 1);
    assert!(server.faults().remove(rule));
    client.codes(GET).await;
    assert_eq!(server.log().operations(), ["GetFolder", "CreateItem", "GetFolder"]);
}
