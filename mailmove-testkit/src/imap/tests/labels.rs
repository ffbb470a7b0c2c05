use super::{Dialogue, alice};
use crate::imap::{Capability, ImapServer, NewMessage};

const ALL: &str = "[Gmail]/All Mail";

async fn server() -> ImapServer {
    alice().with(Capability::GmailExt).labels().start().await
}

#[tokio::test]
async fn a_message_stands_in_all_mail_once_and_tells_its_labels() {
    let server = server().await;
    let mailbox = server.mailbox("alice");
    mailbox.create_folder("a \"b\"").append("a \"b\"", "Subject: 1\r\n\r\n");
    mailbox.append("INBOX", "Subject: 1\r\n\r\n");
    mailbox.append("[Gmail]/Sent Mail", "Subject: 2\r\n\r\n");
    mailbox.append(ALL, "Subject: 3\r\n\r\n");
    mailbox.append("[Gmail]/Trash", "Subject: 4\r\n\r\n");
    let mut client = super::session(&server).await;
    client.ok(&format!("EXAMINE \"{ALL}\"")).await;
    let said = client.ok("FETCH 1:* (X-GM-LABELS)").await;
    let labels: Vec<&str> =
        said.iter().filter_map(|line| line.split_once("X-GM-LABELS ").map(|(_, list)| list)).collect();
    assert_eq!(labels, [r#"("\\Inbox" "a \"b\""))"#, r#"("\\Sent"))"#, "())"]);
}

#[tokio::test]
async fn a_label_that_comes_or_goes_changes_the_message_and_adds_none() {
    let server = server().await;
    let mailbox = server.mailbox("alice");
    mailbox.create_folder("Work").append("INBOX", NewMessage::new("Subject: 1\r\n\r\n"));
    let before = mailbox.highest_modseq(ALL);
    let mut client = super::session(&server).await;
    client.ok("SELECT INBOX").await;
    client.ok("COPY 1 Work").await;
    assert_eq!((mailbox.count("Work"), mailbox.count(ALL)), (1, 1));
    let labelled = mailbox.highest_modseq(ALL);
    assert!(labelled > before);
    client.ok("COPY 1 Work").await;
    assert_eq!(mailbox.count("Work"), 1, "it has the label already");
    client.ok("STORE 1 +FLAGS (\\Deleted)").await;
    client.ok("EXPUNGE").await;
    assert_eq!((mailbox.count("INBOX"), mailbox.count(ALL)), (0, 1));
    assert!(mailbox.highest_modseq(ALL) > labelled);
    client.ok(&format!("SELECT \"{ALL}\"")).await;
    client.ok("STORE 1 +FLAGS (\\Deleted)").await;
    client.ok("EXPUNGE").await;
    assert_eq!(mailbox.count("Work"), 0, "what is gone has no labels");
}

#[tokio::test]
async fn labels_are_told_where_there_are_some_only() {
    let server = alice().with(Capability::GmailExt).start().await;
    let mut client = Dialogue::connect(&server).await;
    client.ok("LOGIN alice secret").await;
    client.ok("SELECT INBOX").await;
    client.refused("FETCH 1:* (X-GM-LABELS)", "BAD").await;
}
