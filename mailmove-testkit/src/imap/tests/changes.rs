use super::{Dialogue, alice, session};

#[tokio::test]
async fn a_session_learns_what_others_did() {
    let server = alice().start().await;
    let mailbox = server.mailbox("alice");
    mailbox.append_all("INBOX", ["1", "2", "3", "4"]);
    let mut client = session(&server).await;
    client.ok("SELECT INBOX").await;
    mailbox.expunge("INBOX", &[1, 3]).set_flags("INBOX", 4, &["\\Flagged"]);
    mailbox.append("INBOX", "5");
    // Numbers stay as they are while the client relies on them.
    let lines = client.ask("FETCH 4 UID").await;
    assert_eq!(lines[0], "* 4 FETCH (UID 4)");
    assert!(!lines.iter().any(|line| line.contains("EXPUNGE")), "{lines:?}");
    assert!(lines.contains(&"* 5 EXISTS".to_owned()), "{lines:?}");
    assert!(lines.contains(&"* 4 FETCH (FLAGS (\\Flagged \\Recent))".to_owned()), "{lines:?}");
    client.refused("FETCH 1 UID", "NO [EXPUNGEISSUED]").await;
    assert_eq!(client.ok("NOOP").await[..2], ["* 1 EXPUNGE", "* 2 EXPUNGE"]);
    assert_eq!(client.ok("FETCH 2:3 UID").await[..2], ["* 2 FETCH (UID 4)", "* 3 FETCH (UID 5)"]);
}

#[tokio::test]
async fn stores_change_flags_under_condition() {
    let server = alice().start().await;
    let mailbox = server.mailbox("alice");
    mailbox.append_all("INBOX", ["1", "2"]);
    let mut client = session(&server).await;
    client.ok("SELECT INBOX").await;
    assert_eq!(client.ok("STORE 1 +FLAGS (\\Seen k)").await[0], "* 1 FETCH (FLAGS (\\Seen k \\Recent))");
    assert_eq!(client.ok("STORE 1:2 -FLAGS.SILENT \\Seen").await, ["OK Store completed"]);
    let before = mailbox.highest_modseq("INBOX");
    mailbox.set_flags("INBOX", 1, &["\\Draft"]);
    let lines = client.ok(&format!("UID STORE 1:2 (UNCHANGEDSINCE {before}) FLAGS (\\Answered)")).await;
    assert!(lines.last().unwrap().starts_with("OK [MODIFIED 1]"), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("* 2 FETCH (UID 2 FLAGS (\\Answered \\Recent) MODSEQ (")));
    let flags: Vec<_> = mailbox.snapshot().folders[0].messages.iter().map(|message| message.flags.clone()).collect();
    assert_eq!(flags, [["\\Draft"], ["\\Answered"]]);
    client.ok("EXAMINE INBOX").await;
    client.refused("STORE 1 FLAGS ()", "NO [READ-ONLY]").await;
}

#[tokio::test]
async fn a_delta_names_what_changed_and_what_vanished() {
    let server = alice().start().await;
    let mailbox = server.mailbox("alice");
    mailbox.append_all("INBOX", ["1", "2", "3", "4"]);
    let (validity, before) = (mailbox.uid_validity("INBOX"), mailbox.highest_modseq("INBOX"));
    mailbox.expunge("INBOX", &[2, 3]).set_flags("INBOX", 4, &["\\Seen"]);
    let now = mailbox.highest_modseq("INBOX");

    let mut client = session(&server).await;
    client.refused("EXAMINE INBOX (QRESYNC (1 1))", "BAD").await;
    assert_eq!(client.ok("ENABLE CONDSTORE QRESYNC X").await[0], "* ENABLED CONDSTORE QRESYNC");
    let lines = client.ok(&format!("EXAMINE INBOX (QRESYNC ({validity} {before} 1:4))")).await;
    assert!(lines.contains(&"* VANISHED (EARLIER) 2:3".to_owned()), "{lines:?}");
    assert!(lines.contains(&format!("* 2 FETCH (UID 4 FLAGS (\\Seen) MODSEQ ({now}))")), "{lines:?}");
    assert!(lines.contains(&format!("* OK [HIGHESTMODSEQ {now}] Highest")), "{lines:?}");

    let lines = client.ok(&format!("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {before} VANISHED)")).await;
    assert_eq!(lines[0], "* VANISHED (EARLIER) 2:3");
    assert_eq!(lines[1], format!("* 2 FETCH (UID 4 FLAGS (\\Seen \\Recent) MODSEQ ({now}))"));
    assert_eq!(lines.len(), 3);
    let other = client.ok(&format!("EXAMINE INBOX (QRESYNC ({} {before}))", validity + 1)).await;
    assert!(!other.join("\n").contains("VANISHED"), "{other:?}");
}

#[tokio::test]
async fn the_history_outlives_the_session() {
    let server = alice().start().await;
    server.mailbox("alice").append_all("INBOX", ["1", "2"]);
    let mut client = session(&server).await;
    client.ok("SELECT INBOX (CONDSTORE)").await;
    client.ok("STORE 1 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(client.ok("EXPUNGE").await[0], "* 1 EXPUNGE");
    client.ok("LOGOUT").await;
    assert_eq!(client.rest().await, "");
    let mut client = session(&server).await;
    client.ok("ENABLE QRESYNC").await;
    client.ok("SELECT INBOX").await;
    assert_eq!(client.ok("UID FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)").await[0], "* VANISHED (EARLIER) 1");
}

#[tokio::test]
async fn copies_and_moves_tell_the_new_uids() {
    let server = alice().start().await;
    let mailbox = server.mailbox("alice");
    mailbox.create_folder("to").append_all("INBOX", ["1", "2", "3"]);
    let validity = mailbox.uid_validity("to");
    let mut client = session(&server).await;
    client.ok("SELECT INBOX").await;
    assert_eq!(client.ok("COPY 1:2 to").await, [format!("OK [COPYUID {validity} 1:2 1:2] Copy completed")]);
    client.refused("UID COPY 1 nowhere", "NO [TRYCREATE]").await;
    let lines = client.ok("UID MOVE 2:3 to").await;
    assert_eq!(
        lines[..3],
        [format!("* OK [COPYUID {validity} 2:3 3:4] Moved"), "* 2 EXPUNGE".into(), "* 2 EXPUNGE".into()]
    );
    assert_eq!((mailbox.count("INBOX"), mailbox.count("to")), (1, 4));
    client.ok("STORE 1 FLAGS (\\Deleted)").await;
    client.ok("UID EXPUNGE 5:9").await;
    assert_eq!(mailbox.count("INBOX"), 1);
    client.ok("CLOSE").await;
    assert_eq!(mailbox.count("INBOX"), 0);
}

#[tokio::test]
async fn a_folder_numbered_anew_ends_its_sessions() {
    let server = alice().start().await;
    let mailbox = server.mailbox("alice");
    mailbox.create_folder("f").append_all("f", ["1", "2"]);
    let (mut one, mut two) = (session(&server).await, session(&server).await);
    for client in [&mut one, &mut two] {
        client.ok("SELECT f").await;
    }
    mailbox.rename_folder("f", "g");
    one.ok("NOOP").await;
    mailbox.expunge("g", &[1]).change_uid_validity("g");
    one.send("a NOOP\r\n").await;
    assert!(one.rest().await.starts_with("* BYE "));
    mailbox.delete_folder("g");
    two.send("a UID FETCH 1:* FLAGS\r\n").await;
    assert!(two.rest().await.starts_with("* BYE "));
    assert_eq!(mailbox.create_folder("g").uids("g"), Vec::<u32>::new());
}

#[tokio::test]
async fn idle_tells_what_happens() {
    let server = alice().start().await;
    let mut client = session(&server).await;
    client.ok("SELECT INBOX").await;
    client.send("a IDLE\r\n").await;
    assert_eq!(client.line().await, "+ idling");
    server.mailbox("alice").append("INBOX", "1");
    assert_eq!(client.line().await, "* 1 EXISTS");
    client.send("DONE\r\n").await;
    assert_eq!(client.until("a").await.pop().unwrap(), "OK Idle completed");
}

#[tokio::test]
async fn pipelined_commands_are_answered_in_order_and_cost_one_wait() {
    let server = alice().start().await;
    let mut client = Dialogue::connect(&server).await;
    client.ok("NOOP").await;
    server.log().reset();
    client.send("a LOGIN alice secret\r\nb SELECT INBOX\r\nc NOOP\r\nd NOOP\r\n").await;
    for tag in ["a", "b", "c", "d"] {
        assert!(client.until(tag).await.pop().unwrap().starts_with("OK"));
    }
    client.ok("NOOP").await;
    let counters = server.log().counters();
    assert_eq!(counters.round_trips, 2);
    assert_eq!((counters.command("NOOP"), counters.command("SELECT")), (3, 1));
}
