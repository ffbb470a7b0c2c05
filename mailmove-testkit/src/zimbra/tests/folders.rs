//! Folders and tags.

use super::ann;
use super::dialogue::mail;

fn create(attributes: &str) -> String {
    mail("CreateFolderRequest", "", &format!("<folder {attributes}/>"))
}

#[tokio::test]
async fn folders_are_made_once_and_named_by_the_rules() {
    let (server, client) = ann().await;
    let made = client.ok(&create("name=\"Entwürfe\" l=\"2\" view=\"message\" color=\"3\"")).await;
    let folder = made.find("folder").unwrap();
    assert_eq!(folder.value("absFolderPath").as_deref(), Some("/Inbox/Entwürfe"));
    assert_eq!(client.fault(&create("name=\"entwürfe\" l=\"2\"")).await, "mail.ALREADY_EXISTS");
    let again = client.ok(&create("name=\"Entwürfe\" l=\"2\" fie=\"1\"")).await;
    assert_eq!(again.find("folder").unwrap().value("id"), folder.value("id"));
    for name in ["a:b", "a/b", "", "a&quot;b", &"x".repeat(256)] {
        assert_eq!(client.fault(&create(&format!("name=\"{name}\" l=\"2\""))).await, "mail.INVALID_NAME", "{name}");
    }
    assert_eq!(client.fault(&create("name=\"a\" l=\"999\"")).await, "mail.NO_SUCH_FOLDER");
    client.ok(&create("name=\"/Deep/Er\" view=\"contact\"")).await;
    assert_eq!(server.mailbox(super::ANN).snapshot().folder("Deep/Er").unwrap().view, "contact");
}

#[tokio::test]
async fn folders_move_and_those_of_the_system_stay() {
    let (server, client) = ann().await;
    let mailbox = server.mailbox(super::ANN);
    mailbox.create_folder("A", "message").create_folder("A/B", "message");
    let act = |id: &str, rest: &str| mail("FolderActionRequest", "", &format!("<action id=\"{id}\" {rest}/>"));
    let (a, b) = (mailbox.folder_id("A"), mailbox.folder_id("A/B"));
    assert_eq!(client.fault(&act(&a, &format!("op=\"move\" l=\"{b}\""))).await, "mail.CANNOT_CONTAIN");
    client.ok(&act(&b, "op=\"move\" l=\"1\"")).await;
    client.ok(&act(&b, "op=\"rename\" name=\"C\"")).await;
    assert!(mailbox.folders().contains(&"C".to_owned()));
    assert_eq!(client.fault(&act("2", "op=\"delete\"")).await, "mail.IMMUTABLE_OBJECT");
    client.ok(&act(&format!("{a},{b}"), "op=\"delete\"")).await;
    assert!(!mailbox.folders().contains(&"A".to_owned()));
}

#[tokio::test]
async fn searches_and_mountpoints_are_no_folders() {
    let (server, client) = super::with(crate::zimbra::ZimbraServer::builder().user("bob@x.test", "b")).await;
    let search = "<search name=\"Unread\" query=\"is:unread\" types=\"message\" l=\"1\"/>";
    client.ok(&mail("CreateSearchFolderRequest", "", search)).await;
    server.mailbox(super::ANN).mount("Bob's", &server.mailbox("bob@x.test"), "Inbox", "message");
    let tree = client.ok(&mail("GetFolderRequest", "", "")).await;
    let root = tree.find("folder").unwrap();
    assert_eq!(root.find("search").unwrap().value("query").as_deref(), Some("is:unread"));
    let link = root.find("link").unwrap();
    assert_eq!((link.value("rid").as_deref(), link.value("owner").as_deref()), (Some("2"), Some("bob@x.test")));
}

#[tokio::test]
async fn tags_have_names_that_are_told_from_each_other() {
    let (_server, client) = ann().await;
    let create = |name: &str| mail("CreateTagRequest", "", &format!("<tag name=\"{name}\" color=\"2\"/>"));
    let made = client.ok(&create("a, b")).await;
    let id = made.find("tag").unwrap().value("id").unwrap();
    assert_eq!(client.fault(&create("A, B")).await, "mail.ALREADY_EXISTS");
    assert_eq!(client.fault(&create("a:b")).await, "mail.INVALID_NAME");
    let message = client.add("l=\"2\" tn=\"a\\, b\"", b"Subject: x\r\n\r\n").await;
    let found = client.ok(&mail("SearchRequest", "types=\"message\"", "<query>tag:\"a, b\"</query>")).await;
    let m = found.find("m").unwrap();
    assert_eq!(
        (m.value("id"), m.value("tn").as_deref(), m.value("t")),
        (Some(message), Some("a\\, b"), Some(id.clone()))
    );
    client.ok(&mail("TagActionRequest", "", &format!("<action op=\"delete\" id=\"{id}\"/>"))).await;
    assert!(client.ok(&mail("GetTagRequest", "", "")).await.find("tag").is_none());
}
