//! Mail over links of one width and another.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use mailmove_core::{
    Body, Change, Connector, Detail, FixedCredentials, Format, Item, ItemRef, Kind, Mailbox, Mark, Secret, Side, Spool,
    Write,
};
use mailmove_testkit::imap::{Action, Capability, Fault, ImapServer, ImapServerBuilder, NewMessage};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use super::{Bounds, Thrift};
use crate::config::{Compress, ImapConfig, Security};
use crate::connector::ImapConnector;

const BOUNDS: Bounds = Bounds { time: Duration::from_millis(50), bytes: 400_000, fast: 12e6 };
/// In bytes a second.
const SLOW: f64 = 3e6;
const FAST: f64 = 1e9;
const MESSAGES: u32 = 300;

/// A link to the server: so many bytes a second in each direction, over all connections.
async fn link(server: &ImapServer, rate: f64) -> u16 {
    let socket = TcpSocket::new_v4().unwrap();
    // What the system swallows at once would count as moved.
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(64).unwrap();
    let (port, to) = (listener.local_addr().unwrap().port(), server.addr());
    tokio::spawn(async move {
        let (up, down) = (Arc::new(Mutex::new(Instant::now())), Arc::new(Mutex::new(Instant::now())));
        while let Ok((near, _)) = listener.accept().await {
            let (near_in, near_out) = near.into_split();
            let Ok(far) = TcpStream::connect(to).await else { return };
            let (far_in, far_out) = far.into_split();
            tokio::spawn(carry(near_in, far_out, up.clone(), rate));
            tokio::spawn(carry(far_in, near_out, down.clone(), rate));
        }
    });
    port
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    free: Arc<Mutex<Instant>>,
    rate: f64,
) {
    let mut chunk = vec![0; 8 * 1024];
    while let Ok(count @ 1..) = from.read(&mut chunk).await {
        {
            let mut free = free.lock().await;
            sleep_until(*free).await;
            *free =
                (*free).max(Instant::now() - Duration::from_millis(2)) + Duration::from_secs_f64(count as f64 / rate);
        }
        if to.write_all(&chunk[..count]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

/// A letter of 10 kB, mostly words.
fn letter(number: u32) -> String {
    let mut seed = number;
    let words = (0..1600).map(|at| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let word =
            ["of", "mail", "which", "moves", "over", "there", "early", "in", "spring"][(seed >> 16) as usize % 9];
        if at % 12 == 11 { format!("{word}\r\n") } else { format!("{word} ") }
    });
    format!("Message-ID: <{number}@example.org>\r\nSubject: {number}\r\n\r\n{}\r\n", words.collect::<String>())
}

async fn serve(build: impl FnOnce(ImapServerBuilder) -> ImapServerBuilder) -> ImapServer {
    build(ImapServer::builder().user("alice", "secret").with(Capability::CompressDeflate)).start().await
}

async fn connector(server: &ImapServer, rate: f64) -> ImapConnector {
    let port = link(server, rate).await;
    let mut config = ImapConfig::new("127.0.0.1").with_security(Security::Plain).with_port(port);
    config.allow_plaintext = true;
    assert_eq!(config.compress, Compress::Auto);
    let owner = FixedCredentials::owner(Secret::password("secret"));
    ImapConnector::new(config, Arc::new(owner)).with_bounds(BOUNDS)
}

/// Reads two folders as an engine would, and compares.
async fn reads(server: &ImapServer, rate: f64) {
    let mailbox = server.mailbox("alice");
    mailbox.create_folder("Archive");
    for folder in ["INBOX", "Archive"] {
        mailbox.append_all(folder, (0..MESSAGES).map(|number| NewMessage::new(letter(number))));
    }
    let source = connector(server, rate).await.source(&Mailbox::new(Side::Source, "alice")).await.unwrap();
    let spool = Spool::new(32 << 20);
    let folder = async |folder: &str| {
        let page = source.changes(&folder.into(), None, Detail::Listing).await.unwrap();
        let items: Vec<ItemRef> = page
            .changes
            .into_iter()
            .filter_map(|change| match change {
                Change::Present(item) => Some(item),
                _ => None,
            })
            .collect();
        let fetched = stream::iter(items.chunks(20)).map(|items| source.fetch(items, &Format::RFC5322, &spool));
        let read: Vec<_> = fetched.buffered(3).collect().await;
        let read: Vec<_> = read.into_iter().flatten().map(|item| item.unwrap().body.bytes().unwrap()).collect();
        assert_eq!(read.len(), MESSAGES as usize);
        assert!(read.iter().zip(0..).all(|(bytes, number)| *bytes == letter(number).as_bytes()));
    };
    tokio::join!(folder("INBOX"), folder("Archive"));
}

/// Writes two folders likewise.
async fn writes(server: &ImapServer, rate: f64) {
    server.mailbox("alice").create_folder("Archive");
    let side = Mailbox::new(Side::Destination, "alice");
    let destination = connector(server, rate).await.destination(&side).await.unwrap();
    let folder = async |folder: &str| {
        let windows = stream::iter((0..MESSAGES).step_by(20)).map(|first| {
            let create = |number| {
                let item = Item::new("1", Kind::Mail, Format::RFC5322, Body::unpooled(letter(number)));
                Write::Create { item, mark: Mark::new("") }
            };
            let (destination, folder) = (&destination, folder.into());
            async move { destination.write(&folder, &(first..first + 20).map(create).collect::<Vec<_>>()).await }
        });
        let written: Vec<_> = windows.buffered(3).collect().await;
        assert!(written.iter().flatten().all(Result::is_ok));
        let stored = server.mailbox("alice").messages(folder);
        assert_eq!(stored.len(), MESSAGES as usize);
        assert!(stored.iter().zip(0..).all(|(message, number)| message.bytes == letter(number).as_bytes()), "in order");
    };
    tokio::join!(folder("INBOX"), folder("Archive"));
}

fn asked(server: &ImapServer) -> u64 {
    server.log().counters().command("COMPRESS")
}

/// How many connections moved messages behind COMPRESS.
fn used(server: &ImapServer, command: &str) -> usize {
    let log = server.log().commands();
    let deflated = log.iter().filter(|one| one.name == "COMPRESS").map(|one| one.connection);
    deflated.filter(|number| log.iter().any(|one| one.name == command && one.connection == *number)).count()
}

#[test]
fn deflated_connections_that_end_again_and_again_are_the_last_ones() {
    let thrift = Thrift::new(Compress::Auto);
    thrift.decide(true);
    thrift.over.store(true, Ordering::Relaxed);
    thrift.lost(true);
    thrift.lost(false);
    thrift.lost(true);
    assert!(thrift.wants(true), "connections end now and then");
    thrift.lost(true);
    assert!(!thrift.wants(true));
    let trial = Thrift::new(Compress::Auto);
    trial.decide(true);
    trial.lost(true);
    assert!(!trial.wants(true), "in the trial one is enough");
}

#[tokio::test]
async fn a_slow_link_is_read_by_deflated_connections_in_the_end() {
    let server = serve(|server| server).await;
    reads(&server, SLOW).await;
    assert!(used(&server, "UID FETCH") > 0, "{:?}", server.log().counters());
    let whole = 2 * (0..MESSAGES).map(|number| letter(number).len() as u64).sum::<u64>();
    assert!(server.log().counters().bytes_out >= whole, "nothing was read less than once");
}

#[tokio::test]
async fn a_slow_link_is_written_by_deflated_connections_and_the_order_is_kept() {
    let server = serve(|server| server).await;
    writes(&server, SLOW).await;
    assert!(used(&server, "APPEND") > 0, "{:?}", server.log().counters());
}

#[tokio::test]
async fn a_fast_link_is_left_alone() {
    let server = serve(|server| server).await;
    reads(&server, FAST).await;
    writes(&serve(|server| server).await, FAST).await;
    assert_eq!(asked(&server), 0);
    assert!(server.log().counters().connections <= 4);
}

#[tokio::test]
async fn a_server_that_refuses_is_asked_once() {
    let server = serve(|server| server.fault(Fault::on("COMPRESS").then(Action::No("not today".to_owned())))).await;
    reads(&server, SLOW).await;
    assert!((1..=4).contains(&asked(&server)), "by connections that were opened at once");
}

#[tokio::test]
async fn a_server_that_breaks_off_at_compress_is_read_without() {
    let breaks_off = async |action| {
        let server = serve(|server| server.fault(Fault::on("COMPRESS").then(action))).await;
        reads(&server, SLOW).await;
        assert!((1..=4).contains(&asked(&server)));
    };
    tokio::join!(breaks_off(Action::CutBefore), breaks_off(Action::CutAfter));
}
