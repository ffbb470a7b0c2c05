//! Writing: exactly what was asked, and a name for everything else.

#![allow(clippy::unwrap_used)]

mod common;

use common::{USER, connector, create, create_with, destination, message, server};
use mailmove_core::{
    Connector, Destination, ErrorKind, Evidence, Fingerprint, Flags, ItemFlags, NewFolder, Position, Recovery, Result,
    Role, Wanted, Write, Written,
};
use mailmove_testkit::imap::{Action, Capability, Fault, ImapServer, NewMessage, Refusal};

async fn open(server: &ImapServer) -> std::sync::Arc<dyn Destination> {
    connector(server).destination(&destination()).await.unwrap()
}

fn batch(numbers: std::ops::RangeInclusive<u32>) -> Vec<Write> {
    numbers.map(|number| create(message(number))).collect()
}

fn ids(verdicts: &[Result<Written>]) -> Vec<String> {
    verdicts.iter().map(|verdict| verdict.as_ref().unwrap().id.as_ref().unwrap().to_string()).collect()
}

fn stored(server: &ImapServer, folder: &str) -> Vec<String> {
    let messages = server.mailbox(USER).messages(folder);
    messages.iter().map(|message| String::from_utf8_lossy(&message.bytes).into_owned()).collect()
}

fn sent(server: &ImapServer, verb: &str) -> u64 {
    server.log().counters().command(verb)
}

#[tokio::test]
async fn a_batch_is_one_command_and_one_round_trip() {
    let server = server(|server| server).await;
    let destination = open(&server).await;
    server.log().reset();
    let verdicts = destination.write(&"INBOX".into(), &batch(1..=50)).await;
    assert_eq!(ids(&verdicts), (1..=50).map(|uid: u32| uid.to_string()).collect::<Vec<_>>());
    assert_eq!(sent(&server, "APPEND"), 1);
    assert_eq!(stored(&server, "INBOX"), (1..=50).map(message).collect::<Vec<_>>());
}

#[tokio::test]
async fn without_multiappend_appends_do_not_wait_for_each_other() {
    for (literals, most) in [(Capability::LiteralPlus, 2), (Capability::LiteralMinus, 2)] {
        let server =
            server(|server| server.without(Capability::MultiAppend).without(Capability::LiteralPlus).with(literals))
                .await;
        let destination = open(&server).await;
        server.log().reset();
        let verdicts = destination.write(&"INBOX".into(), &batch(1..=30)).await;
        assert!(verdicts.iter().all(Result::is_ok));
        assert_eq!(sent(&server, "APPEND"), 30);
        assert!(server.log().counters().round_trips <= most, "{:?}", server.log().counters());
        assert_eq!(stored(&server, "INBOX"), (1..=30).map(message).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn one_poison_message_is_found_and_the_others_go_over_in_their_order() {
    for multi in [true, false] {
        let server = server(|server| {
            let server = server.refuse(Refusal::containing("message 7.", "NO I do not like it"));
            if multi { server } else { server.without(Capability::MultiAppend) }
        })
        .await;
        let destination = open(&server).await;
        let verdicts = destination.write(&"INBOX".into(), &batch(1..=20)).await;
        for (number, verdict) in (1..).zip(&verdicts) {
            assert_eq!(verdict.as_ref().err().map(|error| error.kind()), (number == 7).then_some(ErrorKind::Refused));
        }
        let expected: Vec<String> = (1..=20).filter(|number| *number != 7).map(message).collect();
        assert_eq!(stored(&server, "INBOX"), expected);
        assert!(sent(&server, "APPEND") <= 21, "{}", sent(&server, "APPEND"));
    }
}

#[tokio::test]
async fn a_refused_message_is_mended_once_and_that_is_told() {
    for (refusal, text, kept, code) in [
        (Refusal::nul(), "A: b\r\n\r\nx\0y\r\n", "A: b\r\n\r\nxy\r\n", "nul-removed"),
        (Refusal::bare_lf(), "A: b\n\nx\n", "A: b\r\n\r\nx\r\n", "bare-line-end"),
        (Refusal::bad_header(), "From x Mon\r\nA: b\r\n\r\nx\r\n", "A: b\r\n\r\nx\r\n", "mbox-line-removed"),
        (Refusal::eight_bit_header(), "A: \u{e4}\r\n\r\nx\r\n", "A: ??\r\n\r\nx\r\n", "header-8bit"),
        (Refusal::no_final_line_end(), "A: b\r\n\r\nx", "A: b\r\n\r\nx\r\n", "final-line-end"),
    ] {
        let server = server(|server| server.refuse(refusal).without(Capability::Binary)).await;
        let destination = open(&server).await;
        let writes = [create(message(1)), create(text), create(message(2))];
        let verdicts = destination.write(&"INBOX".into(), &writes).await;
        let altered = &verdicts[1].as_ref().unwrap_or_else(|error| panic!("{code}: {error}")).altered;
        assert_eq!(altered.iter().map(|altered| altered.code.as_ref()).collect::<Vec<_>>(), [code]);
        assert_eq!(stored(&server, "INBOX"), [message(1), kept.to_owned(), message(2)]);
        assert!(verdicts[0].as_ref().unwrap().altered.is_empty());
    }
}

#[tokio::test]
async fn nul_goes_over_unchanged_where_the_server_takes_binary() {
    let server = server(|server| server.refuse(Refusal::nul()).with(Capability::Binary)).await;
    let destination = open(&server).await;
    let text = "A: b\r\n\r\nx\0y\r\n";
    let verdicts = destination.write(&"INBOX".into(), &[create(text)]).await;
    assert!(verdicts[0].as_ref().unwrap().altered.is_empty());
    assert_eq!(stored(&server, "INBOX"), [text]);
}

#[tokio::test]
async fn keywords_that_the_folder_does_not_keep_are_a_loss_with_a_name() {
    let server = server(|server| server.only_keywords(&["$Forwarded", "Work"])).await;
    let destination = open(&server).await;
    let flags = Flags::new(ItemFlags::SEEN | ItemFlags::FORWARDED | ItemFlags::JUNK)
        .with_category("Later")
        .with_category("Work");
    for _ in 0..2 {
        let writes = [create_with(&message(1), flags.clone()), create(message(2))];
        let verdicts = destination.write(&"INBOX".into(), &writes).await;
        let written = verdicts[0].as_ref().unwrap();
        let lost: Vec<&str> = written.losses.iter().map(|loss| loss.text.as_str()).collect();
        assert_eq!(lost, ["the folder keeps no `$Junk`", "the folder keeps no `Later`"]);
        assert!(verdicts[1].as_ref().unwrap().losses.is_empty());
    }
    assert_eq!(sent(&server, "SELECT"), 1, "it is asked once");
    assert_eq!(server.mailbox(USER).messages("INBOX")[0].flags, ["$Forwarded", "Work", "\\Seen"]);
}

#[tokio::test]
async fn without_keywords_no_folder_is_opened_for_a_write() {
    let server = server(|server| server).await;
    let destination = open(&server).await;
    let flags = Flags::new(ItemFlags::SEEN | ItemFlags::DRAFT | ItemFlags::DELETED);
    destination.write(&"INBOX".into(), &[create_with(&message(1), flags)]).await[0].as_ref().unwrap();
    assert_eq!(sent(&server, "SELECT") + sent(&server, "EXAMINE"), 0);
    assert_eq!(server.mailbox(USER).messages("INBOX")[0].flags, ["\\Deleted", "\\Draft", "\\Seen"]);
}

#[tokio::test]
async fn without_uidplus_ids_stay_unknown_and_nothing_is_removed() {
    let server = server(|server| server.without(Capability::UidPlus).without(Capability::Move)).await;
    let destination = open(&server).await;
    let verdicts = destination.write(&"INBOX".into(), &batch(1..=2)).await;
    assert!(verdicts.iter().all(|verdict| verdict.as_ref().unwrap().id.is_none()));
    assert!(!destination.capabilities().removes && !destination.capabilities().moves);
    let verdicts = destination.write(&"INBOX".into(), &[Write::Remove { id: "1".into(), expect: None }]).await;
    assert_eq!(verdicts[0].as_ref().unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(stored(&server, "INBOX").len(), 2);
}

#[tokio::test]
async fn a_message_too_large_is_not_even_sent() {
    let server = server(|server| server.append_limit(500)).await;
    let destination = open(&server).await;
    server.log().reset();
    let writes = [create(message(1)), create("x".repeat(501)), create(message(2))];
    let verdicts = destination.write(&"INBOX".into(), &writes).await;
    assert_eq!(verdicts[1].as_ref().unwrap_err().kind(), ErrorKind::TooLarge);
    assert!(verdicts[0].is_ok() && verdicts[2].is_ok());
    assert!(server.log().counters().bytes_in < 500);
}

#[tokio::test]
async fn a_full_mailbox_stops_the_mailbox_and_nothing_is_half_there() {
    let server = server(|server| server.quota(400)).await;
    let destination = open(&server).await;
    let verdicts = destination.write(&"INBOX".into(), &batch(1..=20)).await;
    for verdict in &verdicts {
        let error = verdict.as_ref().unwrap_err();
        assert_eq!((error.kind(), error.recovery()), (ErrorKind::Quota, Recovery::StopMailbox));
    }
    let storage = destination.storage().await.unwrap();
    assert_eq!((stored(&server, "INBOX").len(), storage.quota.is_some()), (0, true));
}

#[tokio::test]
async fn a_folder_deleted_meanwhile_is_made_again_once() {
    let server = server(|server| server).await;
    let destination = open(&server).await;
    destination.ensure_folders(&[NewFolder::new(vec!["x".to_owned()])]).await[0].as_ref().unwrap();
    server.mailbox(USER).delete_folder("x");
    let verdicts = destination.write(&"x".into(), &batch(1..=3)).await;
    // Their ids belong to an epoch of which nobody was told.
    assert!(verdicts.iter().all(|verdict| verdict.as_ref().unwrap().id.is_none()));
    assert_eq!(stored(&server, "x").len(), 3);
    let verdicts = destination.write(&"never was".into(), &batch(1..=1)).await;
    let error = verdicts[0].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.recovery()), (ErrorKind::NotFound, Recovery::StopFolder));
}

#[tokio::test]
async fn a_write_whose_answer_never_came_is_to_be_looked_for() {
    for action in [Action::CutAfter, Action::CutBefore, Action::CutInput { after: 20 }, Action::Garbage("?\r\n".into())]
    {
        let shown = format!("{action:?}");
        let server =
            server(|server| server.without(Capability::MultiAppend).fault(Fault::on("APPEND").nth(3).then(action)))
                .await;
        let destination = open(&server).await;
        let verdicts = destination.write(&"INBOX".into(), &batch(1..=6)).await;
        let recoveries: Vec<_> =
            verdicts.iter().map(|verdict| verdict.as_ref().err().map(|error| error.recovery())).collect();
        assert_eq!(recoveries[..2], [None, None], "{shown}");
        assert!(recoveries[2..].iter().all(|recovery| *recovery == Some(Recovery::Locate)), "{shown} {recoveries:?}");
        let verdicts = destination.write(&"INBOX".into(), &batch(7..=7)).await;
        assert!(verdicts[0].is_ok(), "{shown}: the next write has a connection of its own");
    }
}

#[tokio::test]
async fn what_was_never_begun_may_be_sent_again() {
    let server = server(|server| {
        let server = server.without(Capability::MultiAppend).without(Capability::LiteralPlus);
        server.fault(Fault::on("APPEND").nth(2).then(Action::CutBefore))
    })
    .await;
    let destination = open(&server).await;
    let verdicts = destination.write(&"INBOX".into(), &batch(1..=4)).await;
    let recoveries: Vec<_> =
        verdicts.iter().map(|verdict| verdict.as_ref().err().map(|error| error.recovery())).collect();
    assert_eq!(recoveries, [None, Some(Recovery::Locate), Some(Recovery::Requeue), Some(Recovery::Requeue)]);
    assert_eq!(stored(&server, "INBOX").len(), 1);
}

#[tokio::test]
async fn folders_are_made_subscribed_and_asked_for_in_one_write() {
    let server = server(|server| server).await;
    let destination = open(&server).await;
    server.log().reset();
    let mut sent_mail = NewFolder::new(vec!["Sent".to_owned()]);
    (sent_mail.role, sent_mail.subscribed) = (Some(Role::Sent), Some(true));
    let deep = NewFolder::new(vec!["A".to_owned(), "Ü & more".to_owned()]);
    let made = destination.ensure_folders(&[deep, sent_mail]).await;
    assert!(made.iter().all(|made| made.as_ref().is_ok_and(|made| made.created && made.position.is_some())));
    assert!(server.log().counters().round_trips <= 1, "{:?}", server.log().lines());
    let snapshot = server.mailbox(USER).snapshot();
    let folder = snapshot.folder("Sent").unwrap();
    assert!(folder.subscribed && folder.special_use.as_deref() == Some("\\Sent"));
    assert!(snapshot.folder("A/Ü & more").is_some());
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_fails_nobody_else() {
    let server =
        server(|server| server.refuse_names(|name| (name == "bad").then(|| "[CANNOT] not that name".to_owned()))).await;
    let destination = open(&server).await;
    let asked = ["good", "bad", "better"].map(|name| NewFolder::new(vec![name.to_owned()]));
    let made = destination.ensure_folders(&asked).await;
    assert_eq!(made.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    let error = made[1].as_ref().unwrap_err();
    assert!(error.recovery() == Recovery::StopFolder && error.to_string().contains("not that name"));
}

#[tokio::test]
async fn evidence_is_the_bytes_even_when_the_server_lies_about_sizes() {
    for lying in [0, 17] {
        let server = server(|server| server.fault(Fault::on("UID FETCH").then(Action::SizeOff(lying)))).await;
        let mailbox = server.mailbox(USER);
        let twin = "No-Id: x\r\n\r\nthe same bytes\r\n";
        for text in [message(1).as_str(), twin, message(2).as_str(), twin] {
            mailbox.append("INBOX", NewMessage::new(text.to_owned()));
        }
        let destination = open(&server).await;
        let print = |text: &str| {
            let mut print = Fingerprint::new(mailmove_core::Digest::of(text.as_bytes()), text.len() as u64);
            (print.uid, print.key) = Fingerprint::mail_key(text.as_bytes());
            Wanted::Like(print)
        };
        let wanted = [print(twin), print(&message(2)), print(&message(9)), Wanted::Known("2".into())];
        let find = |after: Option<&'static str>| {
            let (destination, wanted) = (destination.clone(), wanted.clone());
            async move {
                let after = after.map(Position::new);
                let found = destination.locate(&"INBOX".into(), &wanted, after.as_ref()).await.unwrap();
                found
                    .iter()
                    .map(|found| found.iter().map(|one| (one.id.to_string(), one.by)).collect::<Vec<_>>())
                    .collect::<Vec<_>>()
            }
        };
        let digest = |uid: &str| (uid.to_owned(), Evidence::Digest);
        let all = [vec![digest("2"), digest("4")], vec![digest("3")], vec![], vec![("2".to_owned(), Evidence::Id)]];
        assert_eq!(find(None).await, all, "sizes off by {lying}");
        assert_eq!(find(Some("3")).await, [vec![digest("4")], vec![digest("3")], vec![], vec![]]);
        let fetched = server.log().counters().fetched;
        mailbox.append("INBOX", NewMessage::new(twin));
        mailbox.expunge("INBOX", &[2]);
        assert_eq!(find(None).await[0], [digest("4"), digest("5")]);
        assert!(server.log().counters().fetched <= fetched + 2, "what was read is not read again");
    }
}

#[tokio::test]
async fn a_server_that_rewrites_is_believed_by_the_weak_key() {
    let server = server(|server| server.greeting("Cyrus IMAP ready").munge_headers().wildcard_names()).await;
    let destination = open(&server).await;
    let text = "Message-ID: <1@x>\r\nSubject: Gr\u{fc}\u{df}e\r\n\r\nx\r\n";
    let verdicts = destination.write(&"INBOX".into(), &[create(text)]).await;
    assert_eq!(verdicts[0].as_ref().unwrap().losses[0].code, "header-8bit");
    let mut print = Fingerprint::new(mailmove_core::Digest::of(text.as_bytes()), text.len() as u64);
    (print.uid, print.key) = Fingerprint::mail_key(text.as_bytes());
    let found = destination.locate(&"INBOX".into(), &[Wanted::Like(print)], None).await.unwrap();
    assert_eq!(found[0].iter().map(|found| found.by).collect::<Vec<_>>(), [Evidence::Key]);
}

#[tokio::test]
async fn flags_of_many_messages_change_in_few_commands_and_never_in_another_folder() {
    let server = server(|server| server).await;
    let mailbox = server.mailbox(USER);
    mailbox.append_all("INBOX", (1..=50).map(|number| NewMessage::new(message(number))));
    let destination = open(&server).await;
    server.log().reset();
    let (seen, work) = (Flags::new(ItemFlags::SEEN), Flags::default().with_category("Work"));
    let change = |uid: u32| Write::Flags {
        id: uid.to_string().into(),
        add: if uid.is_multiple_of(2) { seen.clone() } else { work.clone() },
        remove: Flags::default(),
    };
    let verdicts = destination.write(&"INBOX".into(), &(1..=50).map(change).collect::<Vec<_>>()).await;
    assert!(verdicts.iter().all(Result::is_ok));
    assert_eq!(sent(&server, "STORE"), 2);
    let flags = |uid: usize| server.mailbox(USER).messages("INBOX")[uid - 1].flags.clone();
    assert_eq!((flags(2), flags(3)), (vec!["\\Seen".to_owned()], vec!["Work".to_owned()]));
    mailbox.change_uid_validity("INBOX");
    mailbox.create_folder("elsewhere");
    destination.locate(&"elsewhere".into(), &[Wanted::Known("1".into())], None).await.unwrap();
    let verdicts = destination.write(&"INBOX".into(), &[change(4)]).await;
    assert_eq!(verdicts[0].as_ref().unwrap_err().kind(), ErrorKind::EpochChanged);
}

#[tokio::test]
async fn a_move_tells_the_new_id_with_and_without_the_extension() {
    for able in [true, false] {
        let server = server(|server| if able { server } else { server.without(Capability::Move) }).await;
        let mailbox = server.mailbox(USER);
        mailbox.append_all("INBOX", (1..=3).map(|number| NewMessage::new(message(number))));
        mailbox.set_flags("INBOX", 3, &["\\Deleted"]).create_folder("to");
        mailbox.append("to", NewMessage::new(message(9)));
        let destination = open(&server).await;
        let writes =
            [2, 7, 1].map(|uid: u32| Write::Move { id: uid.to_string().into(), to: "to".into(), expect: None });
        let verdicts = destination.write(&"INBOX".into(), &writes).await;
        assert_eq!(verdicts[1].as_ref().unwrap_err().kind(), ErrorKind::NotFound);
        let texts = stored(&server, "to");
        for (verdict, number) in [(&verdicts[0], 2), (&verdicts[2], 1)] {
            let uid: usize = verdict.as_ref().unwrap().id.as_ref().unwrap().as_str().parse().unwrap();
            assert_eq!(texts[uid - 1], message(number));
        }
        assert_eq!(stored(&server, "INBOX"), [message(3)], "what somebody else marked stays");
    }
}
