//! What one connection knows: who it is, what it has selected, and what it was told about it.

use std::sync::{Arc, Mutex};

use super::capability::Mechanism;
use super::fault::Effect;
use super::server::Shared;
use super::state::{Account, Folder, lock};
use super::utf7;
use super::wire::Output;

/// The protocol's side of a connection. A copy of it can execute a command when the connection is long gone.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) shared: Arc<Shared>,
    pub(crate) connection: u64,
    /// Of the command being executed.
    pub(crate) tag: String,
    pub(crate) encrypted: bool,
    pub(crate) compressed: bool,
    pub(crate) user: Option<SignedIn>,
    /// An application is in that has not said yet whose mailbox it opens.
    pub(crate) application: Option<Mechanism>,
    pub(crate) selected: Option<Selected>,
    /// The client has shown that it knows mod-sequences.
    pub(crate) condstore: bool,
    pub(crate) qresync: bool,
    pub(crate) utf8: bool,
    /// The client has given up sequence numbers (RFC 9586).
    pub(crate) uid_only: bool,
    /// What goes wrong with the command being executed.
    pub(crate) effect: Effect,
}

/// Who has signed in.
#[derive(Clone)]
pub(crate) struct SignedIn {
    pub(crate) name: String,
    pub(crate) account: Arc<Mutex<Account>>,
}

/// An open folder, as this session was told it is.
#[derive(Debug, Clone)]
pub(crate) struct Selected {
    pub(crate) name: String,
    object: u64,
    uid_validity: u32,
    pub(crate) read_only: bool,
    /// The UIDs by sequence number, from 1.
    pub(crate) view: Vec<u32>,
    uid_next: u32,
    flags_told: u64,
    expunges_told: u64,
    recent: Vec<(u32, u32)>,
}

/// The folder was deleted or numbered anew; its sessions must end.
pub(crate) struct Lost;

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, connection: u64, encrypted: bool) -> Self {
        Self {
            shared,
            connection,
            tag: String::new(),
            encrypted,
            compressed: false,
            user: None,
            application: None,
            selected: None,
            condstore: false,
            qresync: false,
            utf8: false,
            uid_only: false,
            effect: Effect::default(),
        }
    }

    /// How many messages of a folder this client is shown.
    pub(crate) fn view_limit(&self) -> usize {
        if self.uid_only { usize::MAX } else { self.shared.settings.view_limit }
    }

    pub(crate) fn user_name(&self) -> Option<&str> {
        self.user.as_ref().map(|user| user.name.as_str())
    }

    /// The name a folder has inside the server.
    pub(crate) fn wire_name(&self, name: &str) -> String {
        let layout = &self.shared.settings.layout;
        if self.utf8 { layout.canonical(&utf7::encode(name)) } else { layout.canonical(name) }
    }

    /// Whether this client has no spelling for the name that this server knows.
    pub(crate) fn cannot_spell(&self, wire: &str) -> bool {
        let wide = || utf7::decode(wire).is_some_and(|name| name.chars().any(|c| u32::from(c) > 0xFFFF));
        self.shared.settings.narrow_names && !self.utf8 && wide()
    }

    /// A folder's name for this client, quoted or as a literal.
    pub(crate) fn spell(&self, wire: &str) -> String {
        match utf7::decode(wire) {
            Some(name) if self.utf8 => quote(&name),
            _ => quote(wire),
        }
    }

    /// Tells what changed in the open folder since it was told last. Sequence numbers may only change when the client
    /// does not rely on them: not during FETCH, STORE and SEARCH.
    pub(crate) fn tell_changes(&mut self, expunges: bool, with_uid: bool, out: &mut Output) -> Result<(), Lost> {
        let (Some(user), Some(selected)) = (&self.user, &mut self.selected) else { return Ok(()) };
        let mut account = lock(&user.account);
        let folder = selected.folder(&mut account)?;
        let style = Style {
            condstore: self.condstore,
            vanished: self.qresync || self.uid_only,
            with_uid: with_uid || self.qresync,
            uid_only: self.uid_only,
        };
        if expunges {
            selected.tell_expunges(folder, style, out);
        }
        // Before the arrivals, which are not known to the client by number yet.
        selected.tell_flags(folder, style, out);
        selected.tell_arrivals(folder, out);
        Ok(())
    }
}

/// How changes are put to this client.
#[derive(Debug, Clone, Copy)]
struct Style {
    condstore: bool,
    vanished: bool,
    with_uid: bool,
    uid_only: bool,
}

impl Selected {
    /// `limit` is how many of its messages are shown, the latest.
    pub(crate) fn new(name: &str, folder: &mut Folder, read_only: bool, limit: usize) -> Self {
        let recent = (folder.recent_from, folder.uid_next - 1);
        if !read_only {
            folder.recent_from = folder.uid_next;
        }
        Self {
            name: name.to_owned(),
            object: folder.object,
            uid_validity: folder.uid_validity,
            read_only,
            view: folder.uids().split_off(folder.len().saturating_sub(limit)),
            uid_next: folder.uid_next,
            flags_told: folder.highest_modseq,
            expunges_told: folder.highest_modseq,
            recent: vec![recent],
        }
    }

    /// The folder, wherever it was renamed to.
    pub(crate) fn folder<'a>(&mut self, account: &'a mut Account) -> Result<&'a mut Folder, Lost> {
        if account.folder(&self.name).is_none_or(|folder| folder.object != self.object) {
            self.name = account.find(self.object).ok_or(Lost)?.to_owned();
        }
        match account.folder_mut(&self.name) {
            Some(folder) if folder.uid_validity == self.uid_validity => Ok(folder),
            _ => Err(Lost),
        }
    }

    /// The sequence number of a message the session knows.
    pub(crate) fn place(&self, uid: u32) -> Option<usize> {
        self.view.binary_search(&uid).ok().map(|at| at + 1)
    }

    pub(crate) fn is_recent(&self, uid: u32) -> bool {
        self.recent.iter().any(|&(first, last)| (first..=last).contains(&uid))
    }

    /// How many of the messages are recent here.
    pub(crate) fn recent(&self) -> usize {
        let count = |&(first, last): &(u32, u32)| {
            self.view.partition_point(|&uid| uid <= last).saturating_sub(self.view.partition_point(|&uid| uid < first))
        };
        self.recent.iter().map(count).sum()
    }

    /// The flag changes up to now need not be told any more: the client was told, or made them itself in silence.
    pub(crate) fn flags_known(&mut self, folder: &Folder) {
        self.flags_told = folder.highest_modseq;
    }

    fn tell_expunges(&mut self, folder: &Folder, style: Style, out: &mut Output) {
        if folder.highest_modseq == self.expunges_told {
            return;
        }
        let gone = folder.vanished_since(self.expunges_told);
        self.expunges_told = folder.highest_modseq;
        let mut told = Vec::new();
        let mut place = 0;
        self.view.retain(|uid| {
            let vanished = gone.binary_search(uid).is_ok();
            if vanished {
                told.push((place + 1, *uid));
            } else {
                place += 1;
            }
            !vanished
        });
        if style.vanished && !told.is_empty() {
            let uids: Vec<u32> = told.iter().map(|(_, uid)| *uid).collect();
            out.line(format_args!("* VANISHED {}", super::set::compact(&uids)));
        } else {
            told.iter().for_each(|(place, _)| out.line(format_args!("* {place} EXPUNGE")));
        }
    }

    fn tell_arrivals(&mut self, folder: &mut Folder, out: &mut Output) {
        if folder.uid_next == self.uid_next {
            return;
        }
        self.view.extend(folder.uids_from(self.uid_next));
        if folder.recent_from < folder.uid_next && !self.read_only {
            self.recent.push((folder.recent_from.max(self.uid_next), folder.uid_next - 1));
            folder.recent_from = folder.uid_next;
        }
        self.uid_next = folder.uid_next;
        out.line(format_args!("* {} EXISTS", self.view.len()));
        out.line(format_args!("* {} RECENT", self.recent()));
    }

    fn tell_flags(&mut self, folder: &Folder, style: Style, out: &mut Output) {
        if folder.highest_modseq == self.flags_told {
            return;
        }
        for uid in folder.changed_since(self.flags_told) {
            if let (Some(place), Some(message)) = (self.place(uid), folder.message(uid)) {
                let recent = if self.is_recent(uid) { " \\Recent" } else { "" };
                let flags = format!("{}{recent}", message.flags);
                match style.uid_only {
                    true => out.text(format_args!("* {uid} UIDFETCH (")),
                    false => out.text(format_args!("* {place} FETCH (")),
                }
                if style.with_uid && !style.uid_only {
                    out.text(format_args!("UID {uid} "));
                }
                if style.condstore {
                    out.text(format_args!("MODSEQ ({}) ", message.modseq));
                }
                out.line(format_args!("FLAGS ({}))", flags.trim_start()));
            }
        }
        self.flags_told = folder.highest_modseq;
    }
}

/// A string for the client: quoted where the grammar allows it, a literal elsewhere.
pub(crate) fn quote(text: &str) -> String {
    if text.bytes().any(|byte| byte == b'\r' || byte == b'\n' || byte == 0) {
        return format!("{{{}}}\r\n{text}", text.len());
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
