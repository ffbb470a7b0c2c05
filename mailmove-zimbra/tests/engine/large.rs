//! A folder of very many messages: what a second look costs follows what changed.

use mailmove_core::{Connector, Detail, FeedId, Mailbox, Side};
use mailmove_testkit::zimbra::{NewItem, Version};

use crate::common::{ADDRESS, By, connector};
use crate::ends::{letter, server};

/// How many messages are there.
const MANY: usize = 100_000;

#[tokio::test]
async fn a_delta_of_a_hundred_thousand_messages_costs_what_changed() {
    let old = server(Version::Zimbra10).start().await;
    let mailbox = old.mailbox(ADDRESS);
    let text = bytes::Bytes::from(letter(1));
    (0..MANY).for_each(|_| _ = mailbox.add("Inbox", NewItem::message(text.clone())));
    let source = connector(&old, By::Owner).source(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap();
    let feed = FeedId::new("mailbox");
    let (mut cursor, mut listed) = (None, 0);
    loop {
        let page = source.changes(&feed, cursor.as_ref(), Detail::Listing).await.unwrap();
        assert!(page.changes.len() <= 1_000, "a page of {}", page.changes.len());
        listed += page.changes.len();
        cursor = Some(page.next);
        if !page.more {
            break;
        }
    }
    assert_eq!(listed, MANY);
    let first = mailbox.items("Inbox")[7].id.clone();
    mailbox.set_flags(&first, "f").add("Inbox", NewItem::message(text));
    old.log().reset();
    let page = source.changes(&feed, cursor.as_ref(), Detail::Listing).await.unwrap();
    assert_eq!((page.changes.len(), page.more), (2, false));
    let log = old.log();
    assert_eq!(log.requests().len(), 2, "{:?}", log.operations());
    assert!(log.counters().bytes_out < 10_000, "{} octets for two changes", log.counters().bytes_out);
}
