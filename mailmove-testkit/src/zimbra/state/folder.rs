//! Folders, saved searches and mountpoints.

use super::uuid;

/// The folders of every mailbox: id, parent, name, view.
pub(crate) const SYSTEM: [(i64, i64, &str, &str); 14] = [
    (11, 11, "ROOT", ""),
    (1, 11, "USER_ROOT", ""),
    (2, 1, "Inbox", "message"),
    (3, 1, "Trash", ""),
    (4, 1, "Junk", "message"),
    (5, 1, "Sent", "message"),
    (6, 1, "Drafts", "message"),
    (7, 1, "Contacts", "contact"),
    (8, 11, "Tags", "tag"),
    (9, 11, "Conversations", "conversation"),
    (10, 1, "Calendar", "appointment"),
    (13, 1, "Emailed Contacts", "contact"),
    (15, 1, "Tasks", "task"),
    (16, 1, "Briefcase", "document"),
];

/// What a folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Flavour {
    Plain,
    Search { query: String, types: String, sort: String },
    Mount { owner: String, zid: String, rid: i64 },
}

/// Somebody's rights on a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) zid: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) perm: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Folder {
    pub(crate) id: i64,
    pub(crate) uuid: String,
    pub(crate) parent: i64,
    pub(crate) name: String,
    pub(crate) flavour: Flavour,
    /// `message`, `contact` ... ; empty for folders of anything.
    pub(crate) view: String,
    /// Letters: `*` subscribed, `#` checked, `b` excluded from free/busy ...
    pub(crate) flags: String,
    pub(crate) color: i64,
    pub(crate) rgb: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) grants: Vec<Grant>,
    /// Change at which it was made.
    pub(crate) rev: i64,
    /// Change at which it itself last changed; what it holds does not count.
    pub(crate) ms: i64,
    /// When that was, in ms.
    pub(crate) md: i64,
    /// Change at which what it holds last changed.
    pub(crate) content_ms: i64,
    /// The next IMAP UID in it.
    pub(crate) uid_next: i64,
}

impl Folder {
    pub(crate) fn new(owner: &str, id: i64, parent: i64, name: &str, view: &str) -> Self {
        Self {
            id,
            uuid: uuid(&format!("{owner}/{id}/{name}")),
            parent,
            name: name.to_owned(),
            flavour: Flavour::Plain,
            view: view.to_owned(),
            flags: String::new(),
            color: 0,
            rgb: None,
            url: None,
            grants: Vec::new(),
            rev: 1,
            ms: 1,
            md: super::now(),
            content_ms: 1,
            uid_next: 1,
        }
    }

    /// It cannot be renamed, moved or deleted.
    pub(crate) fn is_system(&self) -> bool {
        self.id < 256
    }
}

/// What a name must not hold, or the reason why it cannot be one.
pub(crate) fn folder_names(name: &str) -> Result<String, String> {
    let name = name.trim_end_matches(' ');
    let odd = |character: char| matches!(character, ':' | '/' | '"') || character.is_control();
    if name.trim().is_empty() || name.chars().count() > 255 || name.chars().any(odd) {
        return Err(format!("invalid name: {name}"));
    }
    Ok(name.to_owned())
}

pub(crate) fn view_is_known(view: &str) -> bool {
    [
        "",
        "message",
        "contact",
        "appointment",
        "task",
        "document",
        "wiki",
        "chat",
        "conversation",
        "search folder",
        "tag",
    ]
    .contains(&view)
}
