//! Whole runs at the most talkative level, with every way to sign in: no secret is written anywhere.
//!
//! A process of its own, because it listens to everything that the process logs.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mailmove::{AuditLevel, ConnectOptions, Connectors, EndpointUrl, Migration, Outcome, Secret, Side, SqliteLedger};
use mailmove_testkit::imap::{Capability, ImapServer, ImapServerBuilder, Mechanism};
use tracing_subscriber::fmt::MakeWriter;

/// Everything that was logged, by anybody.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<u8>>>);

impl Write for Listener {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Listener {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A password with everything in it that needs quoting somewhere.
const PASSWORD: &str = "s3cr\"et \\pw%{7}+äß&x";
const TOKEN: &str = "ya29.A0ARrdaM-secret_token~value";

/// One way to sign in.
struct Way {
    what: &'static str,
    server: fn() -> ImapServerBuilder,
    login: &'static str,
    more: &'static str,
    secret: fn() -> Secret,
}

fn owner() -> ImapServerBuilder {
    ImapServer::builder().user("alice", PASSWORD).token("alice", TOKEN).master("admin", PASSWORD)
}

fn ways() -> Vec<Way> {
    let password: fn() -> Secret = || Secret::password(PASSWORD);
    let token: fn() -> Secret = || Secret::token(TOKEN);
    let plain: fn() -> ImapServerBuilder = || owner().mechanisms(&[Mechanism::Plain]);
    vec![
        Way { what: "LOGIN", server: || owner().mechanisms(&[]), login: "alice", more: "", secret: password },
        Way { what: "PLAIN at once", server: plain, login: "alice", more: "", secret: password },
        Way {
            what: "PLAIN in two steps",
            server: || owner().mechanisms(&[Mechanism::Plain]).without(Capability::SaslIr),
            login: "alice",
            more: "",
            secret: password,
        },
        Way {
            what: "PLAIN for somebody else",
            server: plain,
            login: "admin",
            more: "&mailbox=alice&access=authzid",
            secret: password,
        },
        Way {
            what: "master user",
            server: || owner().mechanisms(&[]),
            login: "admin",
            more: "&mailbox=alice&access=master",
            secret: password,
        },
        Way {
            what: "XOAUTH2",
            server: || owner().mechanisms(&[Mechanism::XOAuth2]),
            login: "alice",
            more: "",
            secret: token,
        },
        Way {
            what: "XOAUTH2 in two steps",
            server: || owner().mechanisms(&[Mechanism::XOAuth2]).without(Capability::SaslIr),
            login: "alice",
            more: "",
            secret: token,
        },
        Way {
            what: "OAUTHBEARER",
            server: || owner().mechanisms(&[Mechanism::OAuthBearer]),
            login: "alice",
            more: "",
            secret: token,
        },
    ]
}

#[tokio::test]
async fn no_secret_is_written_anywhere() {
    let heard = Listener::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(heard.clone())
        .init();

    for way in ways() {
        let what = way.what;
        let folder = tempfile::tempdir().unwrap();
        let mut written = Vec::new();
        heard.0.lock().unwrap().clear();

        let (old, new) = ((way.server)().start().await, (way.server)().start().await);
        old.mailbox("alice").append("INBOX", "Subject: hello\r\n\r\nworld\r\n");
        let ledger = Arc::new(SqliteLedger::open(folder.path().join("ledger")).unwrap());
        let end = |server: &ImapServer, side, secret| {
            let url = format!("imap://{}@127.0.0.1:{}?tls=none{}", way.login, server.port(), way.more);
            let url: EndpointUrl = url.parse().unwrap();
            let credentials = Arc::new(url.credentials(secret).unwrap());
            let debug = format!("{url:?} {url} {credentials:?}");
            let options = ConnectOptions::new().allow_plaintext();
            let (connector, mailbox) = Connectors::standard().open(&url, side, credentials, &options).unwrap();
            (format!("{debug} {connector:?} {mailbox:?} {}", connector.name()), connector, mailbox)
        };
        let (from_debug, source, from) = end(&old, Side::Source, (way.secret)());
        let (to_debug, destination, to) = end(&new, Side::Destination, (way.secret)());
        let opened = source.source(&from).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        written.extend(format!("{from_debug} {to_debug} {opened:?} {}", opened.name()).bytes());
        drop(opened);
        let migration = Migration::new(source.clone(), from.clone(), destination, to.clone()).ledger(ledger);
        let plan = migration.plan().await.unwrap();
        let report = migration.run(None).await.unwrap();
        assert!(matches!(report.outcome, Outcome::Completed), "{what}: {report:#?}");
        let audit = migration.audit(AuditLevel::Content { share: 1.0 }).await.unwrap();
        assert!(audit.is_clean(), "{what}: {audit:#?}");
        let verification = source.verify(&from).await;
        written.extend(format!("{migration:?} {plan:?} {report:?} {audit:?} {verification:?}").bytes());
        written.extend(serde_json::to_vec(&plan).unwrap());
        written.extend(serde_json::to_vec(&report).unwrap());

        // A wrong secret that is refused is a secret as well.
        let wrong = match (way.secret)() {
            Secret::Token(_) => Secret::token(format!("{TOKEN}!")),
            _ => Secret::password(format!("{PASSWORD}!")),
        };
        let (debug, refused, mailbox) = end(&old, Side::Source, wrong);
        let error = refused.source(&mailbox).await.unwrap_err();
        written.extend(format!("{debug} {error} {error:?} {:?}", refused.verify(&mailbox).await).bytes());

        drop(migration);
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            written.extend(std::fs::read(entry.unwrap().path()).unwrap());
        }
        let logged = heard.0.lock().unwrap().clone();
        assert!(logged.len() > 1_000, "{what}: nothing was logged");
        written.extend(logged);
        for form in forms() {
            let at = written.windows(form.len()).position(|window| window == form);
            if let Some(at) = at {
                let near = &written[at.saturating_sub(200)..(at + 200).min(written.len())];
                panic!("{what}: {:?} in {}", String::from_utf8_lossy(&form), String::from_utf8_lossy(near));
            }
        }
    }
}

/// The secrets as they are, as they are quoted, and the part of their base64 that does not depend on what stands around.
fn forms() -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for secret in [PASSWORD, TOKEN] {
        forms.push(secret.as_bytes().to_vec());
        forms.push(secret.replace('\\', "\\\\").replace('"', "\\\"").into_bytes());
        forms.push(format!("{secret:?}").trim_matches('"').as_bytes().to_vec());
        // A piece of it is as bad.
        forms.push(secret.as_bytes()[..9].to_vec());
        for shift in 0..3 {
            let encoded = BASE64_STANDARD.encode([&b"\0\0\0"[..shift], secret.as_bytes()].concat());
            let from = if shift == 0 { 0 } else { 4 };
            forms.push(encoded.as_bytes()[from..encoded.len() - 4].to_vec());
        }
    }
    forms
}
