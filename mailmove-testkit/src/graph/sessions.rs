//! Uploads and imports that have a URL of their own, which is a secret.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;

use super::query::unescaped;
use super::state::guid;
use crate::http::{Label, Request};

/// An attachment on its way.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) mailbox: usize,
    pub(super) holder: super::op::Holder,
    /// A task's is put at a URL below the version.
    pub(crate) is_task: bool,
    pub(crate) attachment: super::state::Attachment,
    pub(crate) size: usize,
    /// What has arrived, in its order.
    pub(crate) pieces: Vec<Bytes>,
    pub(crate) expires: Duration,
}

impl Upload {
    /// Octets that have arrived.
    pub(crate) fn arrived(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }
}

/// A permission to import.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) mailbox: usize,
    pub(crate) expires: Duration,
    /// Items that may still come; none when nobody counts.
    pub(crate) left: Option<usize>,
    name: String,
    caller: String,
}

#[derive(Debug, Default)]
pub(crate) struct Sessions {
    pub(crate) uploads: HashMap<String, (Upload, String, String)>,
    pub(crate) imports: HashMap<String, Import>,
    made: u64,
}

impl Sessions {
    fn token(&mut self) -> String {
        self.made += 1;
        format!("{}-s3cr3t", guid(0x5e55_1045, self.made))
    }

    /// The path of a new upload, behind `/api/`.
    pub(crate) fn upload(&mut self, upload: Upload, mailbox: &str, caller: &str) -> String {
        let token = self.token();
        self.uploads.insert(token.clone(), (upload, mailbox.to_owned(), caller.to_owned()));
        format!("uploads/{token}")
    }

    /// The token of a new import.
    pub(crate) fn import(
        &mut self,
        mailbox: usize,
        name: &str,
        caller: &str,
        expires: Duration,
        left: Option<usize>,
    ) -> String {
        let token = self.token();
        let import = Import { mailbox, expires, left, name: name.to_owned(), caller: caller.to_owned() };
        self.imports.insert(token.clone(), import);
        token
    }

    /// What the log calls a request to one of these URLs, without the secret in it.
    pub(crate) fn label(&self, request: &Request, rest: &str) -> Label {
        let method = request.method.as_str();
        let (operation, found, path) = match rest.strip_prefix("uploads/") {
            Some(token) => {
                let found = self.uploads.get(token).map(|(_, mailbox, caller)| (mailbox.as_str(), caller.as_str()));
                (format!("{method} upload"), found, "/api/uploads/***".to_owned())
            }
            None => {
                let found = self.importer(&auth_token(request));
                (format!("{method} importItem"), found, format!("{}?authtoken=***", request.path))
            }
        };
        Label {
            operation,
            mailbox: found.map(|(mailbox, _)| mailbox.to_owned()),
            caller: found.map(|(_, caller)| caller.to_owned()),
            shown: Some(path),
            ..Label::default()
        }
    }

    /// The mailbox's name and the caller of an import.
    pub(crate) fn importer(&self, token: &str) -> Option<(&str, &str)> {
        self.imports.get(token).map(|import| (import.name.as_str(), import.caller.as_str()))
    }
}

/// The secret of an import URL.
pub(crate) fn auth_token(request: &Request) -> String {
    let mut pairs = request.query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == "authtoken").map(|(_, value)| unescaped(value, false)).unwrap_or_default()
}
