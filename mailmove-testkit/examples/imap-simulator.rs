//! Runs the IMAP simulator by itself, to point any mail client at it.
//!
//! `cargo run -p mailmove-testkit --features imap --example imap-simulator -- [port] [messages] [octets,octets]`
//!
//! For each number of octets alice has one more message with a file of this size, in the folder `Files`, or in `Huge` from
//! 100 million on.
#![allow(clippy::print_stdout)]

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
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
    if let Some(files) = arguments.next() {
        for octets in files.split(',') {
            let octets = octets.parse()?;
            let folder = if octets < 100_000_000 { "Files" } else { "Huge" };
            let message = NewMessage::new(file(octets)?).flags(["\\Seen", "\\Flagged"]);
            alice.create_folder(folder).append(folder, message);
        }
    }
    println!("listening on {}, users alice and bob, password secret", server.addr());
    std::future::pending().await
}

/// A message with a file. Each octet of the file is its place modulo 251.
fn file(octets: usize) -> std::io::Result<Vec<u8>> {
    let mut message = format!(
        "From: bob@x.test\r\nDate: Fri, 20 Nov 2026 11:00:00 +0100\r\nSubject: {octets} octets\r\n\
         Message-ID: <{octets}@x.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\n\r\nlarge\r\n--b\r\nContent-Type: application/octet-stream; name={octets}.bin\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n"
    )
    .into_bytes();
    message.reserve(octets / 57 * 78);
    let content = (0..octets).map(|at| (at % 251) as u8).collect::<Vec<_>>();
    for line in content.chunks(57) {
        write!(message, "{}\r\n", STANDARD.encode(line))?;
    }
    message.extend_from_slice(b"--b--\r\n");
    Ok(message)
}
