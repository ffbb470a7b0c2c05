//! Runs the Graph simulator by itself, to point any client at it.
//!
//! `cargo run -p mailmove-testkit --features graph --example graph-simulator -- [port] [messages] [origin] [octets]`
//!
//! There are the mailboxes of ann, bob and carol @x.test, the application `app` with the secret `secret`, and for those who
//! ask for no token: `app-token` for the application, `ann-token` for ann herself. The last argument is the size of a file
//! that hangs on one more message, in ann's archive. A proxy in front of it, such as one
//! that speaks TLS, has its own origin put into all links. It ends with its standard input, and then says how much mail
//! left it.
#![allow(clippy::print_stdout)]

use std::io::Read;

use mailmove_testkit::graph::{ALL_ROLES, GraphServer, NewItem};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let messages = arguments.next().map_or(Ok(3), |count| count.parse::<usize>())?;
    let mut builder = GraphServer::builder()
        .user("ann@x.test")
        .user("bob@x.test")
        .user("carol@x.test")
        .app("app", "secret", &ALL_ROLES)
        .app_token("app-token", &ALL_ROLES)
        .user_token("ann@x.test", "ann-token")
        .port(port);
    let origin = arguments.next().filter(|origin| !origin.is_empty());
    let octets = arguments.next().map(|octets| octets.parse::<usize>()).transpose()?;
    if let Some(origin) = origin {
        builder = builder.origin(&origin);
    }
    let server = builder.try_start().await?;
    let ann = server.mailbox("ann@x.test");
    ann.create_folder("Inbox/Entwürfe & mehr", "IPF.Note");
    for number in 1..=messages {
        let text = format!(
            "From: Bob <bob@x.test>\r\nTo: Ann <ann@x.test>\r\nSubject: Message {number}\r\n\
             Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nMessage-ID: <{number}@x.test>\r\n\r\nHello {number}\r\n"
        );
        ann.add("Inbox", NewItem::from(text).read(number % 2 == 0).categories(["red"]));
    }
    if let Some(octets) = octets.filter(|octets| *octets > 0) {
        let large = (0..octets).map(|at| (at % 251) as u8).collect::<Vec<_>>();
        let message = NewItem::from(
            "From: bob@x.test\r\nDate: Fri, 20 Nov 2026 11:00:00 +0100\r\nSubject: large\r\n\
             Message-ID: <large@x.test>\r\n\r\nlarge\r\n",
        );
        ann.add("Archive", message.attachment("large.bin", large));
    }
    println!("listening on {}, tenant {}", server.addr(), server.tenant());
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    println!("sent {}, requests {}", server.log().counters().sent, server.log().counters().requests());
    Ok(())
}
