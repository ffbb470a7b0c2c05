//! Makes the application with which mailmove signs in to a tenant: registration with a certificate, service principal, and
//! rights with an administrator's consent. It is known again by its tag, so that running this twice is running it once.
//!
//! The administrator's token needs `Application.ReadWrite.All` and `AppRoleAssignment.ReadWrite.All`.
//!
//! ```sh
//! export MAILMOVE_DESTINATION_TOKEN=…
//! cargo run --release --features graph --example register_app -- make --certificate application.crt --streams
//! cargo run --release --features graph --example register_app -- list
//! cargo run --release --features graph --example register_app -- remove
//! ```

mod support;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use mailmove::guard::Limits;
use mailmove::http::{Http, HttpSettings, Method, Request, Session};
use mailmove::{
    Call, EnvironmentSecrets, Error, ErrorKind, FixedCredentials, Guard, Mailbox, Result, Secret, Side, SignIn,
};
use serde_json::{Value, json};
use support::{Failure, exit, say};

/// By which the application is known again.
const TAG: &str = "mailmove-migration";
/// Microsoft Graph, in every tenant.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
/// How often something is asked for that a directory does not know yet.
const TRIES: u32 = 12;

const RIGHTS: [&str; 6] = [
    "Mail.ReadWrite",
    "Contacts.ReadWrite",
    "Calendars.ReadWrite",
    "Tasks.ReadWrite.All",
    "MailboxSettings.ReadWrite",
    "User.Read.All",
];
const STREAMS: [&str; 2] = ["MailboxItem.ImportExport.All", "MailboxFolder.ReadWrite.All"];

/// Makes, lists and removes the application with which mailmove signs in to a tenant.
#[derive(Debug, Parser)]
#[command(name = "register_app", version)]
struct Arguments {
    /// Where Graph answers, version included
    #[arg(long, value_name = "URL", default_value = "https://graph.microsoft.com/v1.0")]
    endpoint: String,
    /// Let the endpoint be reached without encryption
    #[arg(long)]
    allow_plaintext: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Makes it, or adds what is missing
    Make {
        /// Its certificate, in PEM; the key stays where it is
        #[arg(long, value_name = "FILE")]
        certificate: PathBuf,
        /// What it is called
        #[arg(long, default_value = "mailmove")]
        name: String,
        /// With the rights of the import and export API
        #[arg(long)]
        streams: bool,
    },
    /// Lists what this program made
    List,
    /// Removes what this program made
    Remove,
}

fn main() -> ExitCode {
    exit::run(run(Arguments::parse()))
}

async fn run(arguments: Arguments) -> std::result::Result<(), Failure> {
    let directory = Directory::new(&arguments)?;
    match arguments.what {
        What::Make { certificate, name, streams } => {
            let pem = std::fs::read_to_string(&certificate).map_err(|error| {
                Error::new(ErrorKind::Config, format!("cannot read the certificate: {error}"))
                    .with("file", certificate.display())
            })?;
            let rights: Vec<&str> = RIGHTS.into_iter().chain(STREAMS.into_iter().filter(|_| streams)).collect();
            directory.make(&name, &der(&pem)?, &rights).await?;
        }
        What::List => {
            for one in directory.ours().await? {
                say!("{} {}", text(&one, "appId"), text(&one, "displayName"));
            }
        }
        What::Remove => {
            for one in directory.ours().await? {
                directory.ask(Method::DELETE, &format!("applications/{}", text(&one, "id")), None).await?;
                say!("removed {}", text(&one, "appId"));
            }
        }
    }
    Ok(())
}

/// The base64 between the first two lines that frame a certificate.
fn der(pem: &str) -> Result<String> {
    let inside = pem.split("-----BEGIN CERTIFICATE-----").nth(1).and_then(|rest| rest.split("-----END").next());
    let text: String = inside.unwrap_or_default().split_whitespace().collect();
    if text.is_empty() {
        return Err(Error::new(ErrorKind::Config, "there is no certificate in this file")
            .remedy("give a certificate in PEM: -----BEGIN CERTIFICATE-----"));
    }
    Ok(text)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// The directory of a tenant.
struct Directory {
    session: Session,
    endpoint: String,
}

impl Directory {
    fn new(arguments: &Arguments) -> Result<Self> {
        let token = EnvironmentSecrets::read(Side::Destination)?.token.ok_or_else(|| {
            Error::new(ErrorKind::Credential, "no administrator's token was given")
                .remedy("set MAILMOVE_DESTINATION_TOKEN")
        })?;
        let mut settings = HttpSettings::new();
        settings.allow_plaintext = arguments.allow_plaintext;
        let provider = Arc::new(FixedCredentials::owner(Secret::Token(token)));
        let session = Session::new(Http::new(settings)?, Guard::new("graph", Limits::new()))
            .signed_in(SignIn::new(provider), Mailbox::new(Side::Destination, "administrator"));
        Ok(Self { session, endpoint: arguments.endpoint.trim_end_matches('/').to_owned() })
    }

    async fn make(&self, name: &str, certificate: &str, rights: &[&str]) -> Result<()> {
        let application = match self.ours().await?.into_iter().next() {
            Some(there) => there,
            None => {
                let new = json!({
                    "displayName": name,
                    "signInAudience": "AzureADMyOrg",
                    "tags": [TAG],
                    "keyCredentials": [{ "type": "AsymmetricX509Cert", "usage": "Verify", "key": certificate }],
                });
                self.ask(Method::POST, "applications", Some(new)).await?
            }
        };
        let id = text(&application, "appId").to_owned();
        let principal = self.principal(&id).await?;
        let graph = self.ask(Method::GET, &format!("servicePrincipals(appId='{GRAPH}')"), None).await?;
        let path = format!("servicePrincipals/{}/appRoleAssignments", text(&principal, "id"));
        let has = self.ask(Method::GET, &path, None).await?;
        let has: Vec<&str> = has["value"].as_array().into_iter().flatten().map(|one| text(one, "appRoleId")).collect();
        for right in rights {
            let mut roles = graph["appRoles"].as_array().into_iter().flatten();
            let role = roles.find(|role| text(role, "value") == *right).map(|role| text(role, "id"));
            let Some(role) = role else {
                say!("this cloud has no right {right}");
                continue;
            };
            if !has.contains(&role) {
                let grant = json!({
                    "principalId": text(&principal, "id"), "resourceId": text(&graph, "id"), "appRoleId": role,
                });
                let path = format!("servicePrincipals/{}/appRoleAssignedTo", text(&graph, "id"));
                self.patiently(Method::POST, &path, Some(grant)).await?;
            }
            say!("granted {right}");
        }
        say!("MAILMOVE_DESTINATION_CLIENT_ID={id}");
        Ok(())
    }

    async fn principal(&self, id: &str) -> Result<Value> {
        match self.ask(Method::GET, &format!("servicePrincipals(appId='{id}')"), None).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.patiently(Method::POST, "servicePrincipals", Some(json!({ "appId": id, "tags": [TAG] }))).await
            }
            answer => answer,
        }
    }

    async fn ours(&self) -> Result<Vec<Value>> {
        let path = format!("applications?$filter=tags/any(t:t eq '{TAG}')");
        let page = self.ask(Method::GET, &path, None).await?;
        Ok(page["value"].as_array().cloned().unwrap_or_default())
    }

    /// What was just made is not known everywhere at once.
    async fn patiently(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        for _ in 1..TRIES {
            match self.ask(method.clone(), path, body.clone()).await {
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Refused) => {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                }
                answer => return answer,
            }
        }
        self.ask(method, path, body).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let address = format!("{}/{path}", self.endpoint);
        let url = address
            .parse()
            .map_err(|_| Error::new(ErrorKind::Config, "this is no address").with("address", &address))?;
        let call = if method == Method::POST { Call::once("directory") } else { Call::repeatable("directory") };
        let request = Request::new(method, url);
        let request = match body {
            Some(body) => request.json(&body)?,
            None => request,
        };
        self.session
            .send_and(call, &request, |response| match response.error() {
                Some(error) => Err(error),
                None if response.bytes().is_empty() => Ok(Value::Null),
                None => response.json(),
            })
            .await
    }
}
