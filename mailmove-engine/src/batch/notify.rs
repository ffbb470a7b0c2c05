//! Who is told what, and in which words.

use std::fmt::Debug;

use async_trait::async_trait;
use mailmove_core::{MailboxFlags, Result, Side};
use secrecy::{ExposeSecret, SecretString};
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use super::State;
use super::item::BatchItem;
use super::pass::PassReport;
use super::requests::CredentialRequest;

/// Sends what a batch has to say. A notice that cannot be sent never fails a migration; it is named in the report.
#[async_trait]
pub trait Notifier: Debug + Send + Sync + 'static {
    /// Sends one notice.
    async fn notify(&self, notice: &Notice) -> Result<()>;
}

/// Something to be sent to somebody.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Notice {
    /// Whom.
    pub to: Recipient,
    /// Their address.
    pub address: String,
    /// What it is about.
    pub about: About,
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// Whoever runs the batch.
    Administrator,
    /// The user of the mailbox, at its address on this side.
    User(Side),
}

/// What somebody is told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum About {
    /// A mailbox came to the end of a pass.
    Ended {
        /// The mailbox.
        item: Box<BatchItem>,
        /// What the pass did.
        report: Box<PassReport>,
    },
    /// A user is asked for a user name and a password.
    Asked {
        /// The question. Its key belongs into the link.
        request: CredentialRequest,
        /// The beginning of the link, up to the key.
        link: String,
    },
}

/// The subject of the mail in which a user is asked.
pub const REQUEST_SUBJECT: &str = "ACTION REQUIRED: Information required for your migration";

const REQUEST_TEXT: &str = "Your mailbox {mailbox} is going to be moved to another mail system.\n\n\
    For that your user name and your password at the {side} system are needed. Please give them on this page:\n\n\
    {link}\n\n\
    The link can be used once, until {until}. What you give is used for this move only.\n";

const SUCCESS_SUBJECT: &str = "The mailbox {mailbox} was moved";
const SUCCESS_TEXT: &str = "The mailbox {source} was moved to {destination}.\n\n\
    Items moved: {copied}\nItems that were there already: {there}\nPass: {pass}\n";

const FAILURE_SUBJECT: &str = "The mailbox {mailbox} was not moved completely";
const FAILURE_TEXT: &str = "The mailbox {source} was not moved completely to {destination}.\n\n\
    State: {state}\nReason: {why}\nItems moved: {copied}\nItems that failed: {failed}\nPass: {pass}\n";

/// The words of notices. In `{braces}`: `mailbox`, `source`, `destination`, `state`, `why`, `pass`, `copied`, `there`,
/// `failed`; of a question `mailbox`, `side` (`present` or `new`), `link`, `until`. What is not known stays as it stands.
#[derive(Debug, Clone)]
pub struct Words {
    /// Subject and text of a success.
    pub success: (String, String),
    /// Subject and text of a failure.
    pub failure: (String, String),
    /// Subject and text of a question.
    pub request: (String, String),
}

impl Default for Words {
    fn default() -> Self {
        let pair = |subject: &str, text: &str| (subject.to_owned(), text.to_owned());
        Self {
            success: pair(SUCCESS_SUBJECT, SUCCESS_TEXT),
            failure: pair(FAILURE_SUBJECT, FAILURE_TEXT),
            request: pair(REQUEST_SUBJECT, REQUEST_TEXT),
        }
    }
}

impl Words {
    /// Subject and text of a notice. The text of a question holds its key: it goes into the mail and nowhere else.
    pub fn of(&self, notice: &Notice) -> (String, SecretString) {
        let fill = |template: &(String, String), values: &[(&str, &str)]| {
            let one_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
            (one_line(filled(&template.0, values)), SecretString::from(filled(&template.1, values)))
        };
        match &notice.about {
            About::Asked { request, link } => {
                let until = moment(request.until);
                let side = match request.mailbox.side {
                    Side::Source => "present",
                    Side::Destination => "new",
                };
                let mailbox = request.mailbox.to_string();
                let link = format!("{link}{}", request.key.expose_secret());
                let values = [("mailbox", mailbox.as_str()), ("side", side), ("link", &link), ("until", &until)];
                fill(&self.request, &values)
            }
            About::Ended { item, report } => {
                let (source, destination) = (item.source.to_string(), item.destination.to_string());
                let why = report.why.as_ref().map_or("some items were not moved", |why| why.text.as_str());
                let count = [report.copied, report.already_there, report.failed].map(|count| count.to_string());
                let values = [
                    ("mailbox", source.as_str()),
                    ("source", &source),
                    ("destination", &destination),
                    ("state", report.state.as_str()),
                    ("why", why),
                    ("pass", report.pass.as_str()),
                    ("copied", &count[0]),
                    ("there", &count[1]),
                    ("failed", &count[2]),
                ];
                fill(if report.state == State::Completed { &self.success } else { &self.failure }, &values)
            }
        }
    }
}

/// To the minute, in UTC.
pub(super) fn moment(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    at.to_offset(UtcOffset::UTC).format(format).unwrap_or_default()
}

/// Values are put in once: what stands in braces within a value stays as it is.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let (mut text, mut rest) = (String::new(), template);
    while let Some(at) = rest.find('{') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let known =
            values.iter().find(|(name, _)| rest[1..].starts_with(name) && rest[1 + name.len()..].starts_with('}'));
        let taken = known.map_or(1, |(name, _)| name.len() + 2);
        text.push_str(known.map_or("{", |(_, value)| value));
        rest = &rest[taken..];
    }
    text + rest
}

/// Who is told that a mailbox came to this end.
pub(super) fn recipients(flags: MailboxFlags, state: State) -> Vec<Recipient> {
    let [admin, source, destination] = match state {
        State::Completed => [
            MailboxFlags::NOTIFY_ADMIN_ON_SUCCESS,
            MailboxFlags::NOTIFY_SOURCE_ON_SUCCESS,
            MailboxFlags::NOTIFY_DESTINATION_ON_SUCCESS,
        ],
        State::Failed | State::CompletedWithErrors => [
            MailboxFlags::NOTIFY_ADMIN_ON_FAILURE,
            MailboxFlags::NOTIFY_SOURCE_ON_FAILURE,
            MailboxFlags::NOTIFY_DESTINATION_ON_FAILURE,
        ],
        _ => return Vec::new(),
    };
    let all = [
        (admin, Recipient::Administrator),
        (source, Recipient::User(Side::Source)),
        (destination, Recipient::User(Side::Destination)),
    ];
    all.into_iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, recipient)| recipient).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_filled_in_once_and_unknown_ones_stay() {
        let text = filled("{a}{b} {c} {", &[("a", "{b}"), ("b", "2")]);
        assert_eq!(text, "{b}2 {c} {");
    }
}
