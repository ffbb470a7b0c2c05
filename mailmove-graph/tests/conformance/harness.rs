//! Exchange Online as the conformance suite wants it.

use std::sync::Arc;

use bytes::Bytes;
use mailmove_core::{Error, ErrorKind, FolderId, ItemId, Kind, Result, async_trait};
use mailmove_graph::GraphConfig;
use mailmove_testkit::conformance::{Harness, Subject, User};
use mailmove_testkit::graph::{GraphServer, Log, MailboxHandle};

use crate::common::{ADDRESS, SECRET, config, connector, server};

/// A tenant with one mailbox that is written by one path.
#[derive(Default)]
pub(crate) struct Online {
    page: Option<usize>,
    with: Option<fn(GraphConfig) -> GraphConfig>,
}

impl Online {
    /// The same, configured in this way.
    pub(crate) fn configured(self, with: fn(GraphConfig) -> GraphConfig) -> Self {
        Self { with: Some(with), ..self }
    }

    pub(crate) fn with_pages_of(self, entries: usize) -> Self {
        Self { page: Some(entries), ..self }
    }
}

#[async_trait]
impl Harness for Online {
    async fn mailbox(&self) -> Result<Subject> {
        let server = match self.page {
            Some(entries) => server().page(entries),
            None => server(),
        };
        let server: GraphServer = server.start().await;
        let user = Owner { mailbox: server.mailbox(ADDRESS), log: server.log() };
        let config = config(&server);
        let config = self.with.map_or(config.clone(), |with| with(config));
        let subject = Subject::new(connector(config), ADDRESS);
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
        let id = id.as_str().strip_prefix("mail:").unwrap_or_default();
        let found = self.mailbox.folders().into_iter().find(|path| self.mailbox.folder_id(path) == id);
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
        self.mailbox.forget_delta_tokens();
        Ok(())
    }

    async fn sent_mails(&self) -> Result<u64> {
        Ok(self.log.counters().sent)
    }
}
