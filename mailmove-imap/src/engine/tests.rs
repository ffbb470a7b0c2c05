//! Dialogues with a scripted server.

use std::time::Duration;

use bytes::BytesMut;
use mailmove_core::{Body, ErrorKind, Spool};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;
use crate::wire::{
    Append, AppendMessage, Before, BodyTarget, Command, FetchBodies, FetchMany, LiteralMode, NamespaceQuery,
    StatusQuery,
};

struct Server(DuplexStream);

impl Server {
    fn start() -> (Connection, Server) {
        Self::with_idle(Duration::from_secs(60))
    }

    fn with_idle(idle: Duration) -> (Connection, Server) {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (read, write) = tokio::io::split(ours);
        (Connection::start(Box::new(read), Box::new(write), BytesMut::new(), idle), Server(theirs))
    }

    async fn hears(&mut self, expected: &str) {
        let mut heard = vec![0; expected.len()];
        self.0.read_exact(&mut heard).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&heard), expected);
    }

    async fn says(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }
}

fn opening(folder: &str) -> Opening {
    Opening { folder: folder.as_bytes().into(), writable: false, condstore: false, fresh: false }
}

impl Connection {
    fn submit_in<O: Operation>(&self, open: Opening, operation: O) -> (Opened, Answer<O::Output>) {
        let mut burst = Burst::default();
        let answer = burst.add(operation);
        (self.send_in(open, burst), answer)
    }

    fn open(&self, open: Opening) -> Opened {
        self.send_in(open, Burst::default())
    }
}

fn message(text: &'static str) -> AppendMessage {
    let body = Body::unpooled(text);
    AppendMessage {
        flags: String::new(),
        date: None,
        chunks: Box::new(body.reader()),
        length: body.len(),
        binary: false,
        utf8: false,
    }
}

fn cause<T: std::fmt::Debug>(outcome: Result<T, Fault>) -> (ErrorKind, bool) {
    match outcome.unwrap_err() {
        Fault::Lost { cause, begun } => (cause.kind(), begun),
        Fault::Refused(line) => panic!("{line:?}"),
    }
}

#[tokio::test]
async fn commands_go_out_at_once_and_are_answered_by_tag() {
    let (connection, mut server) = Server::start();
    let first = connection.submit(StatusQuery::new(b"a", false));
    let second = connection.submit(StatusQuery::new(b"b", false));
    server
        .hears("m1 STATUS \"a\" (MESSAGES UIDNEXT UIDVALIDITY)\r\nm2 STATUS \"b\" (MESSAGES UIDNEXT UIDVALIDITY)\r\n")
        .await;
    server.says("* STATUS b (MESSAGES 2)\r\nm2 OK x\r\n* X-UNKNOWN {1}\r\n?\r\n\r\nm1 NO no such thing\r\n").await;
    assert_eq!(second.await.unwrap().unwrap().messages, Some(2));
    assert!(matches!(first.await, Err(Fault::Refused(line)) if line.text == "no such thing"));
    assert!(connection.is_alive());
}

#[tokio::test]
async fn data_of_fetches_that_the_server_runs_side_by_side_goes_to_who_asked() {
    let (connection, mut server) = Server::start();
    let spool = Spool::new(1 << 20);
    let fetch = |uids| FetchBodies::new(uids, BodyTarget::Spool(spool.clone()));
    let (mut opened, one) = connection.submit_in(opening("x"), fetch(vec![1, 2]));
    let (_, two) = connection.submit_in(opening("x"), fetch(vec![2, 3]));
    server.hears("m1 EXAMINE \"x\"\r\nm2 UID FETCH 1:2 (UID FLAGS INTERNALDATE BODY.PEEK[])\r\nm3 UID FETCH 2:3").await;
    server.says("* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\nm1 OK [READ-ONLY] x\r\n").await;
    server.says("* 3 FETCH (UID 3 FLAGS () BODY[] {5}\r\nthree)\r\n* 2 FETCH (UID 2 BODY[] {3}\r\ntwo)\r\n").await;
    server.says("* 1 FETCH (BODY[] {3}\r\none UID 1)\r\n* 2 FETCH (FLAGS (\\Seen) UID 2)\r\nm2 OK x\r\n").await;
    server.says("* 2 FETCH (UID 2 BODY[] {4}\r\ntwo!)\r\nm3 OK x\r\n").await;
    let bodies = |fetched: crate::wire::Fetched| -> Vec<Vec<u8>> {
        let body = |message: Option<crate::wire::FetchData>| message.unwrap().body.unwrap().into_body(&spool).unwrap();
        fetched.messages.into_iter().map(|message| body(message).unwrap().bytes().unwrap().to_vec()).collect()
    };
    assert_eq!(opened.selected().await.unwrap().validity, Some(7));
    assert_eq!(bodies(one.await.unwrap()), [b"one".to_vec(), b"two".to_vec()]);
    assert_eq!(bodies(two.await.unwrap()), [b"two!".to_vec(), b"three".to_vec()]);
}

#[tokio::test]
async fn data_of_one_folder_is_not_taken_for_that_of_the_next() {
    let (connection, mut server) = Server::start();
    let (mut first, one) = connection.submit_in(opening("x"), FetchMany::listing(1, u32::MAX, ""));
    let (mut second, two) = connection.submit_in(opening("y"), FetchMany::listing(1, u32::MAX, ""));
    server
        .hears("m1 EXAMINE \"x\"\r\nm2 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)\r\nm3 EXAMINE \"y\"\r\nm4 ")
        .await;
    server.says("* 1 EXISTS\r\nm1 OK x\r\n* 1 FETCH (UID 5 FLAGS () RFC822.SIZE 1)\r\nm2 OK x\r\n").await;
    server.says("* 2 EXISTS\r\nm3 OK x\r\n* 1 FETCH (UID 6 FLAGS () RFC822.SIZE 1)\r\nm4 OK x\r\n").await;
    assert_eq!((first.selected().await.unwrap().exists, second.selected().await.unwrap().exists), (1, 2));
    let uids = |many: crate::wire::Many| many.messages.iter().filter_map(|message| message.uid).collect::<Vec<_>>();
    assert_eq!((uids(one.await.unwrap()), uids(two.await.unwrap())), (vec![5], vec![6]));
}

#[tokio::test]
async fn a_folder_is_opened_once_and_again_when_asked_afresh_or_after_a_refusal() {
    let (connection, mut server) = Server::start();
    let mut first = connection.open(opening("x"));
    connection.open(opening("x"));
    connection.open(Opening { fresh: true, ..opening("x") });
    server.hears("m1 EXAMINE \"x\"\r\nm2 EXAMINE \"x\"\r\n").await;
    server.says("m1 OK x\r\nm2 NO gone\r\n").await;
    first.selected().await.unwrap();
    let answer = connection.submit(NamespaceQuery::default());
    server.hears("m3 NAMESPACE\r\n").await;
    server.says("m3 OK x\r\n").await;
    answer.await.unwrap();
    connection.open(opening("x"));
    server.hears("m4 EXAMINE \"x\"\r\n").await;
}

#[tokio::test]
async fn a_literal_waits_for_its_invitation_and_a_refusal_takes_its_place() {
    let (connection, mut server) = Server::start();
    let first = connection.submit(Append::new(b"x", vec![message("refused")], LiteralMode::Sync));
    let second = connection.submit(Append::new(b"x", vec![message("taken")], LiteralMode::Sync));
    server.hears("m1 APPEND \"x\" {7}\r\n").await;
    server.says("m1 NO [TOOBIG] no\r\n").await;
    server.hears("m2 APPEND \"x\" {5}\r\n").await;
    server.says("* 1 EXISTS\r\n+ go on\r\n").await;
    server.hears("taken\r\n").await;
    server.says("m2 OK [APPENDUID 1 9] x\r\n").await;
    assert!(matches!(first.await, Err(Fault::Refused(line)) if line.is_named("TOOBIG")));
    assert_eq!(second.await.unwrap().unwrap().uids, [9]);
}

#[tokio::test]
async fn a_broken_connection_tells_everybody_whether_their_command_had_begun() {
    let (connection, mut server) = Server::start();
    let first = connection.submit(Append::new(b"x", vec![message("half way")], LiteralMode::Sync));
    let second = connection.submit(Append::new(b"x", vec![message("never")], LiteralMode::Sync));
    server.hears("m1 APPEND \"x\" {8}\r\n").await;
    server.says("+ go on\r\n").await;
    server.hears("half").await;
    drop(server);
    assert_eq!(cause(first.await), (ErrorKind::Network, true));
    assert_eq!(cause(second.await), (ErrorKind::Network, false));
    assert!(!connection.is_alive());
    assert_eq!(cause(connection.submit(NamespaceQuery::default()).await), (ErrorKind::Network, false));
}

#[tokio::test]
async fn what_the_server_said_before_it_hung_up_is_the_cause() {
    let (connection, mut server) = Server::start();
    let answer = connection.submit(NamespaceQuery::default());
    server.hears("m1 NAMESPACE\r\n").await;
    server.says("* BYE Request is throttled. Suggested Backoff Time: 99 milliseconds\r\n").await;
    drop(server);
    assert_eq!(cause(answer.await), (ErrorKind::Throttled, true));
    drop(connection);
}

#[tokio::test]
async fn a_line_out_of_step_ends_the_connection() {
    for line in ["rubbish\r\n", "m99 OK never asked\r\n", "* LIST () \"/\" {99999999999}\r\n"] {
        let (connection, mut server) = Server::start();
        let answer = connection.submit(NamespaceQuery::default());
        server.hears("m1 NAMESPACE\r\n").await;
        server.says(line).await;
        assert_eq!(cause(answer.await), (ErrorKind::Protocol, true), "{line}");
        assert!(!connection.is_alive());
    }
}

#[tokio::test(start_paused = true)]
async fn silence_ends_the_connection_only_while_an_answer_is_owed() {
    let (connection, mut server) = Server::with_idle(Duration::from_millis(50));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(connection.is_alive());
    let answer = connection.submit(NamespaceQuery::default());
    server.hears("m1 NAMESPACE\r\n").await;
    assert_eq!(cause(answer.await), (ErrorKind::Timeout, true));
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_is_read_over() {
    let (connection, mut server) = Server::start();
    let spool = Spool::new(1 << 20);
    let (_, fetch) = connection.submit_in(opening("x"), FetchBodies::new(vec![1], BodyTarget::Spool(spool.clone())));
    server.hears("m1 EXAMINE \"x\"\r\nm2 UID FETCH 1 (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n").await;
    server.says("m1 OK x\r\n* 1 FETCH (UID 1 BODY[] {3}\r\no").await;
    drop(fetch);
    let answer = connection.submit(NamespaceQuery::default());
    server.says("ne)\r\nm2 OK x\r\n").await;
    server.hears("m3 NAMESPACE\r\n").await;
    server.says("m3 OK x\r\n").await;
    answer.await.unwrap();
    assert_eq!(spool.used(), 0);
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_sent() {
    let (connection, mut server) = Server::start();
    let wanted = connection.submit(Append::new(b"x", vec![message("wanted")], LiteralMode::Sync));
    drop(connection.submit(Append::new(b"x", vec![message("given up")], LiteralMode::Sync)));
    server.hears("m1 APPEND \"x\" {6}\r\n").await;
    server.says("+\r\n").await;
    server.hears("wanted\r\n").await;
    server.says("m1 OK x\r\n").await;
    wanted.await.unwrap();
    drop(connection);
    server.hears("m3 LOGOUT\r\n").await;
    let mut rest = String::new();
    server.0.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "");
}

#[tokio::test]
async fn the_end_of_a_message_waits_for_what_is_to_be_stored_before_it() {
    let (connection, mut server) = Server::start();
    let (under_way, over) = tokio::sync::oneshot::channel();
    let in_vain = Arc::default();
    let append = Append::new(b"x", vec![message("second")], LiteralMode::Plus);
    let answer = connection.submit(append.behind(Some(Before { over, in_vain: Arc::clone(&in_vain) })));
    server.hears("m1 APPEND \"x\" {6+}\r\nsecond").await;
    let mut more = [0];
    let early = tokio::time::timeout(Duration::from_millis(20), server.0.read(&mut more)).await;
    assert!(early.is_err(), "{more:?} came before its time");
    drop(under_way);
    server.hears("\r\n").await;
    server.says("m1 OK x\r\n").await;
    answer.await.unwrap();
    assert!(!in_vain.load(std::sync::atomic::Ordering::Relaxed));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_rather_waits_for_us_gets_the_end_after_a_while() {
    let (connection, mut server) = Server::with_idle(Duration::from_secs(5));
    let (_under_way, over) = tokio::sync::oneshot::channel();
    let in_vain = Arc::default();
    let append = Append::new(b"x", vec![message("second")], LiteralMode::Plus);
    let answer = connection.submit(append.behind(Some(Before { over, in_vain: Arc::clone(&in_vain) })));
    server.hears("m1 APPEND \"x\" {6+}\r\nsecond\r\n").await;
    server.says("m1 OK x\r\n").await;
    answer.await.unwrap();
    assert!(in_vain.load(std::sync::atomic::Ordering::Relaxed), "it is not tried again");
}

#[tokio::test]
async fn reading_and_writing_do_not_wait_for_each_other() {
    let (connection, server) = Server::start();
    let text: &'static str = "x".repeat(1 << 20).leak();
    let append = connection.submit(Append::new(b"x", vec![message(text)], LiteralMode::Plus));
    let (mut hears, mut says) = tokio::io::split(server.0);
    // The server sends far more than the pipe holds before it reads a single byte.
    let noise = "* OK still here\r\n".repeat(100_000);
    says.write_all(noise.as_bytes()).await.unwrap();
    let mut heard = vec![0; "m1 APPEND \"x\" {1048576+}\r\n\r\n".len() + text.len()];
    hears.read_exact(&mut heard).await.unwrap();
    says.write_all(b"m1 OK x\r\n").await.unwrap();
    append.await.unwrap();
    let _ = Command::logout();
}
