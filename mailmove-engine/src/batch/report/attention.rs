//! What somebody has to do something about, with what to do: mailboxes with the same trouble together.

use std::collections::BTreeMap;
use std::fmt::Write;

use mailmove_core::Side;

use super::html::{count, escape};
use super::picture::class;
use super::{BatchReport, MailboxReport};
use crate::batch::State;
use crate::batch::notify::moment;

/// So many mailboxes of one trouble are named at once; the others are folded away.
const SHOWN: usize = 5;

/// One trouble.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Trouble<'a> {
    urgency: usize,
    state: State,
    side: Option<Side>,
    what: &'a str,
    remedy: &'a str,
    causes: &'a [String],
}

impl BatchReport {
    pub(super) fn attention(&self, page: &mut String) {
        let mut troubles = BTreeMap::<Trouble<'_>, Vec<&MailboxReport>>::new();
        for mailbox in &self.mailboxes {
            if let Some(trouble) = Trouble::of(mailbox) {
                troubles.entry(trouble).or_default().push(mailbox);
            }
        }
        if troubles.is_empty() {
            return;
        }
        page.push_str("<section><h2>What needs attention</h2>");
        for (trouble, mailboxes) in troubles {
            let side = trouble.side.map(|side| format!("At the {side}: ")).unwrap_or_default();
            let causes = match trouble.causes {
                [] => String::new(),
                known => format!("<p><b>What may be behind it:</b> {}</p>", escape(&sentence(&known.join("; ")))),
            };
            let _ = write!(
                page,
                "<div class=\"trouble {0}\"><h3><span class=\"tag {0}\">{1}</span> {2}</h3><p>{3}</p>{5}\
                 <p><b>What to do:</b> {4}</p>",
                class(trouble.state),
                trouble.state,
                count(mailboxes.len() as u64, "mailbox", "mailboxes"),
                escape(&sentence(&format!("{side}{}", trouble.what))),
                escape(&sentence(trouble.remedy)),
                causes
            );
            let (first, others) = mailboxes.split_at(mailboxes.len().min(SHOWN));
            list(page, first);
            if !others.is_empty() {
                let _ = write!(page, "<details><summary>{} more</summary>", others.len());
                list(page, others);
                page.push_str("</details>");
            }
            page.push_str("</div>");
        }
        page.push_str("</section>\n");
    }
}

impl<'a> Trouble<'a> {
    fn of(mailbox: &'a MailboxReport) -> Option<Self> {
        const BY_ITSELF: &str = "nothing for now, it goes on by itself";
        let item = &mailbox.item;
        let why = item.why.as_ref();
        let (what, remedy) = match why {
            Some(why) if why.message.is_empty() => (why.text.as_str(), "do what this line ends with"),
            Some(why) => (why.message.as_str(), why.remedy.as_str()),
            None => ("", ""),
        };
        let (urgency, what, remedy) = match item.state {
            State::Failed => (0, what, remedy),
            State::NeedsCredential => (1, what, remedy),
            State::CompletedWithErrors if why.is_some() => (2, what, remedy),
            State::CompletedWithErrors => (
                2,
                "some items were not moved",
                "look at the reasons under the mailbox's name below, mend what can be mended, and have what failed tried \
                 again",
            ),
            State::WaitingForUser => (
                3,
                "the user was asked for a password by mail and has not answered yet",
                "remind the user of that mail, or have a new one sent",
            ),
            State::WaitingForProvider | State::Deferred => (4, what, BY_ITSELF),
            _ => return None,
        };
        let causes = why.map(|why| why.causes.as_slice()).unwrap_or_default();
        Some(Self { urgency, state: item.state, side: why.and_then(|why| why.side), what, remedy, causes })
    }
}

fn list(page: &mut String, mailboxes: &[&MailboxReport]) {
    page.push_str("<ul class=\"plain\">");
    for mailbox in mailboxes {
        let item = &mailbox.item;
        let _ = write!(page, "<li>{}", escape(&item.source.to_string()));
        if item.source.address != item.destination.address {
            let _ = write!(page, " → {}", escape(&item.destination.to_string()));
        }
        if let Some(until) = item.until.or_else(|| item.asked_until()) {
            let what = if item.state == State::WaitingForUser { "can answer until" } else { "tried again at" };
            let _ = write!(page, ", {what} {}", moment(until));
        }
        if let Some(why) = &item.why {
            let _ = write!(
                page,
                " <details class=\"fine\"><summary>details</summary><p>{}</p></details>",
                escape(&why.text)
            );
        }
        page.push_str("</li>");
    }
    page.push_str("</ul>");
}

/// With a capital at its beginning and a full stop at its end.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
