//! What changed.

use super::dialogue::{Client, mail};
use super::{ANN, ann, with};
use crate::zimbra::element::Element;
use crate::zimbra::{NewItem, Version, ZimbraServer};

async fn sync(client: &Client, attributes: &str) -> Element {
    client.ok(&mail("SyncRequest", attributes, "")).await
}

fn token(answer: &Element) -> String {
    format!("token=\"{}\"", answer.value("token").unwrap())
}

/// The ids below an element, of one kind.
fn ids(element: &Element, kind: &str) -> Vec<String> {
    let own = element
        .all(kind)
        .filter_map(|one| one.value("ids"))
        .flat_map(|list| list.split(',').map(str::to_owned).collect::<Vec<_>>());
    own.chain(element.all("folder").flat_map(|folder| ids(folder, kind))).collect()
}

#[tokio::test]
async fn the_first_time_names_all_and_later_what_changed() {
    let (server, client) = ann().await;
    let mailbox = server.mailbox(ANN);
    let one = mailbox.add("Inbox", NewItem::message("Subject: 1\r\n\r\n"));
    let two = mailbox.add("Sent", NewItem::message("Subject: 2\r\n\r\n"));
    let contact = mailbox.add("Contacts", NewItem::contact([("email", "x@y")]));
    let first = sync(&client, "").await;
    assert_eq!(ids(&first, "m"), [one.clone(), two.clone()]);
    assert_eq!(ids(&first, "cn"), [contact]);
    assert_eq!(first.find("folder").unwrap().value("id").as_deref(), Some("11"));
    let nothing = sync(&client, &token(&first)).await;
    assert!(nothing.children.is_empty(), "{nothing:?}");
    mailbox.set_flags(&one, "f").delete(&two).create_folder("New", "message");
    let three = mailbox.add("New", NewItem::message("Subject: 3\r\n\r\n"));
    let second = sync(&client, &format!("typed=\"1\" {}", token(&nothing))).await;
    assert_eq!(second.find("deleted").unwrap().find("m").unwrap().value("ids"), Some(two));
    let changed: Vec<_> = second.all("m").collect();
    assert_eq!((changed[0].value("id"), changed[0].value("f")), (Some(one), Some("f".to_owned())));
    assert_eq!((changed[1].value("id"), changed[1].value("f")), (Some(three), None), "new content has no flags");
    let folders: Vec<_> = second.all("folder").filter_map(|folder| folder.value("name")).collect();
    assert_eq!(folders, ["New"], "a folder does not change with what it holds");
}

#[tokio::test]
async fn pages_lose_nothing() {
    let (server, client) = with(ZimbraServer::builder().page(3)).await;
    let mailbox = server.mailbox(ANN);
    let mut at = token(&sync(&client, "").await);
    let mut all: Vec<String> =
        (0..8).map(|n| mailbox.add("Inbox", NewItem::message(format!("Subject: {n}\r\n\r\n")))).collect();
    let gone = mailbox.add("Inbox", NewItem::message("Subject: gone\r\n\r\n"));
    mailbox.delete(&gone);
    let (mut seen, mut deleted, mut rounds) = (Vec::new(), Vec::new(), 0);
    loop {
        let answer = sync(&client, &at).await;
        seen.extend(answer.all("m").filter_map(|m| m.value("id")));
        deleted.extend(answer.find("deleted").and_then(|deleted| deleted.value("ids")));
        (at, rounds) = (token(&answer), rounds + 1);
        if !answer.flag("more") {
            break;
        }
    }
    all.sort();
    seen.sort();
    assert_eq!((seen, deleted, rounds), (all, vec![gone], 3));
}

#[tokio::test]
async fn deletions_come_in_pages_where_the_version_knows_them() {
    for (version, rounds) in [(Version::Zimbra10, 3), (Version::Zimbra8, 1)] {
        let (server, client) = with(ZimbraServer::builder().version(version)).await;
        let mailbox = server.mailbox(ANN);
        let ids: Vec<String> =
            (0..5).map(|n| mailbox.add("Inbox", NewItem::message(format!("Subject: {n}\r\n\r\n")))).collect();
        let mut at = token(&sync(&client, "").await);
        ids.iter().for_each(|id| {
            mailbox.delete(id);
        });
        let (mut seen, mut count) = (Vec::new(), 0);
        loop {
            let answer = sync(&client, &format!("deleteLimit=\"2\" {at}")).await;
            let list = answer.find("deleted").and_then(|deleted| deleted.value("ids")).unwrap_or_default();
            seen.extend(list.split(',').filter(|id| !id.is_empty()).map(str::to_owned));
            (at, count) = (token(&answer), count + 1);
            if !answer.flag("more") {
                break;
            }
        }
        assert_eq!((seen, count), (ids, rounds), "{version:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_too_old_asks_for_a_new_start() {
    let (server, client) = ann().await;
    let old = token(&sync(&client, "").await);
    server.mailbox(ANN).forget_changes();
    assert_eq!(client.fault(&mail("SyncRequest", &old, "")).await, "mail.MUST_RESYNC");
    assert_eq!(client.fault(&mail("SyncRequest", "token=\"x\"", "")).await, "mail.INVALID_SYNC_TOKEN");
    let new = token(&sync(&client, "").await);
    sync(&client, &new).await;
}
