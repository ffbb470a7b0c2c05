//! Nothing a client sends or a message holds makes the server panic.

use bytes::Bytes;

use super::{Dialogue, alice};
use crate::imap::NewMessage;
use crate::imap::parse::{self, Frame, Head, Piece};

const COMMANDS: [&str; 14] = [
    "a LOGIN \"alice\" \"s\\\"ecret\"",
    "a AUTHENTICATE PLAIN AGEAYg==",
    "a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (\"*\" %) RETURN (CHILDREN STATUS (MESSAGES SIZE))",
    "a STATUS \"Entw&APw-rfe\" (MESSAGES UIDNEXT)",
    "a SELECT INBOX (QRESYNC (1 2 1:3 (1:2 3:4)) CONDSTORE)",
    "a CREATE x (USE (\\Sent))",
    "a UID FETCH 1:*,5 (FLAGS BODY.PEEK[1.2.HEADER.FIELDS (A B)]<0.10> BINARY[]) (CHANGEDSINCE 1 VANISHED)",
    "a FETCH 1 FULL",
    "a UID STORE 1:2 (UNCHANGEDSINCE 3) -FLAGS.SILENT (\\Seen k)",
    "a UID SEARCH RETURN (MIN) CHARSET UTF-8 OR NOT HEADER a \"b\" (SINCE 1-Feb-2020 1:3 LARGER 4)",
    "a APPEND INBOX (\\Seen) \"17-Jul-1996 02:44:25 -0700\" UTF8 (~{3+}",
    "a COPY 1:3 \"to\"",
    "a ID (\"name\" NIL)",
    "a GETQUOTA \"\"",
];

const MESSAGES: [&str; 3] = [
    "From: \"A \\\" b\" <a@b.c>, (x (y)) g: d@e;\r\nContent-Type: multipart/mixed; boundary=\"x\"\r\n\r\n--x\r\n\r\n1\r\n--x--\r\n",
    "Content-Type: message/rfc822\r\n\r\nContent-Type: text/plain; a=b\r\n\r\nx",
    "Date: Tue, 01 Feb 1994 12:00:00 +0100\nMessage-ID: <a@b>\n\nbody",
];

/// Bytes of `text`, some of them changed, doubled or left out (SplitMix64).
fn damaged(text: &str, seed: &mut u64) -> Vec<u8> {
    let mut draw = |below: usize| {
        *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (*seed ^ (*seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (z >> 33) as usize % below
    };
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=draw(4) {
        let at = draw(bytes.len());
        match draw(4) {
            0 => bytes[at] = b" ()[]{}<>\"\\*%,:.0-\r\n\0\xff"[draw(22)],
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, bytes[at]),
            _ => bytes.truncate(at.max(1)),
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

#[test]
fn no_command_makes_the_parser_panic() {
    let mut seed = 1;
    for round in 0..30_000 {
        let line = Bytes::from(damaged(COMMANDS[round % COMMANDS.len()], &mut seed));
        let head = Head::of(&line);
        let literal = Piece::Literal { bytes: Bytes::from_static(b"x\0y"), binary: false };
        let pieces = match round % 3 {
            0 => vec![Piece::Text(line), literal, Piece::Text(Bytes::new())],
            _ => vec![Piece::Text(line)],
        };
        let _ = parse::command(&head, &Frame { pieces });
    }
}

#[tokio::test]
async fn every_message_can_be_described() {
    let server = alice().start().await;
    let mailbox = server.mailbox("alice");
    let mut seed = 2;
    for round in 0..1500 {
        mailbox.append("INBOX", NewMessage::new(damaged(MESSAGES[round % MESSAGES.len()], &mut seed)));
    }
    let mut client = Dialogue::connect(&server).await;
    client.ok("LOGIN alice secret").await;
    client.ok("EXAMINE INBOX").await;
    let items =
        "(ENVELOPE BODYSTRUCTURE BODY.PEEK[1] BODY.PEEK[1.1.MIME] BODY.PEEK[2.HEADER] BODY.PEEK[HEADER.FIELDS (A)])";
    // Read to the end and not line by line: a damaged subject may look like a literal's announcement.
    client.send(format!("a FETCH 1:* {items}\r\nb LOGOUT\r\n")).await;
    let rest = client.rest().await;
    assert!(rest.contains("\r\na OK ") && rest.contains("\r\nb OK "), "{}", &rest[rest.len().saturating_sub(300)..]);
}
