use super::{alice, session};
use crate::imap::NewMessage;

#[tokio::test]
async fn a_large_folder_is_no_burden() {
    const MESSAGES: u32 = 50_000;
    let server = alice().start().await;
    let mailbox = server.mailbox("alice");
    mailbox.append_all("INBOX", (1..=MESSAGES).map(|number| NewMessage::new(format!("N: {number}\r\n\r\n"))));
    let mut client = session(&server).await;
    client.ok("SELECT INBOX").await;
    let lines = client.ok("UID FETCH 1:* (FLAGS RFC822.SIZE)").await;
    assert_eq!(lines.len(), MESSAGES as usize + 1);
    // One command a message, each of which would be slow if it looked at all the others.
    for uid in (1..=MESSAGES).step_by(50) {
        client.send(format!("f{uid} UID FETCH {uid} BODY.PEEK[]\r\ns{uid} UID STORE {uid} +FLAGS (\\Seen)\r\n")).await;
        assert_eq!(client.until(&format!("f{uid}")).await.len(), 2);
        client.until(&format!("s{uid}")).await;
    }
    for _ in 0..500 {
        client.append("INBOX", "Subject: new\r\n\r\n").await;
    }
    assert_eq!(mailbox.count("INBOX"), MESSAGES as usize + 500);
}

#[tokio::test]
async fn a_large_message_goes_in_and_out_whole() {
    let server = alice().start().await;
    let mut client = session(&server).await;
    let message = "0123456789abcdef".repeat(1 << 20);
    assert!(client.append("INBOX", &message).await.starts_with("OK"));
    client.ok("EXAMINE INBOX").await;
    let lines = client.ok("FETCH 1 BODY.PEEK[]").await;
    assert_eq!(lines[0], format!("* 1 FETCH (BODY[] {{{}}}\r\n{message})", message.len()));
}
