//! Messages: put in, read, changed.

use super::dialogue::mail;
use super::{ANN, ann, with};
use crate::zimbra::{Mishap, NewItem, Trouble, ZimbraServer};

#[tokio::test]
async fn a_message_stays_as_it_was_octet_for_octet() {
    let (server, client) = ann().await;
    let bytes: Vec<u8> = b"Subject: x\nMessage-ID: <1@x>\r\n\r\n".iter().copied().chain(0..=255).collect();
    let id = client.add("l=\"2\" f=\"uf\" d=\"1700000000123\"", &bytes).await;
    let reply = client.get(&format!("/service/home/~/?id={id}&auth=co")).await;
    assert_eq!((reply.status, &reply.body), (200, &bytes));
    let reply = client.get(&format!("/home/{ANN}/?id={id}&fmt=sync&nohdr=1")).await;
    assert_eq!(reply.body, bytes);
    assert_eq!(reply.header("X-Zimbra-Received"), Some("1700000000123"));
    assert_eq!(reply.header("X-Zimbra-Flags"), Some("fu"));
    assert_eq!(reply.header("X-Zimbra-FolderId"), Some("2"));
    assert_eq!(server.mailbox(ANN).items("Inbox")[0].bytes, bytes);
    assert_eq!(client.get("/home/~/?id=99999").await.status, 404);
}

#[tokio::test]
async fn an_upload_can_be_used_once() {
    let (server, client) = ann().await;
    let aid = client.upload(b"Subject: x\r\n\r\n").await;
    let add = mail("AddMsgRequest", "", &format!("<m l=\"2\" aid=\"{aid}\"/>"));
    client.ok(&add).await;
    assert_eq!(client.fault(&add).await, "mail.NO_SUCH_UPLOAD");
    assert_eq!(server.mailbox(ANN).count("Inbox"), 1);
}

#[tokio::test]
async fn limits_are_kept() {
    let (_server, client) = with(ZimbraServer::builder().max_message(100).max_inline(40)).await;
    let reply = client.http("POST", "/service/upload?fmt=raw", &[b'x'; 101]).await.unwrap();
    assert_eq!((reply.status, reply.text().as_str()), (413, "413,'null'"));
    let text = format!("<m l=\"2\"><content>Subject: x&#13;\n&#13;\n{}</content></m>", "y".repeat(60));
    client.ok(&mail("AddMsgRequest", "", &text)).await;
    let found = client.ok(&mail("SearchRequest", "types=\"message\"", "<query>in:Inbox</query>")).await;
    assert_eq!(found.find("m").unwrap().number("s"), Some(40), "cut in silence");
}

#[tokio::test]
async fn a_full_mailbox_takes_nothing() {
    let (server, client) = ann().await;
    server.mailbox(ANN).set_quota(20);
    let aid = client.upload(b"Subject: longer than that\r\n\r\n").await;
    let add = mail("AddMsgRequest", "", &format!("<m l=\"2\" aid=\"{aid}\"/>"));
    assert_eq!(client.fault(&add).await, "mail.QUOTA_EXCEEDED");
    assert_eq!(server.mailbox(ANN).count("Inbox"), 0);
}

#[tokio::test]
async fn actions_change_flags_tags_and_places() {
    let (server, client) = ann().await;
    let mailbox = server.mailbox(ANN);
    let id = mailbox.add("Inbox", NewItem::message("Subject: x\r\n\r\n"));
    mailbox.create_tag("red", 1);
    let act = |rest: &str| mail("MsgActionRequest", "", &format!("<action id=\"{id}\" {rest}/>"));
    for rest in ["op=\"read\"", "op=\"flag\"", "op=\"tag\" tn=\"red\"", "op=\"move\" l=\"5\""] {
        client.ok(&act(rest)).await;
    }
    let item = &mailbox.items("Sent")[0];
    assert_eq!((item.flags.as_str(), item.tags.as_slice(), &item.id), ("f", ["red".to_owned()].as_slice(), &id));
    client.ok(&act("op=\"update\" f=\"ur\" t=\"\"")).await;
    assert_eq!((mailbox.items("Sent")[0].flags.as_str(), mailbox.items("Sent")[0].tags.len()), ("ru", 0));
    assert_eq!(client.fault(&mail("MsgActionRequest", "", "<action id=\"9\" op=\"read\"/>")).await, "mail.NO_SUCH_MSG");
    client.ok(&act("op=\"delete\"")).await;
    client.ok(&act("op=\"delete\"")).await;
    assert_eq!(mailbox.count("Sent"), 0);
}

#[tokio::test]
async fn a_batch_goes_on_or_stops_at_a_fault() {
    let (server, client) = ann().await;
    let inner = "<NoOpRequest xmlns=\"urn:zimbraMail\" requestId=\"a\"/><GetFolderRequest xmlns=\"urn:zimbraMail\" \
                 requestId=\"b\"><folder l=\"999\"/></GetFolderRequest><NoOpRequest xmlns=\"urn:zimbraMail\" requestId=\"c\"/>";
    for (how, names) in [("continue", 3), ("stop", 2)] {
        let batch = format!("<BatchRequest xmlns=\"urn:zimbra\" onerror=\"{how}\">{inner}</BatchRequest>");
        let answer = client.ok(&batch).await;
        let ids: Vec<_> = answer.children.iter().filter_map(|child| child.value("requestId")).collect();
        assert_eq!(ids, ["a", "b", "c"][..names]);
        assert_eq!(answer.children[1].name, "Fault");
    }
    let again =
        server.troubles().add(Trouble::on("NoOpRequest").nth(2).then(Mishap::Refuse("mail.TRY_AGAIN".to_owned())));
    let answer = client.ok(&format!("<BatchRequest xmlns=\"urn:zimbra\">{inner}</BatchRequest>")).await;
    assert_eq!(answer.children[2].name, "Fault");
    assert_eq!(server.troubles().strikes(again), 1);
}

#[tokio::test]
async fn answers_belong_to_the_conversation_of_what_they_answer() {
    let (server, client) = ann().await;
    let mailbox = server.mailbox(ANN);
    mailbox.add("Inbox", NewItem::message("Subject: x\r\nMessage-ID: <1@x>\r\n\r\n"));
    mailbox.add("Sent", NewItem::message("Subject: Re: x\r\nMessage-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\n\r\n"));
    mailbox.add("Inbox", NewItem::message("Subject: other\r\nMessage-ID: <3@x>\r\n\r\n"));
    let found =
        client.ok(&mail("SearchRequest", "types=\"message\" sortBy=\"idAsc\"", "<query>is:anywhere</query>")).await;
    let ids: Vec<i64> = found.all("m").filter_map(|m| m.number("cid")).collect();
    assert!(ids[0] > 0 && ids[0] == ids[1] && ids[2] < 0, "{ids:?}");
}

#[tokio::test]
async fn a_cursor_stands_still_when_the_mailbox_changes() {
    let (server, client) = ann().await;
    let mailbox = server.mailbox(ANN);
    for number in 0..5 {
        mailbox.add("Inbox", NewItem::message(format!("Subject: {number}\r\n\r\n")));
    }
    let page = |cursor: String| {
        mail(
            "SearchRequest",
            "types=\"message\" sortBy=\"idAsc\" limit=\"2\"",
            &format!("<query>inid:2</query>{cursor}"),
        )
    };
    let first = client.ok(&page(String::new())).await;
    assert!(first.flag("more"));
    let last = first.all("m").last().unwrap();
    let (id, value) = (last.value("id").unwrap(), last.value("sf").unwrap());
    mailbox.delete(&first.find("m").unwrap().value("id").unwrap());
    let second = client.ok(&page(format!("<cursor id=\"{id}\" sortVal=\"{value}\"/>"))).await;
    let subjects: Vec<_> = second.all("m").filter_map(|m| m.value("su")).collect();
    assert_eq!(subjects, ["2", "3"]);
}

#[tokio::test]
async fn a_lost_file_is_an_error_and_a_short_one_is_short() {
    let (server, client) = ann().await;
    let mailbox = server.mailbox(ANN);
    let id = mailbox.add("Inbox", NewItem::message("Subject: x\r\n\r\nhello"));
    mailbox.shorten_blob(&id, 5);
    assert_eq!(client.get(&format!("/home/~/?id={id}")).await.body, b"Subje");
    mailbox.lose_blob(&id);
    assert_eq!(client.get(&format!("/home/~/?id={id}")).await.status, 500);
}
