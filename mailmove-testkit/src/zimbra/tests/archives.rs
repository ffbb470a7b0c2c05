//! Many items at once.

use super::dialogue::Client;
use super::{ANN, ann, with};
use crate::zimbra::{Mishap, NewItem, Trouble, Version, ZimbraServer};

const TASK: &str =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:t1\r\nSUMMARY:do\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";
const EVENT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:e1\r\nDTSTART:20261120T100000Z\r\n\
    RRULE:FREQ=DAILY\r\nSUMMARY:all\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:e1\r\nRECURRENCE-ID:20261121T100000Z\r\n\
    DTSTART:20261121T120000Z\r\nSUMMARY:one\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

async fn filled(version: Version) -> (ZimbraServer, Client) {
    let (server, client) = with(ZimbraServer::builder().version(version).user("bob@x.test", "b")).await;
    let mailbox = server.mailbox(ANN);
    mailbox
        .create_folder("Inbox/Entwürfe: nein".split(':').next().unwrap(), "message")
        .create_tag("a:b".split(':').next().unwrap(), 3);
    let message = |n: usize| NewItem::message(format!("Subject: {n}/x\r\nMessage-ID: <{n}@x>\r\n\r\nhello {n}"));
    mailbox.add("Inbox", message(1).flags("uf").tags(["red", "blue, green"]).received(1_700_000_000_000));
    mailbox.add("Inbox/Entwürfe", message(2).flags("r"));
    let contact = mailbox.add("Contacts", NewItem::contact([("lastName", "Ö"), ("email", "o@x"), ("own field", "1")]));
    mailbox.add("Contacts", NewItem::group("All", [("C", contact.as_str())]));
    mailbox.add("Calendar", NewItem::appointment(EVENT).tags(["red"]));
    mailbox.add("Tasks", NewItem::task(TASK));
    mailbox.add("Briefcase", NewItem::document("a.txt", "text/plain", "file"));
    (server, client)
}

async fn import(client: &Client, archive: &[u8], query: &str) -> (u16, String) {
    let reply = client.http("POST", &format!("/home/~/?fmt=tgz{query}"), archive).await.unwrap();
    (reply.status, reply.text())
}

#[tokio::test]
async fn a_whole_mailbox_goes_through_an_archive_and_is_the_same() {
    for version in [Version::Zimbra6, Version::Zimbra10] {
        let (server, ann) = filled(version).await;
        let bob = Client::signed_in(&server, "bob@x.test", "b").await;
        let archive = ann.get("/home/~/?fmt=tgz").await;
        assert_eq!((archive.status, archive.header("content-type")), (200, Some("application/x-compressed-tar")));
        let (status, text) = import(&bob, &archive.body, "&resolve=skip&callback=zm").await;
        assert!(status == 200 && text.contains("window.parent.zm('success')"), "{text}");
        let (from, to) = (server.mailbox(ANN).snapshot(), server.mailbox("bob@x.test").snapshot());
        let plain = |mailbox: &crate::zimbra::MailboxSnapshot| {
            let mut all = Vec::new();
            for folder in &mailbox.folders {
                for item in &folder.items {
                    let mut fields = item.fields.clone();
                    fields.sort();
                    let (kind, flags, tags) = (item.kind, item.flags.clone(), item.tags.clone());
                    all.push((
                        folder.path.clone(),
                        kind,
                        flags,
                        tags,
                        item.received / 1000,
                        item.bytes.clone(),
                        fields,
                    ));
                }
            }
            all.sort();
            all
        };
        assert_eq!(plain(&from), plain(&to), "{version:?}");
        assert_eq!(to.folder("Inbox/Entwürfe").unwrap().view, "message");
        import(&bob, &archive.body, "").await;
        let again = server.mailbox("bob@x.test").snapshot();
        assert_eq!(again.items("message").count(), 2);
        assert_eq!(again.items("contact").count(), 3, "a contact without address is not known again");
    }
}

#[tokio::test]
async fn an_archive_without_meta_holds_files_that_others_read() {
    let (server, client) = filled(Version::Zimbra10).await;
    let archive = client.get("/home/~/?fmt=tar&meta=0").await.body;
    let text = String::from_utf8_lossy(&archive).into_owned();
    assert!(text.contains("BEGIN:VCALENDAR") && text.contains("BEGIN:VCARD") && !text.contains("FlagStr"));
    let bob = Client::signed_in(&server, "bob@x.test", "b").await;
    let (_, told) = import(&bob, &archive, "&callback=zm").await;
    assert!(told.contains("'success'"), "{told}");
    let mailbox = server.mailbox("bob@x.test");
    assert_eq!(
        ["Inbox", "Inbox/Entwürfe", "Contacts", "Calendar", "Tasks"].map(|path| mailbox.count(path)),
        [1, 1, 2, 1, 1]
    );
    assert_eq!(mailbox.items("Inbox")[0].received, 1_700_000_000_000);
    assert_eq!(mailbox.items("Inbox")[0].flags, "u");
}

#[tokio::test]
async fn what_an_export_swallows_is_missing_without_a_word() {
    let (server, client) = ann().await;
    let mailbox = server.mailbox(ANN);
    let ids: Vec<String> =
        (0..4).map(|n| mailbox.add("Inbox", NewItem::message(format!("Subject: {n}\r\n\r\n{n}")))).collect();
    let list = ids.join(",");
    let get = |rest: &str| format!("/home/~/?fmt=tar&list={list}{rest}");
    let names = |bytes: &[u8]| String::from_utf8_lossy(bytes).matches(".eml.meta").count();
    server.troubles().add(Trouble::on("GET tar").nth(1).then(Mishap::SkipExported(2)));
    server.troubles().add(Trouble::on("GET tar").nth(2).then(Mishap::EndExport(2)));
    let reply = client.get(&get("")).await;
    assert_eq!((reply.status, names(&reply.body)), (200, 3));
    let reply = client.get(&get("")).await;
    assert_eq!((reply.status, names(&reply.body), reply.body.ends_with(&[0; 1024])), (200, 2, false));
    mailbox.lose_blob(&ids[0]).shorten_blob(&ids[1], 3);
    let reply = client.get(&get("")).await;
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    assert_eq!((names(&reply.body), text.matches(".eml.err").count()), (3, 1));
    let tgz = client.get(&get("").replace("tar", "tgz")).await;
    assert_eq!(&tgz.body[..2], [0x1f, 0x8b]);
    assert_eq!(client.get("/home/~/Drafts?fmt=tgz").await.status, 204, "nothing to export");
}

#[tokio::test]
async fn what_an_import_could_not_take_is_told_to_a_callback_alone() {
    let (server, client) = ann().await;
    let mailbox = server.mailbox(ANN);
    (0..3).for_each(|n| {
        mailbox.add("Inbox", NewItem::message(format!("Subject: {n}\r\n\r\n{n}")));
    });
    let archive = client.get("/home/~/Inbox?fmt=tgz").await.body;
    let planted = |mishap: Mishap| {
        server.troubles().clear();
        server.troubles().add(Trouble::on("POST tgz").then(mishap));
        mailbox.items("Inbox").iter().for_each(|item| {
            mailbox.delete(&item.id);
        });
    };
    // The folder's own entry is the first.
    planted(Mishap::SkipImported(3));
    let (status, text) = import(&client, &archive, "&callback=zm").await;
    assert!(status == 200 && text.contains("'success'"), "{text}");
    assert_eq!(mailbox.count("Inbox"), 2);
    planted(Mishap::FailImported(2, "formatter.UNKNOWN_ERROR".to_owned()));
    let (status, text) = import(&client, &archive, "").await;
    assert_eq!((status, text.as_str(), mailbox.count("Inbox")), (200, "", 2));
    planted(Mishap::FailImported(2, "formatter.UNKNOWN_ERROR".to_owned()));
    let (_, text) = import(&client, &archive, "&callback=zm").await;
    assert!(text.contains("'warn'") && text.contains("formatter.UNKNOWN_ERROR"), "{text}");
    server.troubles().clear();
    mailbox.set_quota(mailbox.used() + 1);
    planted(Mishap::SkipImported(99));
    mailbox.set_quota(30);
    let (_, text) = import(&client, &archive, "&callback=zm").await;
    assert!(text.contains("'fail'") && text.contains("mail.QUOTA_EXCEEDED"), "{text}");
    let (_, text) = import(&client, b"no archive at all", "&callback=zm").await;
    assert!(text.contains("'fail'") && text.contains("formatter.INVALID_FORMAT"), "{text}");
}

#[tokio::test]
async fn exports_can_be_forbidden_and_limited() {
    let (_server, client) = with(ZimbraServer::builder().export_days(10)).await;
    assert!(client.get("/home/~/?fmt=tgz").await.text().contains("EXPORT_PERIOD_NOT_SPECIFIED"));
    assert!(client.get("/home/~/?fmt=tgz&start=1&end=9000000000").await.text().contains("EXPORT_PERIOD_TOO_LONG"));
    let (_server, client) = with(ZimbraServer::builder().export_disabled()).await;
    assert_eq!(client.get("/home/~/?fmt=tgz").await.status, 403);
}
