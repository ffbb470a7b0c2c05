//! A hundred mailboxes at the provider's limit, on a clock that runs fast: how much of what it grants is used, how
//! often it says no, and whether the forecast comes true. `scripts/interop graph` runs it.
//!
//! `cargo run --release -p mailmove-graph --example hundred -- written|read`: prints the numbers; ends with 0 when they are
//! good.
//!
//! Everything is told by the server's clock. Limits are a small part of the provider's, and batches are small with them:
//! what is left of an allowance and too small for a batch must not weigh more than it does there.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use common::{APPLICATION, SECRET, config};
use mailmove_core::http::{Http, HttpSettings};
use mailmove_core::oauth::Client;
use mailmove_core::{
    Change, Connector, Detail, FeedId, Format, Item, ItemRef, Kind, Mailbox, Mark, NewFolder, Side, Spool, Write,
};
use mailmove_graph::GraphConnector;
use mailmove_graph::budget::Allowance;
use mailmove_testkit::graph::{ALL_ROLES, GraphServer, Limits, NewItem};
use mailmove_testkit::nasty;
use tokio::task::JoinSet;

/// How many times as fast the clock runs: ten minutes in four seconds.
const FAST: u32 = 150;
const MAILBOXES: u64 = 100;
/// What the provider grants each of them in ten minutes.
const GRANTED: u64 = 64;
/// How many items travel together.
const BATCH: usize = 2;
const FOLDER: &str = "Many";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let what = std::env::args().nth(1).unwrap_or_default();
    let (server, connector) = tenant().await;
    let mut running = JoinSet::new();
    let work = |number| (server.clone(), connector.clone(), number);
    let operations = match what.as_str() {
        "written" => {
            (0..MAILBOXES).map(work).for_each(|(server, to, number)| _ = running.spawn(write(server, to, number)));
            &["POST mailFolders/{id}/messages"][..]
        }
        "read" => {
            (0..MAILBOXES).map(work).for_each(|(server, from, number)| _ = running.spawn(read(server, from, number)));
            &["GET messages/{id}", "GET messages/{id}/$value"]
        }
        _ => panic!("usage: hundred written|read"),
    };
    judge(&what, &server, operations, &running.join_all().await);
}

/// What one mailbox had to do after it was opened.
struct Moved {
    address: String,
    items: u64,
    payload: u64,
    /// On the server's clock.
    forecast: Duration,
}

/// When requests for one mailbox came, on the server's clock; those that were turned away are not among them.
#[derive(Default)]
struct Came {
    all: Vec<Duration>,
    /// Those that moved items.
    work: Vec<Duration>,
}

impl Came {
    fn from(&self) -> f64 {
        self.work[0].as_secs_f64()
    }

    fn to(&self) -> f64 {
        self.work[self.work.len() - 1].as_secs_f64()
    }
}

fn address(number: u64) -> String {
    format!("user{number}@example.org")
}

/// Between 40 and 180 mails.
fn size(number: u64) -> u64 {
    40 + number * 37 % 141
}

/// Most mails are small, some are not.
fn mail(number: u64) -> Vec<u8> {
    let mut mail = nasty::harmless(Kind::Mail, number).to_vec();
    let lines = if number.is_multiple_of(20) { 500 } else { 5 + number % 20 };
    (0..lines).for_each(|line| mail.extend_from_slice(format!("{line}: {:060}\r\n", number * line).as_bytes()));
    mail
}

async fn tenant() -> (Arc<GraphServer>, Arc<GraphConnector>) {
    let mut server = GraphServer::builder().app(APPLICATION, SECRET, &ALL_ROLES);
    for number in 0..MAILBOXES {
        server = server.user(&address(number));
    }
    let limits = Limits::OUTLOOK.with_requests(GRANTED as usize);
    let server = server.limits(limits).speed(f64::from(FAST)).start().await;
    let config = config(&server).without_streams();
    let http = Http::new(HttpSettings::new().allowing_plaintext()).unwrap();
    let client = Client::with_secret(config.token_authority().unwrap(), APPLICATION, SECRET.to_owned().into());
    let provider = Arc::new(config.application(http, client));
    let mut allowance = Allowance::outlook().scaled(FAST);
    allowance.requests = GRANTED;
    let connector = GraphConnector::new(config, provider).unwrap().with_allowance(allowance);
    (Arc::new(server), Arc::new(connector))
}

/// The requests of every mailbox.
fn came(server: &GraphServer, work: &[&str]) -> HashMap<String, Came> {
    let requests = server.log().requests();
    assert!(requests.len() < 20_000, "the log forgets");
    let mut came: HashMap<String, Came> = HashMap::new();
    for request in requests.into_iter().filter(|request| request.status != Some(429)) {
        let Some(mailbox) = request.mailbox else { continue };
        let own = came.entry(mailbox).or_default();
        own.all.push(request.at);
        if work.contains(&request.operation.as_str()) {
            own.work.push(request.at);
        }
    }
    // What came at the same time on several connections is not logged in its order.
    for own in came.values_mut() {
        own.all.sort_unstable();
        own.work.sort_unstable();
    }
    came
}

/// They begin one after the other within one window, as people do.
async fn turn(number: u64) {
    let window = Allowance::outlook().scaled(FAST).requests_in;
    tokio::time::sleep(window / MAILBOXES as u32 * number as u32).await;
}

async fn write(server: Arc<GraphServer>, connector: Arc<GraphConnector>, number: u64) -> Moved {
    turn(number).await;
    let (address, items, spool) = (address(number), size(number), Spool::new(1 << 20));
    let destination = connector.destination(&Mailbox::new(Side::Destination, &address)).await.unwrap();
    let new = [NewFolder::new(vec![FOLDER.to_owned()])];
    let folder = destination.ensure_folders(&new).await.swap_remove(0).unwrap().id;
    let bytes: u64 = (0..items).map(|number| mail(number).len() as u64).sum();
    let forecast = connector.budget(&address).forecast(items, bytes).at_least * FAST;
    let all: Vec<u64> = (0..items).collect();
    for batch in all.chunks(BATCH) {
        let create = |number: &u64| Write::Create {
            item: Item::new("1", Kind::Mail, Format::RFC5322, spool.body(mail(*number)).unwrap()),
            mark: Mark::new(format!("mark-{number}")),
        };
        let batch: Vec<Write> = batch.iter().map(create).collect();
        assert!(destination.write(&folder, &batch).await.iter().all(Result::is_ok));
    }
    assert_eq!(server.mailbox(&address).count(FOLDER) as u64, items);
    Moved { address, items, payload: bytes, forecast }
}

async fn read(server: Arc<GraphServer>, connector: Arc<GraphConnector>, number: u64) -> Moved {
    // Two requests for each mail.
    let (address, items, spool) = (address(number), size(number) / 2, Spool::new(1 << 20));
    server.mailbox(&address).create_folder(FOLDER, "IPF.Note");
    let mails = (0..items).map(|number| String::from_utf8(mail(number)).unwrap());
    server.mailbox(&address).add_all(FOLDER, mails.map(NewItem::message));
    turn(number).await;
    let source = connector.source(&Mailbox::new(Side::Source, &address)).await.unwrap();
    let feed = FeedId::new(format!("mail:{}", server.mailbox(&address).folder_id(FOLDER)));
    let (mut all, mut cursor): (Vec<ItemRef>, _) = (Vec::new(), None);
    loop {
        let page = source.changes(&feed, cursor.as_ref(), Detail::Listing).await.unwrap();
        all.extend(page.changes.into_iter().filter_map(|change| match change {
            Change::Present(item) => Some(item),
            _ => None,
        }));
        cursor = Some(page.next);
        if !page.more {
            break;
        }
    }
    assert_eq!(all.len() as u64, items);
    let forecast = connector.budget(&address).forecast(items * 2, 0).at_least * FAST;
    let mut payload = 0;
    for batch in all.chunks(BATCH) {
        for item in source.fetch(batch, &Format::RFC5322, &spool).await {
            payload += item.unwrap().body.len();
        }
    }
    Moved { address, items, payload, forecast }
}

/// What the numbers must be, and what they are. Some requests move items, all others open the mailbox.
fn judge(what: &str, server: &GraphServer, work: &[&str], all: &[Moved]) {
    let (counters, came) = (server.log().counters(), came(server, work));
    let window = Allowance::outlook().requests_in.as_secs_f64();

    let (mut used, mut allowed, mut requests_of_all) = (0.0, 0.0, 0);
    for Came { all: requests, .. } in came.values() {
        requests_of_all += requests.len() as u64;
        // Work was waiting until the limit held this mailbox up for the last time.
        let waits = |at: &usize| (requests[*at] - requests[*at - 1]).as_secs_f64() > window / 4.0;
        if let Some(last) = (1..requests.len()).rev().find(waits) {
            used += last as f64;
            allowed += GRANTED as f64 * (requests[last] - requests[0]).as_secs_f64() / window;
        }
    }
    let share = used / allowed;
    let turned_away = counters.status(429) as f64 / requests_of_all as f64;

    // From the first request that moved something on: how long it was to take, and how long it took.
    let times: Vec<(f64, f64, f64)> = all
        .iter()
        .map(|moved| (&came[&moved.address], moved.forecast.as_secs_f64()))
        .map(|(came, forecast)| (came.from(), forecast, came.to() - came.from()))
        .collect();
    let (told, took) = times.iter().fold((0.0, 0.0), |(told, took), time| (told + time.1, took + time.2));
    let begin = times.iter().map(|time| time.0).fold(f64::MAX, f64::min);
    let told_end = times.iter().map(|time| time.0 + time.1).fold(0.0, f64::max) - begin;
    let took_end = times.iter().map(|time| time.0 + time.2).fold(0.0, f64::max) - begin;
    let near = |told: f64, took: f64| (told - took).abs() <= took * 0.15;
    let held_up: Vec<_> = times.iter().filter(|time| time.1 > 0.0).collect();
    let right = held_up.iter().filter(|time| near(time.1, time.2)).count();

    let (items, payload): (u64, u64) = all.iter().fold((0, 0), |(i, p), m| (i + m.items, p + m.payload));
    let moving: usize = came.values().map(|came| came.work.len()).sum();
    let per = |what: u64, unit: u64| what as f64 / unit as f64;
    println!("{what}: {} mailboxes, {items} items, {payload} bytes of payload", all.len());
    let (with, without) = (per(requests_of_all, items), per(moving as u64, items));
    println!("  requests per item {without:.3}, {with:.3} with those that open the mailboxes");
    let (sent, answered) = (per(counters.bytes_in, payload), per(counters.bytes_out, payload));
    println!("  bytes on the wire per byte of payload: {sent:.3} sent, {answered:.3} answered before compression");
    println!("  used of what was allowed {:.2} %, turned away {:.3} %", share * 100.0, turned_away * 100.0);
    println!(
        "  whole: told {told_end:.0} s, took {took_end:.0} s; sum of mailboxes: told {told:.0} s, took {took:.0} s"
    );
    println!("  within 15 %: {right} of {} mailboxes that had to wait", held_up.len());

    assert!(turned_away < 0.01, "{turned_away} were turned away");
    assert!(share >= 0.95, "{share} of what was allowed");
    assert!(near(told_end, took_end), "told {told_end}, took {took_end}");
    assert!(near(told, took), "told {told}, took {took} together");
    assert!(right * 10 >= held_up.len() * 9, "{right} of {}", held_up.len());
}
