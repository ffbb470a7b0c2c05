//! What goes wrong on purpose.

use std::time::Duration;

use super::dialogue::mail;
use super::{ANN, ann, with};
use crate::zimbra::{Action, Fault, Mishap, Mistake, NewItem, Trouble, ZimbraServer};

fn add(aid: &str) -> String {
    mail("AddMsgRequest", "", &format!("<m l=\"2\" aid=\"{aid}\"/>"))
}

#[tokio::test]
async fn an_answer_that_is_lost_was_acted_upon_and_one_cut_before_was_not() {
    let (server, client) = ann().await;
    let mailbox = server.mailbox(ANN);
    for (action, count) in [(Action::CutBefore, 0), (Action::LoseAnswer, 1), (Action::CutOutput { after: 20 }, 2)] {
        let aid = client.upload(b"Subject: x\r\n\r\n").await;
        server.faults().clear();
        server.faults().add(Fault::on("AddMsgRequest").then(action));
        assert!(client.send(&add(&aid)).await.is_err());
        assert_eq!(mailbox.count("Inbox"), count);
    }
}

#[tokio::test]
async fn what_is_carried_out_late_is_there_later() {
    let (server, client) = ann().await;
    let aid = client.upload(b"Subject: x\r\n\r\n").await;
    server.faults().add(Fault::on("AddMsgRequest").then(Action::CommitLate(Duration::from_millis(50))));
    assert!(client.send(&add(&aid)).await.is_err());
    assert_eq!(server.mailbox(ANN).count("Inbox"), 0);
    while server.mailbox(ANN).count("Inbox") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_token_expires_in_the_middle() {
    let (server, client) = ann().await;
    server.troubles().add(Trouble::on("GetFolderRequest").nth(2).then(Mishap::ExpireToken));
    client.ok(&mail("GetFolderRequest", "", "")).await;
    assert_eq!(client.fault(&mail("GetFolderRequest", "", "")).await, "service.AUTH_EXPIRED");
    assert_eq!(client.fault(&mail("NoOpRequest", "", "")).await, "service.AUTH_EXPIRED");
}

#[tokio::test]
async fn an_upload_does_not_outlive_its_server() {
    let (server, client) = ann().await;
    let aid = client.upload(b"Subject: x\r\n\r\n").await;
    server.forget_uploads();
    assert_eq!(client.fault(&add(&aid)).await, "mail.NO_SUCH_UPLOAD");
}

#[tokio::test]
async fn every_mistake_changes_an_answer() {
    for mistake in Mistake::ALL {
        let (server, client) = ann().await;
        server.mailbox(ANN).add("Inbox", NewItem::message("Subject: x\r\n\r\n"));
        let (tree, missing) = (mail("SyncRequest", "", ""), mail("GetMsgRequest", "", "<m id=\"9\"/>"));
        let before = [client.send(&tree).await.unwrap(), client.send(&missing).await.unwrap()];
        server.troubles().add(Trouble::any().then(Mishap::Spoil(mistake)));
        let after = [client.send(&tree).await.unwrap(), client.send(&missing).await.unwrap()];
        let spoiled = before
            .iter()
            .zip(&after)
            .any(|(before, after)| before.status != after.status || before.text().len() != after.text().len());
        assert!(spoiled, "{mistake:?}");
    }
}

#[tokio::test]
async fn requests_at_the_same_time_are_counted_by_account() {
    let (server, client) = with(ZimbraServer::builder().round_trip(Duration::from_millis(50))).await;
    let ask = || client.ok("<NoOpRequest xmlns=\"urn:zimbraMail\"/>");
    tokio::join!(ask(), ask(), ask());
    assert_eq!(server.peak(ANN), 3);
}

#[tokio::test]
async fn a_large_mailbox_is_told_once_and_then_by_its_changes() {
    let (server, client) = ann().await;
    let mailbox = server.mailbox(ANN);
    let ids: Vec<String> =
        (0..20_000).map(|n| mailbox.add("Inbox", NewItem::message(format!("Subject: {n}\r\n\r\n")))).collect();
    let first = client.ok(&mail("SyncRequest", "", "")).await;
    let token = first.value("token").unwrap();
    mailbox.set_flags(&ids[7], "f").delete(&ids[8]);
    let reply = client.send(&mail("SyncRequest", &format!("token=\"{token}\""), "")).await.unwrap();
    assert!(reply.body.len() < 1000, "{}", reply.text());
    let search = mail("SearchRequest", "types=\"message\" sortBy=\"idDesc\" limit=\"2\"", "<query>inid:2</query>");
    let sorted: Vec<_> = client.ok(&search).await.all("m").filter_map(|m| m.value("id")).collect();
    assert_eq!(sorted, [ids[19_999].clone(), ids[19_998].clone()]);
}
