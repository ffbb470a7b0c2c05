use mailmove_core::guard::Limits;
use mailmove_core::http::{Http, HttpSettings};
use mailmove_core::{FixedCredentials, Guard, Mailbox, Secret, Side, SignIn};
use mockito::{Matcher, Mock, Server, ServerGuard};
use std::sync::Arc;

use super::*;
use crate::wire::export_items::ExportItems;
use crate::wire::ids::{FolderRef, ItemKey};
use crate::wire::move_item::MoveItem;

fn client(server: &ServerGuard, header: Header) -> Client {
    let http = Http::new(HttpSettings::new().allowing_plaintext()).unwrap();
    let provider = Arc::new(FixedCredentials::owner(Secret::password("hush")));
    let mailbox = Mailbox::new(Side::Source, "ann@example.org");
    let guard = Guard::new("test", Limits::new().attempts(2));
    let session = Session::new(http, guard).signed_in(SignIn::new(provider), mailbox);
    let url = Url::parse(&server.url()).unwrap().join("/EWS/Exchange.asmx").unwrap();
    Client::new(session, url, header, "ann@example.org")
}

fn header() -> Header {
    Header { version: Version::Exchange2013, impersonate: None }
}

fn export(ids: &[&str]) -> ExportItems {
    ExportItems { items: ids.iter().map(|id| ItemKey::new(*id)).collect() }
}

fn message(class: &str, code: &str, rest: &str) -> String {
    format!("<m:M ResponseClass='{class}'><m:ResponseCode>{code}</m:ResponseCode>{rest}</m:M>")
}

fn envelope_of(messages: &[String]) -> String {
    format!(
        "<s:Envelope><s:Body><m:R><m:ResponseMessages>{}</m:ResponseMessages></m:R></s:Body></s:Envelope>",
        messages.concat()
    )
}

fn done(data: &str) -> String {
    message("Success", "NoError", &format!("<m:ItemId Id='1'/><m:Data>{data}</m:Data>"))
}

fn busy() -> String {
    message("Error", "ErrorServerBusy", "<m:MessageXml><t:Value Name='BackOffMilliseconds'>20</t:Value></m:MessageXml>")
}

async fn endpoint(server: &mut ServerGuard) -> Mock {
    server.mock("POST", "/EWS/Exchange.asmx")
}

#[tokio::test]
async fn a_request_says_who_asks_for_which_mailbox_and_how_long_it_is() {
    let mut server = Server::new_async().await;
    let mock = endpoint(&mut server)
        .await
        .match_header("authorization", "Basic YW5uQGV4YW1wbGUub3JnOmh1c2g=")
        .match_header("content-type", "text/xml; charset=utf-8")
        .match_header("x-anchormailbox", "ann@example.org")
        .match_header("accept-encoding", Matcher::Regex("gzip".into()))
        .match_header("content-length", Matcher::Regex(r"^\d+$".into()))
        .match_header("client-request-id", Matcher::Regex("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]".into()))
        .match_body(Matcher::Regex("Version=\"Exchange2013\".*<t:PrimarySmtpAddress>bob@example.org<".into()))
        .with_body(envelope_of(&[done("aGVsbG8=")]))
        .create_async()
        .await;
    let client = client(&server, Header { impersonate: Some("bob@example.org".into()), ..header() });
    let answers = client.ask(&export(&["1"]), 1).await.unwrap();
    let body = answers.into_iter().next().unwrap().unwrap().unwrap().unwrap();
    assert_eq!(body.bytes().unwrap(), "hello");
    mock.assert_async().await;
}

#[tokio::test]
async fn cookies_are_given_back() {
    let mut server = Server::new_async().await;
    let answer = envelope_of(&[done("")]);
    let first = endpoint(&mut server).await.match_header("cookie", Matcher::Missing).with_body(&answer);
    let first = first.with_header("set-cookie", "X-BackEndCookie=abc; path=/").create_async().await;
    let second = endpoint(&mut server).await.match_header("cookie", "X-BackEndCookie=abc").with_body(&answer);
    let second = second.create_async().await;
    let client = client(&server, header());
    for _ in 0..2 {
        client.ask(&export(&["1"]), 1).await.unwrap();
    }
    first.assert_async().await;
    second.assert_async().await;
}

#[tokio::test]
async fn a_busy_server_is_left_alone_and_asked_again_even_for_what_must_not_happen_twice() {
    let fault = "<s:Envelope><s:Body><s:Fault><faultcode>a:ErrorServerBusy</faultcode><detail><e:ResponseCode>\
                 ErrorServerBusy</e:ResponseCode><t:MessageXml><t:Value Name='BackOffMilliseconds'>20</t:Value>\
                 </t:MessageXml></detail></s:Fault></s:Body></s:Envelope>";
    for (status, body) in [(500, fault.to_owned()), (200, envelope_of(&[busy()]))] {
        let mut server = Server::new_async().await;
        let refused = endpoint(&mut server).await.with_status(status).with_body(body).expect(1).create_async().await;
        let taken = endpoint(&mut server).await.with_body(envelope_of(&[done("")])).expect(1).create_async().await;
        let client = client(&server, header());
        assert!(client.perform(&export(&["1"]), 1).await.unwrap()[0].is_ok());
        refused.assert_async().await;
        taken.assert_async().await;
        assert_eq!(client.session.guard().health().throttled, 1);
    }
}

#[tokio::test]
async fn one_busy_answer_among_others_is_asked_for_later_and_everybody_waits() {
    let mut server = Server::new_async().await;
    let body = envelope_of(&[done("aGVsbG8="), busy()]);
    endpoint(&mut server).await.with_body(body).create_async().await;
    let client = client(&server, header());
    let answers = client.ask(&export(&["1", "2"]), 2).await.unwrap();
    assert!(answers[0].is_ok());
    assert_eq!(answers[1].as_ref().unwrap_err().recovery(), Recovery::Requeue);
    assert!(client.session.guard().health().paused.is_some());
}

#[tokio::test]
async fn every_thing_asked_for_gets_a_verdict_whatever_the_server_leaves_out() {
    let mut server = Server::new_async().await;
    endpoint(&mut server).await.with_body(envelope_of(&[done("")])).create_async().await;
    let client = client(&server, header());
    let to = FolderRef::Id("F".into());
    let moved = MoveItem { to, items: vec![ItemKey::new("1"), ItemKey::new("2")] };
    let verdicts = client.perform(&moved, 2).await.unwrap();
    assert!(verdicts[0].is_ok());
    assert_eq!(verdicts[1].as_ref().unwrap_err().recovery(), Recovery::Locate);
}

#[tokio::test]
async fn an_answer_that_breaks_off_leaves_a_write_in_doubt_and_repeats_a_read() {
    let mut server = Server::new_async().await;
    let broken =
        endpoint(&mut server).await.with_body("<s:Envelope><s:Body><m:R><m:Resp").expect(3).create_async().await;
    let client = client(&server, header());
    let error = client.perform(&export(&["1"]), 1).await.unwrap_err();
    assert_eq!((error.kind(), error.recovery()), (ErrorKind::Protocol, Recovery::Locate));
    assert!(client.ask(&export(&["1"]), 1).await.is_err());
    broken.assert_async().await;
}

#[tokio::test]
async fn refusals_without_an_envelope_say_what_to_do() {
    for (status, kind, hint) in [
        (403, ErrorKind::AccessDenied, "switched on"),
        (404, ErrorKind::Config, "Exchange.asmx"),
        (401, ErrorKind::Credential, "user name"),
        (413, ErrorKind::TooLarge, "size limit"),
    ] {
        let mut server = Server::new_async().await;
        let html =
            endpoint(&mut server).await.with_status(status).with_body("<html>No hush</html>").create_async().await;
        let error = client(&server, header()).ask(&export(&["1"]), 1).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        let line = error.to_string();
        assert!(line.contains(hint) && !line.contains("hush"), "{line}");
        html.assert_async().await;
    }
}
