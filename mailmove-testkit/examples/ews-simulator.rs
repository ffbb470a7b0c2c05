//! Runs the EWS simulator by itself, to point any Exchange client at it.
//!
//! `cargo run -p mailmove-testkit --features ews --example ews-simulator -- [port] [messages] [version] [mistake] [--…]`
//!
//! The mistake is one of those that can be planted in all answers; `list` names them. What ann's mailbox holds beside her
//! messages, and how the server behaves:
//!
//! - `--rich`: something of every kind, and an archive
//! - `--many=N`: a folder of so many small messages
//! - `--huge=MIB`: a message of this size
//! - `--files=OCTETS,OCTETS`: for each of them a message with a file of this size, in the folder `Files`, or in `Huge` from
//!   100 million on
//! - `--busy=SEED`: every now and then it asks for half a second of peace, and it bears 27 requests at a time
//!
//! For each line of its standard input it says what it was asked so far; it ends with the input, and says it once more.
#![allow(clippy::print_stdout)]

use std::time::Duration;

use mailmove_testkit::ews::{EwsServer, Fault, Log, MailboxHandle, Mishap, Mistake, NewItem, Version};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (options, mut arguments): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    arguments.resize(4, String::new());
    let port = number(&arguments[0], 0)?;
    let messages = number(&arguments[1], 3)?;
    let version = match arguments[2].as_str() {
        "" => Version::Exchange2016,
        "Online" => Version::Online,
        name => Version::ALL.into_iter().find(|version| version.name() == name).ok_or("no such version")?,
    };
    let wanted = arguments[3].as_str();
    if wanted == "list" {
        Mistake::ALL.iter().for_each(|mistake| println!("{mistake:?}"));
        return Ok(());
    }
    let mut builder = EwsServer::builder()
        .version(version)
        .user("ann@x.test", "secret")
        .user("bob@x.test", "secret")
        .account("service@x.test", "secret")
        .impersonator("service@x.test", &[])
        .application("application-token")
        .port(u16::try_from(port)?);
    if version >= Version::Exchange2010Sp1 {
        builder = builder.archive("ann@x.test").archive("bob@x.test");
    }
    if let Some(seed) = option(&options, "busy") {
        let (seed, back_off) = (seed.parse()?, Duration::from_millis(500));
        let busy = |chance, seed, mishap: Mishap| Fault::any().chance(chance, seed).then(mishap);
        builder = builder.max_concurrency(27, back_off).fault(busy(0.05, seed, Mishap::Busy { back_off })).fault(busy(
            0.03,
            seed + 1,
            Mishap::BusyInside { back_off },
        ));
    }
    let server = builder.try_start().await?;
    if !wanted.is_empty() {
        let mistake = Mistake::ALL.into_iter().find(|mistake| format!("{mistake:?}") == wanted);
        server.faults().add(Fault::any().then(Mishap::Spoil(mistake.ok_or("no such mistake")?)));
    }
    let ann = server.mailbox("ann@x.test");
    ann.create_folder("Inbox/Entwürfe & mehr", "IPF.Note");
    for number in 1..=messages {
        ann.add("Inbox", message(number).read(number % 2 == 0).categories(["red"]));
    }
    if option(&options, "rich").is_some() {
        rich(&ann, version >= Version::Exchange2010Sp1);
    }
    let many = option(&options, "many").map_or(Ok(0), |count| number(count, 0))?;
    if many > 0 {
        ann.create_folder("Many", "IPF.Note");
        ann.add_all("Many", (0..many).map(|number| message(1_000_000 + number)));
    }
    if let Some(size) = option(&options, "huge") {
        ann.create_folder("Huge", "IPF.Note").add("Huge", huge(number(size, 0)? << 20));
    }
    if let Some(files) = option(&options, "files") {
        for octets in files.split(',') {
            let octets = octets.parse()?;
            let folder = if octets < 100_000_000 { "Files" } else { "Huge" };
            ann.create_folder(folder, "IPF.Note").add(folder, file(octets));
        }
    }
    println!("listening on {}, users ann@x.test and bob@x.test, password secret", server.url());
    let log = server.log();
    // One line asks for the counts so far, the end of the input for the last ones.
    let asked = log.clone();
    tokio::task::spawn_blocking(move || std::io::stdin().lines().for_each(|_| counts(&asked))).await?;
    counts(&log);
    Ok(())
}

fn counts(log: &Log) {
    let counters = log.counters();
    println!("sent {}, requests {}", counters.sent, counters.requests());
    println!("impatient {}", log.sent_during_back_off(Duration::from_millis(200)).len());
    counters.operations.iter().for_each(|(name, count)| println!("asked {name} {count}"));
    println!("end");
}

fn number(text: &str, otherwise: usize) -> Result<usize, std::num::ParseIntError> {
    if text.is_empty() { Ok(otherwise) } else { text.parse() }
}

/// What stands behind the sign of an option; empty when nothing does.
fn option<'a>(options: &'a [String], name: &str) -> Option<&'a str> {
    options.iter().find_map(|option| {
        let rest = option.strip_prefix("--")?.strip_prefix(name)?;
        if rest.is_empty() { Some("") } else { rest.strip_prefix('=') }
    })
}

fn message(number: usize) -> NewItem {
    NewItem::from(format!(
        "From: Bob <bob@x.test>\r\nTo: Ann <ann@x.test>\r\nSubject: Message {number}\r\n\
         Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nMessage-ID: <{number}@x.test>\r\n\r\nHello {number}\r\n"
    ))
}

fn huge(size: usize) -> NewItem {
    let mut text = b"From: Bob <bob@x.test>\r\nSubject: huge\r\nMessage-ID: <huge@x.test>\r\n\r\n".to_vec();
    let line = b"All work and no play makes Jack a dull boy, all work and no play.\r\n";
    while text.len() < size {
        text.extend_from_slice(line);
    }
    NewItem::from(text)
}

/// A message with a file. Each octet of the file is its place modulo 251.
fn file(octets: usize) -> NewItem {
    let content = (0..octets).map(|at| (at % 251) as u8).collect::<Vec<_>>();
    let message = NewItem::from(format!(
        "From: bob@x.test\r\nDate: Fri, 20 Nov 2026 11:00:00 +0100\r\nSubject: {octets} octets\r\n\
         Message-ID: <{octets}@x.test>\r\n\r\nlarge\r\n",
    ));
    message.attachment(&format!("{octets}.bin"), content)
}

/// Something of every kind.
fn rich(ann: &MailboxHandle, archive: bool) {
    let attached = (0..=255).cycle().take(70_000).collect::<Vec<u8>>();
    ann.add("Inbox", message(100).flagged().read(true).attachment("ä.bin", attached));
    ann.add("Sent Items", message(101).read(true));
    ann.add("Drafts", message(102).draft());
    ann.create_folder("Projects", "IPF.Note").create_folder("Projects/2026", "IPF.Note");
    for number in 200..240 {
        ann.add("Projects/2026", message(number).read(number % 3 == 0));
    }
    // The same once more: a legal twin.
    ann.add("Projects/2026", message(201));
    ann.add(
        "Calendar",
        NewItem::xml(
            "<t:CalendarItem><t:Subject>Meeting</t:Subject><t:Start>2026-05-01T10:00:00Z</t:Start>\
             <t:End>2026-05-01T11:00:00Z</t:End><t:Location>Room</t:Location></t:CalendarItem>",
        ),
    );
    ann.add("Contacts", NewItem::xml("<t:Contact><t:DisplayName>Ann Lee</t:DisplayName></t:Contact>"));
    ann.add("Tasks", NewItem::xml("<t:Task><t:Subject>Do it</t:Subject></t:Task>"));
    ann.add("Notes", NewItem::of_class("IPM.StickyNote").subject("Note").body("sticky"));
    ann.add("Journal", NewItem::of_class("IPM.Activity").subject("Call").body("long"));
    if archive {
        ann.add("archive:Inbox", message(300).read(true));
    }
}
