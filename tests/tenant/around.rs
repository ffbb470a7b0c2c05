//! What surrounds the items of a mailbox in Exchange Online: who gets its mail, who is answered, and how full it is.

use std::sync::Arc;

use mailmove::batch::{Batch, BatchJob, Pass, Selection, Server};
use mailmove::graph::GraphConnector;
use mailmove::{Connector, Count, FixedCredentials, Forwarding, Mailbox, MemoryLedger, Migration, Plan, Secret, Side};
use mailmove_testkit::MemoryMailbox;
use mailmove_testkit::graph::{ALL_ROLES, GraphServer};
use serde_json::{Value, json};

use super::{ADDRESS, TOKEN, config, settings};
use crate::support::rest::Rest;

const RULES: &str = "mailFolders/inbox/messageRules";

struct Tenant {
    server: GraphServer,
    connector: Arc<GraphConnector>,
    rest: Rest,
}

impl Tenant {
    async fn with(roles: &[&str]) -> Self {
        let server = GraphServer::builder().user(ADDRESS).app_token(TOKEN, roles).app_token("owner", &ALL_ROLES);
        let server = server.start().await;
        let token = |token: &str| Arc::new(FixedCredentials::owner(Secret::token(token)));
        let config = config(&server);
        let endpoint = config.base().unwrap();
        let rest = Rest::new(endpoint.as_str(), settings(), token("owner"), mailbox()).unwrap();
        let connector = Arc::new(GraphConnector::new(config, token(TOKEN)).unwrap());
        Self { server, connector, rest }
    }

    /// As the owner of the mailbox does it.
    async fn make(&self, path: &str, body: Value) -> Value {
        self.rest.make(&format!("users/{ADDRESS}/{path}"), &body).await.unwrap()
    }

    async fn rules(&self) -> Vec<Value> {
        self.rest.list(&format!("users/{ADDRESS}/{RULES}")).await.unwrap()
    }

    async fn answers_mail(&self) {
        let on = json!({"automaticRepliesSetting": {"status": "alwaysEnabled", "internalReplyMessage": "away"}});
        self.rest.change(&format!("users/{ADDRESS}/mailboxSettings"), &on).await.unwrap();
    }

    async fn sends_on_to(&self, target: &str) {
        let to = json!({"redirectTo": [{"emailAddress": {"address": target}}]});
        let rule = json!({"displayName": "mine", "sequence": 1, "isEnabled": true, "actions": to});
        self.make(RULES, rule).await;
    }

    async fn plan(&self) -> Plan {
        let (new, to) = (Arc::new(MemoryMailbox::new()), Mailbox::new(Side::Destination, "new"));
        Migration::new(self.connector.clone(), mailbox(), new, to).plan().await.unwrap()
    }
}

fn mailbox() -> Mailbox {
    Mailbox::new(Side::Source, ADDRESS)
}

#[tokio::test]
async fn the_plan_warns_of_mail_that_is_sent_on_and_of_what_stays_behind() {
    let tenant = Tenant::with(&ALL_ROLES).await;
    let quiet = tenant.plan().await;
    assert_eq!((quiet.forwardings, quiet.inventory.len()), (Some(Vec::new()), 0));
    assert!(!quiet.warnings.iter().any(|warning| warning.contains("sends mail on")), "{:?}", quiet.warnings);

    tenant.sends_on_to("bob@elsewhere.example").await;
    tenant.answers_mail().await;
    let plan = tenant.plan().await;
    assert_eq!(plan.forwardings.unwrap()[0].target, "bob@elsewhere.example");
    let twice = |warning: &&String| warning.contains("bob@elsewhere.example") && warning.contains("arrives twice");
    assert_eq!(plan.warnings.iter().filter(twice).count(), 1, "{:?}", plan.warnings);
    let codes: Vec<&str> = plan.inventory.iter().map(|loss| loss.code.as_ref()).collect();
    assert_eq!(codes, ["rules", "automatic-replies"]);
    // What is around a mailbox changes while it is moved; what was decided stays.
    assert_eq!(plan.digest, quiet.digest);
}

#[tokio::test]
async fn what_may_not_be_seen_is_said_to_be_unknown() {
    let tenant = Tenant::with(&["Mail.Read"]).await;
    tenant.sends_on_to("bob@elsewhere.example").await;
    let plan = tenant.plan().await;
    assert_eq!(plan.forwardings, None);
    let unknown: Vec<_> = plan.warnings.iter().filter(|warning| warning.contains("is not known: ")).collect();
    assert_eq!(unknown.len(), 2, "{:?}", plan.warnings);
}

#[tokio::test]
async fn the_size_is_known_as_far_as_folders_tell_it_and_the_quota_is_not() {
    let tenant = Tenant::with(&ALL_ROLES).await;
    let text = "Subject: one\r\nMessage-ID: <1@x>\r\n\r\none\r\n";
    tenant.server.mailbox(ADDRESS).add("Inbox", text);
    tenant.make("contacts", json!({"displayName": "Bob"})).await;
    let plan = tenant.plan().await;
    let storage = plan.source_storage;
    assert!(storage.used.is_some_and(|used| used >= text.len() as u64), "{storage:?}");
    assert_eq!((storage.items, storage.quota), (Some(2), None));
    // Folders that do not say how much they hold leave nothing open, since the mailbox does.
    assert!(plan.folders.iter().any(|folder| folder.items == Count::Unknown), "{:#?}", plan.folders);
    assert_eq!(plan.forecast.unwrap().at_most, Some(std::time::Duration::ZERO));
}

#[tokio::test]
async fn a_forwarding_is_set_told_and_taken_away_and_the_owners_rules_stay() {
    let tenant = Tenant::with(&ALL_ROLES).await;
    tenant.sends_on_to("own@elsewhere.example").await;
    let control = tenant.connector.forwarding().unwrap();
    let own = Forwarding { target: "own@elsewhere.example".to_owned(), keeps_copy: true };
    let before = control.forwardings(&mailbox()).await.unwrap();
    assert_eq!(before, std::slice::from_ref(&own));

    let new = Forwarding::to("ann@new.example");
    for _ in 0..2 {
        control.forward(&mailbox(), std::slice::from_ref(&new)).await.unwrap();
        assert_eq!(control.forwardings(&mailbox()).await.unwrap(), [own.clone(), new.clone()]);
        assert_eq!(tenant.rules().await.len(), 2);
    }
    // Our own rule is none of what the owner will miss.
    assert_eq!(tenant.connector.inventory(&mailbox()).await.unwrap().len(), 1);
    // What was told before is set again: the owner's rule goes on, and ours is gone.
    control.forward(&mailbox(), &before).await.unwrap();
    assert_eq!(control.forwardings(&mailbox()).await.unwrap(), before);
    control.forward(&mailbox(), &[]).await.unwrap();
    assert_eq!(tenant.rules().await.len(), 1);
    assert_eq!(tenant.server.log().counters().sent, 0);
}

#[tokio::test]
async fn a_batch_sets_the_forwarding_and_records_it() {
    let tenant = Tenant::with(&ALL_ROLES).await;
    let new = Server::new(Arc::new(MemoryMailbox::new()));
    let batch = Batch::on(Arc::new(MemoryLedger::new()))
        .source(Server::new(tenant.connector.clone()))
        .destination(new)
        .open()
        .await
        .unwrap();
    let job = BatchJob::new(mailbox(), Mailbox::new(Side::Destination, "ann@new.example"));
    let id = job.id.clone();
    batch.add([job]).await.unwrap();
    for pass in [Pass::Full, Pass::ForwardingOnly] {
        batch.start(&Selection::Only([id.clone()].into()), pass).await.unwrap();
        batch.run().await.unwrap();
    }
    let notes = batch.passes(&id).await.unwrap().pop().unwrap().notes;
    assert!(
        notes[0].starts_with("mail is sent on to ann@new.example") && notes[0].contains("before, to nobody"),
        "{notes:?}"
    );
    assert_eq!(tenant.rules().await.len(), 1);
    let found = batch.preflight(&id).await.unwrap();
    assert_eq!(found.forwardings.as_deref().map(<[Forwarding]>::len), Some(1));
    let twice = found.warnings.iter().filter(|warning| warning.contains("arrives twice")).count();
    assert_eq!(twice, 1, "{:?}", found.warnings);
    assert_eq!((found.room, found.fits), (None, None));
}
