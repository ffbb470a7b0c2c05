//! The folders that every mailbox has from the start.

/// Name to ask for it, parent, display name, class, hidden.
pub(super) const MAILBOX: &[(&str, &str, &str, &str, bool)] = &[
    ("msgfolderroot", "root", "Top of Information Store", "IPF.Note", false),
    ("inbox", "msgfolderroot", "Inbox", "IPF.Note", false),
    ("drafts", "msgfolderroot", "Drafts", "IPF.Note", false),
    ("sentitems", "msgfolderroot", "Sent Items", "IPF.Note", false),
    ("deleteditems", "msgfolderroot", "Deleted Items", "IPF.Note", false),
    ("outbox", "msgfolderroot", "Outbox", "IPF.Note", false),
    ("junkemail", "msgfolderroot", "Junk Email", "IPF.Note", false),
    ("calendar", "msgfolderroot", "Calendar", "IPF.Appointment", false),
    ("contacts", "msgfolderroot", "Contacts", "IPF.Contact", false),
    ("tasks", "msgfolderroot", "Tasks", "IPF.Task", false),
    ("notes", "msgfolderroot", "Notes", "IPF.StickyNote", false),
    ("journal", "msgfolderroot", "Journal", "IPF.Journal", false),
    ("searchfolders", "root", "Finder", "IPF.Note", false),
];

/// Hidden folders below the contacts, as Outlook makes them.
pub(super) const SINCE_2013: &[(&str, &str, &str, &str, bool)] = &[
    ("recipientcache", "contacts", "Recipient Cache", "IPF.Contact.RecipientCache", true),
    ("quickcontacts", "contacts", "{A9E2BC46-B3A0-4243-B315-60D991004455}", "IPF.Contact.MOC.QuickContacts", true),
];

/// From Exchange 2010 SP1 on.
pub(super) const RECOVERABLE: &[(&str, &str, &str, &str, bool)] = &[
    ("recoverableitemsroot", "root", "Recoverable Items", "", false),
    ("recoverableitemsdeletions", "recoverableitemsroot", "Deletions", "", false),
    ("recoverableitemsversions", "recoverableitemsroot", "Versions", "", false),
    ("recoverableitemspurges", "recoverableitemsroot", "Purges", "", false),
];

/// Of an archive mailbox.
pub(super) const ARCHIVE: &[(&str, &str, &str, &str, bool)] = &[
    ("archivemsgfolderroot", "archiveroot", "Top of Information Store", "IPF.Note", false),
    ("archiveinbox", "archivemsgfolderroot", "Inbox", "IPF.Note", false),
    ("archivedeleteditems", "archivemsgfolderroot", "Deleted Items", "IPF.Note", false),
    ("archiverecoverableitemsroot", "archiveroot", "Recoverable Items", "", false),
    ("archiverecoverableitemsdeletions", "archiverecoverableitemsroot", "Deletions", "", false),
    ("archiverecoverableitemspurges", "archiverecoverableitemsroot", "Purges", "", false),
];
