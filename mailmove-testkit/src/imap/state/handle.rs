//! The mailbox of one user, seen and changed from the test's side.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::{Account, Folder, MailboxSnapshot, MessageSnapshot, NewMessage, lock};
use crate::imap::flags::Flags;
use crate::imap::utf7;

/// Sees and changes one mailbox past the protocol, as another client or the administrator would. Sessions that have
/// the folder open are told with their next command.
///
/// Folder names are those of this server, decoded: prefix and delimiter included, `INBOX.Entwürfe`. Methods that name
/// a folder panic when it does not exist: a test that names the wrong folder must not pass.
#[derive(Clone)]
pub struct MailboxHandle {
    user: String,
    account: Arc<Mutex<Account>>,
}

impl fmt::Debug for MailboxHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailboxHandle").field("user", &self.user).finish_non_exhaustive()
    }
}

impl MailboxHandle {
    pub(crate) fn new(user: &str, account: Arc<Mutex<Account>>) -> Self {
        Self { user: user.to_owned(), account }
    }

    /// Everything, as it is now.
    pub fn snapshot(&self) -> MailboxSnapshot {
        MailboxSnapshot::of(&lock(&self.account))
    }

    /// The names of all folders.
    pub fn folders(&self) -> Vec<String> {
        lock(&self.account).folders().map(|(wire, _)| super::snapshot::readable(wire)).collect()
    }

    /// How many messages a folder holds.
    pub fn count(&self, folder: &str) -> usize {
        self.with(folder, |folder| folder.len())
    }

    /// The UIDs in a folder, ascending.
    pub fn uids(&self, folder: &str) -> Vec<u32> {
        self.with(folder, |folder| folder.uids())
    }

    /// The messages of a folder, in ascending order of UID.
    pub fn messages(&self, folder: &str) -> Vec<MessageSnapshot> {
        self.with(folder, |folder| MessageSnapshot::all(folder))
    }

    /// UIDVALIDITY.
    pub fn uid_validity(&self, folder: &str) -> u32 {
        self.with(folder, |folder| folder.uid_validity)
    }

    /// UIDNEXT.
    pub fn uid_next(&self, folder: &str) -> u32 {
        self.with(folder, |folder| folder.uid_next)
    }

    /// HIGHESTMODSEQ.
    pub fn highest_modseq(&self, folder: &str) -> u64 {
        self.with(folder, |folder| folder.highest_modseq)
    }

    /// Adds an empty folder; one that exists stays as it is.
    pub fn create_folder(&self, name: &str) -> &Self {
        self.create_raw_folder(&utf7::encode(name))
    }

    /// Adds a folder by its spelling on the wire, which need not be valid modified UTF-7.
    pub fn create_raw_folder(&self, wire: &str) -> &Self {
        let mut account = lock(&self.account);
        let name = account.layout.canonical(wire);
        if account.folder(&name).is_none() {
            account.create(&name);
        }
        drop(account);
        self
    }

    /// Marks a folder as `\Sent`, `\Trash` …
    pub fn set_special_use(&self, folder: &str, special_use: &str) -> &Self {
        self.with(folder, |folder| folder.special_use = Some(special_use.to_owned()));
        self
    }

    /// Removes a folder with its messages, not those below it.
    pub fn delete_folder(&self, name: &str) -> &Self {
        let mut account = lock(&self.account);
        let wire = account.layout.canonical(&utf7::encode(name));
        let deleted = account.delete(&wire);
        assert!(deleted, "{} has no folder {name:?}", self.user);
        drop(account);
        self
    }

    /// Deletes a folder and makes an empty one of the same name with another UIDVALIDITY.
    pub fn recreate_folder(&self, name: &str) -> &Self {
        self.delete_folder(name).create_folder(name)
    }

    /// Renames a folder and all below it.
    ///
    /// # Panics
    /// When the server would refuse it.
    pub fn rename_folder(&self, from: &str, to: &str) -> &Self {
        let renamed = lock(&self.account).rename(&utf7::encode(from), &utf7::encode(to));
        assert_eq!(renamed, Ok(()), "renaming {from:?} to {to:?}");
        self
    }

    /// Gives the messages of a folder new UIDs under another UIDVALIDITY, as after a restore.
    pub fn change_uid_validity(&self, folder: &str) -> &Self {
        let mut account = lock(&self.account);
        let name = account.layout.canonical(&utf7::encode(folder));
        assert!(account.renumber(&name), "{} has no folder {folder:?}", self.user);
        drop(account);
        self
    }

    /// Subscribes to a name, whether a folder has it or not.
    pub fn subscribe(&self, name: &str) -> &Self {
        let mut account = lock(&self.account);
        let name = account.layout.canonical(&utf7::encode(name));
        account.subscriptions.insert(name);
        drop(account);
        self
    }

    /// Takes a subscription back.
    pub fn unsubscribe(&self, name: &str) -> &Self {
        let mut account = lock(&self.account);
        let name = account.layout.canonical(&utf7::encode(name));
        account.subscriptions.remove(&name);
        drop(account);
        self
    }

    /// Puts a message into a folder, past quota and refusal rules; its UID.
    pub fn append(&self, folder: &str, message: impl Into<NewMessage>) -> u32 {
        let NewMessage { content, uid } = message.into();
        let mut account = lock(&self.account);
        let name = account.layout.canonical(&utf7::encode(folder));
        if let (Some(uid), Some(folder)) = (uid, account.folder_mut(&name)) {
            assert!(uid >= folder.uid_next, "UID {uid} is below UIDNEXT {}", folder.uid_next);
            folder.uid_next = uid;
        }
        let uids = account.append(&name, [content]);
        uids.and_then(|uids| uids.first().copied()).unwrap_or_else(|| panic!("{} has no folder {folder:?}", self.user))
    }

    /// Puts many messages into a folder; their UIDs.
    pub fn append_all<M: Into<NewMessage>>(&self, folder: &str, messages: impl IntoIterator<Item = M>) -> Vec<u32> {
        messages.into_iter().map(|message| self.append(folder, message)).collect()
    }

    /// Removes messages for good; UIDs that are not there are passed over.
    pub fn expunge(&self, folder: &str, uids: &[u32]) -> &Self {
        self.with(folder, |_| ());
        let mut account = lock(&self.account);
        let name = account.layout.canonical(&utf7::encode(folder));
        account.remove(&name, uids);
        drop(account);
        self
    }

    /// Moves messages to another folder; their new UIDs.
    pub fn move_messages(&self, from: &str, uids: &[u32], to: &str) -> Vec<u32> {
        self.with(from, |_| ());
        self.with(to, |_| ());
        let mut account = lock(&self.account);
        let (from, to) = (utf7::encode(from), utf7::encode(to));
        let (from, to) = (account.layout.canonical(&from), account.layout.canonical(&to));
        account.transfer(&from, uids, &to).1
    }

    /// Gives a message exactly these flags.
    ///
    /// # Panics
    /// When there is no such message.
    pub fn set_flags(&self, folder: &str, uid: u32, flags: &[&str]) -> &Self {
        let set = self.with(folder, |folder| folder.set_flags(uid, Flags::of(flags)));
        assert!(set, "{folder:?} has no message {uid}");
        self
    }

    /// Sets or lifts the quota, in bytes.
    pub fn set_quota(&self, bytes: Option<u64>) -> &Self {
        lock(&self.account).quota = bytes;
        self
    }

    fn with<T>(&self, name: &str, act: impl FnOnce(&mut Folder) -> T) -> T {
        let mut account = lock(&self.account);
        let wire = account.layout.canonical(&utf7::encode(name));
        match account.folder_mut(&wire) {
            Some(folder) => act(folder),
            // Released first: a panic must not poison the server's state.
            None => {
                drop(account);
                panic!("{} has no folder {name:?}", self.user)
            }
        }
    }
}
