use super::{Client, ID_ONLY, ann};
use crate::ews::xml::Node;
use crate::ews::{Fault, Mishap, NewItem};

fn sync(state: &str, most: usize, more: &str) -> String {
    let state = if state.is_empty() { String::new() } else { format!("<m:SyncState>{state}</m:SyncState>") };
    format!(
        "<m:SyncFolderItems>{ID_ONLY}<m:SyncFolderId><t:DistinguishedFolderId Id=\"inbox\"/></m:SyncFolderId>{state}\
         <m:MaxChangesReturned>{most}</m:MaxChangesReturned>{more}</m:SyncFolderItems>"
    )
}

fn names(message: &Node) -> Vec<&str> {
    message.find("Changes").unwrap().children.iter().map(|change| change.name.as_str()).collect()
}

#[tokio::test]
async fn pages_end_and_only_changes_follow() {
    let server = ann().start().await;
    let (client, mailbox) = (Client::new(&server), server.mailbox("ann@x.test"));
    let ids = mailbox.add_all("Inbox", ["Subject: 1\r\n\r\n", "Subject: 2\r\n\r\n", "Subject: 3\r\n\r\n"]);
    let first = client.ok(&sync("", 2, "")).await;
    assert_eq!((names(&first), first.value("IncludesLastItemInRange")), (vec!["Create"; 2], Some("false")));
    // One that the client has not seen yet changes and is still new to it; one goes that it has seen.
    mailbox.set_read(&ids[2], true).delete(&ids[0]);
    let second = client.ok(&sync(first.value("SyncState").unwrap(), 2, "")).await;
    assert_eq!((names(&second), second.value("IncludesLastItemInRange")), (vec!["Create", "Delete"], Some("true")));
    mailbox.set_read(&ids[1], true).set_subject(&ids[2], "other");
    let third = client.ok(&sync(second.value("SyncState").unwrap(), 9, "")).await;
    assert_eq!(names(&third), ["ReadFlagChange", "Update"]);
    assert_eq!(third.at(&["Changes", "ReadFlagChange", "IsRead"]).unwrap().text, "true");
    let last = client.ok(&sync(third.value("SyncState").unwrap(), 9, "")).await;
    assert!(names(&last).is_empty());
}

#[tokio::test]
async fn hidden_items_are_told_when_they_are_asked_for() {
    let server = ann().start().await;
    let client = Client::new(&server);
    server.mailbox("ann@x.test").add("Inbox", NewItem::of_class("IPM.Rule").associated());
    assert!(names(&client.ok(&sync("", 9, "")).await).is_empty());
    let scope = "<m:SyncScope>NormalAndAssociatedItems</m:SyncScope>";
    assert_eq!(names(&client.ok(&sync("", 9, scope)).await), ["Create"]);
}

#[tokio::test]
async fn states_of_other_folders_and_times_are_refused() {
    let server = ann().start().await;
    let client = Client::new(&server);
    let state = client.ok(&sync("", 9, "")).await.value("SyncState").unwrap().to_owned();
    assert_eq!(client.codes(&sync(&state, 9, "")).await, ["NoError"]);
    let other = sync(&state, 9, "").replace("inbox", "drafts");
    assert_eq!(client.codes(&other).await, ["ErrorInvalidSyncStateData"]);
    assert_eq!(client.codes(&sync("bm9uc2Vuc2U=", 9, "")).await, ["ErrorInvalidSyncStateData"]);
    server.faults().add(Fault::on("SyncFolderItems").times(1).then(Mishap::ForgetSyncStates));
    assert_eq!(client.codes(&sync(&state, 9, "")).await, ["ErrorInvalidSyncStateData"]);
}
