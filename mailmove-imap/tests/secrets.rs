//! No secret in any output, at the highest level of detail. Alone in its process: it listens to the process's log.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::Write;
use std::sync::{Arc, Mutex};

use common::{PASSWORD, USER, config, server, source};
use mailmove_core::{Access, Connector, FixedCredentials, Secret};
use mailmove_imap::ImapConnector;
use mailmove_testkit::imap::{Capability, Mechanism};

const TOKEN: &str = "ya29.token-that-nobody-may-see";
const MASTER: &str = "the master's own word";

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// async-imap speaks to the `log` facade.
impl log::Log for Output {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        writeln!(self.clone(), "{} {}", record.target(), record.args()).unwrap();
    }

    fn flush(&self) {}
}

#[tokio::test]
async fn no_way_to_sign_in_prints_its_secret() {
    let output = Output::default();
    let writer = output.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    subscriber.init();
    // The subscriber may listen to `log` by itself; if not, we do.
    if log::set_boxed_logger(Box::new(output.clone())).is_ok() {
        log::set_max_level(log::LevelFilter::Trace);
    }
    let secrets = [PASSWORD, TOKEN, MASTER];
    let encoded = |text: String| base64(text.as_bytes());
    let mut hidden: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
    hidden.push(encoded(format!("\0{USER}\0{PASSWORD}")));
    hidden.push(encoded(format!("{USER}\0boss\0{MASTER}")));
    hidden.push(encoded(format!("boss\0{MASTER}")));
    hidden.push(encoded(format!("{USER}\0boss\0{TOKEN}")));
    hidden.push(encoded(format!("user={USER}\x01auth=Bearer {TOKEN}\x01\x01")));
    for (mechanism, secret, access, login) in [
        (None, Secret::password(PASSWORD), Access::Owner, USER),
        (Some(Mechanism::Plain), Secret::password(PASSWORD), Access::Owner, USER),
        (Some(Mechanism::Plain), Secret::password(MASTER), Access::Authzid, "boss"),
        (None, Secret::password(MASTER), Access::Master { separator: '*' }, "boss"),
        (Some(Mechanism::XOAuth2), Secret::token(TOKEN), Access::Owner, USER),
        (Some(Mechanism::OAuthBearer), Secret::token(TOKEN), Access::Owner, USER),
        (Some(Mechanism::XZimbra), Secret::token(TOKEN), Access::Impersonate, "boss"),
        (Some(Mechanism::TrustedApplication), Secret::password(MASTER), Access::Impersonate, "boss"),
        (Some(Mechanism::MasterPassword), Secret::password(MASTER), Access::Impersonate, "boss"),
    ] {
        for (initial, good) in [(true, true), (false, true), (true, false), (false, false)] {
            let server = server(|server| {
                let server = server.token(USER, TOKEN).master("boss", MASTER);
                let vendor = if mechanism == Some(Mechanism::MasterPassword) { "Kerio" } else { "GroupWise" };
                let server = server.mechanisms(mechanism.as_slice()).greeting(vendor);
                if initial { server } else { server.without(Capability::SaslIr) }
            })
            .await;
            if !good {
                server.set_password(USER, "another").set_password("boss", "another").revoke_token(TOKEN);
            }
            let provider = FixedCredentials::administrator(login, access.clone(), secret.clone());
            let connector = ImapConnector::new(config(&server), Arc::new(provider));
            match connector.source(&source()).await {
                Ok(source) => writeln!(output.clone(), "{connector:?} {source:?}").unwrap(),
                Err(error) => writeln!(output.clone(), "{error} {error:?}").unwrap(),
            }
        }
    }
    let text = String::from_utf8_lossy(&output.0.lock().unwrap()).into_owned();
    assert!(text.contains("async_imap") && text.contains("AUTHENTICATE"), "nothing was listened to");
    for secret in hidden {
        let line = text.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "a secret in the output");
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
