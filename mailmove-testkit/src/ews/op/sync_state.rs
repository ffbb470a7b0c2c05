//! Sync states: opaque to clients, and refused when they are not ours.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::ews::refusal::Refusal;

/// Up to where a client knows the changes of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SyncState {
    pub(super) folder: u64,
    pub(super) epoch: u64,
    pub(super) change: u64,
    pub(super) scope: u8,
}

impl SyncState {
    pub(super) fn text(self) -> String {
        let text = format!("H4sIAA;{};{};{};{}", self.folder, self.epoch, self.change, self.scope);
        STANDARD.encode(text)
    }

    /// The state a client sends, or the beginning when it sends none.
    pub(super) fn read(text: Option<&str>, folder: u64, epoch: u64, scope: u8) -> Result<Self, Refusal> {
        let beginning = Self { folder, epoch, change: 0, scope };
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(beginning) };
        let invalid =
            || Refusal::new("ErrorInvalidSyncStateData", "Synchronization state data is corrupt or otherwise invalid.");
        let bytes = STANDARD.decode(text.trim()).map_err(|_| invalid())?;
        let text = String::from_utf8(bytes).map_err(|_| invalid())?;
        let numbers = text.strip_prefix("H4sIAA;").ok_or_else(invalid)?;
        let numbers: Vec<u64> = numbers.split(';').map_while(|number| number.parse().ok()).collect();
        match numbers[..] {
            [of, then, change, range] if of == folder && then == epoch && range == u64::from(scope) => {
                Ok(Self { change, ..beginning })
            }
            _ => Err(invalid()),
        }
    }
}
