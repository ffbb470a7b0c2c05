//! All mailboxes of a tenant, and its directory.

use super::{Directory, Mailbox, guid};

#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) tenant: String,
    pub(crate) mailboxes: Vec<Mailbox>,
    pub(crate) directory: Directory,
}

impl Default for Store {
    fn default() -> Self {
        Self { tenant: guid(0x7e4a_4700, 0), mailboxes: Vec::new(), directory: Directory::default() }
    }
}

impl Store {
    /// Adds a mailbox, or finds the one of this address.
    pub(crate) fn add_mailbox(&mut self, address: &str) -> usize {
        if let Some(number) = self.mailbox(address) {
            return number;
        }
        self.mailboxes.push(Mailbox::new(self.mailboxes.len(), address, false));
        self.mailboxes.len() - 1
    }

    /// Gives a mailbox an archive.
    pub(crate) fn add_archive(&mut self, owner: usize) {
        let (number, address) = (self.mailboxes.len(), self.mailboxes[owner].address.clone());
        self.mailboxes.push(Mailbox::new(number, &address, true));
        self.mailboxes[owner].archive = Some(number);
    }

    /// The mailbox of an address or of a user's id.
    pub(crate) fn mailbox(&self, name: &str) -> Option<usize> {
        let mut mailboxes = self.mailboxes.iter().filter(|mailbox| !mailbox.is_archive);
        mailboxes
            .find(|mailbox| mailbox.address.eq_ignore_ascii_case(name) || mailbox.user == name)
            .map(|found| found.number)
    }

    /// The mailbox of an id of the import and export API, `MBX:…@…`.
    pub(crate) fn by_mailbox_id(&self, id: &str) -> Option<usize> {
        self.mailboxes
            .iter()
            .find(|mailbox| self.mailbox_id(mailbox).eq_ignore_ascii_case(id))
            .map(|found| found.number)
    }

    pub(crate) fn mailbox_id(&self, mailbox: &Mailbox) -> String {
        format!("MBX:{}@{}", mailbox.guid, self.tenant)
    }
}
