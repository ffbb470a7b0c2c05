//! The mailbox flags of the bulk format.
bitflags::bitflags! {
    /// Steers the migration of one mailbox.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct MailboxFlags: u32 {
        /// Do not search the destination for duplicates.
        const NO_DUPLICATE_SEARCH = 1024;
        /// Remigrate previously successful items.
        const REMIGRATE_SUCCESSFUL = 2048;
        /// Do not migrate calendars.
        const SKIP_CALENDARS = 4096;
        /// Do not migrate contacts.
        const SKIP_CONTACTS = 8192;
        /// Do not migrate mail.
        const SKIP_MAIL = 16384;
        /// Do not migrate journals.
        const SKIP_JOURNALS = 262_144;
        /// Do not migrate notes.
        const SKIP_NOTES = 524_288;
        /// Do not migrate tasks.
        const SKIP_TASKS = 1_048_576;
        /// Remigrate previously failed items.
        const REMIGRATE_FAILED = 2_097_152;
        /// Do not retry errors.
        const NO_RETRIES = 4_194_304;
        /// Log subjects of failed items.
        const LOG_SUBJECTS = 8_388_608;
    }
}
