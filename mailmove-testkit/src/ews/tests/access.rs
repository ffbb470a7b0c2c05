use super::{Client, ann};
use crate::ews::{EwsServer, Scheme};

const GET: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
                   <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";

fn of(address: &str) -> String {
    let mailbox =
        format!("><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>");
    GET.replace("/></m:FolderIds>", &format!("{mailbox}</m:FolderIds>"))
}

#[tokio::test]
async fn nobody_gets_in_without_a_good_password_or_token() {
    let server =
        ann().token("ann@x.test", "t0ken").schemes(&[Scheme::Basic, Scheme::Bearer, Scheme::Ntlm]).start().await;
    for client in [
        Client::with(&server, None),
        Client::signed_in(&server, "ann@x.test", "wrong"),
        Client::signed_in(&server, "eve@x.test", "secret"),
        Client::with(&server, Some("Bearer wrong".to_owned())),
        Client::with(&server, Some("NTLM TlRMTVNTUAAB".to_owned())),
    ] {
        let reply = client.send(GET).await.unwrap();
        assert_eq!(reply.status, 401);
        let offered = reply.head.lines().filter(|line| line.starts_with("www-authenticate: ")).count();
        assert_eq!(offered, 3, "{}", reply.head);
    }
    Client::signed_in(&server, "Ann@X.test", "secret").ok(GET).await;
    let token = Client::with(&server, Some("Bearer t0ken".to_owned()));
    token.ok(GET).await;
    server.revoke_token("t0ken");
    assert_eq!(token.send(GET).await.unwrap().status, 401);
    let logged = &server.log().requests()[0];
    assert_eq!((logged.operation.as_str(), &logged.caller), ("GetFolder", &None));
    assert!(server.log().requests().iter().all(|request| !format!("{request:?}").contains("t0ken")));
}

#[tokio::test]
async fn impersonation_needs_the_right() {
    let server = ann()
        .user("bob@x.test", "secret")
        .account("service", "secret")
        .impersonator("service", &["ann@x.test"])
        .application("app")
        .start()
        .await;
    let service = || Client::signed_in(&server, "service", "secret");
    service().acting_as("ann@x.test").ok(GET).await;
    assert_eq!(server.log().requests()[0].mailbox.as_deref(), Some("ann@x.test"));
    assert_eq!(service().acting_as("bob@x.test").fault(GET).await, "ErrorImpersonateUserDenied");
    assert_eq!(service().codes(GET).await, ["ErrorMissingEmailAddress"]);
    let bob = Client::signed_in(&server, "bob@x.test", "secret").acting_as("ann@x.test");
    assert_eq!(bob.fault(GET).await, "ErrorImpersonateUserDenied");
    let app = || Client::with(&server, Some("Bearer app".to_owned()));
    app().acting_as("bob@x.test").ok(GET).await;
    assert_eq!(app().acting_as("nobody@x.test").fault(GET).await, "ErrorNonExistentMailbox");
    assert_eq!(app().codes(GET).await, ["ErrorMissingEmailAddress"]);
}

#[tokio::test]
async fn a_delegate_opens_what_was_given_and_nothing_else() {
    let server = ann()
        .user("bob@x.test", "secret")
        .user("eve@x.test", "secret")
        .delegate("ann@x.test", "bob@x.test")
        .start()
        .await;
    let bob = Client::signed_in(&server, "bob@x.test", "secret");
    bob.ok(&of("ann@x.test")).await;
    assert_eq!(bob.codes(&of("eve@x.test")).await, ["ErrorAccessDenied"]);
    assert_eq!(bob.codes(&of("nobody@x.test")).await, ["ErrorNonExistentMailbox"]);
    let eve = Client::signed_in(&server, "eve@x.test", "secret");
    let id = server.mailbox("ann@x.test").folder_id("Inbox");
    let by_id = GET.replace("DistinguishedFolderId Id=\"inbox\"", &format!("FolderId Id=\"{id}\""));
    assert_eq!(eve.codes(&by_id).await, ["ErrorAccessDenied"]);
    bob.ok(&by_id).await;
}

#[tokio::test]
async fn web_services_may_be_turned_off() {
    let server = ann().disabled().start().await;
    assert_eq!(Client::new(&server).send(GET).await.unwrap().status, 403);
}

#[tokio::test]
async fn a_request_has_its_limits() {
    let server = EwsServer::builder().user("ann@x.test", "secret").max_request(2000).start().await;
    let client = Client::new(&server);
    client.ok(GET).await;
    let long = GET.replace("<m:GetFolder>", &format!("<m:GetFolder><!--{}-->", "x".repeat(2000)));
    assert_eq!(client.send(&long).await.unwrap().status, 413);
    assert_eq!(client.post(b"<html>").await.unwrap().status, 500);
}
