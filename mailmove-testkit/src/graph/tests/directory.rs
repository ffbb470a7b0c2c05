//! Applications, service principals and grants.

use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};

use super::Client;
use crate::graph::GraphServer;

const GRAPH: &str = "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')";

async fn client() -> Client {
    let mut client = Client::new().await;
    client.as_app_with(&["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"]);
    client
}

async fn role(client: &Client, name: &str) -> (String, String) {
    let graph = client.get(GRAPH).await.ok();
    let mut roles = graph["appRoles"].as_array().unwrap().iter();
    let role = roles.find(|role| role["value"] == name).unwrap()["id"].as_str().unwrap().to_owned();
    (graph["id"].as_str().unwrap().to_owned(), role)
}

#[tokio::test]
async fn an_application_is_found_by_its_tag_and_goes_with_its_principal_and_grants() {
    let client = client().await;
    client.server.register("somebody else's", &["x"]);
    let made = client.post("/v1.0/applications", json!({"displayName": "ours", "tags": ["t"]})).await.ok();
    let (id, app) = (made["id"].as_str().unwrap(), made["appId"].as_str().unwrap());
    let found = client.get("/v1.0/applications?$filter=tags/any(t:t%20eq%20't')").await.ok();
    assert_eq!(found["value"].as_array().unwrap().len(), 1);
    let principal = client.post("/v1.0/servicePrincipals", json!({"appId": app})).await;
    assert_eq!(principal.status, StatusCode::CREATED);
    let principal = principal.id();
    assert_eq!(client.post("/v1.0/servicePrincipals", json!({"appId": app})).await.status, StatusCode::CONFLICT);
    let (graph, role) = role(&client, "Mail.Read").await;
    let grant = json!({"principalId": principal, "resourceId": graph, "appRoleId": role});
    let path = format!("/v1.0/servicePrincipals/{principal}/appRoleAssignments");
    assert_eq!(client.post(&path, grant.clone()).await.status, StatusCode::CREATED);
    assert_eq!(client.post(&path, grant).await.error(), "Request_BadRequest");
    let grants = client.get(&path).await.ok();
    assert_eq!(grants["value"][0]["resourceDisplayName"], "Microsoft Graph");
    assert_eq!(client.server.applications()[1].rights, ["Mail.Read"]);
    let grant = grants["value"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(client.delete(&format!("{path}/{grant}")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get(&path).await.ok()["value"], json!([]));
    assert_eq!(client.delete(&format!("/v1.0/applications/{id}")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get(&path).await.error(), "Request_ResourceNotFound");
    let left = client.server.applications();
    assert_eq!((left.len(), left[0].name.as_str()), (1, "somebody else's"));
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let client = client().await;
    let long = json!({"displayName": "x", "tag": ["t"]});
    assert_eq!(client.post("/v1.0/applications", long).await.error(), "RequestBodyRead");
    for bad in [
        json!({"tags": []}),
        json!({"displayName": "x", "appId": "y"}),
        json!({"displayName": "x", "passwordCredentials": [{"secretText": "mine"}]}),
        json!({"displayName": "x", "keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": "AAAA"}]}),
        json!({"displayName": "x", "keyCredentials": [{"type": "X509", "usage": "Verify", "key": "AAAA"}]}),
    ] {
        assert_eq!(client.post("/v1.0/applications", bad.clone()).await.error(), "Request_BadRequest", "{bad}");
    }
    assert_eq!(client.post("/v1.0/servicePrincipals", json!({"appId": "nobody"})).await.error(), "Request_BadRequest");
    assert_eq!(client.get("/v1.0/applications?$select=tag").await.status, StatusCode::BAD_REQUEST);
    assert!(client.server.applications().is_empty());
}

#[tokio::test]
async fn a_secret_signs_in_once_there_is_a_principal_and_carries_what_was_granted() {
    let client = client().await;
    let made = client.post("/v1.0/applications", json!({"displayName": "x"})).await.ok();
    let (id, app) = (made["id"].as_str().unwrap(), made["appId"].as_str().unwrap().to_owned());
    let path = format!("/v1.0/applications/{id}/addPassword");
    let secret = client.post(&path, json!({"passwordCredential": {"displayName": "y"}})).await.ok();
    let text = secret["secretText"].as_str().unwrap();
    assert_eq!(client.sign_in_as(&app, text).await.error_text(), "unauthorized_client");
    let principal = client.post("/v1.0/servicePrincipals", json!({"appId": app})).await.id();
    let (graph, role) = role(&client, "Mail.ReadWrite").await;
    let grant = json!({"principalId": principal, "resourceId": graph, "appRoleId": role});
    client.post(&format!("/v1.0/servicePrincipals/{graph}/appRoleAssignedTo"), grant).await.ok();
    let token = client.sign_in_as(&app, text).await.ok();
    assert!(token["access_token"].is_string());
    let shown = client.get(&format!("/v1.0/applications/{id}")).await.ok();
    assert_eq!(shown["passwordCredentials"][0]["secretText"], Value::Null);
    let key = json!({"keyId": secret["keyId"]});
    client.post(&format!("/v1.0/applications/{id}/removePassword"), key).await.ok();
    assert_eq!(client.sign_in_as(&app, text).await.error_text(), "invalid_client");
}

#[tokio::test]
async fn rights_are_asked_for() {
    let mut client = Client::new().await;
    client.as_app_with(&["Application.Read.All"]);
    assert_eq!(client.get("/v1.0/applications").await.ok()["value"], json!([]));
    let denied = client.post("/v1.0/applications", json!({"displayName": "x"})).await;
    assert_eq!(denied.error(), "Authorization_RequestDenied");
    client.as_app_with(&["Mail.ReadWrite"]);
    assert_eq!(client.get("/v1.0/applications").await.error(), "Authorization_RequestDenied");
}

#[tokio::test]
async fn what_was_just_made_is_not_known_everywhere_at_once() {
    let mut client = Client::with(GraphServer::builder().replication(Duration::from_millis(300))).await;
    client.as_app_with(&["Application.ReadWrite.All"]);
    let made = client.post("/v1.0/applications", json!({"displayName": "x"})).await.ok();
    let path = format!("/v1.0/applications/{}", made["id"].as_str().unwrap());
    assert_eq!(client.get(&path).await.status, StatusCode::NOT_FOUND);
    let new = json!({"appId": made["appId"]});
    assert_eq!(client.post("/v1.0/servicePrincipals", new.clone()).await.status, StatusCode::BAD_REQUEST);
    tokio::time::sleep(Duration::from_millis(350)).await;
    client.get(&path).await.ok();
    assert_eq!(client.post("/v1.0/servicePrincipals", new).await.status, StatusCode::CREATED);
}
