//! From and to an IMAP server: mail octet for octet, flags and keywords, dates.

use std::sync::Arc;

use mailmove_core::{Connector, FixedCredentials, Secret};
use mailmove_imap::{ImapConfig, ImapConnector, Security};
use mailmove_testkit::imap::{ImapServer, NewMessage};
use mailmove_testkit::zimbra::Version;

use crate::common::{ADDRESS, By, SECRET, connector};
use crate::ends::{Move, letter, letters, messages, server};

const USER: &str = "ann";

async fn imap() -> ImapServer {
    ImapServer::builder().user(USER, SECRET).start().await
}

fn at_imap(server: &ImapServer) -> Arc<dyn Connector> {
    let mut config = ImapConfig::new("127.0.0.1").with_security(Security::Plain).with_port(server.port());
    config.allow_plaintext = true;
    Arc::new(ImapConnector::new(config, Arc::new(FixedCredentials::owner(Secret::password(SECRET)))))
}

#[tokio::test]
async fn mail_goes_to_an_imap_server_as_it_is() {
    let (old, new) = (server(Version::Zimbra10).start().await, imap().await);
    letters(&old.mailbox(ADDRESS), 40);
    let moved = Move::new(connector(&old, By::Owner), ADDRESS, at_imap(&new), USER);
    let report = moved.run().await;
    assert!(moved.audit().await.is_clean(), "{report:#?}");
    let octets = |path: &str| {
        let mut all: Vec<Vec<u8>> =
            new.mailbox(USER).messages(path).into_iter().map(|message| message.bytes.to_vec()).collect();
        all.sort();
        all
    };
    let mut expected: Vec<Vec<u8>> =
        messages(&old).into_iter().filter(|seen| seen.0 == "Inbox").map(|seen| seen.1).collect();
    expected.sort();
    // Bare line feeds are the one thing that this way does not take.
    let repaired: u64 = report.altered.values().sum();
    assert!(repaired <= 1, "{report:#?}");
    let same = octets("INBOX").into_iter().filter(|octets| expected.contains(octets)).count();
    assert!(same as u64 + repaired >= expected.len() as u64, "{same} of {}", expected.len());
}

#[tokio::test]
async fn mail_comes_from_an_imap_server_as_it_is() {
    let (old, new) = (imap().await, server(Version::Zimbra10).start().await);
    let mailbox = old.mailbox(USER);
    mailbox.create_folder("Entwürfe & mehr");
    for number in 0..30 {
        let flags: &[&str] = [&["\\Seen"][..], &["\\Flagged", "Blue"], &["\\Answered", "\\Seen"]][number % 3];
        let folder = ["INBOX", "Entwürfe & mehr"][number % 2];
        mailbox.append(folder, NewMessage::new(letter(number)).flags(flags.iter().copied()));
    }
    mailbox.append("INBOX", NewMessage::new(letter(0)));
    let moved = Move::new(at_imap(&old), USER, connector(&new, By::Owner), ADDRESS);
    let report = moved.run().await;
    assert!(report.losses.is_empty() && report.altered.is_empty(), "{report:#?}");
    let audit = moved.audit().await;
    assert!(audit.is_clean() && audit.found == 31, "{audit:#?}");
    let all = messages(&new);
    assert_eq!(all.iter().filter(|seen| seen.0 == "Inbox").count(), 16);
    assert_eq!(all.iter().filter(|seen| seen.3 == ["Blue"] && seen.2.contains('f')).count(), 10);
    assert_eq!(new.log().counters().sent, 0);
}
