//! Zimbra as the conformance suite wants it.

use std::sync::Arc;

use bytes::Bytes;
use mailmove_core::{Error, ErrorKind, FolderId, ItemId, Kind, Result, async_trait};
use mailmove_testkit::conformance::{Harness, Subject, User};
use mailmove_testkit::zimbra::{Log, MailboxHandle, Version, ZimbraServer, ZimbraServerBuilder};

use crate::common::{ADDRESS, ADMIN, By, KEY, SECRET, configured};

/// A server of one version, with one mailbox that is opened in one way.
pub(crate) struct Zimbra {
    version: Version,
    by: By,
    page: Option<usize>,
    proxy: bool,
    bulk: bool,
}

impl Zimbra {
    pub(crate) fn new(version: Version) -> Self {
        Self { version, by: By::Owner, page: None, proxy: false, bulk: true }
    }

    pub(crate) fn opened_by(self, by: By) -> Self {
        Self { by, ..self }
    }

    pub(crate) fn with_pages_of(self, entries: usize) -> Self {
        Self { page: Some(entries), ..self }
    }

    pub(crate) fn behind_a_proxy(self) -> Self {
        Self { proxy: true, ..self }
    }

    pub(crate) fn item_by_item(self) -> Self {
        Self { bulk: false, ..self }
    }

    fn server(&self) -> ZimbraServerBuilder {
        let server = ZimbraServer::builder().version(self.version);
        let server = match self.by {
            By::Owner => server.user(ADDRESS, SECRET),
            By::Administrator => server.mailbox(ADDRESS).admin(ADMIN, SECRET),
            By::Key => server.mailbox(ADDRESS).preauth_key(KEY).admin_port_closed(),
        };
        let server = if self.proxy { server.behind_proxy() } else { server };
        match self.page {
            Some(entries) => server.page(entries),
            None => server,
        }
    }
}

#[async_trait]
impl Harness for Zimbra {
    async fn mailbox(&self) -> Result<Subject> {
        let server = self.server().start().await;
        let user = Owner { mailbox: server.mailbox(ADDRESS), log: server.log() };
        let change = |config: mailmove_zimbra::ZimbraConfig| if self.bulk { config } else { config.item_by_item() };
        let subject = Subject::new(configured(&server, self.by, change), ADDRESS);
        Ok(subject.with_user(Arc::new(user)).with_secret(SECRET).with_secret(KEY).keeping(server))
    }
}

/// The owner of the mailbox, at another client.
struct Owner {
    mailbox: MailboxHandle,
    log: Arc<Log>,
}

#[async_trait]
impl User for Owner {
    async fn edit(&self, _: &FolderId, id: &ItemId, bytes: Bytes) -> Result<()> {
        self.mailbox.replace(id.as_str(), bytes);
        Ok(())
    }

    async fn delete(&self, _: &FolderId, id: &ItemId) -> Result<()> {
        self.mailbox.delete(id.as_str());
        Ok(())
    }

    async fn move_item(&self, _: &FolderId, id: &ItemId, to: &FolderId) -> Result<()> {
        self.mailbox.move_item(id.as_str(), &self.mailbox.folder_path(to.as_str()));
        Ok(())
    }

    async fn recreate_folder(&self, folder: &FolderId) -> Result<()> {
        let path = self.mailbox.folder_path(folder.as_str());
        self.mailbox.delete_folder(&path).create_folder(&path, "message");
        Ok(())
    }

    async fn create_folder(&self, path: &[String], kinds: &[Kind]) -> Result<()> {
        match kinds {
            [] => self.mailbox.create_folder(&path.join("/"), "document"),
            [Kind::Mail] => self.mailbox.create_folder(&path.join("/"), "message"),
            _ => return Err(Error::new(ErrorKind::Unsupported, "the harness makes folders for mail")),
        };
        Ok(())
    }

    async fn expire_cursors(&self) -> Result<()> {
        self.mailbox.forget_changes();
        Ok(())
    }

    async fn sent_mails(&self) -> Result<u64> {
        Ok(self.log.counters().sent)
    }
}
