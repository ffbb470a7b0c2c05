//! Two servers, a ledger, and what a test does with them.

use std::sync::Arc;

use mailmove::{
    ConnectOptions, Connector, Connectors, EndpointUrl, Mailbox, Migration, Outcome, Report, Result, Secret, Side,
    SqliteLedger,
};
use mailmove_testkit::imap::{ImapServer, ImapServerBuilder, MailboxHandle, NewMessage};

/// An old server and a new one, each with a user `alice` and an empty mailbox, and a ledger between them.
pub(crate) struct Pair {
    pub(crate) old: ImapServer,
    pub(crate) new: ImapServer,
    pub(crate) folder: tempfile::TempDir,
}

/// Alice's password at both servers.
pub(crate) const PASSWORD: &str = "correct horse";

/// A server that is told more before it starts.
pub(crate) fn server() -> ImapServerBuilder {
    ImapServer::builder().user("alice", PASSWORD)
}

impl Pair {
    /// Two well-equipped servers.
    pub(crate) async fn start() -> Self {
        Self::of(server(), server()).await
    }

    /// These servers.
    pub(crate) async fn of(old: ImapServerBuilder, new: ImapServerBuilder) -> Self {
        let (old, new) = (old.start().await, new.start().await);
        Self { old, new, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn source(&self) -> MailboxHandle {
        self.old.mailbox("alice")
    }

    pub(crate) fn destination(&self) -> MailboxHandle {
        self.new.mailbox("alice")
    }

    /// The ledger, opened anew: a run of another day.
    pub(crate) fn ledger(&self) -> Result<SqliteLedger> {
        SqliteLedger::open(self.folder.path().join("ledger"))
    }

    /// A migration between both, with the ledger open.
    pub(crate) fn migration(&self) -> Migration {
        self.between((&plain(&self.old), PASSWORD), (&plain(&self.new), PASSWORD))
    }

    /// A migration between these URLs, with these passwords.
    pub(crate) fn between(&self, from: (&str, &str), to: (&str, &str)) -> Migration {
        let (source, from) = end(from, Side::Source, &ConnectOptions::new().allow_plaintext()).unwrap();
        let (destination, to) = end(to, Side::Destination, &ConnectOptions::new().allow_plaintext()).unwrap();
        Migration::new(source, from, destination, to).ledger(Arc::new(self.ledger().unwrap()))
    }

    /// One run, with everything opened anew.
    pub(crate) async fn run(&self) -> Report {
        self.migration().run(None).await.unwrap()
    }

    /// Runs until nothing is left to do, as people would, but not for ever.
    pub(crate) async fn run_to_the_end(&self) -> Report {
        let mut report = self.run().await;
        for _ in 0..5 {
            if matches!(report.outcome, Outcome::Completed) {
                break;
            }
            report = self.run().await;
        }
        assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
        report
    }

    /// Nothing lost, nothing doubled, nothing changed.
    #[track_caller]
    pub(crate) fn assert_equal(&self) {
        let differences = self.source().snapshot().differences(&self.destination().snapshot());
        assert!(differences.is_empty(), "{differences:#?}");
    }

    /// Forgets what was asked of both servers.
    pub(crate) fn forget(&self) {
        self.old.log().reset();
        self.new.log().reset();
    }
}

/// The URL of a server without encryption.
pub(crate) fn plain(server: &ImapServer) -> String {
    format!("imap://alice@127.0.0.1:{}?tls=none", server.port())
}

/// What opens a mailbox, from a URL and a password.
pub(crate) fn end(
    (url, password): (&str, &str),
    side: Side,
    options: &ConnectOptions,
) -> Result<(Arc<dyn Connector>, Mailbox)> {
    let url: EndpointUrl = url.parse()?;
    let credentials = Arc::new(url.credentials(Secret::password(password))?);
    Connectors::standard().open(&url, side, credentials, options)
}

/// A letter; each number gives another one.
pub(crate) fn letter(number: u64) -> NewMessage {
    let text = format!(
        "Message-ID: <{number}@example.org>\r\nDate: Mon, 1 Jan 2024 10:00:00 +0100\r\nFrom: a@example.org\r\n\
         Subject: letter {number}\r\n\r\nThis is letter {number}.\r\n"
    );
    NewMessage::new(text).flags(if number.is_multiple_of(2) { &["\\Seen"][..] } else { &["\\Flagged", "$label1"] })
}

/// Letters in an inbox and two folders, a twin among them.
pub(crate) fn letters(mailbox: &MailboxHandle, count: u64) {
    for name in ["Work", "Work/Old"] {
        mailbox.create_folder(name).subscribe(name);
    }
    for number in 0..count {
        let folder = ["INBOX", "Work", "Work/Old"][(number % 3) as usize];
        mailbox.append(folder, letter(number));
    }
    mailbox.append("Work", letter(1));
    mailbox.append("Work", letter(1));
}
