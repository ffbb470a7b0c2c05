//! Runs the Graph simulator by itself, to point any client at it.
//!
//! `cargo run -p mailmove-testkit --features graph --example graph-simulator -- [port] [messages] [origin] [--…]`
//!
//! There are the mailboxes of ann, bob and carol @x.test, and of user1 to user8, the application `app` with the secret
//! `secret`, and for those who ask for no token: `app-token` for the application, `admin-token` for who registers others,
//! `ann-token` for ann herself. The application `reader` has the same secret and may read mail alone. A proxy in front of
//! it, such as one that speaks TLS, has its own origin put into all links. It ends with its standard input, and then says
//! how much mail left it.
//!
//! - `--files=OCTETS,OCTETS`: for each of them one more message of ann's with a file of this size, in the folder `Files`, or in
//!   `Huge` from 100 million on
//! - `--garbage=OPERATION`, `--cut=OPERATION`: once an answer of success to it is no JSON, or ends in its middle
//! - `--busy=OPERATION`: twice it is turned away with 503, and asked to wait for a second and a half
//! - `--throttled=SECONDS`: once, in the middle, the mailbox is over its limit for so long
//!
//! Operations are named as the log names them: `POST mailFolders/{id}/messages`.
#![allow(clippy::print_stdout)]

use std::io::Read;
use std::time::Duration;

use mailmove_testkit::graph::{ALL_ROLES, Action, Fault, GraphServer, MailboxHandle, NewItem};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let (options, mut arguments): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    arguments.resize(3, String::new());
    let number = |text: &str, otherwise: usize| if text.is_empty() { Ok(otherwise) } else { text.parse() };
    let mut builder = GraphServer::builder()
        .user("ann@x.test")
        .user("bob@x.test")
        .user("carol@x.test")
        .app("app", "secret", &ALL_ROLES)
        .app("reader", "secret", &["Mail.Read"])
        .app_token("app-token", &ALL_ROLES)
        .app_token("admin-token", &["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"])
        .user_token("ann@x.test", "ann-token")
        .port(u16::try_from(number(&arguments[0], 0)?)?);
    for number in 1..=8 {
        builder = builder.user(&format!("user{number}@x.test"));
    }
    if !arguments[2].is_empty() {
        builder = builder.origin(&arguments[2]);
    }
    let server = builder.try_start().await?;
    let ann = server.mailbox("ann@x.test");
    ann.create_folder("Inbox/Entwürfe & mehr", "IPF.Note");
    for number in 1..=number(&arguments[1], 3)? {
        let text = format!(
            "From: Bob <bob@x.test>\r\nTo: Ann <ann@x.test>\r\nSubject: Message {number}\r\n\
             Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nMessage-ID: <{number}@x.test>\r\n\r\nHello {number}\r\n"
        );
        ann.add("Inbox", NewItem::from(text).read(number % 2 == 0).categories(["red"]));
    }
    for option in &options {
        plant(&server, &ann, option)?;
    }
    println!("listening on {}, tenant {}", server.addr(), server.tenant());
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    println!("sent {}, requests {}", server.log().counters().sent, server.log().counters().requests());
    Ok(())
}

/// Puts something into the mailbox, or lets something go wrong.
fn plant(server: &GraphServer, ann: &MailboxHandle, option: &str) -> Outcome<()> {
    let (name, value) = option.split_once('=').ok_or("an option without a value")?;
    let status = |code, body: &str, retry_after| Action::Status { code, body: body.to_owned(), retry_after };
    let fault = match name {
        "--files" => {
            for octets in value.split(',') {
                file(ann, octets.parse()?);
            }
            return Ok(());
        }
        "--garbage" => Fault::on(value).nth(1).then(status(200, "{ this is no JSON", None)),
        "--cut" => Fault::on(value).nth(1).then(Action::Truncate { after: 30 }),
        "--busy" => Fault::on(value).times(2).then(status(503, "", Some(Duration::from_millis(1500)))),
        "--throttled" => {
            Fault::any().nth(100).then(status(429, "ApplicationThrottled", Some(Duration::from_secs(value.parse()?))))
        }
        _ => return Err(format!("there is no option {name}").into()),
    };
    server.faults().add(fault);
    Ok(())
}

/// A message with a file. Each octet of the file is its place modulo 251.
fn file(ann: &MailboxHandle, octets: usize) {
    let content = (0..octets).map(|at| (at % 251) as u8).collect::<Vec<_>>();
    let message = NewItem::from(format!(
        "From: bob@x.test\r\nDate: Fri, 20 Nov 2026 11:00:00 +0100\r\nSubject: {octets} octets\r\n\
         Message-ID: <{octets}@x.test>\r\n\r\nlarge\r\n",
    ));
    let folder = if octets < 100_000_000 { "Files" } else { "Huge" };
    ann.create_folder(folder, "IPF.Note").add(folder, message.attachment(&format!("{octets}.bin"), content));
}
