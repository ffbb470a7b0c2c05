//! Runs the IMAP simulator by itself, to point any mail client at it.
//!
//! `cargo run -p mailmove-testkit --features imap --example imap-simulator -- [port] [messages]`
#![allow(clippy::print_stdout)]

use mailmove_testkit::imap::{Capability, ImapServer, NewMessage};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let messages = arguments.next().map_or(Ok(3), |count| count.parse::<usize>())?;
    let server = ImapServer::builder()
        .user("alice", "secret")
        .user("bob", "secret")
        .token("alice", "token")
        .with(Capability::ObjectId)
        .with(Capability::Binary)
        .quota(1 << 30)
        .starttls()
        .port(port)
        .try_start()
        .await?;
    let alice = server.mailbox("alice");
    alice.create_folder("Sent").set_special_use("Sent", "\\Sent");
    alice.create_folder("Projects/Entwürfe & co").subscribe("Projects/Entwürfe & co");
    for number in 1..=messages {
        let text = format!("From: Bob <bob@example.org>\r\nSubject: Message {number}\r\n\r\nHello {number}\r\n");
        alice.append("INBOX", NewMessage::from(text.as_str()).flags(["\\Seen", "$Forwarded"]));
    }
    println!("listening on {}, users alice and bob, password secret", server.addr());
    std::future::pending().await
}
