use super::{Client, ID_ONLY, ann};

#[tokio::test]
async fn a_large_folder_is_told_whole_and_once() {
    const ITEMS: usize = 5000;
    let server = ann().start().await;
    let (client, mailbox) = (Client::new(&server), server.mailbox("ann@x.test"));
    mailbox.add_all("Inbox", (0..ITEMS).map(|number| format!("Subject: {number}\r\n\r\n")));
    let (mut state, mut ids) = (String::new(), std::collections::HashSet::new());
    loop {
        let known = if state.is_empty() { String::new() } else { format!("<m:SyncState>{state}</m:SyncState>") };
        let request = format!(
            "<m:SyncFolderItems>{ID_ONLY}<m:SyncFolderId><t:DistinguishedFolderId Id=\"inbox\"/></m:SyncFolderId>{known}\
             <m:MaxChangesReturned>512</m:MaxChangesReturned></m:SyncFolderItems>"
        );
        let message = client.ok(&request).await;
        state = message.value("SyncState").unwrap().to_owned();
        for change in &message.find("Changes").unwrap().children {
            assert!(ids.insert(change.children[0].find("ItemId").unwrap().attribute("Id").unwrap().to_owned()));
        }
        if message.value("IncludesLastItemInRange") == Some("true") {
            break;
        }
    }
    assert_eq!(ids.len(), ITEMS);
    assert_eq!(server.log().counters().operation("SyncFolderItems"), 10);
}
