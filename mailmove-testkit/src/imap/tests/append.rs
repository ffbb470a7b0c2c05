use super::{alice, session};
use crate::imap::{Capability, Refusal};

#[tokio::test]
async fn an_append_keeps_octets_flags_and_date() {
    let server = alice().start().await;
    let mut client = session(&server).await;
    let bytes = b"Subject: \xff\0\n\r\n--\r\n}";
    let answer = client.append("INBOX (\\Seen $Forwarded) \"17-Jul-1996 02:44:25 -0700\"", bytes).await;
    let validity = server.mailbox("alice").uid_validity("INBOX");
    assert_eq!(answer, format!("OK [APPENDUID {validity} 1] Append completed"));
    let snapshot = server.mailbox("alice").snapshot();
    let message = &snapshot.folder("INBOX").unwrap().messages[0];
    assert_eq!(&message.bytes[..], bytes);
    assert_eq!(message.flags, ["$Forwarded", "\\Seen"]);
    assert_eq!(message.received.unix_timestamp(), 837_596_665);
    assert_eq!(server.log().counters().appended, 1);
}

#[tokio::test]
async fn many_appends_in_one_are_all_or_nothing() {
    let server = alice().refuse(Refusal::containing("poison", "Virus found")).start().await;
    let mut client = session(&server).await;
    client.send("a APPEND INBOX (\\Seen) {3+}\r\none {3+}\r\ntwo\r\n").await;
    assert!(client.until("a").await[0].contains(" 1:2]"));
    client.send("b APPEND INBOX {3+}\r\none {6+}\r\npoison\r\n").await;
    assert_eq!(client.until("b").await, ["NO Virus found"]);
    assert_eq!(server.mailbox("alice").count("INBOX"), 2);

    let single = alice().without(Capability::MultiAppend).start().await;
    let mut client = session(&single).await;
    client.send("a APPEND INBOX {3+}\r\none {3+}\r\ntwo\r\n").await;
    assert!(client.until("a").await[0].starts_with("BAD"));
    assert_eq!(single.mailbox("alice").count("INBOX"), 0);
}

#[tokio::test]
async fn a_literal_waits_for_its_permission_and_may_be_refused_it() {
    let server = alice().append_limit(10).quota(15).start().await;
    let mut client = session(&server).await;
    client.send("a APPEND INBOX {10}\r\n").await;
    assert_eq!(client.line().await, "+ OK");
    client.send("0123456789\r\n").await;
    assert!(client.until("a").await[0].starts_with("OK"));
    for (command, answer) in [
        ("APPEND INBOX {11}", "NO [TOOBIG]"),
        ("APPEND nowhere {3}", "NO [TRYCREATE]"),
        ("APPEND INBOX {6}", "NO [OVERQUOTA]"),
        ("APPEND INBOX {11+}\r\n01234567890", "NO [TOOBIG]"),
        ("APPEND nowhere {3+}\r\nabc", "NO [TRYCREATE]"),
        ("APPEND INBOX {6+}\r\nabcdef", "NO [OVERQUOTA]"),
        ("APPEND {7+}\r\nnowhere {3+}\r\nabc", "NO [TRYCREATE]"),
        ("APPEND INBOX ~{3+}\r\nabc", "BAD"),
        ("APPEND INBOX (\\Junk) {3+}\r\nabc", "BAD"),
        ("APPEND INBOX \"yesterday\" {3+}\r\nabc", "BAD"),
    ] {
        client.refused(command, answer).await;
    }
    assert_eq!(client.ok("GETQUOTAROOT INBOX").await[1], "* QUOTA \"User quota\" (STORAGE 1 1)");
    server.mailbox("alice").set_quota(None);
    assert_eq!(client.ok("GETQUOTAROOT INBOX").await[0], "* QUOTAROOT \"INBOX\"");
}

#[tokio::test]
async fn literals_nobody_asked_for_have_their_limits() {
    let none = alice().without(Capability::LiteralPlus).start().await;
    let mut client = session(&none).await;
    assert!(client.append("INBOX", "abc").await.starts_with("BAD"));
    let minus = alice().without(Capability::LiteralPlus).with(Capability::LiteralMinus).start().await;
    let mut client = session(&minus).await;
    assert!(client.append("INBOX", "x".repeat(4096)).await.starts_with("OK"));
    assert!(client.append("INBOX", "x".repeat(4097)).await.starts_with("BAD [TOOBIG]"));
    client.ok("NOOP").await;
}

#[tokio::test]
async fn a_server_that_munges_or_refuses_says_so_or_does_not() {
    let munging = alice().munge_headers().without(Capability::UidPlus).start().await;
    assert_eq!(session(&munging).await.append("INBOX", "S: ü\r\n\r\nü").await, "OK Append completed");
    let snapshot = munging.mailbox("alice").snapshot();
    assert_eq!(snapshot.folder("INBOX").unwrap().messages[0].bytes, "S: XX\r\n\r\nü");

    let strict = alice().refuse(Refusal::nul()).with(Capability::Binary).start().await;
    let mut client = session(&strict).await;
    assert_eq!(client.append("INBOX", "a\0b").await, "NO Message contains NUL characters");
    client.ok("APPEND INBOX ~{3+}\r\na\0b").await;
}

#[tokio::test]
async fn keywords_beyond_the_limit_are_dropped() {
    let server = alice().keyword_limit(1).start().await;
    let mut client = session(&server).await;
    assert!(client.ok("SELECT INBOX").await.join("\n").contains(" \\*)]"));
    client.append("INBOX (\\Seen one two)", "a: b\r\n\r\n").await;
    assert_eq!(client.ok("FETCH 1 FLAGS").await[0], "* 1 FETCH (FLAGS (\\Seen one \\Recent))");
    assert!(!client.ok("SELECT INBOX").await.join("\n").contains("\\*"));

    let fixed = alice().only_keywords(&["$Forwarded"]).start().await;
    let mut client = session(&fixed).await;
    client.append("INBOX ($forwarded other)", "a: b\r\n\r\n").await;
    assert_eq!(fixed.mailbox("alice").snapshot().folders[0].messages[0].flags, ["$forwarded"]);
    let permanent = "PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded)]";
    assert!(client.ok("SELECT INBOX").await.join("\n").contains(permanent));
}
