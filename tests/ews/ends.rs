//! Servers, URLs and runs between them.

use std::sync::Arc;

use mailmove::{
    Audit, AuditLevel, ConnectOptions, Connectors, EndpointUrl, Migration, Outcome, Report, Secret, Side, SqliteLedger,
};
use mailmove_testkit::ews::{EwsServer, EwsServerBuilder, MailboxHandle, NewItem, Version};
use mailmove_testkit::imap::{ImapServer, ImapServerBuilder};
use time::OffsetDateTime;
use time::macros::datetime;

/// Whose mailbox it is at Exchange.
pub(crate) const ADDRESS: &str = "ann@example.org";
/// Whose mailbox it is at the IMAP server.
pub(crate) const USER: &str = "ann";
pub(crate) const PASSWORD: &str = "correct horse";

/// When what is put into mailboxes was received.
pub(crate) const RECEIVED: OffsetDateTime = datetime!(2024-02-29 10:11:12 UTC);

pub(crate) fn exchange(version: Version) -> EwsServerBuilder {
    EwsServer::builder().version(version).user(ADDRESS, PASSWORD)
}

pub(crate) fn imap() -> ImapServerBuilder {
    ImapServer::builder().user(USER, PASSWORD)
}

/// The URL of a mailbox at this server.
pub(crate) fn ews_url(server: &EwsServer) -> String {
    format!("ews+http://{}@127.0.0.1:{}", ADDRESS.replace('@', "%40"), server.port())
}

pub(crate) fn imap_url(server: &ImapServer) -> String {
    format!("imap://{USER}@127.0.0.1:{}?tls=none", server.port())
}

/// A move between two URLs, and where its progress is kept.
pub(crate) struct Move {
    from: String,
    to: String,
    folder: tempfile::TempDir,
    options: ConnectOptions,
}

impl Move {
    pub(crate) fn new(from: String, to: String) -> Self {
        let options = ConnectOptions::new().allow_plaintext();
        Self { from, to, folder: tempfile::tempdir().unwrap(), options }
    }

    /// The same with so many connections for a mailbox.
    pub(crate) fn connections(mut self, connections: usize) -> Self {
        self.options = self.options.connections(connections);
        self
    }

    /// With everything opened anew: a run of another day.
    pub(crate) fn migration(&self) -> Migration {
        let open = |url: &str, side| {
            let url: EndpointUrl = url.parse().unwrap();
            let credentials = Arc::new(url.credentials(Secret::password(PASSWORD)).unwrap());
            Connectors::standard().open(&url, side, credentials, &self.options).unwrap()
        };
        let (source, from) = open(&self.from, Side::Source);
        let (destination, to) = open(&self.to, Side::Destination);
        let ledger = SqliteLedger::open(self.folder.path().join("ledger")).unwrap();
        Migration::new(source, from, destination, to).ledger(Arc::new(ledger))
    }

    pub(crate) async fn run(&self) -> Report {
        self.migration().run(None).await.unwrap()
    }

    /// Runs until nothing is left to do, as people would, but not for ever.
    pub(crate) async fn run_to_the_end(&self) -> Report {
        let mut report = self.run().await;
        for _ in 0..20 {
            if matches!(report.outcome, Outcome::Completed) {
                break;
            }
            report = self.run().await;
        }
        assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
        report
    }

    /// Reads everything back.
    pub(crate) async fn audit(&self) -> Audit {
        self.migration().audit(AuditLevel::Content { share: 1.0 }).await.unwrap()
    }
}

pub(crate) fn letter(number: usize) -> String {
    format!(
        "Message-ID: <{number}@example.org>\r\nDate: Thu, 29 Feb 2024 10:11:12 +0000\r\nFrom: a@example.org\r\n\
         To: ann@example.org\r\nSubject: letter {number}\r\n\r\nThis is letter {number}.\r\n"
    )
}

/// Letters in an inbox and a folder of its own: read ones, flagged ones, coloured ones, and a twin.
pub(crate) fn letters(mailbox: &MailboxHandle, count: usize) {
    mailbox.create_folder("Inbox/Entwürfe & mehr", "IPF.Note");
    for number in 0..count {
        let folder = ["Inbox", "Inbox/Entwürfe & mehr"][number % 2];
        let mut item = NewItem::message(letter(number)).received(RECEIVED).read(number % 3 == 0);
        if number % 4 == 0 {
            item = item.flagged();
        }
        if number % 5 == 0 {
            item = item.categories(["Red", "R&D"]);
        }
        mailbox.add(folder, item);
    }
    mailbox.add("Inbox", NewItem::message(letter(0)).received(RECEIVED).read(true).flagged());
}
