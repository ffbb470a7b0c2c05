use std::time::Duration;

use bytes::Bytes;

use super::{Dialogue, alice, session};
use crate::imap::{Action, Capability, Fault, ImapServer, Refusal};

/// A server that does this to APPEND.
async fn server(action: Action) -> ImapServer {
    alice().fault(Fault::on("APPEND").then(action)).start().await
}

/// Appends and reads until the connection ends.
async fn last_words(server: &ImapServer) -> String {
    let mut client = session(server).await;
    client.send("a APPEND INBOX {3+}\r\nabc\r\n").await;
    client.rest().await
}

fn stored(server: &ImapServer) -> usize {
    server.mailbox("alice").count("INBOX")
}

#[tokio::test]
async fn a_refused_command_is_not_executed() {
    for (action, answer) in [
        (Action::No("[OVERQUOTA] full".into()), "NO [OVERQUOTA] full"),
        (Action::Bad("what?".into()), "BAD what?"),
        (Action::PretendOk("done".into()), "OK done"),
    ] {
        let server = server(action).await;
        let mut client = session(&server).await;
        assert_eq!(client.append("INBOX", "abc").await, answer);
        assert_eq!(stored(&server), 0);
        assert_eq!(server.log().counters().faults, 1);
        client.ok("NOOP").await;
    }
}

#[tokio::test]
async fn a_no_may_be_a_lie() {
    let server = server(Action::PretendNo("later".into())).await;
    assert_eq!(session(&server).await.append("INBOX", "abc").await, "NO later");
    assert_eq!(stored(&server), 1);
}

#[tokio::test]
async fn a_connection_ends_before_or_after_the_deed() {
    for (action, words, count) in [
        (Action::CutBefore, "", 0),
        (Action::Bye("maintenance".into()), "* BYE maintenance\r\n", 0),
        (Action::CutAfter, "", 1),
        (Action::CutOutput { after: 0 }, "", 1),
        (Action::CutOutput { after: 8 }, "a OK [AP", 1),
        (Action::CutInput { after: 2 }, "", 0),
    ] {
        let server = server(action.clone()).await;
        assert_eq!(last_words(&server).await, words, "{action:?}");
        assert_eq!(stored(&server), count, "{action:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_the_connection_and_the_deed() {
    let server = server(Action::LoseAnswer).await;
    let mut client = session(&server).await;
    client.send("a APPEND INBOX {3+}\r\nabc\r\n").await;
    // Nothing of a came before b.
    assert_eq!(client.ok("NOOP").await, ["OK Completed"]);
    assert_eq!(stored(&server), 1);
}

#[tokio::test]
async fn a_late_commit_comes_after_the_end() {
    let server = server(Action::CommitLate(Duration::from_millis(30))).await;
    assert_eq!(last_words(&server).await, "");
    assert_eq!(stored(&server), 0);
    while stored(&server) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(stored(&server), 1);
}

#[tokio::test]
async fn a_server_that_hung_up_executes_all_it_was_sent() {
    let fault = Fault::on("APPEND").nth(2).then(Action::HangUp).then(Action::Wait(Duration::from_millis(10)));
    let server = alice().fault(fault).start().await;
    let mut client = session(&server).await;
    client.send("a APPEND INBOX {3+}\r\nabc\r\n".repeat(5)).await;
    let rest = client.rest().await;
    assert!(rest.starts_with("a OK ") && rest.lines().count() == 1, "{rest}");
    drop(client);
    while stored(&server) < 5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_half_done_append_is_possible_with_a_fault_only() {
    let server = server(Action::Half(1)).await;
    let mut client = session(&server).await;
    client.send("a APPEND INBOX {3+}\r\nabc {3+}\r\ndef\r\n").await;
    assert_eq!(client.rest().await, "");
    assert_eq!(stored(&server), 1);
}

#[tokio::test]
async fn a_stalled_connection_says_nothing_and_lives() {
    let server = server(Action::Stall).await;
    let mut client = session(&server).await;
    client.send("a APPEND INBOX {3+}\r\nabc\r\nb NOOP\r\n").await;
    let silence = tokio::time::timeout(Duration::from_millis(50), client.line()).await;
    assert!(silence.is_err(), "{silence:?}");
    assert_eq!(stored(&server), 0);
}

#[tokio::test]
async fn a_fetch_can_be_wrong_in_every_way() {
    let server = alice().start().await;
    server.mailbox("alice").append_all("INBOX", ["0123456789", "second"]);
    let mut client = session(&server).await;
    client.ok("EXAMINE INBOX").await;
    let faults = server.faults();
    for (action, line) in [
        (Action::SizeOff(-3), "* 1 FETCH (RFC822.SIZE 7 BODY[] {10}\r\n0123456789)"),
        (Action::ShortenBodies(4), "* 1 FETCH (RFC822.SIZE 10 BODY[] {4}\r\n0123)"),
        (Action::Untagged("XUNKNOWN a (b {1}\r\nx)".into()), "* XUNKNOWN a (b {1}\r\nx)"),
        (Action::Garbage(Bytes::from_static(b"\xff\r\n")), "\u{fffd}"),
        (
            Action::Slow { chunk: 7, delay: Duration::from_millis(1) },
            "* 1 FETCH (RFC822.SIZE 10 BODY[] {10}\r\n0123456789)",
        ),
        (Action::Wait(Duration::from_millis(1)), "* 1 FETCH (RFC822.SIZE 10 BODY[] {10}\r\n0123456789)"),
    ] {
        let id = faults.add(Fault::on("UID FETCH").times(1).then(action.clone()));
        let lines = client.ok("UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[])").await;
        assert_eq!(lines[0].replace("UID 1 ", ""), line, "{action:?}");
        assert_eq!(faults.strikes(id), 1);
        assert!(faults.remove(id));
    }
    faults.add(Fault::on("FETCH").times(1).then(Action::NoAfter { messages: 1, text: "[SERVERBUG] oops".into() }));
    assert_eq!(client.ask("FETCH 1:2 UID").await, ["* 1 FETCH (UID 1)", "NO [SERVERBUG] oops"]);

    faults.add(Fault::on("FETCH").times(1).then(Action::TruncateLiterals(4)));
    client.send("a FETCH 1 BODY.PEEK[]\r\nb LOGOUT\r\n").await;
    let rest = client.rest().await;
    assert!(rest.starts_with("* 1 FETCH (BODY[] {10}\r\n0123)\r\na OK "), "{rest}");
}

#[tokio::test]
async fn uid_validity_changes_between_two_commands() {
    let server = alice().start().await;
    let mailbox = server.mailbox("alice");
    mailbox.append_all("INBOX", ["1", "2"]);
    mailbox.expunge("INBOX", &[1]);
    let before = mailbox.uid_validity("INBOX");
    let mut client = session(&server).await;
    client.ok("EXAMINE INBOX").await;
    server.faults().add(Fault::on("EXAMINE").times(1).then(Action::ChangeUidValidity));
    let lines = client.ok("EXAMINE INBOX").await;
    let after = mailbox.uid_validity("INBOX");
    assert_ne!(before, after);
    assert!(lines.contains(&format!("* OK [UIDVALIDITY {after}] UIDs are valid")), "{lines:?}");
    assert_eq!(mailbox.uids("INBOX"), [1]);
}

#[tokio::test]
async fn what_was_pipelined_behind_a_cut_is_not_executed() {
    let server = server(Action::CutAfter).await;
    let mut client = session(&server).await;
    client.send("a APPEND INBOX {3+}\r\nabc\r\nb APPEND INBOX {3+}\r\nabc\r\nc NOOP\r\n").await;
    assert_eq!(client.rest().await, "");
    assert_eq!(stored(&server), 1);
}

#[tokio::test]
async fn what_a_dead_client_sent_is_still_executed() {
    let server = alice().fault(Fault::on("NOOP").then(Action::Wait(Duration::from_millis(20)))).start().await;
    let mut client = session(&server).await;
    let appends = "a APPEND INBOX {3+}\r\nabc\r\n".repeat(50);
    client.send(format!("n NOOP\r\n{appends}")).await;
    drop(client);
    while stored(&server) < 50 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn answers_may_overlap() {
    let server = alice().overlapping_answers().modseq_after_select().without(Capability::Idle).start().await;
    server.mailbox("alice").append_all("INBOX", ["1", "2"]);
    let mut client = session(&server).await;
    client.send("a EXAMINE INBOX\r\nb FETCH 1 UID\r\nc FETCH 2 UID\r\nd NOOP\r\n").await;
    client.until("a").await;
    let lines =
        [client.line().await, client.line().await, client.line().await, client.line().await, client.line().await];
    assert!(lines[0].starts_with("* OK [HIGHESTMODSEQ 3]"), "{lines:?}");
    assert_eq!(lines[1..3], ["* 1 FETCH (UID 1)", "* 2 FETCH (UID 2)"]);
    assert!(lines[3].starts_with("b OK ") && lines[4].starts_with("c OK "), "{lines:?}");
}

#[tokio::test]
async fn a_bye_comes_in_the_middle_of_an_answer() {
    let server =
        alice().fault(Fault::on("FETCH").then(Action::ByeAfter { messages: 1, text: "bye".into() })).start().await;
    server.mailbox("alice").append_all("INBOX", ["1", "2"]);
    let mut client = session(&server).await;
    client.ok("EXAMINE INBOX").await;
    client.send("a FETCH 1:2 UID\r\n").await;
    assert_eq!(client.rest().await, "* 1 FETCH (UID 1)\r\n* BYE bye\r\n");
}

#[tokio::test]
async fn one_message_can_be_unreadable() {
    let server = alice().unreadable(Refusal::containing("poison", "")).start().await;
    server.mailbox("alice").append_all("INBOX", ["1", "poison", "3"]);
    let mut client = session(&server).await;
    client.ok("EXAMINE INBOX").await;
    let lines = client.ask("FETCH 1:3 BODY.PEEK[]").await;
    assert_eq!(lines, ["* 1 FETCH (BODY[] {1}\r\n1)", "NO [SERVERBUG] A message could not be read"]);
    assert_eq!(client.ok("FETCH 1:3 (UID RFC822.SIZE)").await.len(), 4);
}

#[tokio::test]
async fn a_literal_is_refused_before_it_is_sent() {
    let server = server(Action::No("[OVERQUOTA] full".into())).await;
    server.faults().add(Fault::on("APPEND").then(Action::Untagged("OK [ALERT] almost full".into())));
    let mut client = session(&server).await;
    assert_eq!(client.ask("APPEND INBOX {3}").await, ["* OK [ALERT] almost full", "NO [OVERQUOTA] full"]);
    client.ok("NOOP").await;
}

#[tokio::test]
async fn a_connection_may_fail_before_its_greeting() {
    let server = alice().start().await;
    for (action, words) in [
        (Action::No("busy".into()), "* BYE busy\r\n"),
        (Action::CutBefore, ""),
        (Action::Bye("full".into()), "* BYE full\r\n"),
    ] {
        server.faults().add(Fault::on("CONNECT").times(1).then(action));
        assert_eq!(Dialogue::raw(&server).await.rest().await, words);
    }
    session(&server).await.ok("NOOP").await;
    assert_eq!(server.log().counters().commands.len(), 2);
}

#[tokio::test]
async fn rules_come_and_go_while_the_server_runs() {
    let server = alice().start().await;
    let mut client = session(&server).await;
    let throttled = server.faults().add(Fault::any().user("alice").then(Action::No("[LIMIT] slow down".into())));
    client.refused("NOOP", "NO [LIMIT]").await;
    // Before the sign-in nobody is alice.
    Dialogue::connect(&server).await.ok("CAPABILITY").await;
    server.faults().remove(throttled);
    client.ok("NOOP").await;
    server.faults().add(Fault::on("NOOP").containing("t4 noop").then(Action::Bad("that one".into())));
    client.refused("NOOP", "BAD that one").await;
    server.faults().clear();
    client.ok("NOOP").await;
}
