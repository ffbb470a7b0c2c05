//! A service account that acts for the users of a domain.

use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use tokio::task::JoinSet;

use super::*;
use crate::{CredentialProvider, ErrorKind};

fn account(service: &Service) -> OauthCredentials {
    let file = json!({
        "type": "service_account", "client_email": "mover@project.iam.example.org", "private_key": KEY_A,
        "private_key_id": "key1", "token_uri": service.authority().token.as_str(),
    });
    let account = ServiceAccount::from_json(&file.to_string().into()).unwrap();
    assert!(!format!("{account:?}").contains("PRIVATE"));
    OauthCredentials::service_account(http(), account, &[GMAIL_IMAP_ADMIN])
}

fn user(form: &HashMap<String, String>) -> String {
    opened(&form["assertion"]).1["sub"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_user_gets_a_token_of_their_own() {
    let service = Service::new(200, &[], |_, form| token(format!("for {}", user(form)))).await;
    let provider = account(&service);
    for name in ["alice", "bob", "alice"] {
        let credential = provider.credential(&mailbox(name)).await.unwrap();
        assert_eq!(credential.login, format!("{name}@example.org"));
        assert!(credential.grant.ends_with(&credential.login));
    }
    let forms = service.forms();
    assert_eq!(forms.len(), 2);
    assert_eq!(forms[0]["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (header, claims, message, signature) = opened(&forms[0]["assertion"]);
    assert_eq!(header, json!({ "alg": "RS256", "typ": "JWT", "kid": "key1" }));
    let issued = claims["iat"].as_i64().unwrap();
    assert_eq!(
        claims,
        json!({
            "iss": "mover@project.iam.example.org", "sub": "alice@example.org", "scope": GMAIL_IMAP_ADMIN,
            "aud": service.authority().token.as_str(), "iat": issued, "exp": issued + 3600,
        })
    );
    let key = PrivatePkcs8KeyDer::from_pem_slice(KEY_A.as_bytes()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public().as_ref());
    public.verify(message.as_bytes(), &signature).unwrap();
}

#[tokio::test]
async fn a_refused_account_is_one_attempt_for_every_user() {
    let said = "Client is unauthorized to retrieve access tokens using this method";
    let service = Service::new(200, &[], move |_, _| refusal("unauthorized_client", said)).await;
    let provider = Arc::new(account(&service));
    let mut tasks = JoinSet::new();
    for number in 0..100 {
        let provider = provider.clone();
        tasks.spawn(async move { provider.credential(&mailbox(&format!("user{number}"))).await.unwrap_err().kind() });
    }
    assert!(tasks.join_all().await.iter().all(|kind| *kind == ErrorKind::Credential));
    assert_eq!(service.forms().len(), 1);
}

#[tokio::test]
async fn an_unknown_user_keeps_nobody_else_out() {
    let service = Service::new(200, &[], |_, form| match user(form).as_str() {
        "ghost@example.org" => refusal("invalid_grant", "Invalid email or User ID"),
        _ => token("abc"),
    })
    .await;
    let provider = account(&service);
    assert_eq!(provider.credential(&mailbox("ghost")).await.unwrap_err().kind(), ErrorKind::Credential);
    provider.credential(&mailbox("alice")).await.unwrap();
    assert!(provider.credential(&mailbox("ghost")).await.is_err());
    assert_eq!(service.forms().len(), 2, "the unknown one was not asked about again");
}

#[test]
fn a_file_that_is_no_key_is_refused_without_quoting_it() {
    for file in ["", "{}", "{\"client_email\":\"correct horse\"}", "correct horse"] {
        let error = ServiceAccount::from_json(&file.into()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!format!("{error:?}").contains("horse"), "{error:?}");
    }
}
