//! One server of each make, and moves between them.

use std::sync::Arc;

use mailmove::{
    Audit, AuditLevel, Connector, FixedCredentials, Mailbox, MailboxFlags, MemoryLedger, Migration, Outcome, Report,
    Rules, Secret, Side,
};
use mailmove::{ews, graph, imap, zimbra};
use mailmove_testkit::ews::EwsServer;
use mailmove_testkit::graph::{ALL_ROLES, GraphServer};
use mailmove_testkit::imap::ImapServer;
use mailmove_testkit::zimbra::ZimbraServer;

pub(crate) const ADDRESS: &str = "ann@example.org";
const SECRET: &str = "correct horse";

/// A server with one mailbox.
pub(crate) enum End {
    Exchange(EwsServer),
    Graph(GraphServer, Streams),
    Imap(ImapServer),
    Zimbra(ZimbraServer),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Make {
    Exchange,
    Graph(Streams),
    Imap,
    Zimbra,
}

/// What Graph takes as streams, through its import and export API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streams {
    /// Those of other Exchange servers.
    Yes,
    /// None: item by item, as JSON.
    No,
    /// Mail from elsewhere, too.
    Foreign,
}

impl End {
    pub(crate) async fn start(make: Make) -> Self {
        match make {
            Make::Exchange => End::Exchange(EwsServer::builder().user(ADDRESS, SECRET).start().await),
            Make::Graph(streams) => {
                let server = GraphServer::builder().user(ADDRESS).app_token(SECRET, &ALL_ROLES).start().await;
                End::Graph(server, streams)
            }
            Make::Imap => End::Imap(ImapServer::builder().user(ADDRESS, SECRET).start().await),
            Make::Zimbra => End::Zimbra(ZimbraServer::builder().user(ADDRESS, SECRET).start().await),
        }
    }

    pub(crate) fn connector(&self) -> Arc<dyn Connector> {
        let password = Arc::new(FixedCredentials::owner(Secret::password(SECRET)));
        match self {
            End::Exchange(server) => {
                let address = format!("http://127.0.0.1:{}/EWS/Exchange.asmx", server.port());
                let mut config = ews::EwsConfig::new(address.parse().unwrap());
                config.allow_plaintext = true;
                Arc::new(ews::EwsConnector::new(config, password).unwrap())
            }
            End::Graph(server, streams) => {
                let endpoint = format!("{}/v1.0", server.url()).parse().unwrap();
                let config = graph::GraphConfig::new(server.tenant()).at(endpoint).allowing_plaintext();
                let config = match streams {
                    Streams::Yes => config,
                    Streams::No => config.without_streams(),
                    Streams::Foreign => config.with_foreign_streams(),
                };
                let token = Arc::new(FixedCredentials::owner(Secret::token(SECRET)));
                Arc::new(graph::GraphConnector::new(config, token).unwrap())
            }
            End::Imap(server) => {
                let mut config = imap::ImapConfig::new("127.0.0.1").with_security(imap::Security::Plain);
                config.port = server.port();
                config.allow_plaintext = true;
                Arc::new(imap::ImapConnector::new(config, password))
            }
            End::Zimbra(server) => {
                let config = zimbra::ZimbraConfig::new(server.url().parse().unwrap()).allowing_plaintext();
                Arc::new(zimbra::ZimbraConnector::new(config, password).unwrap())
            }
        }
    }
}

/// A move between two ends, with what is remembered of it.
pub(crate) struct Move {
    source: Arc<dyn Connector>,
    destination: Arc<dyn Connector>,
    ledger: Arc<MemoryLedger>,
    rules: Rules,
}

impl Move {
    pub(crate) fn new(from: &End, to: &End) -> Self {
        let (source, destination) = (from.connector(), to.connector());
        let mut rules = Rules::default();
        if let End::Imap(_) = to {
            // It has no place for them, and says so; that is no problem of this mailbox.
            rules.flags = MailboxFlags::SKIP_CALENDARS | MailboxFlags::SKIP_CONTACTS;
        }
        Self { source, destination, ledger: Arc::new(MemoryLedger::new()), rules }
    }

    fn migration(&self) -> Migration {
        let from = Mailbox::new(Side::Source, ADDRESS);
        let to = Mailbox::new(Side::Destination, ADDRESS);
        Migration::new(self.source.clone(), from, self.destination.clone(), to)
            .ledger(self.ledger.clone())
            .rules(self.rules.clone())
    }

    /// Runs to its end, whatever is in the way.
    pub(crate) async fn finish(&self) -> Report {
        self.migration().run(None).await.unwrap()
    }

    /// Runs to its end, without a problem.
    pub(crate) async fn run(&self) -> Report {
        let report = self.migration().run(None).await.unwrap();
        assert!(matches!(report.outcome, Outcome::Completed) && report.problems.is_empty(), "{report:#?}");
        report
    }

    /// Reads everything back.
    pub(crate) async fn audit(&self) -> Audit {
        self.migration().audit(AuditLevel::Content { share: 1.0 }).await.unwrap()
    }
}
