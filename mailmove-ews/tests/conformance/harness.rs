//! Exchange as the conformance suite wants it.

use std::sync::Arc;

use bytes::Bytes;
use mailmove_core::{Access, Error, ErrorKind, FolderId, ItemId, Kind, Result, async_trait};
use mailmove_testkit::conformance::{Harness, Subject, User};
use mailmove_testkit::ews::{EwsServer, EwsServerBuilder, Log, MailboxHandle, Version};

use crate::common::{ADDRESS, SECRET, connector};

/// A server of one version, with one mailbox that is opened in one way.
pub(crate) struct Exchange {
    version: Version,
    access: Access,
    page: Option<usize>,
}

impl Exchange {
    pub(crate) fn new(version: Version) -> Self {
        Self { version, access: Access::Owner, page: None }
    }

    pub(crate) fn opened_by(self, access: Access) -> Self {
        Self { access, ..self }
    }

    pub(crate) fn with_pages_of(self, entries: usize) -> Self {
        Self { page: Some(entries), ..self }
    }

    fn server(&self) -> EwsServerBuilder {
        let server = EwsServer::builder().version(self.version);
        let server = match self.access {
            Access::Impersonate => {
                server.mailbox(ADDRESS).account("svc@example.org", SECRET).impersonator("svc@example.org", &[])
            }
            Access::Delegate => {
                server.mailbox(ADDRESS).account("svc@example.org", SECRET).delegate(ADDRESS, "svc@example.org")
            }
            _ => server.user(ADDRESS, SECRET),
        };
        match self.page {
            Some(entries) => server.page(entries),
            None => server,
        }
    }
}

#[async_trait]
impl Harness for Exchange {
    async fn mailbox(&self) -> Result<Subject> {
        let server = self.server().start().await;
        let user = Owner { mailbox: server.mailbox(ADDRESS), log: server.log() };
        let subject = Subject::new(connector(&server, self.access.clone()), ADDRESS);
        Ok(subject.with_user(Arc::new(user)).with_secret(SECRET).keeping(server))
    }
}

/// The owner of the mailbox, at another client.
struct Owner {
    mailbox: MailboxHandle,
    log: Arc<Log>,
}

impl Owner {
    fn path(&self, id: &FolderId) -> Result<String> {
        let mut folders = self.mailbox.folders().into_iter();
        let found = folders.find(|path| self.mailbox.folder_id(path) == id.as_str());
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, "no such folder"))
    }
}

#[async_trait]
impl User for Owner {
    async fn edit(&self, _: &FolderId, id: &ItemId, bytes: Bytes) -> Result<()> {
        let text = String::from_utf8_lossy(&bytes);
        let subject = text.lines().find_map(|line| line.strip_prefix("Subject: "));
        self.mailbox.set_subject(id.as_str(), subject.unwrap_or("edited"));
        Ok(())
    }

    async fn delete(&self, _: &FolderId, id: &ItemId) -> Result<()> {
        self.mailbox.delete(id.as_str());
        Ok(())
    }

    async fn move_item(&self, _: &FolderId, id: &ItemId, to: &FolderId) -> Result<()> {
        self.mailbox.move_item(id.as_str(), &self.path(to)?);
        Ok(())
    }

    async fn recreate_folder(&self, folder: &FolderId) -> Result<()> {
        let path = self.path(folder)?;
        self.mailbox.delete_folder(&path).create_folder(&path, "IPF.Note");
        Ok(())
    }

    async fn create_folder(&self, path: &[String], kinds: &[Kind]) -> Result<()> {
        if kinds != [Kind::Mail] {
            return Err(Error::new(ErrorKind::Unsupported, "every folder of Exchange holds items"));
        }
        self.mailbox.create_folder(&path.join("/"), "IPF.Note");
        Ok(())
    }

    async fn expire_cursors(&self) -> Result<()> {
        self.mailbox.forget_sync_states();
        Ok(())
    }

    async fn sent_mails(&self) -> Result<u64> {
        Ok(self.log.counters().sent)
    }
}
