//! Rights, quotas, preferences.

use super::dialogue::{Client, mail};
use super::{ANN, with};
use crate::zimbra::element::Element;
use crate::zimbra::{NewItem, ZimbraServer};

fn rights(name: &str, right: &str) -> String {
    let target = format!("<target type=\"account\" by=\"name\">{ANN}</target>");
    let grantee = "<grantee type=\"usr\" by=\"name\">helper@x.test</grantee>";
    format!("<{name} xmlns=\"urn:zimbraAdmin\">{target}{grantee}<right>{right}</right></{name}>")
}

fn delegate() -> String {
    format!("<DelegateAuthRequest xmlns=\"urn:zimbraAdmin\"><account by=\"name\">{ANN}</account></DelegateAuthRequest>")
}

async fn server() -> (ZimbraServer, Client, Client) {
    let builder = ZimbraServer::builder().admin("admin@x.test", "root").delegated_admin("helper@x.test", "h");
    let (server, _) = with(builder).await;
    let admin = Client::administrator(&server, "admin@x.test", "root").await;
    let helper = Client::administrator(&server, "helper@x.test", "h").await;
    (server, admin, helper)
}

#[tokio::test]
async fn a_right_is_granted_checked_listed_and_revoked() {
    let (_server, admin, helper) = server().await;
    admin.ok(&rights("GrantRightRequest", "adminLoginAs")).await;
    assert!(admin.ok(&rights("CheckRightRequest", "adminLoginAs")).await.flag("allow"));
    let list = rights("GetGrantsRequest", "").replace("<right></right>", "");
    let grants = admin.ok(&list).await;
    assert_eq!(grants.find("grant").unwrap().find("right").unwrap().own_text(), "adminLoginAs");
    let token = helper.ok(&delegate()).await.value("authToken");
    assert_eq!(helper.fault(&rights("RevokeRightRequest", "adminLoginAs")).await, "service.PERM_DENIED");
    admin.ok(&rights("RevokeRightRequest", "adminLoginAs")).await;
    assert_eq!(admin.fault(&rights("RevokeRightRequest", "adminLoginAs")).await, "account.NO_SUCH_GRANT");
    assert!(!admin.ok(&rights("CheckRightRequest", "adminLoginAs")).await.flag("allow"));
    assert_eq!(helper.fault(&delegate()).await, "service.PERM_DENIED");
    // A token that was given out before is still good, until its account says otherwise.
    let mut holder = Client { host: helper.host.clone(), ..Client::at("") };
    holder.token = token;
    holder.ok(&mail("NoOpRequest", "", "")).await;
    let account = format!(
        "<GetAccountRequest xmlns=\"urn:zimbraAdmin\"><account by=\"name\">{ANN}</account></GetAccountRequest>"
    );
    let id = admin.ok(&account).await.find("account").unwrap().value("id").unwrap();
    let change = "<a n=\"zimbraAuthTokenValidityValue\">7</a><a n=\"zimbraMailForwardingAddress\">x@y</a>";
    let modify =
        format!("<ModifyAccountRequest xmlns=\"urn:zimbraAdmin\"><id>{id}</id>{change}</ModifyAccountRequest>");
    admin.ok(&modify).await;
    assert_eq!(holder.fault(&mail("NoOpRequest", "", "")).await, "service.AUTH_EXPIRED");
}

#[tokio::test]
async fn the_administrators_token_opens_mailboxes_whose_ids_are_then_told_in_full() {
    let (server, mut admin, mut helper) = server().await;
    let mailbox = server.mailbox(ANN);
    let id = mailbox.add("Inbox", NewItem::message("Subject: x\r\n\r\n"));
    for client in [&mut admin, &mut helper] {
        client.context = format!("<account by=\"name\">{ANN}</account>");
    }
    let found = admin.ok(&mail("SearchRequest", "types=\"message\"", "<query>in:Inbox</query>")).await;
    let full = format!("{}:{id}", mailbox.id());
    assert_eq!(found.find("m").unwrap().value("id"), Some(full.clone()));
    admin.ok(&mail("MsgActionRequest", "", &format!("<action id=\"{full}\" op=\"flag\"/>"))).await;
    assert_eq!(mailbox.items("Inbox")[0].flags, "fu");
    assert_eq!(helper.fault(&mail("NoOpRequest", "", "")).await, "service.PERM_DENIED");
    assert_eq!(admin.get(&format!("/service/home/{ANN}/?id={id}")).await.status, 200);
    assert_eq!(helper.get(&format!("/service/home/{ANN}/?id={id}")).await.status, 403);
}

#[tokio::test]
async fn sizes_and_quotas_are_told() {
    let (server, admin, _) = server().await;
    server.mailbox(ANN).set_quota(1000).add("Inbox", NewItem::message("Subject: x\r\n\r\n"));
    let answer = admin.ok("<GetQuotaUsageRequest xmlns=\"urn:zimbraAdmin\" domain=\"x.test\"/>").await;
    let own = answer.all("account").find(|account| account.value("name").as_deref() == Some(ANN)).unwrap();
    assert_eq!((own.number("used"), own.number("limit")), (Some(14), Some(1000)));
    let client = Client::signed_in(&server, ANN, "secret").await;
    let info = client.ok("<GetInfoRequest xmlns=\"urn:zimbraAccount\"/>").await;
    let attrs: Vec<&Element> = info.find("attrs").unwrap().all("attr").collect();
    let quota = attrs.iter().find(|attr| attr.value("name").as_deref() == Some("zimbraMailQuota")).unwrap();
    assert_eq!((quota.own_text(), info.number("used")), ("1000", Some(14)));
}

#[tokio::test]
async fn preferences_are_set_and_taken_away() {
    let (server, _, _) = server().await;
    let client = Client::signed_in(&server, ANN, "secret").await;
    let modify = |inner: &str| format!("<ModifyPrefsRequest xmlns=\"urn:zimbraAccount\">{inner}</ModifyPrefsRequest>");
    client.ok(&modify("<pref name=\"zimbraPrefMailForwardingAddress\">x@y</pref>")).await;
    assert_eq!(server.mailbox(ANN).attribute("zimbraPrefMailForwardingAddress"), ["x@y"]);
    let prefs = client.ok("<GetPrefsRequest xmlns=\"urn:zimbraAccount\"/>").await;
    assert_eq!(prefs.find("pref").unwrap().own_text(), "x@y");
    client.ok(&modify("<pref name=\"zimbraPrefMailForwardingAddress\"/>")).await;
    assert!(server.mailbox(ANN).attribute("zimbraPrefMailForwardingAddress").is_empty());
    assert_eq!(client.fault(&modify("<pref name=\"zimbraMailHost\">x</pref>")).await, "service.INVALID_REQUEST");
}

#[tokio::test]
async fn what_nobody_knows_is_noted_and_what_cannot_be_is_refused() {
    let (server, _, _) = server().await;
    let client = Client::signed_in(&server, ANN, "secret").await;
    client.ok(&mail("GetFolderRequest", "depht=\"1\"", "")).await;
    assert_eq!(client.fault(&mail("SyncRequest", "changeLimit=\"many\"", "")).await, "service.INVALID_REQUEST");
    assert_eq!(client.fault(&mail("GetFoldersRequest", "", "")).await, "service.UNKNOWN_DOCUMENT");
    assert_eq!(
        server.findings(),
        ["GetFolderRequest: no depht here", "no operation GetFoldersRequest in urn:zimbraMail"]
    );
}
