//! Servers that can do less, or behave oddly, get the same mail.

use mailmove::{Kind, Outcome};
use mailmove_testkit::imap::{Action, Capability, Fault, ImapServerBuilder, NewMessage, Refusal};
use mailmove_testkit::nasty;

use crate::pair::{Pair, letters, server};

async fn moves(old: ImapServerBuilder, new: ImapServerBuilder) -> Pair {
    let pair = Pair::of(old, new).await;
    letters(&pair.source(), 45);
    pair.run_to_the_end().await;
    pair.assert_equal();
    let again = pair.run_to_the_end().await;
    assert_eq!(again.this_run.copied, 0);
    pair.assert_equal();
    pair
}

#[tokio::test]
async fn plain_rfc_3501_on_both_sides() {
    moves(server().only(&[]).taciturn(), server().only(&[]).taciturn()).await;
}

#[tokio::test]
async fn no_multiappend() {
    moves(server(), server().without(Capability::MultiAppend)).await;
}

#[tokio::test]
async fn literals_that_wait_or_are_small() {
    let without = || server().without(Capability::LiteralPlus).without(Capability::MultiAppend);
    moves(server(), without()).await;
    moves(server(), without().with(Capability::LiteralMinus)).await;
}

#[tokio::test]
async fn no_uidplus_and_no_condstore() {
    let less = || server().without(Capability::UidPlus).without(Capability::Condstore).without(Capability::Esearch);
    moves(less(), less()).await;
}

#[tokio::test]
async fn no_list_status_no_namespace_no_special_use() {
    let less = || {
        server()
            .without(Capability::ListStatus)
            .without(Capability::ListExtended)
            .without(Capability::Namespace)
            .without(Capability::SpecialUse)
    };
    moves(less(), less()).await;
}

#[tokio::test]
async fn few_connections() {
    moves(server().max_connections_per_user(1), server().max_connections_per_user(1)).await;
}

#[tokio::test]
async fn untagged_lines_that_nobody_asked_for_and_sizes_that_lie() {
    let odd = || {
        let line = "XNOTIFY (what \"ever\") {3}\r\nabc".to_owned();
        let signed_in = Fault::any().when(|command| command.user.is_some());
        server()
            .fault(signed_in.every(2).then(Action::Untagged(line)))
            .fault(Fault::on("FETCH").then(Action::SizeOff(-7)))
    };
    moves(odd(), server()).await;
}

#[tokio::test]
async fn answers_that_overlap_and_states_that_come_late() {
    let odd = || server().overlapping_answers().modseq_after_select();
    moves(odd(), odd()).await;
}

#[tokio::test]
async fn one_refused_message_fails_nobody_else_and_is_named() {
    let pair = Pair::of(server(), server().refuse(Refusal::nul())).await;
    letters(&pair.source(), 30);
    pair.source().append("INBOX", NewMessage::new("Subject: nul\r\n\r\nbefore\0after\r\n"));
    let before = pair.source().snapshot().messages();
    let report = pair.run().await;
    // Repaired, and named as repaired.
    assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
    assert_eq!(report.altered.values().sum::<u64>(), 1, "{:?}", report.altered);
    assert_eq!(pair.destination().snapshot().messages(), before);
}

#[tokio::test]
async fn a_server_that_refuses_much_gets_what_it_takes_and_the_rest_is_named() {
    let strict = server().refuse(Refusal::nul()).refuse(Refusal::bare_lf()).refuse(Refusal::line_over(8_000));
    let pair = Pair::of(server(), strict).await;
    for sample in nasty::samples(Kind::Mail) {
        pair.source().append("INBOX", NewMessage::new(sample.bytes));
    }
    let all = pair.source().count("INBOX");
    let report = pair.run().await;
    let there = pair.destination().count("INBOX");
    assert_eq!(there + report.problems.len(), all, "{report:#?}");
    assert!(report.problems.iter().all(|problem| problem.why.starts_with("destination: ")), "{report:#?}");
    assert!(there + 3 >= all, "{report:#?}");
}

#[tokio::test]
async fn keywords_that_the_destination_does_not_take_are_named() {
    let pair = Pair::of(server(), server().only_keywords(&["$Forwarded"])).await;
    letters(&pair.source(), 9);
    let report = pair.run().await;
    assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
    assert!(report.losses.get("keyword").is_some_and(|items| *items > 0), "{report:#?}");
    assert_eq!(pair.destination().snapshot().messages(), pair.source().snapshot().messages());
}
