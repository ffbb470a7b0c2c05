//! Runs the Zimbra simulator by itself, to point any Zimbra client at it.
//!
//! `cargo run -p mailmove-testkit --features zimbra --example zimbra-simulator -- [port] [messages] [version] [mistake]`
//!
//! The version is one of `Zimbra6` to `Zimbra10` and `Carbonio`. The mistake is one of those that can be planted in all
//! answers; `list` names them. It ends with its standard input, and then says how much mail left it and what requests
//! held that no Zimbra knows.
#![allow(clippy::print_stdout)]

use std::io::Read;

use mailmove_testkit::zimbra::{Mishap, Mistake, NewItem, Trouble, Version, ZimbraServer};

const SERIES: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:series@x.test\r\nDTSTART:20261120T100000Z\r\n\
    DTEND:20261120T110000Z\r\nRRULE:FREQ=WEEKLY;COUNT=5\r\nSUMMARY:Round\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n\
    UID:series@x.test\r\nRECURRENCE-ID:20261127T100000Z\r\nDTSTART:20261127T120000Z\r\nDTEND:20261127T130000Z\r\n\
    SUMMARY:Round, later\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let messages = arguments.next().map_or(Ok(3), |count| count.parse::<usize>())?;
    let name = arguments.next().unwrap_or_else(|| "Zimbra10".to_owned());
    let version = Version::ALL.into_iter().find(|version| format!("{version:?}") == name).ok_or("no such version")?;
    let mistake = arguments.next();
    if mistake.as_deref() == Some("list") {
        Mistake::ALL.iter().for_each(|mistake| println!("{mistake:?}"));
        return Ok(());
    }
    let server = ZimbraServer::builder()
        .version(version)
        .user("ann@x.test", "secret")
        .user("bob@x.test", "secret")
        .admin("admin@x.test", "secret")
        .preauth_key("6b7ead4bd425836e8cf0079cd6c1a05acc127acd07c8ee4b61023e19250e929c")
        .ports(port, 0)
        .try_start()
        .await?;
    if let Some(name) = mistake {
        let mistake = Mistake::ALL.into_iter().find(|mistake| format!("{mistake:?}") == name);
        server.troubles().add(Trouble::any().then(Mishap::Spoil(mistake.ok_or("no such mistake")?)));
    }
    let ann = server.mailbox("ann@x.test");
    ann.create_folder("Inbox/Entwürfe & mehr", "message").create_tag("red", 5);
    for number in 1..=messages {
        let text = format!(
            "From: Bob <bob@x.test>\r\nTo: Ann <ann@x.test>\r\nSubject: Message {number}\r\n\
             Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nMessage-ID: <{number}@x.test>\r\n\r\nHello {number}\r\n"
        );
        let flags = if number % 2 == 0 { "f" } else { "u" };
        ann.add("Inbox", NewItem::message(text).flags(flags).tags(["red"]).received(1_795_000_000_000));
    }
    let contact = ann.add("Contacts", NewItem::contact([("firstName", "Bob"), ("email", "bob@x.test")]));
    ann.add("Contacts", NewItem::group("Friends", [("C", contact.as_str()), ("I", "carl@x.test")]));
    ann.add("Calendar", NewItem::appointment(SERIES));
    println!(
        "listening on {}, administrators on {}; ann@x.test, bob@x.test and admin@x.test, password secret",
        server.url(),
        server.admin_url()
    );
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    let counters = server.log().counters();
    println!("sent {}, requests {}, findings {:?}", counters.sent, counters.requests(), server.findings());
    Ok(())
}
