//! Mailboxes whose folders are labels: every message stands in All Mail once, and in a folder for each of its labels.

use std::collections::HashMap;

use super::{Account, Content, Folder, Message};

const ALL: &str = "[Gmail]/All Mail";

/// The provider's own folders, what they are for, and what their label is called. Those without a label hold messages that
/// are not in All Mail.
pub(super) const SYSTEM: [(&str, Option<&str>, Option<&str>); 7] = [
    (ALL, Some("\\All"), None),
    ("[Gmail]/Drafts", Some("\\Drafts"), Some("\\Draft")),
    ("[Gmail]/Important", Some("\\Important"), Some("\\Important")),
    ("[Gmail]/Sent Mail", Some("\\Sent"), Some("\\Sent")),
    ("[Gmail]/Spam", Some("\\Junk"), None),
    ("[Gmail]/Starred", Some("\\Flagged"), Some("\\Starred")),
    ("[Gmail]/Trash", Some("\\Trash"), None),
];

impl Account {
    /// Puts a message into a folder. One that is there already under another label is the same message, and one that has
    /// this label gets nothing new.
    pub(super) fn label(&mut self, name: &str, mut content: Content) -> u32 {
        let known = content.email_id.or_else(|| {
            let all = self.folders.get(ALL)?;
            all.messages().find(|(_, message)| message.bytes == content.bytes).map(|(_, message)| message.email_id)
        });
        let email_id = known.unwrap_or_else(|| {
            self.next_email += 1;
            self.next_email
        });
        content.email_id = Some(email_id);
        let stands_alone = SYSTEM.iter().any(|(system, _, label)| *system == name && label.is_none() && name != ALL);
        if !stands_alone
            && name != ALL
            && let Some(all) = self.folders.get_mut(ALL)
        {
            match uid_of(all, email_id) {
                Some(uid) => all.touch(uid),
                None => drop(all.insert(content.clone(), email_id)),
            }
        }
        let Some(folder) = self.folders.get_mut(name) else { return 0 };
        uid_of(folder, email_id).unwrap_or_else(|| folder.insert(content, email_id))
    }

    /// Messages lost a label: All Mail knows. What left All Mail has no labels any more.
    pub(super) fn unlabel(&mut self, name: &str, removed: &[(u32, Message)]) {
        for (_, message) in removed {
            if name != ALL {
                if let Some(all) = self.folders.get_mut(ALL)
                    && let Some(uid) = uid_of(all, message.email_id)
                {
                    all.touch(uid);
                }
                continue;
            }
            for folder in self.folders.values_mut() {
                if let Some(uid) = uid_of(folder, message.email_id) {
                    folder.remove(&[uid]);
                }
            }
        }
    }

    /// The labels of each message, as X-GM-LABELS spells them.
    pub(crate) fn labels(&self) -> HashMap<u64, Vec<String>> {
        let mut labels: HashMap<u64, Vec<String>> = HashMap::new();
        for (name, folder) in &self.folders {
            let label = match SYSTEM.iter().find(|(system, ..)| system == name) {
                Some((_, _, None)) => continue,
                Some((_, _, Some(label))) => format!("\"{}\"", label.replace('\\', "\\\\")),
                None if name == "INBOX" => "\"\\\\Inbox\"".to_owned(),
                None => format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")),
            };
            for (_, message) in folder.messages() {
                labels.entry(message.email_id).or_default().push(label.clone());
            }
        }
        labels
    }
}

fn uid_of(folder: &Folder, email_id: u64) -> Option<u32> {
    folder.messages().find(|(_, message)| message.email_id == email_id).map(|(uid, _)| uid)
}
