//! Runs the EWS simulator by itself, to point any Exchange client at it.
//!
//! `cargo run -p mailmove-testkit --features ews --example ews-simulator -- [port] [messages] [version] [mistake]`
//!
//! The mistake is one of those that can be planted in all answers; `list` names them. It ends with its standard input, and then says how much mail left it.
#![allow(clippy::print_stdout)]

use std::io::Read;

use mailmove_testkit::ews::{Action, EwsServer, Fault, Mutation, NewItem, Version};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let messages = arguments.next().map_or(Ok(3), |count| count.parse::<usize>())?;
    let name = arguments.next().unwrap_or_else(|| "Exchange2016".to_owned());
    let version = match name.as_str() {
        "Online" => Version::Online,
        name => Version::ALL.into_iter().find(|version| version.name() == name).ok_or("no such version")?,
    };
    let mistake = arguments.next();
    if mistake.as_deref() == Some("list") {
        Mutation::ALL.iter().for_each(|mutation| println!("{mutation:?}"));
        return Ok(());
    }
    let server = EwsServer::builder()
        .version(version)
        .user("ann@x.test", "secret")
        .user("bob@x.test", "secret")
        .account("service@x.test", "secret")
        .impersonator("service@x.test", &[])
        .application("application-token")
        .port(port)
        .try_start()
        .await?;
    if let Some(name) = mistake {
        let mutation = Mutation::ALL.into_iter().find(|mutation| format!("{mutation:?}") == name);
        server.faults().add(Fault::any().then(Action::Mutate(mutation.ok_or("no such mistake")?)));
    }
    let ann = server.mailbox("ann@x.test");
    ann.create_folder("Inbox/Entwürfe & mehr", "IPF.Note");
    for number in 1..=messages {
        let text = format!(
            "From: Bob <bob@x.test>\r\nTo: Ann <ann@x.test>\r\nSubject: Message {number}\r\n\
             Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nMessage-ID: <{number}@x.test>\r\n\r\nHello {number}\r\n"
        );
        ann.add("Inbox", NewItem::from(text).read(number % 2 == 0).categories(["red"]));
    }
    println!("listening on {}, users ann@x.test and bob@x.test, password secret", server.url());
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    println!("sent {}, requests {}", server.log().counters().sent, server.log().counters().requests());
    Ok(())
}
