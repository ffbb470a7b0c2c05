//! Below the provider's limit, on a clock that runs fast.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::{ADDRESS, APPLICATION, SECRET, config, server};
use mailmove_core::http::{Http, HttpSettings};
use mailmove_core::oauth::Client;
use mailmove_core::{Connector, Format, Item, Kind, Mailbox, Mark, NewFolder, Side, Spool, Write};
use mailmove_graph::GraphConnector;
use mailmove_graph::budget::Allowance;
use mailmove_testkit::graph::Limits;
use mailmove_testkit::nasty;

/// How many times as fast the clock runs: ten minutes in three seconds.
const FAST: u32 = 200;
const REQUESTS: u64 = 120;
const MAILS: u64 = 300;

#[tokio::test]
async fn nobody_is_turned_away_who_keeps_count() {
    let limits = Limits::OUTLOOK.with_requests(REQUESTS as usize);
    let server = server().limits(limits).speed(f64::from(FAST)).start().await;
    let config = config(&server).without_streams();
    let http = Http::new(HttpSettings::new().allowing_plaintext()).unwrap();
    let client = Client::with_secret(config.token_authority().unwrap(), APPLICATION, SECRET.to_owned().into());
    let provider = Arc::new(config.application(http, client));
    let mut allowance = Allowance::outlook().scaled(FAST);
    allowance.requests = REQUESTS;
    let connector = GraphConnector::new(config, provider).unwrap().with_allowance(allowance);
    let forecast = connector.budget(ADDRESS).forecast(MAILS, MAILS * 1000);
    assert!(forecast.at_most >= Some(forecast.at_least) && !forecast.at_least.is_zero());

    let destination = connector.destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap();
    let folder =
        destination.ensure_folders(&[NewFolder::new(vec!["Many".to_owned()])]).await.swap_remove(0).unwrap().id;
    let spool = Spool::new(1 << 20);
    let mail = |number: u64| {
        let body = spool.body(nasty::harmless(Kind::Mail, number)).unwrap();
        let item = Item::new("1", Kind::Mail, Format::RFC5322, body);
        Write::Create { item, mark: Mark::new(format!("mark-{number}")) }
    };
    let all: Vec<Write> = (0..MAILS).map(mail).collect();
    for batch in all.chunks(20) {
        assert!(destination.write(&folder, batch).await.iter().all(Result::is_ok));
    }
    let counters = server.log().counters();
    let turned_away = counters.status(429);
    assert!(turned_away * 100 <= counters.requests(), "{turned_away} of {} were turned away", counters.requests());
    assert_eq!(server.mailbox(ADDRESS).count("Many") as u64, MAILS);
    // One for each mail, beside what it takes to open the mailbox and to make the folder.
    let each = counters.operation("POST mailFolders/{id}/messages");
    assert!(each <= MAILS + MAILS / 100, "{each} requests for {MAILS} mails");
}
