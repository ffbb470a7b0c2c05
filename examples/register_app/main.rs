//! Makes the application with which mailmove signs in to a tenant: registration with a certificate, service principal, and
//! rights with an administrator's consent. It is known again by its tag, so that running this twice is running it once,
//! and running it after a failure adds what is missing; give the directory a minute to know what was made.
//!
//! The administrator's token needs `Application.ReadWrite.All` and `AppRoleAssignment.ReadWrite.All`.
//!
//! ```sh
//! openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=mailmove -keyout application.key -out application.crt
//! cat application.crt application.key > application.pem
//! export MAILMOVE_DESTINATION_TOKEN=…
//! cargo run --release --features graph --example register_app -- make --certificate application.crt --streams
//! cargo run --release --features graph --example register_app -- list
//! cargo run --release --features graph --example register_app -- remove
//! ```
//!
//! Afterwards `application.pem` is what `MAILMOVE_DESTINATION_CERTIFICATE` names.

mod directory;
#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use directory::{Directory, RIGHTS, STREAMS, text};
use mailmove::http::HttpSettings;
use mailmove::oauth::Certificate;
use mailmove::{EnvironmentSecrets, Error, ErrorKind, Secret, Side};
use support::{Failure, exit, say};

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

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let token = EnvironmentSecrets::read(Side::Destination)?.token.ok_or_else(|| {
        Error::new(ErrorKind::Credential, "no administrator's token was given").remedy("set MAILMOVE_DESTINATION_TOKEN")
    })?;
    let mut settings = HttpSettings::new();
    settings.allow_plaintext = arguments.allow_plaintext;
    let directory = Directory::new(&arguments.endpoint, settings, Secret::Token(token))?;
    match arguments.what {
        What::Make { certificate, name, streams } => {
            let pem = std::fs::read_to_string(&certificate).map_err(|error| {
                Error::new(ErrorKind::Config, format!("cannot read the certificate: {error}"))
                    .with("file", certificate.display())
            })?;
            let rights: Vec<&str> = RIGHTS.into_iter().chain(STREAMS.into_iter().filter(|_| streams)).collect();
            let made = directory.make(&name, &Certificate::from_pem(&pem)?, &rights).await?;
            made.changed.iter().for_each(|line| say!("{line}"));
            made.unknown.iter().for_each(|right| say!("this cloud has no right {right}"));
            if made.changed.is_empty() {
                say!("everything was there already");
            }
            made.tenant.iter().for_each(|tenant| say!("MAILMOVE_DESTINATION_TENANT={tenant}"));
            say!("MAILMOVE_DESTINATION_CLIENT_ID={}", made.id);
        }
        What::List => {
            for one in directory.ours().await? {
                say!("{} {}", text(&one, "appId"), text(&one, "displayName"));
            }
        }
        What::Remove => {
            for one in directory.ours().await? {
                directory.remove(&one).await?;
                say!("removed {} {}", text(&one, "appId"), text(&one, "displayName"));
            }
        }
    }
    Ok(())
}
