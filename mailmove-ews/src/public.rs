//! Public folders: where their tree is, where the contents of each folder are, and what changed in one.
//!
//! They know neither synchronization nor a deep traversal. From Exchange 2013 on the tree lives in one mailbox and the
//! contents in others, and every request has to name the right one in its header.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailmove_core::{Change, Cursor, Error, ErrorKind, FeedId, FolderId, Gone, Mailbox, Page, Result};

use time::Duration;

use crate::client::{Client, Route};
use crate::discover::{Discovery, Protocol};
use crate::endpoint::EwsMailbox;
use crate::map;
use crate::wire::find_changed::{Condition, FindChanged, PAGE};
use crate::wire::find_folder::FindFolder;
use crate::wire::folder::FolderData;
use crate::wire::ids::FolderRef;
use crate::wire::item::{date, date_text};
use crate::wire::property::Property;
use crate::wire::shape::Shape;

/// How many folders are asked for their children in one request.
const PARENTS: usize = 20;

/// Before everything that changed.
const BEGINNING: &str = "1970-01-01T00:00:00Z";

/// Where public folders are kept.
#[derive(Debug)]
pub(crate) struct PublicFolders {
    discovery: Arc<Discovery>,
    mailbox: Mailbox,
    /// The GUID of the mailbox that holds what is in a folder.
    contents: Mutex<HashMap<String, String>>,
    /// How to reach a mailbox of this GUID.
    routes: tokio::sync::Mutex<HashMap<String, Route>>,
}

impl PublicFolders {
    pub(crate) fn new(discovery: Arc<Discovery>, mailbox: Mailbox) -> Self {
        Self { discovery, mailbox, contents: Mutex::default(), routes: tokio::sync::Mutex::default() }
    }

    /// How to reach the tree.
    pub(crate) async fn hierarchy(&self) -> Result<Route> {
        let address = self.setting(&self.mailbox.address, "PublicFolderInformation").await?;
        let public = self.setting(&address, "InternalRpcClientServer").await?;
        Ok(Route { anchor: address, public })
    }

    /// How to reach the contents of a folder. `None`: as the server itself thinks right.
    async fn content(&self, folder: &str) -> Result<Option<Route>> {
        let guid = self.contents.lock().unwrap_or_else(PoisonError::into_inner).get(folder).cloned();
        let Some(guid) = guid else { return Ok(None) };
        let mut routes = self.routes.lock().await;
        if let Some(route) = routes.get(&guid) {
            return Ok(Some(route.clone()));
        }
        let domain = crate::discover::domain(&self.mailbox.address)?;
        let address = self.setting(&format!("{guid}@{domain}"), "AutoDiscoverSMTPAddress").await?;
        let route = Route { anchor: address.clone(), public: address };
        routes.insert(guid, route.clone());
        Ok(Some(route))
    }

    async fn setting(&self, address: &str, name: &'static str) -> Result<String> {
        let settings = self.discovery.settings_of(&self.mailbox, address, &[Protocol::Soap], &[name]).await?;
        settings.get(name).filter(|value| !value.is_empty()).cloned().ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the server does not say where public folders are")
                .with("setting", name)
                .remedy("check that the organisation has public folders, and that this account may open them")
        })
    }

    fn learn(&self, folders: &[FolderData]) {
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        for folder in folders {
            if let Some(guid) = folder.replicas.as_deref().and_then(guid) {
                contents.insert(folder.id.clone(), guid);
            }
        }
    }
}

/// The GUID at the beginning of a list of replicas.
fn guid(replicas: &str) -> Option<String> {
    let bytes = STANDARD.decode(replicas.trim()).ok()?;
    let text = std::str::from_utf8(bytes.get(..36)?).ok()?;
    let fits = text.chars().all(|char| char.is_ascii_hexdigit() || char == '-');
    fits.then(|| text.to_owned())
}

impl EwsMailbox {
    /// The client that reaches what is in a folder.
    pub(crate) async fn client_of(&self, folder: Option<&FolderId>) -> Result<Client> {
        match (&self.public, folder) {
            (Some(public), Some(folder)) => Ok(public
                .content(folder.as_str())
                .await?
                .map_or_else(|| self.client.clone(), |route| self.client.through(route))),
            _ => Ok(self.client.clone()),
        }
    }

    /// Every folder, level by level.
    pub(crate) async fn public_tree(&self, public: &PublicFolders) -> Result<Vec<FolderData>> {
        let (mut folders, mut due) = (Vec::new(), vec![self.root.clone()]);
        while !due.is_empty() {
            let parents: Vec<String> = due.drain(..due.len().min(PARENTS)).collect();
            let below: Vec<FolderRef> = parents.iter().cloned().map(FolderRef::Id).collect();
            let find = FindFolder { below, offset: 0, shallow: true };
            let answers = self.client.ask(&find, parents.len()).await?;
            for (parent, answer) in parents.into_iter().zip(answers) {
                let mut page = answer?;
                let mut found = std::mem::take(&mut page.folders);
                while page.last != Some(true) {
                    let offset = u32::try_from(found.len()).unwrap_or(u32::MAX);
                    let find = FindFolder { below: vec![FolderRef::Id(parent.clone())], offset, shallow: true };
                    page = self.client.ask_one(&find).await?;
                    if page.last.is_none() || (page.last == Some(false) && page.folders.is_empty()) {
                        return Err(untold());
                    }
                    found.append(&mut page.folders);
                }
                // Who has no children need not be asked for them.
                due.extend(found.iter().filter(|folder| folder.children != Some(0)).map(|folder| folder.id.clone()));
                folders.extend(found);
            }
        }
        public.learn(&folders);
        Ok(folders)
    }

    /// A page of what is in a public folder, the oldest change first.
    pub(crate) async fn public_page(&self, feed: &FeedId, after: Option<&Cursor>) -> Result<Page> {
        let folder = FolderId::new(feed.as_str());
        let client = self.client_of(Some(&folder)).await?;
        let reference = FolderRef::Id(feed.as_str().to_owned());
        let mut at = match after {
            None => Place { listing: true, ..Place::default() },
            Some(cursor) => Place::read(cursor.as_str())?,
        };
        if at.settled {
            at.count = self.still_there(&client, &reference, &at).await?;
            at.settled = false;
        }
        let condition = if at.since.is_empty() { Condition::All } else { Condition::ModifiedSince(at.since.clone()) };
        // What has the same time as the last one seen is looked at again, unless it fills a whole page.
        let offset = if at.skip >= PAGE { at.skip } else { 0 };
        let find = FindChanged { folder: reference, shape: Shape::LISTING, condition, offset, most: PAGE };
        let found = client.ask_one(&find).await?;
        let Some(last) = found.last else { return Err(untold()) };
        if at.listing && at.since.is_empty() {
            at.count = found.total.ok_or_else(untold)?;
        }
        let newest = found.items.iter().rev().find_map(|item| item.property(Property::LastModified));
        if let Some(newest) = newest.map(str::to_owned) {
            let same = |time: Option<&str>| time == Some(newest.as_str());
            let alike = found.items.iter().rev().take_while(|item| same(item.property(Property::LastModified))).count();
            let alike = u32::try_from(alike).unwrap_or(u32::MAX);
            at.skip = if newest == at.since { offset + alike } else { alike };
            at.since = newest;
        } else if !last {
            return Err(Error::new(ErrorKind::Protocol, "the server gave a page without times"));
        }
        let listing = at.listing;
        if last {
            (at.settled, at.listing, at.skip) = (true, false, 0);
        }
        let mut page = Page::last(Cursor::new(at.text()));
        page.more = !last;
        page.gone = if listing { Gone::ByAbsence } else { Gone::Told };
        page.changes = found.items.iter().map(|item| Change::Present(map::item::reference(item, &folder))).collect();
        Ok(page)
    }

    /// How many items there are, when none went since. When the numbers do not fit together, everything is listed again:
    /// nobody names what went.
    async fn still_there(&self, client: &Client, folder: &FolderRef, at: &Place) -> Result<u32> {
        let count = async |condition| {
            let find = FindChanged { folder: folder.clone(), shape: Shape::NOTHING, condition, offset: 0, most: 1 };
            client.ask_one(&find).await?.total.ok_or_else(untold)
        };
        let (now, new) = (count(Condition::All).await?, count(Condition::CreatedSince(at.next_second())).await?);
        match at.count.checked_add(new) == Some(now) {
            true => Ok(now),
            false => Err(Error::new(ErrorKind::CursorExpired, "something went from this folder, and nobody says what")),
        }
    }
}

fn untold() -> Error {
    Error::new(ErrorKind::Protocol, "the server does not say how far the listing went")
}

/// How far the reading of a folder has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Place {
    /// Nothing is under way.
    settled: bool,
    /// Everything is listed, and not only what changed.
    listing: bool,
    /// The time of the last change that was seen; empty before the first.
    since: String,
    /// How many items of that time were seen.
    skip: u32,
    /// How many items there were when this began.
    count: u32,
}

impl Place {
    /// The first second that nothing was seen of yet. Servers show whole seconds and compare by smaller parts of them.
    fn next_second(&self) -> String {
        let next = date(&self.since).and_then(|since| since.checked_add(Duration::SECOND)).and_then(date_text);
        next.unwrap_or_else(|| BEGINNING.to_owned())
    }

    fn text(&self) -> String {
        let word = match (self.settled, self.listing) {
            (true, _) => "settled",
            (_, true) => "listing",
            _ => "delta",
        };
        format!("public|{word}|{}|{}|{}", self.since, self.skip, self.count)
    }

    fn read(text: &str) -> Result<Self> {
        let elsewhere = || Error::new(ErrorKind::CursorExpired, "this cursor is from somewhere else");
        let parts: Vec<&str> = text.split('|').collect();
        let ["public", word, since, skip, count] = parts[..] else { return Err(elsewhere()) };
        let number = |text: &str| text.parse().map_err(|_| elsewhere());
        let (settled, listing) = (word == "settled", word == "listing");
        Ok(Self { settled, listing, since: since.to_owned(), skip: number(skip)?, count: number(count)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_begins_with_the_next_second() {
        let place = |since: &str| Place { since: since.to_owned(), ..Place::default() };
        assert_eq!(place("2026-01-01T00:00:59Z").next_second(), "2026-01-01T00:01:00Z");
        assert_eq!(place("").next_second(), BEGINNING);
    }

    #[test]
    fn places_come_back_as_they_were() {
        for (settled, listing) in [(true, false), (false, true), (false, false)] {
            let place = Place { settled, listing, since: "2026-01-01T00:00:00Z".into(), skip: 3, count: 7 };
            assert_eq!(Place::read(&place.text()).unwrap(), place);
        }
        for text in ["", "delta:x", "public|settled|x|y|1"] {
            assert_eq!(Place::read(text).unwrap_err().kind(), ErrorKind::CursorExpired, "{text}");
        }
    }

    #[test]
    fn the_guid_stands_at_the_beginning_of_the_replicas() {
        let own = "01234567-89ab-cdef-0123-456789abcdef";
        assert_eq!(guid(&STANDARD.encode(format!("{own}\0rest"))).as_deref(), Some(own));
        assert_eq!(guid(&STANDARD.encode("short")), None);
        assert_eq!(guid("#"), None);
    }
}
