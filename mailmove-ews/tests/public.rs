//! Public folders and recoverable items: read, never written.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use common::{ADDRESS, connector};
use mailmove_core::{
    Access, Change, Connector, Cursor, Detail, ErrorKind, FeedId, Format, Gone, ItemRef, Mailbox, Root, Side, Source,
    Spool,
};
use mailmove_testkit::ews::{EwsServer, NewItem, Version};

fn mailbox(side: Side, root: Root) -> Mailbox {
    Mailbox::new(side, ADDRESS).with_root(root)
}

async fn server(version: Version) -> EwsServer {
    EwsServer::builder().version(version).user(ADDRESS, common::SECRET).public_folders("example.org", 3).start().await
}

fn letter(number: usize) -> String {
    format!("Message-ID: <{number}@example.org>\r\nSubject: letter {number}\r\n\r\nThis is letter {number}.\r\n")
}

/// What one reading gave.
struct Read {
    items: Vec<ItemRef>,
    next: Cursor,
    gone: Gone,
}

async fn read(source: &dyn Source, feed: &FeedId, after: Option<Cursor>) -> mailmove_core::Result<Read> {
    let (mut items, mut cursor): (Vec<ItemRef>, _) = (Vec::new(), after);
    loop {
        let page = source.changes(feed, cursor.as_ref(), Detail::Listing).await?;
        for change in page.changes {
            if let Change::Present(item) = change {
                items.retain(|known| known.id != item.id);
                items.push(item);
            }
        }
        if !page.more {
            return Ok(Read { items, next: page.next, gone: page.gone });
        }
        cursor = Some(page.next);
    }
}

#[tokio::test]
async fn public_folders_are_read_where_their_contents_are() {
    for version in [Version::Exchange2007Sp1, Version::Exchange2010Sp1, Version::Exchange2013, Version::Exchange2016] {
        let server = server(version).await;
        let folders = server.public_folders();
        for path in ["Sales", "Sales/2025", "Sales/2026", "Support", "Support/Old"] {
            folders.create_folder(path, "IPF.Note");
            folders.add_all(path, (0..4).map(|number| NewItem::message(letter(number)).read(number == 1)));
        }
        let source =
            connector(&server, Access::Owner).source(&mailbox(Side::Source, Root::PublicFolders)).await.unwrap();
        let tree = source.folders().await.unwrap();
        let paths: BTreeSet<String> = tree.iter().map(|folder| folder.path.join("/")).collect();
        let wanted = ["Sales", "Sales/2025", "Sales/2026", "Support", "Support/Old"];
        assert_eq!(paths, wanted.map(str::to_owned).into(), "{version:?}");
        let mut formats = vec![Format::RFC5322];
        formats.extend((version >= Version::Exchange2010Sp1).then_some(Format::FASTTRANSFER));
        let mut everything = Vec::new();
        for folder in &tree {
            let listed = read(source.as_ref(), &folder.feed, None).await.unwrap();
            assert_eq!((listed.items.len(), listed.gone), (4, Gone::ByAbsence), "{version:?}");
            everything.extend(listed.items);
        }
        // From several places at once, one of them gone.
        everything[7].id = mailmove_core::ItemId::new("AAAA");
        for format in formats {
            let read = source.fetch(&everything, &format, &Spool::new(1 << 20)).await;
            let good = read.iter().filter(|item| item.is_ok()).count();
            assert_eq!((read.len(), good), (20, 19), "{version:?} {format}");
            assert_eq!(read[7].as_ref().unwrap_err().kind(), ErrorKind::NotFound);
            let item = read[1].as_ref().unwrap();
            assert!(item.flags.state.contains(mailmove_core::ItemFlags::SEEN));
        }
        let asked = server.log().counters();
        assert_eq!(asked.operation("SyncFolderItems") + asked.operation("SyncFolderHierarchy"), 0);
        // Where contents live is found out once for each place.
        assert!(asked.operation("autodiscover.svc") <= 2 * (2 + 3), "{asked:?}");
    }
}

#[tokio::test]
async fn a_second_reading_names_what_changed_and_lists_anew_when_something_went() {
    let server = server(Version::Exchange2016).await;
    let folders = server.public_folders();
    folders.create_folder("Large", "IPF.Note");
    let ids = folders.add_all("Large", (0..600).map(|number| NewItem::message(letter(number))));
    let source = connector(&server, Access::Owner).source(&mailbox(Side::Source, Root::PublicFolders)).await.unwrap();
    let feed = source.folders().await.unwrap().remove(0).feed;
    let first = read(source.as_ref(), &feed, None).await.unwrap();
    assert_eq!(first.items.len(), 600);

    // Times have whole seconds: what is as old as the last change seen may be named again.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    folders.add("Large", NewItem::message(letter(1000)));
    folders.set_subject(&ids[5], "another subject");
    let second = read(source.as_ref(), &feed, Some(first.next.clone())).await.unwrap();
    let subject = |id: &str| second.items.iter().any(|item| item.id.as_str() == id);
    assert!(subject(&ids[5]) && second.gone == Gone::Told);
    let new: Vec<&ItemRef> =
        second.items.iter().filter(|item| !first.items.iter().any(|old| old.id == item.id)).collect();
    assert_eq!(new.len(), 1);

    folders.delete(&ids[9]);
    let error = read(source.as_ref(), &feed, Some(second.next)).await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CursorExpired, "{error}");
    let anew = read(source.as_ref(), &feed, None).await.unwrap();
    assert_eq!((anew.items.len(), anew.gone), (600, Gone::ByAbsence));
    let foreign = read(source.as_ref(), &feed, Some(Cursor::new("delta:x"))).await.map(|_| ()).unwrap_err();
    assert_eq!(foreign.kind(), ErrorKind::CursorExpired);
}

#[tokio::test]
async fn public_folders_and_recoverable_items_are_never_written() {
    let server = server(Version::Exchange2016).await;
    for root in [Root::PublicFolders, Root::Recoverable] {
        let error = connector(&server, Access::Owner)
            .destination(&mailbox(Side::Destination, root))
            .await
            .map(|_| ())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        let verified = connector(&server, Access::Owner).verify(&mailbox(Side::Destination, root)).await;
        assert_eq!(verified.error().unwrap().kind(), ErrorKind::Unsupported);
        let verified = connector(&server, Access::Owner).verify(&mailbox(Side::Source, root)).await;
        assert!(verified.is_ok(), "{verified:?}");
    }
}

#[tokio::test]
async fn an_organisation_without_public_folders_says_so() {
    let server = EwsServer::builder().user(ADDRESS, common::SECRET).start().await;
    let opened = connector(&server, Access::Owner).source(&mailbox(Side::Source, Root::PublicFolders)).await;
    let error = opened.map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("ErrorNoPublicFolderReplicaAvailable"), "{error}");
}

#[tokio::test]
async fn recoverable_items_can_be_read() {
    let server = server(Version::Exchange2010Sp1).await;
    let bin = server.mailbox(ADDRESS);
    bin.add("recoverable:Deletions", NewItem::message(letter(1)));
    bin.add("recoverable:Purges", NewItem::xml("<t:Contact><t:DisplayName>Ann</t:DisplayName></t:Contact>"));
    let source = connector(&server, Access::Owner).source(&mailbox(Side::Source, Root::Recoverable)).await.unwrap();
    let mut found = Vec::new();
    for folder in source.folders().await.unwrap() {
        let listed = read(source.as_ref(), &folder.feed, None).await.unwrap();
        let items = source.fetch(&listed.items, &Format::FASTTRANSFER, &Spool::new(1 << 20)).await;
        found.extend(items.into_iter().map(|item| (folder.path.join("/"), item.unwrap().kind)));
    }
    found.sort_by_key(|(path, _)| path.clone());
    let kinds: Vec<_> = found.iter().map(|(path, kind)| (path.as_str(), *kind)).collect();
    assert_eq!(kinds, [("Deletions", mailmove_core::Kind::Mail), ("Purges", mailmove_core::Kind::Contact)]);
    let old = self::server(Version::Exchange2010).await;
    let opened = connector(&old, Access::Owner).source(&mailbox(Side::Source, Root::Recoverable)).await;
    assert!(opened.is_err());
}
