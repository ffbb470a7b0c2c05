//! Who may do what.

use std::time::Duration;

use super::dialogue::{Client, mail, sign_in};
use super::{ANN, ann, with};
use crate::zimbra::{AccountStatus, Version, ZimbraServer};

fn delegate(account: &str, duration: &str) -> String {
    format!(
        "<DelegateAuthRequest xmlns=\"urn:zimbraAdmin\" {duration}><account by=\"name\">{account}</account>\
         </DelegateAuthRequest>"
    )
}

#[tokio::test]
async fn a_password_lets_in_and_a_wrong_one_does_not() {
    let (server, client) = ann().await;
    let info = client.ok("<GetInfoRequest xmlns=\"urn:zimbraAccount\" sections=\"mbox,attrs\"/>").await;
    assert_eq!(info.value("name").as_deref(), Some(ANN));
    assert!(info.value("version").unwrap().starts_with("10.1.0"));
    let stranger = Client::new(&server);
    assert_eq!(stranger.fault(&sign_in(ANN, "wrong")).await, "account.AUTH_FAILED");
    assert_eq!(stranger.fault(&sign_in("nobody@x.test", "x")).await, "account.AUTH_FAILED");
    assert_eq!(stranger.fault(&mail("GetFolderRequest", "", "")).await, "service.AUTH_REQUIRED");
    server.expire_tokens();
    assert_eq!(client.fault(&mail("GetFolderRequest", "", "")).await, "service.AUTH_EXPIRED");
    assert!(!format!("{:?}", server.log().requests()).contains("secret"));
}

#[tokio::test]
async fn json_is_answered_in_json() {
    let (server, _) = ann().await;
    let mut client = Client::new(&server);
    let account = serde_json::json!({"account": {"by": "name", "_content": ANN}, "password": "secret"});
    let answer = client.json("AuthRequest", "urn:zimbraAccount", account).await;
    client.token = answer.value("authToken");
    assert!(answer.number("lifetime").is_some());
    let folders = client.json("GetFolderRequest", "urn:zimbraMail", serde_json::json!({})).await;
    assert_eq!(folders.find("folder").unwrap().value("name").as_deref(), Some("USER_ROOT"));
    let fault = client.json("GetFolderRequest", "urn:zimbraMail", serde_json::json!({"folder": {"l": "999"}})).await;
    assert_eq!(
        fault.find("Detail").unwrap().find("Error").unwrap().value("Code").as_deref(),
        Some("mail.NO_SUCH_FOLDER")
    );
}

#[tokio::test]
async fn what_keeps_an_account_from_being_used_is_told() {
    let builder =
        ZimbraServer::builder().user("a@x.test", "secret").user("b@x.test", "secret").user("c@x.test", "secret");
    let builder = builder.status("a@x.test", AccountStatus::Maintenance).status("b@x.test", AccountStatus::Locked);
    let server = builder.status("c@x.test", AccountStatus::MustChangePassword).start().await;
    let client = Client::new(&server);
    for (user, code) in
        [("a", "account.MAINTENANCE_MODE"), ("b", "account.AUTH_FAILED"), ("c", "account.CHANGE_PASSWORD")]
    {
        assert_eq!(client.fault(&sign_in(&format!("{user}@x.test"), "secret")).await, code);
    }
}

#[tokio::test]
async fn a_second_factor_is_wanted_from_the_version_on_that_knows_it() {
    for (version, wanted) in [(Version::Zimbra8, false), (Version::Zimbra88, true), (Version::Carbonio, false)] {
        let builder = ZimbraServer::builder().version(version).user("b@x.test", "secret");
        let server = builder.second_factor("b@x.test", "123456").start().await;
        let mut client = Client::new(&server);
        let answer = client.ok(&sign_in("b@x.test", "secret")).await;
        assert_eq!(answer.flag("twoFactorAuthRequired"), wanted, "{version:?}");
        if !wanted {
            continue;
        }
        client.token = answer.value("authToken");
        assert_eq!(client.fault(&mail("GetFolderRequest", "", "")).await, "service.AUTH_REQUIRED");
        let second = |code: &str| {
            let token = answer.value("authToken").unwrap();
            format!(
                "<AuthRequest xmlns=\"urn:zimbraAccount\"><authToken>{token}</authToken><twoFactorCode>{code}\
                 </twoFactorCode></AuthRequest>"
            )
        };
        assert_eq!(client.fault(&second("000000")).await, "account.TWO_FACTOR_AUTH_FAILED");
        client.token = client.ok(&second("123456")).await.value("authToken");
        client.ok(&mail("GetFolderRequest", "", "")).await;
    }
}

#[tokio::test]
async fn an_administrator_gets_tokens_for_mailboxes() {
    let (server, _) =
        with(ZimbraServer::builder().admin("admin@x.test", "root").token_life(Duration::from_secs(60))).await;
    let admin = Client::administrator(&server, "admin@x.test", "root").await;
    let answer = admin.ok(&delegate(ANN, "duration=\"7200\"")).await;
    assert_eq!(answer.number("lifetime"), Some(7_200_000), "what was asked for is told, not what is given");
    let mut client = Client::new(&server);
    client.token = answer.value("authToken");
    let info = client.ok("<GetInfoRequest xmlns=\"urn:zimbraAccount\"/>").await;
    assert_eq!(info.value("name").as_deref(), Some(ANN));
    assert_eq!(admin.fault(&delegate("nobody@x.test", "")).await, "account.NO_SUCH_ACCOUNT");
    let at_users = Client { host: Client::new(&server).host, ..Client::at("") };
    let reply = at_users.http("POST", "/service/admin/soap/", b"").await.unwrap();
    assert_eq!(reply.status, 404, "users' port");
}

#[tokio::test]
async fn a_delegated_administrator_may_what_was_granted() {
    let (server, _) =
        with(ZimbraServer::builder().user("bob@y.test", "b").delegated_admin("helper@x.test", "root")).await;
    let helper = Client::administrator(&server, "helper@x.test", "root").await;
    assert_eq!(helper.fault(&delegate(ANN, "")).await, "service.PERM_DENIED");
    server.grant("helper@x.test", "adminLoginAs", "domain", "x.test");
    helper.ok(&delegate(ANN, "")).await;
    assert_eq!(helper.fault(&delegate("bob@y.test", "")).await, "service.PERM_DENIED");
}

#[tokio::test]
async fn preauth_is_proved_with_the_text_of_the_key() {
    let key = "6b7ead4bd425836e8cf0079cd6c1a05acc127acd07c8ee4b61023e19250e929c";
    let (server, _) = with(ZimbraServer::builder().preauth_key(key)).await;
    let client = Client::new(&server);
    let request = |time: i64, value: &str| {
        format!(
            "<AuthRequest xmlns=\"urn:zimbraAccount\"><account by=\"name\">{ANN}</account><preauth timestamp=\"{time}\" \
             expires=\"0\">{value}</preauth></AuthRequest>"
        )
    };
    let now = crate::zimbra::state::now();
    let value = |time: i64| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
        let tag = ring::hmac::sign(&key, format!("{ANN}|name|0|{time}").as_bytes());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    assert!(client.ok(&request(now, &value(now))).await.value("authToken").is_some());
    assert_eq!(client.fault(&request(now, "00")).await, "account.AUTH_FAILED");
    let old = now - 10 * 60 * 1000;
    assert_eq!(client.fault(&request(old, &value(old))).await, "account.AUTH_FAILED");
}

#[tokio::test]
async fn a_proxy_routes_by_the_cookie() {
    let (_server, mut client) = with(ZimbraServer::builder().behind_proxy()).await;
    client.ok(&mail("NoOpRequest", "", "")).await;
    let token = client.token.take().unwrap();
    client.context = format!("<authToken>{token}</authToken>");
    assert_eq!(client.send(&mail("NoOpRequest", "", "")).await.unwrap().status, 502);
}

#[tokio::test]
async fn requests_that_come_too_fast_are_refused_by_account() {
    let (_server, client) = with(ZimbraServer::builder().max_per_second(3)).await;
    for _ in 0..3 {
        client.ok(&mail("NoOpRequest", "", "")).await;
    }
    assert_eq!(client.send(&mail("NoOpRequest", "", "")).await.unwrap().status, 503);
}

#[tokio::test]
async fn tokens_against_forgery_are_wanted_where_they_were_given() {
    let (_server, mut client) = with(ZimbraServer::builder().csrf()).await;
    assert_eq!(client.fault(&mail("NoOpRequest", "", "")).await, "service.AUTH_REQUIRED");
    client.token = None;
    let answer = client.ok(&sign_in(ANN, "secret")).await;
    client.token = answer.value("authToken");
    client.context = format!("<csrfToken>{}</csrfToken>", answer.value("csrfToken").unwrap());
    client.ok(&mail("NoOpRequest", "", "")).await;
    assert_eq!(client.http("POST", "/service/upload?fmt=raw", b"x").await.unwrap().status, 401);
}
