use super::{Dialogue, alice, session};
use crate::imap::Capability;

#[tokio::test]
async fn the_tree_is_listed_with_its_missing_levels() {
    let server = alice().start().await;
    let mailbox = server.mailbox("alice");
    mailbox.create_folder("a/b/c").create_folder("Sent").set_special_use("Sent", "\\Sent");
    let mut client = session(&server).await;
    assert_eq!(
        client.ok("LIST \"\" *").await[..5],
        [
            "* LIST (\\HasNoChildren) \"/\" \"INBOX\"",
            "* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent\"",
            "* LIST (\\Noselect \\HasChildren) \"/\" \"a\"",
            "* LIST (\\Noselect \\HasChildren) \"/\" \"a/b\"",
            "* LIST (\\HasNoChildren) \"/\" \"a/b/c\"",
        ]
    );
    assert_eq!(client.ok("LIST \"\" a/%").await[0], "* LIST (\\Noselect \\HasChildren) \"/\" \"a/b\"");
    assert_eq!(client.ok("LIST \"\" \"\"").await[0], "* LIST (\\Noselect) \"/\" \"\"");
}

#[tokio::test]
async fn one_list_tells_the_state_of_every_folder() {
    let server = alice().start().await;
    let mailbox = server.mailbox("alice");
    mailbox.append("INBOX", "Subject: hi\r\n\r\n12345");
    mailbox.subscribe("INBOX").subscribe("gone");
    let mut client = session(&server).await;
    let command = "LIST \"\" \"*\" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ SIZE))";
    let validity = mailbox.uid_validity("INBOX");
    assert_eq!(
        client.ok(command).await[..2],
        [
            "* LIST (\\Subscribed \\HasNoChildren) \"/\" \"INBOX\"".to_owned(),
            format!(
                "* STATUS \"INBOX\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY {validity} UNSEEN 1 HIGHESTMODSEQ 2 SIZE 20)"
            ),
        ]
    );
    let subscribed = client.ok("LIST (SUBSCRIBED) \"\" *").await;
    assert_eq!(subscribed[0], "* LIST (\\Subscribed) \"/\" \"INBOX\"");
    assert_eq!(subscribed[1], "* LIST (\\NonExistent \\Subscribed) \"/\" \"gone\"");
    assert_eq!(client.ok("LSUB \"\" *").await[1], "* LSUB (\\Noselect) \"/\" \"gone\"");
}

#[tokio::test]
async fn folders_come_and_go() {
    let server = alice().start().await;
    let mut client = session(&server).await;
    client.ok("CREATE \"Entw&APw-rfe/\"").await;
    client.refused("CREATE \"Entw&APw-rfe\"", "NO [ALREADYEXISTS]").await;
    client.refused("CREATE \"Entwürfe2\"", "NO [CANNOT]").await;
    client.refused("CREATE a//b", "NO [CANNOT]").await;
    client.refused("CREATE inbox", "NO [ALREADYEXISTS]").await;
    client.ok("CREATE s (USE (\\Sent))").await;
    client.refused("CREATE s2 (USE (\\Sent))", "NO [USEATTR]").await;
    let mailbox = server.mailbox("alice");
    assert_eq!(mailbox.folders(), ["Entwürfe", "INBOX", "s"]);
    client.ok("SUBSCRIBE s").await;
    client.refused("SUBSCRIBE nowhere", "NO [NONEXISTENT]").await;
    let validity = mailbox.uid_validity("s");
    client.ok("RENAME s t/u").await;
    assert_eq!(mailbox.uid_validity("t/u"), validity);
    client.ok("DELETE t/u").await;
    client.refused("DELETE t/u", "NO [NONEXISTENT]").await;
    client.refused("DELETE INBOX", "NO [CANNOT]").await;
    client.ok("CREATE t/u").await;
    assert_ne!(mailbox.uid_validity("t/u"), validity);
    assert_eq!(mailbox.snapshot().orphaned_subscriptions, ["s"]);
}

#[tokio::test]
async fn names_can_be_reserved() {
    let reserved = |name: &str| (name == "Files").then(|| "[CANNOT] Folder name is reserved".to_owned());
    let server = alice().refuse_names(reserved).start().await;
    let mut client = session(&server).await;
    client.refused("CREATE Files", "NO [CANNOT] Folder name is reserved").await;
    client.ok("CREATE Files/below").await;
    client.refused("RENAME Files/below Files", "NO [").await;
}

#[tokio::test]
async fn inbox_renamed_leaves_an_empty_inbox() {
    let server = alice().start().await;
    let mailbox = server.mailbox("alice");
    mailbox.append("INBOX", "a: b\r\n\r\n");
    session(&server).await.ok("RENAME INBOX old").await;
    assert_eq!((mailbox.count("INBOX"), mailbox.count("old")), (0, 1));
}

#[tokio::test]
async fn another_layout_has_its_prefix_and_delimiter() {
    let server = alice().delimiter('.').prefix("INBOX.").start().await;
    let mut client = session(&server).await;
    assert_eq!(client.ok("NAMESPACE").await[0], "* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL");
    client.refused("CREATE Sent", "NO [CANNOT]").await;
    client.ok("CREATE inbox.Sent.2024").await;
    let snapshot = server.mailbox("alice").snapshot();
    assert_eq!(snapshot.folder("INBOX.Sent.2024").unwrap().path, ["Sent", "2024"]);
    assert_eq!(snapshot.folder("INBOX").unwrap().path, ["INBOX"]);
    assert_eq!(client.ok("LIST INBOX. %").await[0], "* LIST (\\Noselect \\HasChildren) \".\" \"INBOX.Sent\"");
}

#[tokio::test]
async fn mailboxes_with_the_same_content_have_no_differences() {
    let server = alice().user("bob", "b").start().await;
    let dots = alice().delimiter('.').prefix("INBOX.").start().await;
    let (alice, bob, other) = (server.mailbox("alice"), server.mailbox("bob"), dots.mailbox("alice"));
    for (mailbox, name) in [(&alice, "a/b"), (&bob, "a/b"), (&other, "INBOX.a.b")] {
        mailbox.create_folder(name).subscribe(name);
        mailbox.append_all(name, ["same", "twin", "twin"]);
    }
    assert_eq!(alice.snapshot().differences(&other.snapshot()), Vec::<String>::new());
    let twin = bob.uids("a/b")[1];
    bob.expunge("a/b", &[twin]).create_folder("new").unsubscribe("a/b");
    let differences = alice.snapshot().differences(&bob.snapshot());
    assert_eq!(differences.len(), 3, "{differences:?}");
    assert!(differences[1].contains("1 lost"), "{differences:?}");
}

#[tokio::test]
async fn what_is_switched_off_is_unknown() {
    let server = alice().only(&[]).start().await;
    let mut client = Dialogue::connect(&server).await;
    let greeting = client.ok("LOGIN alice secret").await;
    assert_eq!(greeting, ["OK [CAPABILITY IMAP4rev1] Signed in"]);
    client.ok("SELECT INBOX").await;
    for command in [
        "ID NIL",
        "NAMESPACE",
        "ENABLE CONDSTORE",
        "UNSELECT",
        "XLIST \"\" *",
        "UID EXPUNGE 1",
        "MOVE 1 INBOX",
        "CREATE x (USE (\\Sent))",
        "GETQUOTAROOT INBOX",
        "SEARCH RETURN (ALL) ALL",
        "LIST (SUBSCRIBED) \"\" *",
        "LIST \"\" * RETURN (STATUS (MESSAGES))",
        "STATUS INBOX (HIGHESTMODSEQ)",
        "STATUS INBOX (SIZE)",
        "EXAMINE INBOX (CONDSTORE)",
        "EXAMINE INBOX (QRESYNC (1 1))",
        "FETCH 1:* MODSEQ",
        "FETCH 1:* EMAILID",
        "UID FETCH 1:* FLAGS (CHANGEDSINCE 1)",
        "STORE 1 (UNCHANGEDSINCE 1) FLAGS ()",
        "IDLE",
        "STARTTLS",
        "COMPRESS DEFLATE",
    ] {
        client.refused(command, "BAD").await;
    }
    assert!(!client.ok("SELECT INBOX").await.join("\n").contains("HIGHESTMODSEQ"));
    assert_eq!(client.ok("LIST \"\" *").await[0], "* LIST () \"/\" \"INBOX\"");
}

#[tokio::test]
async fn utf8_names_are_spoken_once_enabled() {
    let server = alice().with(Capability::Utf8Accept).start().await;
    let mut client = session(&server).await;
    client.ok("ENABLE UTF8=ACCEPT").await;
    client.ok("CREATE \"Entwürfe\"").await;
    client.ok("APPEND \"Entwürfe\" UTF8 (~{9+}\r\nS: ü\r\n\r\n)").await;
    session(&server).await.refused("APPEND INBOX UTF8 ({1+}\r\nx)", "BAD").await;
    assert_eq!(client.ok("LIST \"\" E*").await[0], "* LIST (\\HasNoChildren) \"/\" \"Entwürfe\"");
    assert_eq!(session(&server).await.ok("LIST \"\" E*").await[0], "* LIST (\\HasNoChildren) \"/\" \"Entw&APw-rfe\"");
}

#[tokio::test]
async fn a_view_is_cut_off_until_messages_go_by_uid_alone() {
    let server = alice().with(Capability::UidOnly).view_limit(2).start().await;
    let mailbox = server.mailbox("alice");
    for number in 0..5 {
        mailbox.append("INBOX", format!("Subject: {number}\r\n\r\nx\r\n").as_str());
    }
    let mut client = session(&server).await;
    assert_eq!(client.ok("STATUS INBOX (MESSAGES)").await[0], "* STATUS \"INBOX\" (MESSAGES 2)");
    client.ok("ENABLE UIDONLY").await;
    assert!(client.ok("EXAMINE INBOX").await.contains(&"* 5 EXISTS".to_owned()));
    assert_eq!(client.ok("UID FETCH 1 (UID RFC822.SIZE)").await[0], "* 1 UIDFETCH (RFC822.SIZE 17)");
    assert!(client.ask("FETCH 1 (UID)").await.last().unwrap().contains("BAD [UIDREQUIRED]"));
}

#[tokio::test]
async fn modified_utf7_may_end_at_the_first_plane_and_utf8_does_not() {
    let server = alice().with(Capability::Utf8Accept).narrow_names().start().await;
    let mut client = super::session(&server).await;
    client.refused("CREATE &2D3cwQ-", "NO").await;
    client.ok("ENABLE UTF8=ACCEPT").await;
    client.ok("CREATE \"\u{1f4c1}\"").await;
    assert!(client.ok("LIST \"\" *").await.iter().any(|line| line.contains('\u{1f4c1}')));
    let mut other = super::session(&server).await;
    other.send("a LIST \"\" *\r\n").await;
    assert_eq!(other.rest().await, "", "and whoever lists it otherwise is thrown out");
}
