//! Which request a fault happens to.

use super::fault::Action;
use super::log::LoggedRequest;
use crate::simulator::Rule;

/// What every simulator that speaks HTTP can tell of a request.
impl<M> Rule<LoggedRequest, Action<M>> {
    /// For requests of this operation, as the log names it.
    pub fn on(operation: &str) -> Self {
        let name = operation.to_owned();
        Self::any().only(format!("on {name}"), move |request| request.operation == name)
    }

    /// Only when the path or the first 100,000 octets of the body contain this text.
    #[must_use]
    pub fn containing(self, text: &str) -> Self {
        let text = text.to_owned();
        let words = format!("containing {text:?}");
        self.only(words, move |request| request.path.contains(&text) || request.body.contains(&text))
    }

    /// Only for requests that mean this mailbox.
    #[must_use]
    pub fn mailbox(self, address: &str) -> Self {
        let address = address.to_owned();
        self.only(format!("mailbox {address}"), move |request| request.mailbox.as_deref() == Some(&address))
    }
}
