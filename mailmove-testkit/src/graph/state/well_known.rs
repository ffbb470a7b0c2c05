//! Folders that every mailbox has.

/// A folder of every mailbox.
pub(crate) struct WellKnown {
    pub(crate) name: &'static str,
    pub(crate) shown: &'static str,
    pub(crate) class: &'static str,
    /// The name of the folder above; none for the root.
    pub(crate) parent: Option<&'static str>,
    pub(crate) hidden: bool,
}

const fn folder(name: &'static str, shown: &'static str, class: &'static str, parent: &'static str) -> WellKnown {
    WellKnown { name, shown, class, parent: Some(parent), hidden: false }
}

/// Parents before children.
pub(crate) const ALL: [WellKnown; 18] = [
    WellKnown { name: "root", shown: "Root", class: "", parent: None, hidden: false },
    folder("msgfolderroot", "Top of Information Store", "IPF.Note", "root"),
    folder("inbox", "Inbox", "IPF.Note", "msgfolderroot"),
    folder("drafts", "Drafts", "IPF.Note", "msgfolderroot"),
    folder("sentitems", "Sent Items", "IPF.Note", "msgfolderroot"),
    folder("deleteditems", "Deleted Items", "IPF.Note", "msgfolderroot"),
    folder("junkemail", "Junk Email", "IPF.Note", "msgfolderroot"),
    folder("archive", "Archive", "IPF.Note", "msgfolderroot"),
    folder("outbox", "Outbox", "IPF.Note", "msgfolderroot"),
    WellKnown {
        name: "conversationhistory",
        shown: "Conversation History",
        class: "IPF.Note",
        parent: Some("msgfolderroot"),
        hidden: true,
    },
    folder("calendar", "Calendar", "IPF.Appointment", "msgfolderroot"),
    folder("contacts", "Contacts", "IPF.Contact", "msgfolderroot"),
    folder("tasks", "Tasks", "IPF.Task", "msgfolderroot"),
    folder("notes", "Notes", "IPF.StickyNote", "msgfolderroot"),
    folder("journal", "Journal", "IPF.Journal", "msgfolderroot"),
    folder("recoverableitemsroot", "Recoverable Items", "", "root"),
    folder("recoverableitemsdeletions", "Deletions", "", "recoverableitemsroot"),
    folder("recoverableitemspurges", "Purges", "", "recoverableitemsroot"),
];

/// What the service calls the task list of everybody.
pub(crate) const DEFAULT_LIST: &str = "tasks";
