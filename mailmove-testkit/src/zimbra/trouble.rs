//! What goes wrong in Zimbra's own ways, beside what goes wrong with HTTP.

use super::mistake::Mistake;
use super::refusal::Refusal;
use crate::simulator::{Rule, Rules};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mishap {
    /// The operation is not done and answered with a fault of this code: `mail.QUOTA_EXCEEDED`. Within a batch the
    /// other operations are done.
    Refuse(String),
    /// The token is no longer good, from this operation on: `service.AUTH_EXPIRED`.
    ExpireToken,
    /// The operation is done and its answer is wrong; a fault too.
    Spoil(Mistake),
    /// An export passes over its nth item, counted from 1, in silence.
    SkipExported(usize),
    /// An export ends in the middle after so many items, as if it were whole: its archive has no end.
    EndExport(usize),
    /// An import passes over its nth item, counted from 1, in silence: not even the callback tells.
    SkipImported(usize),
    /// An import fails for its nth item, counted from 1, with this code, which only the callback tells:
    /// `formatter.UNKNOWN_ERROR`.
    FailImported(usize, String),
}

/// An operation, as rules see it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Operation {
    /// As the log names it: `AddMsgRequest`, `GET tgz`.
    pub name: String,
    /// The mailbox that is meant.
    pub mailbox: Option<String>,
}

/// A rule: which operation, and what happens then. Operations within a batch count, batches themselves do not.
///
/// ```
/// use mailmove_testkit::zimbra::{Mishap, Trouble};
///
/// // The second message of all is refused; the first export leaves out its third item.
/// let full = Trouble::on("AddMsgRequest").nth(2).then(Mishap::Refuse("mail.QUOTA_EXCEEDED".to_owned()));
/// let swallowed = Trouble::on("GET tgz").nth(1).then(Mishap::SkipExported(3));
/// # let _ = (full, swallowed);
/// ```
pub type Trouble = Rule<Operation, Mishap>;

/// The rules of one server.
pub type Troubles = Rules<Operation, Mishap>;

impl Rule<Operation, Mishap> {
    /// For this operation, as the log names it: `AddMsgRequest`, `GET tgz`.
    pub fn on(operation: &str) -> Self {
        let name = operation.to_owned();
        Self::any().only(format!("on {name}"), move |operation| operation.name == name)
    }

    /// Only for this mailbox.
    #[must_use]
    pub fn mailbox(self, address: &str) -> Self {
        let address = address.to_lowercase();
        self.only(format!("mailbox {address}"), move |operation| operation.mailbox.as_deref() == Some(&address))
    }
}

/// The refusal that was planted, if one was.
pub(crate) fn refusal(mishaps: &[Mishap]) -> Option<Refusal> {
    mishaps.iter().find_map(|mishap| match mishap {
        Mishap::Refuse(code) => Some(Refusal::new(code, "a fault was planted here")),
        Mishap::ExpireToken => Some(Refusal::auth_expired()),
        _ => None,
    })
}
