//! An IMAP server in this process, a connector to it, and its owner.

#![allow(dead_code)] // each test file uses its own part

use std::sync::Arc;

use mailmove_core::{
    FixedCredentials, Flags, FolderId, Item, ItemFlags, ItemId, Kind, Mailbox, Result, Secret, Side, async_trait,
};
use mailmove_imap::{ImapConfig, ImapConnector, Security};
use mailmove_testkit::conformance::{Harness, Subject, User};
use mailmove_testkit::imap::{ImapServer, ImapServerBuilder, MailboxHandle, NewMessage};

pub(crate) const USER: &str = "alice";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A server with one user.
pub(crate) async fn server(build: impl FnOnce(ImapServerBuilder) -> ImapServerBuilder) -> ImapServer {
    build(ImapServer::builder().user(USER, PASSWORD)).start().await
}

/// How to reach it, unprotected.
pub(crate) fn config(server: &ImapServer) -> ImapConfig {
    let mut config = ImapConfig::new("127.0.0.1").with_security(Security::Plain).with_port(server.port());
    config.allow_plaintext = true;
    config
}

/// A connector to it, as its user.
pub(crate) fn connector(server: &ImapServer) -> ImapConnector {
    ImapConnector::new(config(server), provider())
}

pub(crate) fn provider() -> Arc<FixedCredentials> {
    Arc::new(FixedCredentials::owner(Secret::password(PASSWORD)))
}

pub(crate) fn source() -> Mailbox {
    Mailbox::new(Side::Source, USER)
}

pub(crate) fn destination() -> Mailbox {
    Mailbox::new(Side::Destination, USER)
}

/// Makes servers of one kind for the conformance suite.
pub(crate) struct Imap {
    pub(crate) build: fn(ImapServerBuilder) -> ImapServerBuilder,
    pub(crate) prefix: &'static str,
    pub(crate) delimiter: char,
}

impl Imap {
    pub(crate) fn like(build: fn(ImapServerBuilder) -> ImapServerBuilder) -> Self {
        Self { build, prefix: "", delimiter: '/' }
    }
}

#[async_trait]
impl Harness for Imap {
    async fn mailbox(&self) -> Result<Subject> {
        let server = server(self.build).await;
        let owner = Owner { mailbox: server.mailbox(USER), prefix: self.prefix, delimiter: self.delimiter };
        let connector = Arc::new(connector(&server));
        Ok(Subject::new(connector, USER).with_user(Arc::new(owner)).with_secret(PASSWORD).keeping(server))
    }
}

/// Does things past the protocol.
struct Owner {
    mailbox: MailboxHandle,
    prefix: &'static str,
    delimiter: char,
}

impl Owner {
    /// The server's name of a folder, decoded.
    fn name(&self, folder: &FolderId) -> String {
        let folders = self.mailbox.folders();
        let id = folder.as_str();
        let named = |name: &&String| mutf7(name) == id || name.as_str() == id;
        folders.iter().find(named).unwrap_or_else(|| panic!("no folder {id}")).clone()
    }
}

/// Good enough for the names that tests use: everything in ASCII but `&`.
fn mutf7(name: &str) -> String {
    name.replace('&', "&-")
}

fn uid(id: &ItemId) -> u32 {
    id.as_str().parse().expect("an id of ours is a UID")
}

/// Flags as IMAP writes them.
pub(crate) fn words(flags: &Flags) -> Vec<String> {
    const NAMES: [(ItemFlags, &str); 7] = [
        (ItemFlags::SEEN, "\\Seen"),
        (ItemFlags::ANSWERED, "\\Answered"),
        (ItemFlags::FLAGGED, "\\Flagged"),
        (ItemFlags::DELETED, "\\Deleted"),
        (ItemFlags::DRAFT, "\\Draft"),
        (ItemFlags::FORWARDED, "$Forwarded"),
        (ItemFlags::JUNK, "$Junk"),
    ];
    let states = NAMES.iter().filter(|(state, _)| flags.state.contains(*state)).map(|(_, name)| (*name).to_owned());
    states.chain(flags.categories().map(str::to_owned)).collect()
}

#[async_trait]
impl User for Owner {
    async fn create_folder(&self, path: &[String], kinds: &[Kind]) -> Result<()> {
        let name = format!("{}{}", self.prefix, path.join(&self.delimiter.to_string()));
        self.mailbox.create_folder(&name);
        if kinds.is_empty() {
            // What holds only folders is a name that is not there, with one below it that is.
            self.mailbox.create_folder(&format!("{name}{}below", self.delimiter)).delete_folder(&name);
        }
        Ok(())
    }

    async fn add(&self, folder: &FolderId, item: &Item) -> Result<()> {
        let mut message = NewMessage::new(item.body.bytes()?).flags(words(&item.flags));
        if let Some(received) = item.received {
            message = message.received(received);
        }
        self.mailbox.append(&self.name(folder), message);
        Ok(())
    }

    async fn set_flags(&self, folder: &FolderId, id: &ItemId, flags: &Flags) -> Result<()> {
        let words = words(flags);
        self.mailbox.set_flags(&self.name(folder), uid(id), &words.iter().map(String::as_str).collect::<Vec<_>>());
        Ok(())
    }

    async fn delete(&self, folder: &FolderId, id: &ItemId) -> Result<()> {
        self.mailbox.expunge(&self.name(folder), &[uid(id)]);
        Ok(())
    }

    async fn move_item(&self, folder: &FolderId, id: &ItemId, to: &FolderId) -> Result<()> {
        self.mailbox.move_messages(&self.name(folder), &[uid(id)], &self.name(to));
        Ok(())
    }

    async fn recreate_folder(&self, folder: &FolderId) -> Result<()> {
        self.mailbox.recreate_folder(&self.name(folder));
        Ok(())
    }

    async fn sent_mails(&self) -> Result<u64> {
        // The server has no way to send any.
        Ok(0)
    }
}

/// Everything in a folder, page by page.
pub(crate) async fn listing(
    source: &dyn mailmove_core::Source,
    folder: &str,
    after: Option<&mailmove_core::Cursor>,
) -> Result<(Vec<mailmove_core::Change>, mailmove_core::Page)> {
    let (mut after, mut changes) = (after.cloned(), Vec::new());
    loop {
        let mut page = source.changes(&folder.into(), after.as_ref(), mailmove_core::Detail::Listing).await?;
        changes.append(&mut page.changes);
        if !page.more {
            return Ok((changes, page));
        }
        after = Some(page.next);
    }
}

/// The items of a listing.
pub(crate) fn present(changes: &[mailmove_core::Change]) -> Vec<mailmove_core::ItemRef> {
    let item = |change: &mailmove_core::Change| match change {
        mailmove_core::Change::Present(item) => Some(item.clone()),
        _ => None,
    };
    changes.iter().filter_map(item).collect()
}

/// A message with this text, to be written.
pub(crate) fn create(text: impl Into<bytes::Bytes>) -> mailmove_core::Write {
    let body = mailmove_core::Body::unpooled(text);
    let item = Item::new("1", Kind::Mail, mailmove_core::Format::RFC5322, body);
    mailmove_core::Write::Create { item, mark: mailmove_core::Mark::new("") }
}

/// The same with flags.
pub(crate) fn create_with(text: &str, flags: Flags) -> mailmove_core::Write {
    match create(text.to_owned()) {
        mailmove_core::Write::Create { mut item, mark } => {
            item.flags = flags;
            mailmove_core::Write::Create { item, mark }
        }
        other => other,
    }
}

/// A harmless message, different for every number.
pub(crate) fn message(number: u32) -> String {
    format!("Message-ID: <{number}@example.org>\r\nSubject: {number}\r\n\r\nThis is message {number}.\r\n")
}
