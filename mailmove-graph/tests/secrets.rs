//! Nothing secret is told, at any level: neither the application's secret, nor tokens, nor addresses that are permissions.
#![allow(clippy::unwrap_used)]

mod common;

use std::io;
use std::sync::{Arc, Mutex};

use common::{ADDRESS, SECRET, config, connector, server};
use mailmove_core::{
    Change, Connector, Detail, FeedId, Format, Item, Kind, Mailbox, Mark, NewFolder, Side, Spool, Write,
};

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The only test of this file: it takes all that the process tells.
#[tokio::test]
async fn no_secret_is_told_at_any_level() {
    let output = Output::default();
    let writer = output.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    tracing::subscriber::set_global_default(subscriber.with_writer(move || writer.clone()).finish()).unwrap();

    let server = server().start().await;
    let connector = connector(config(&server));
    let destination = connector.destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap();
    let folder = destination.ensure_folders(&[NewFolder::new(vec!["F".to_owned()])]).await.swap_remove(0).unwrap().id;
    let spool = Spool::new(16 << 20);
    let large = format!(
        "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n\
         Content-Type: application/octet-stream\r\n\r\n{}\r\n--b--\r\n",
        "x".repeat(4 << 20)
    );
    // By JSON and an upload session, then out and in as a stream.
    let item = Item::new("1", Kind::Mail, Format::RFC5322, spool.body(large).unwrap());
    let create = |item| [Write::Create { item, mark: Mark::new("m") }];
    destination.write(&folder, &create(item)).await.swap_remove(0).unwrap();
    let source = connector.source(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap();
    let page = source.changes(&FeedId::new(folder.as_str()), None, Detail::Listing).await.unwrap();
    let present = |change| if let Change::Present(item) = change { Some(item) } else { None };
    let items: Vec<_> = page.changes.into_iter().filter_map(present).collect();
    let stream = source.fetch(&items, &Format::FASTTRANSFER, &spool).await.swap_remove(0).unwrap();
    destination.write(&folder, &create(stream)).await.swap_remove(0).unwrap();
    assert_eq!(server.mailbox(ADDRESS).count("F"), 2);
    server.revoke_tokens();
    server.set_secret(common::APPLICATION, "another");
    let refused = connector.source(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap_err();

    let told = format!("{}{refused}{refused:?}", String::from_utf8_lossy(&output.0.lock().unwrap()));
    assert!(told.contains("exchanged"), "nothing was told at all");
    for secret in [SECRET, "authtoken=", "s3cr3t", "Bearer ", "eyJ"] {
        assert!(!told.contains(secret), "{secret} is told");
    }
}
