//! One application in a tenant's directory: made, completed, listed, taken away. It is known again by its tag alone.

use std::sync::Arc;
use std::time::Duration;

use mailmove::http::HttpSettings;
use mailmove::oauth::{Certificate, Claims};
use mailmove::{Error, ErrorKind, FixedCredentials, Mailbox, Result, Secret, Side};
use serde_json::{Value, json};

use crate::support::rest::Rest;

/// By which the application is known again.
pub(crate) const TAG: &str = "mailmove-migration";
/// What an administrator's token has to carry.
const NEEDED: [&str; 2] = ["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"];
/// Microsoft Graph, in every tenant.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
/// How often something is asked for that a directory does not know yet.
const TRIES: u32 = 12;

/// What each migration asks for.
pub(crate) const RIGHTS: [&str; 6] = [
    "Mail.ReadWrite",
    "Contacts.ReadWrite",
    "Calendars.ReadWrite",
    "Tasks.ReadWrite.All",
    "MailboxSettings.ReadWrite",
    "User.Read.All",
];
/// What the import and export API asks for besides.
pub(crate) const STREAMS: [&str; 3] =
    ["MailboxItem.ImportExport.All", "MailboxItem.ReadWrite.All", "MailboxFolder.ReadWrite.All"];

/// The directory of a tenant.
pub(crate) struct Directory {
    rest: Rest,
    claims: Option<Claims>,
    /// How long it waits before it asks again for what a directory does not know yet.
    pub(crate) pause: Duration,
}

/// What there is after [`Directory::make`].
#[derive(Debug)]
pub(crate) struct Made {
    /// The application's id, with which it signs in.
    pub(crate) id: String,
    /// The tenant, where the administrator's token names it.
    pub(crate) tenant: Option<String>,
    /// What was changed, one line each; none, when all was there.
    pub(crate) changed: Vec<String>,
    /// Rights that this cloud does not know.
    pub(crate) unknown: Vec<String>,
}

impl Directory {
    /// The directory that an administrator's token opens.
    pub(crate) fn new(endpoint: &str, settings: HttpSettings, token: Secret) -> Result<Self> {
        let claims = if let Secret::Token(token) = &token { Claims::of(token) } else { None };
        let administrator = Mailbox::new(Side::Destination, "administrator");
        let rest = Rest::new(endpoint, settings, Arc::new(FixedCredentials::owner(token)), administrator)?;
        Ok(Self { rest, claims, pause: Duration::from_secs(5) })
    }

    /// Makes the application, or adds what it lacks.
    pub(crate) async fn make(&self, name: &str, certificate: &Certificate, rights: &[&str]) -> Result<Made> {
        self.may()?;
        let mut changed = Vec::new();
        let there = self.ours().await?;
        let application = match there.first() {
            Some(there) => self.certified(there, certificate, &mut changed).await?,
            None => {
                let new = json!({
                    "displayName": name, "signInAudience": "AzureADMyOrg", "tags": [TAG],
                    "keyCredentials": [key(certificate)],
                });
                let made = self.rest.make("applications", &new).await.map_err(told)?;
                changed.push(format!("made the application {name} with the certificate {certificate}"));
                made
            }
        };
        let id = text(&application, "appId").to_owned();
        let principal = self.principal(&id, &mut changed).await?;
        let unknown = self.grant(text(&principal, "id"), rights, &mut changed).await?;
        let tenant = self.claims.as_ref().and_then(|claims| claims.tid.clone());
        Ok(Made { id, tenant, changed, unknown })
    }

    /// The applications that were made by this program.
    pub(crate) async fn ours(&self) -> Result<Vec<Value>> {
        let all = self.rest.list(&format!("applications?$filter=tags/any(t:t eq '{TAG}')")).await.map_err(told)?;
        // Whatever a server makes of the filter: what does not carry the tag is somebody else's.
        let tagged = |one: &Value| one["tags"].as_array().is_some_and(|tags| tags.iter().any(|tag| tag == TAG));
        Ok(all.into_iter().filter(tagged).collect())
    }

    /// Takes an application away, and with it its service principal and its rights.
    pub(crate) async fn remove(&self, application: &Value) -> Result<()> {
        self.rest.remove(&format!("applications/{}", text(application, "id"))).await.map_err(told)
    }

    /// Refuses a token that says itself that it is not enough, before anything is made.
    fn may(&self) -> Result<()> {
        let missing = self.claims.as_ref().map(|claims| claims.missing(&NEEDED)).unwrap_or_default();
        if missing.is_empty() {
            return Ok(());
        }
        let error = Error::new(ErrorKind::AccessDenied, "the administrator's token does not carry the rights for this");
        Err(told(error.with("missing", missing.join(", "))))
    }

    /// An application that has this certificate among its own.
    async fn certified(&self, there: &Value, certificate: &Certificate, changed: &mut Vec<String>) -> Result<Value> {
        // Keys are told to those alone who ask for them by name.
        let path = format!("applications/{}", text(there, "id"));
        let whole = self.patiently(async || self.rest.find(&format!("{path}?$select=id,appId,keyCredentials")).await);
        let whole = whole.await?;
        let mut all = whole["keyCredentials"].as_array().cloned().unwrap_or_default();
        let own = key(certificate);
        if !all.iter().any(|one| one["key"] == own["key"]) {
            all.push(own);
            self.rest.change(&path, &json!({ "keyCredentials": all })).await.map_err(told)?;
            changed.push(format!("added the certificate {certificate}"));
        }
        Ok(whole)
    }

    /// What stands for an application in the tenant.
    async fn principal(&self, id: &str, changed: &mut Vec<String>) -> Result<Value> {
        let path = format!("servicePrincipals(appId='{id}')");
        self.patiently(async || match self.rest.find(&path).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let made = self.rest.make("servicePrincipals", &json!({ "appId": id, "tags": [TAG] })).await?;
                changed.push("made its service principal".to_owned());
                Ok(made)
            }
            answer => answer,
        })
        .await
    }

    /// Grants what is not granted yet, and gives what this cloud does not know.
    async fn grant(&self, principal: &str, rights: &[&str], changed: &mut Vec<String>) -> Result<Vec<String>> {
        let graph = self.rest.find(&format!("servicePrincipals(appId='{GRAPH}')")).await.map_err(told)?;
        let path = format!("servicePrincipals/{principal}/appRoleAssignments");
        let mut unknown = Vec::new();
        let mut has = self.patiently(async || self.rest.list(&path).await).await?;
        for right in rights {
            let mut roles = graph["appRoles"].as_array().into_iter().flatten();
            let Some(role) = roles.find(|role| text(role, "value") == *right) else {
                unknown.push((*right).to_owned());
                continue;
            };
            let role = text(role, "id");
            let granted = |has: &[Value]| has.iter().any(|one| text(one, "appRoleId") == role);
            if granted(&has) {
                continue;
            }
            let grant = json!({ "principalId": principal, "resourceId": text(&graph, "id"), "appRoleId": role });
            self.patiently(async || match self.rest.make(&path, &grant).await {
                // One that was granted a moment ago is refused and not listed yet.
                Err(error) if error.kind() == ErrorKind::Refused => {
                    has = self.rest.list(&path).await?;
                    if granted(&has) { Ok(()) } else { Err(error) }
                }
                Err(error) => Err(error),
                Ok(_) => {
                    changed.push(format!("granted {right}"));
                    Ok(())
                }
            })
            .await?;
        }
        Ok(unknown)
    }

    /// Tries again for a while: what was just made is not known everywhere at once, and what refers to it is refused.
    async fn patiently<T>(&self, mut attempt: impl AsyncFnMut() -> Result<T>) -> Result<T> {
        let not_yet =
            |error: &Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Refused | ErrorKind::Conflict);
        for _ in 1..TRIES {
            match attempt().await {
                Err(error) if not_yet(&error) => tokio::time::sleep(self.pause).await,
                answer => return answer.map_err(told),
            }
        }
        attempt().await.map_err(told)
    }
}

/// A certificate as the directory takes it. Its private half stays where it is.
fn key(certificate: &Certificate) -> Value {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    json!({ "type": "AsymmetricX509Cert", "usage": "Verify", "key": STANDARD.encode(certificate.der()) })
}

/// Who is refused learns what it takes.
fn told(error: Error) -> Error {
    match error.kind() {
        ErrorKind::AccessDenied => {
            error.remedy(format!("use the token of an administrator who may grant {}", NEEDED.join(" and ")))
        }
        _ => error,
    }
}

/// A text of an object.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}
