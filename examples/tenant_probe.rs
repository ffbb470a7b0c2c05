//! Asks a live tenant what no documentation answers, and prints the answers. It writes a few small messages into a folder
//! of its own, which stays empty behind it.
//!
//! ```sh
//! export MAILMOVE_DESTINATION_TENANT=… MAILMOVE_DESTINATION_CLIENT_ID=… MAILMOVE_DESTINATION_CERTIFICATE=…
//! cargo run --release --features graph --example tenant_probe -- graph://contoso.com?mailbox=test@contoso.com
//! ```

mod support;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use mailmove::graph::GraphConnector;
use mailmove::{
    Change, Connector, Destination, Detail, FeedId, FolderId, Format, Item, ItemRef, Kind, Mailbox, Mark, NewFolder,
    Result, Side, Source, Spool, Write, Written, graph_config,
};
use support::args::{Log, Reach};
use support::{Failure, exit, say, secrets};

const FOLDER: &str = "mailmove probe";

/// Asks a live tenant what no documentation answers.
#[derive(Debug, Parser)]
#[command(name = "tenant_probe", version)]
struct Arguments {
    /// A mailbox for tests, like graph://contoso.com?mailbox=test@contoso.com
    url: String,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    log: Log,
}

fn main() -> ExitCode {
    exit::run(probe(Arguments::parse()))
}

async fn probe(arguments: Arguments) -> std::result::Result<(), Failure> {
    arguments.log.start()?;
    let url = arguments.reach.url(&arguments.url, Side::Destination)?;
    let options = arguments.reach.options()?;
    let mailbox = url.mailbox(Side::Destination)?;
    let credentials = secrets::credentials(&url, Side::Destination, &options)?;
    let mut config = graph_config(&url)?;
    config.allow_plaintext = options.allow_plaintext;
    let plain = GraphConnector::new(config.clone(), credentials.clone())?;
    let foreign = GraphConnector::new(config.with_foreign_streams(), credentials)?;

    for stage in plain.verify(&mailbox).await.stages {
        let seen = stage.error.map_or(stage.seen, |error| error.to_string());
        say!("{:8} {seen}", stage.stage.as_str());
    }
    let mut reading: Mailbox = mailbox.clone();
    reading.side = Side::Source;
    let probe = Probe {
        destination: plain.destination(&mailbox).await?,
        foreign: foreign.destination(&mailbox).await?,
        source: plain.source(&reading).await?,
        spool: Spool::new(16 << 20),
    };
    let folder = probe.destination.ensure_folders(&[NewFolder::new(vec![FOLDER.to_owned()])]).await.swap_remove(0)?.id;
    probe.ask(&folder).await;
    probe.clean(&folder).await?;
    Ok(())
}

struct Probe {
    destination: Arc<dyn Destination>,
    foreign: Arc<dyn Destination>,
    source: Arc<dyn Source>,
    spool: Spool,
}

impl Probe {
    async fn ask(&self, folder: &FolderId) {
        let json = self.write(self.destination.as_ref(), folder, self.message(1)).await;
        told("Is a message with the header that came with it (0x007D) taken?", &json);
        let items = self.list(folder).await.unwrap_or_default();
        let drafts = items.iter().any(|item| item.flags.state.contains(mailmove::ItemFlags::DRAFT));
        let dates: Vec<String> = items.iter().filter_map(|item| Some(item.received?.to_string())).collect();
        say!("Is it a draft? {drafts}. When was it received? {}", dates.join(", "));
        let streams = self.source.fetch(&items, &Format::FASTTRANSFER, &self.spool).await;
        for stream in streams {
            match stream {
                Ok(item) => {
                    say!("Is a stream given? yes, of {} bytes", item.body.len());
                    let back = self.write(self.destination.as_ref(), folder, Ok(item)).await;
                    told("Is a stream taken that this tenant gave?", &back);
                }
                Err(error) => say!("Is a stream given? no: {error}"),
            }
        }
        let made = self.write(self.foreign.as_ref(), folder, self.message(2)).await;
        told("Is a stream taken that was made here?", &made);
    }

    fn message(&self, number: u8) -> Result<Item> {
        let text = format!(
            "Date: Mon, 1 Jan 2024 10:00:00 +0100\r\nFrom: Probe <probe@example.org>\r\nTo: probe@example.org\r\n\
             Message-ID: <mailmove-probe-{number}@example.org>\r\nSubject: probe {number}\r\nX-Probe: yes\r\n\r\nprobe\r\n"
        );
        Ok(Item::new("probe", Kind::Mail, Format::RFC5322, self.spool.body(text)?))
    }

    async fn write(&self, into: &dyn Destination, folder: &FolderId, item: Result<Item>) -> Result<Written> {
        let write = Write::Create { item: item?, mark: Mark::new("probe") };
        into.write(folder, &[write]).await.swap_remove(0)
    }

    async fn list(&self, folder: &FolderId) -> Result<Vec<ItemRef>> {
        let page = self.source.changes(&FeedId::new(folder.as_str()), None, Detail::Listing).await?;
        let present = |change| if let Change::Present(item) = change { Some(item) } else { None };
        Ok(page.changes.into_iter().filter_map(present).collect())
    }

    async fn clean(&self, folder: &FolderId) -> Result<()> {
        for item in self.list(folder).await? {
            self.destination.write(folder, &[Write::Remove { id: item.id, expect: None }]).await.swap_remove(0)?;
        }
        Ok(())
    }
}

fn told(question: &str, answer: &Result<Written>) {
    match answer {
        Ok(written) => {
            let altered: Vec<String> = written.altered.iter().map(ToString::to_string).collect();
            say!("{question} yes, by {} {}", written.via, altered.join(", "));
        }
        Err(error) => say!("{question} no: {error}"),
    }
}
