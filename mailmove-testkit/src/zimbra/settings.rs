//! How one server behaves. Fixed once it has started.

use std::time::Duration;

use super::version::Version;

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) version: Version,
    /// The key of the domain for preauth, in hexadecimal digits.
    pub(crate) preauth_key: Option<String>,
    pub(crate) token_life: Duration,
    /// The most changes in one answer to SyncRequest.
    pub(crate) page: usize,
    /// zimbraSoapRequestMaxSize.
    pub(crate) max_request: usize,
    /// zimbraMailContentMaxSize: inline content is cut there.
    pub(crate) max_inline: usize,
    /// zimbraMtaMaxMessageSize; 0 for none.
    pub(crate) max_message: usize,
    /// zimbraContactMaxNumEntries; 0 for none.
    pub(crate) max_contacts: usize,
    /// Requests of one account in a second.
    pub(crate) per_second: Option<usize>,
    pub(crate) admin_port_closed: bool,
    /// A proxy in front that looks at the cookie alone.
    pub(crate) proxy: bool,
    pub(crate) export_disabled: bool,
    /// zimbraExportMaxDays.
    pub(crate) export_days: u32,
    pub(crate) csrf: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: Version::Zimbra10,
            preauth_key: None,
            token_life: Duration::from_secs(2 * 24 * 3600),
            page: 3990,
            max_request: 15_360_000,
            max_inline: 10_240_000,
            max_message: 0,
            max_contacts: 10_000,
            per_second: None,
            admin_port_closed: false,
            proxy: false,
            export_disabled: false,
            export_days: 0,
            csrf: false,
        }
    }
}
