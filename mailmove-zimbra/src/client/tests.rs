use std::sync::Arc;

use mailmove_core::guard::Limits;
use mailmove_core::http::{Http, HttpSettings};
use mailmove_core::{FixedCredentials, Guard, Mailbox, Secret, Side, SignIn};
use mockito::{Matcher, Mock, Server, ServerGuard};

use super::*;
use crate::door::Way;
use crate::wire::item_action::{Act, ItemAction};
use crate::wire::tag::GetTag;

fn client(server: &ServerGuard) -> Client {
    let http = Http::new(HttpSettings::new().allowing_plaintext()).unwrap();
    let provider = Arc::new(FixedCredentials::owner(Secret::password("hush")));
    let session = Session::new(http, Guard::new("test", Limits::new().attempts(2)));
    let base = Url::parse(&server.url()).unwrap();
    let way = Way {
        base: base.clone(),
        admin: base.clone(),
        access: None,
        by_key: false,
        administrators: crate::door::Administrators::default(),
    };
    let door = Door::new(session.clone(), way, SignIn::new(provider), Mailbox::new(Side::Source, "ann@example.org"));
    Client::new(session, base, door)
}

fn post(server: &mut ServerGuard, operation: &str) -> Mock {
    server.mock("POST", format!("/service/soap/{operation}Request").as_str())
}

async fn signs_in(server: &mut ServerGuard, times: usize) -> Mock {
    let granted = r#"{"Body":{"AuthResponse":{"authToken":[{"_content":"t0ken"}],"lifetime":1}}}"#;
    post(server, "Auth").with_body(granted).expect(times).create_async().await
}

fn fault(code: &str) -> String {
    format!(r#"{{"Body":{{"Fault":{{"Reason":{{"Text":"no"}},"Detail":{{"Error":{{"Code":"{code}"}}}}}}}}}}"#)
}

const TAGS: &str = r#"{"Body":{"GetTagResponse":{"tag":[{"id":"64","name":"Red"}]}}}"#;

#[tokio::test]
async fn a_request_carries_its_token_in_the_envelope_and_in_the_cookie() {
    let mut server = Server::new_async().await;
    let signed = signs_in(&mut server, 1).await;
    let mock = post(&mut server, "GetTag")
        .match_header("cookie", "ZM_AUTH_TOKEN=t0ken")
        .match_header("content-type", "application/json; charset=utf-8")
        .match_body(Matcher::Regex(r#""authToken":\{"_content":"t0ken"\}"#.into()))
        .with_body(TAGS)
        .expect(2)
        .create_async()
        .await;
    let client = client(&server);
    for _ in 0..2 {
        assert_eq!(client.ask(&GetTag).await.unwrap()[0].name, "Red");
    }
    signed.assert_async().await;
    mock.assert_async().await;
}

#[tokio::test]
async fn a_session_that_is_over_is_made_anew_once() {
    let mut server = Server::new_async().await;
    let signed = signs_in(&mut server, 2).await;
    let over = post(&mut server, "GetTag").with_status(500).with_body(fault("service.AUTH_EXPIRED"));
    let over = over.expect(2).create_async().await;
    let error = client(&server).ask(&GetTag).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CredentialExpired);
    signed.assert_async().await;
    over.assert_async().await;
}

#[tokio::test]
async fn a_fault_is_told_from_a_failure_on_the_way() {
    for (body, kind, hint) in [
        (fault("mail.NO_SUCH_TAG"), ErrorKind::NotFound, "mail.NO_SUCH_TAG"),
        (fault("service.PERM_DENIED"), ErrorKind::AccessDenied, "adminLoginAs"),
        ("<html>500</html>".to_owned(), ErrorKind::Unavailable, "500"),
    ] {
        let mut server = Server::new_async().await;
        signs_in(&mut server, 1).await;
        post(&mut server, "GetTag").with_status(500).with_body(body).create_async().await;
        let error = client(&server).ask(&GetTag).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(hint), "{error}");
    }
}

#[tokio::test]
async fn a_write_whose_answer_cannot_be_read_is_in_doubt_and_not_repeated() {
    let mut server = Server::new_async().await;
    signs_in(&mut server, 1).await;
    let broken = post(&mut server, "Batch").with_body(r#"{"Body":{"Batch"#).expect(1).create_async().await;
    let delete = |id| ItemAction { ids: vec![id], act: Act::Delete };
    let error = client(&server).perform_each(&[delete(1), delete(2)]).await.unwrap_err();
    assert_eq!((error.kind(), error.recovery()), (ErrorKind::Protocol, Recovery::Locate));
    broken.assert_async().await;
}

#[tokio::test]
async fn each_of_a_batch_has_a_verdict_whatever_the_server_leaves_out() {
    let mut server = Server::new_async().await;
    signs_in(&mut server, 1).await;
    let body = r#"{"Body":{"BatchResponse":{"ItemActionResponse":[{"requestId":"0"}],
        "Fault":[{"requestId":"1","Detail":{"Error":{"Code":"mail.TRY_AGAIN"}}}]}}}"#;
    post(&mut server, "Batch").with_body(body).create_async().await;
    let delete = |id| ItemAction { ids: vec![id], act: Act::Delete };
    let verdicts = client(&server).perform_each(&[delete(1), delete(2), delete(3)]).await.unwrap();
    assert!(verdicts[0].is_ok());
    assert_eq!(verdicts[1].as_ref().unwrap_err().recovery(), Recovery::Requeue);
    assert_eq!(verdicts[2].as_ref().unwrap_err().recovery(), Recovery::Locate);
}

#[tokio::test]
async fn no_error_shows_a_password_or_a_token() {
    let mut server = Server::new_async().await;
    let body = fault("account.AUTH_FAILED").replace("\"no\"", "\"wrong: hush\"");
    post(&mut server, "Auth").with_status(500).with_body(body).create_async().await;
    let refused = client(&server).ask(&GetTag).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Credential);
    assert!(!format!("{refused} {refused:?}").contains("hush"), "{refused:?}");
    let mut server = Server::new_async().await;
    signs_in(&mut server, 1).await;
    post(&mut server, "GetTag").with_status(418).with_body("t0ken and hush").create_async().await;
    let error = client(&server).ask(&GetTag).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("t0ken"), "{error:?}");
}
