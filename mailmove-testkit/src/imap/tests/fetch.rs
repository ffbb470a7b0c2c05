use super::{alice, session};
use crate::imap::{Capability, NewMessage};

const MESSAGE: &str = "From: a@b.c\r\nSubject: one\r\n two\r\n\r\nbody\r\n";

#[tokio::test]
async fn a_set_of_messages_comes_in_one_answer() {
    let server = alice().start().await;
    server.mailbox("alice").append_all("INBOX", [NewMessage::from(MESSAGE), NewMessage::from("").flags(["\\Seen"])]);
    let mut client = session(&server).await;
    client.ok("EXAMINE INBOX").await;
    let lines = client.ok("UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])").await;
    let date = " 1-Jan-2024 12:00:00 +0000";
    assert_eq!(
        lines[..2],
        [
            format!(
                "* 1 FETCH (UID 1 FLAGS (\\Recent) INTERNALDATE \"{date}\" RFC822.SIZE 41 BODY[] {{41}}\r\n{MESSAGE})"
            ),
            format!("* 2 FETCH (UID 2 FLAGS (\\Seen \\Recent) INTERNALDATE \"{date}\" RFC822.SIZE 0 BODY[] {{0}}\r\n)"),
        ]
    );
    assert_eq!(server.log().counters().fetched, 2);
}

#[tokio::test]
async fn sections_are_cut_where_they_should_be() {
    let server = alice().start().await;
    server.mailbox("alice").append("INBOX", MESSAGE);
    let mut client = session(&server).await;
    client.ok("EXAMINE INBOX").await;
    for (item, answer) in [
        ("BODY.PEEK[HEADER]", "BODY[HEADER] {35}\r\nFrom: a@b.c\r\nSubject: one\r\n two\r\n\r\n"),
        ("RFC822.HEADER", "RFC822.HEADER {35}\r\nFrom: a@b.c\r\nSubject: one\r\n two\r\n\r\n"),
        ("BODY[TEXT]", "BODY[TEXT] {6}\r\nbody\r\n"),
        ("BODY[1]", "BODY[1] {6}\r\nbody\r\n"),
        ("BODY[2]", "BODY[2] NIL"),
        ("BODY.PEEK[]<35.4>", "BODY[]<35> {4}\r\nbody"),
        ("BODY.PEEK[]<99.4>", "BODY[]<99> {0}\r\n"),
        ("BODY.PEEK[HEADER.FIELDS (subject)]", "BODY[HEADER.FIELDS (subject)] {22}\r\nSubject: one\r\n two\r\n\r\n"),
        ("BODY.PEEK[HEADER.FIELDS.NOT (subject)]", "BODY[HEADER.FIELDS.NOT (subject)] {15}\r\nFrom: a@b.c\r\n\r\n"),
    ] {
        let lines = client.ok(&format!("FETCH 1 {item}")).await;
        assert_eq!(lines[0], format!("* 1 FETCH ({answer})"));
    }
    for bad in ["BODY[", "BODY[1.]", "BODY[MIME]", "BODY[HEADER.FIELDS ()]", "X", "(UID", "BODY.PEEK[]<1>"] {
        client.refused(&format!("FETCH 1 {bad}"), "BAD").await;
    }
    client.refused("FETCH 2 UID", "BAD").await;
}

#[tokio::test]
async fn only_a_fetch_without_peek_marks_as_seen() {
    let server = alice().start().await;
    server.mailbox("alice").append("INBOX", MESSAGE);
    let mut client = session(&server).await;
    client.ok("EXAMINE INBOX").await;
    client.ok("FETCH 1 BODY[]").await;
    client.ok("SELECT INBOX").await;
    client.ok("FETCH 1 BODY.PEEK[]").await;
    assert!(server.mailbox("alice").snapshot().folders[0].messages[0].flags.is_empty());
    let lines = client.ok("FETCH 1 BODY[TEXT]").await;
    assert_eq!(lines[1], "* 1 FETCH (FLAGS (\\Seen \\Recent))");
}

#[tokio::test]
async fn searches_find_what_they_describe() {
    let server = alice().start().await;
    let mailbox = server.mailbox("alice");
    mailbox.append("INBOX", NewMessage::from("Message-ID: <one@x>\r\nDate: 1 Feb 2020 00:00:00 +0000\r\n\r\nhello"));
    mailbox.append("INBOX", NewMessage::from("Message-ID: <two@x>\r\n\r\nhello world").flags(["\\Seen", "k"]));
    mailbox.append("INBOX", NewMessage::from("x").uid(10));
    let mut client = session(&server).await;
    client.ok("EXAMINE INBOX").await;
    for (keys, uids) in [
        ("ALL", " 1 2 10"),
        ("UID 2:*", " 2 10"),
        ("3", " 10"),
        ("HEADER message-id <TWO@x>", " 2"),
        ("HEADER Message-ID \"\"", " 1 2"),
        ("NOT HEADER Message-ID {3+}\r\none", " 2 10"),
        ("SEEN KEYWORD k", " 2"),
        ("UNSEEN LARGER 10", " 1"),
        ("SMALLER 2", " 10"),
        ("OR BODY WORLD SENTON 1-Feb-2020", " 1 2"),
        ("SINCE 1-Jan-2024 BEFORE 2-Jan-2024", " 1 2 10"),
        ("BEFORE 1-Jan-2024", ""),
        ("(UNKEYWORD k (NOT TEXT x))", ""),
        ("CHARSET UTF-8 RECENT", " 1 2 10"),
    ] {
        assert_eq!(client.ask(&format!("UID SEARCH {keys}")).await[0], format!("* SEARCH{uids}"), "{keys}");
    }
    assert_eq!(client.ok("SEARCH UID 10").await[0], "* SEARCH 3");
    let lines = client.ok("UID SEARCH RETURN (MIN MAX COUNT ALL) ALL").await;
    assert!(
        lines[0].starts_with("* ESEARCH (TAG \"t") && lines[0].ends_with("\") UID MIN 1 MAX 10 COUNT 3 ALL 1:2,10")
    );
    client.refused("SEARCH SOMEHOW", "BAD").await;
}

#[tokio::test]
async fn bodies_may_be_quoted_and_nul_masked() {
    let server = alice().mask_nul().quote_short_bodies().start().await;
    server.mailbox("alice").append_all("INBOX", ["a \"b\" \\", "", "a\0\r\n"]);
    let mut client = session(&server).await;
    client.ok("EXAMINE INBOX").await;
    let lines = client.ok("FETCH 1:3 BODY.PEEK[]").await;
    assert_eq!(lines[0], r#"* 1 FETCH (BODY[] "a \"b\" \\")"#);
    assert_eq!(lines[1], r#"* 2 FETCH (BODY[] "")"#);
    assert_eq!(lines[2], "* 3 FETCH (BODY[] {4}\r\na\u{fffd}\r\n)");
}

#[tokio::test]
async fn binary_asks_for_octets_with_nul() {
    let server = alice().with(Capability::Binary).start().await;
    server.mailbox("alice").append("INBOX", "a: b\r\n\r\n\0");
    let mut client = session(&server).await;
    client.ok("EXAMINE INBOX").await;
    assert_eq!(client.ok("FETCH 1 BINARY.PEEK[]").await[0], "* 1 FETCH (BINARY[] ~{9}\r\na: b\r\n\r\n\0)");
}
