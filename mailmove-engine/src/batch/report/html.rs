//! For people: one page that needs nothing but itself.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::picture::{bar, class, course, timeline};
use super::{BatchReport, MailboxReport};
use crate::batch::State;
use crate::batch::notify::moment;
use crate::batch::pass::PassReport;

const STYLE: &str = include_str!("style.css");

impl BatchReport {
    /// One page: what moved, what did not and why, what was lost, and how fast it went. It loads nothing, runs nothing,
    /// and can be mailed to a customer.
    pub fn html(&self, title: &str) -> String {
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
             <title>{0}</title><style>{STYLE}</style></head><body><main><h1>{0}</h1><p class=\"sub\">As of {1}</p>\n",
            escape(title),
            moment(self.at)
        );
        self.overview(&mut page);
        self.attention(&mut page);
        self.losses(&mut page);
        self.table(&mut page);
        self.details(&mut page);
        self.glossary(&mut page);
        page.push_str("</main></body></html>\n");
        page
    }

    fn overview(&self, page: &mut String) {
        let (items, bytes) = self
            .mailboxes
            .iter()
            .map(MailboxReport::moved)
            .fold((0, 0), |(items, bytes), one| (items + one.0, bytes + one.1));
        let all = self.mailboxes.len();
        let whole = self.count(&[State::Completed]);
        let _ = write!(
            page,
            "<section><p class=\"lead\"><strong>{whole} of {}</strong> completed. <strong>{}</strong> ({}) moved in \
             all.</p>",
            count(all as u64, "mailbox", "mailboxes"),
            count(items, "item", "items"),
            size(bytes)
        );
        let parts: Vec<(State, usize)> = ORDER.iter().map(|state| (*state, self.count(&[*state]))).collect();
        let parts: Vec<(State, usize)> = parts.into_iter().filter(|(_, count)| *count > 0).collect();
        page.push_str(&bar(&parts));
        page.push_str("<ul class=\"key\">");
        for (state, count) in parts {
            let _ = write!(page, "<li><i class=\"{}\"></i>{state}: <b>{count}</b></li>", class(state));
        }
        page.push_str("</ul>");
        page.push_str(&course(self));
        notes(page, &self.notes);
        page.push_str("</section>\n");
    }

    /// How many mailboxes of this report stand in one of these states.
    fn count(&self, states: &[State]) -> usize {
        self.mailboxes.iter().filter(|mailbox| states.contains(&mailbox.item.state)).count()
    }

    fn losses(&self, page: &mut String) {
        let mut sums = [BTreeMap::<&str, u64>::new(), BTreeMap::new()];
        for pass in self.mailboxes.iter().filter_map(MailboxReport::latest) {
            for (sum, counts) in sums.iter_mut().zip([&pass.losses, &pass.altered]) {
                counts.iter().for_each(|(code, count)| *sum.entry(code).or_default() += count);
            }
        }
        for (title, sum) in ["What could not be carried", "What was changed so that it would be taken"].iter().zip(sums)
        {
            if sum.is_empty() {
                continue;
            }
            let _ = write!(page, "<section><h2>{title}</h2><table><tr><th>What<th class=\"n\">Items");
            for (code, count) in sum {
                let _ = write!(page, "<tr><td>{}<td class=\"n\">{count}", escape(code));
            }
            page.push_str("</table></section>\n");
        }
    }

    fn table(&self, page: &mut String) {
        page.push_str(
            "<section><h2>Mailboxes</h2><table><tr><th>From<th>To<th>State<th class=\"n\">Moved<th class=\"n\">Size\
             <th class=\"n\">There already<th class=\"n\">Not moved",
        );
        for mailbox in &self.mailboxes {
            let item = &mailbox.item;
            let (items, bytes) = mailbox.moved();
            let total =
                |state: &str| mailbox.latest().and_then(|pass| pass.totals.get(state)).map_or(0, |tally| tally.items);
            let _ = write!(
                page,
                "<tr><td>{}<td>{}<td><span class=\"tag {}\">{}</span><td class=\"n\">{items}<td class=\"n\">{}\
                 <td class=\"n\">{}<td class=\"n\">{}",
                escape(&item.source.to_string()),
                escape(&item.destination.to_string()),
                class(item.state),
                item.state,
                size(bytes),
                total("already-there"),
                total("failed")
            );
        }
        page.push_str("</table></section>\n");
    }

    /// What each pass did, folded away.
    fn details(&self, page: &mut String) {
        let told: Vec<&MailboxReport> = self.mailboxes.iter().filter(|mailbox| mailbox.has_passes()).collect();
        if told.is_empty() {
            return;
        }
        page.push_str("<section><h2>What was done, mailbox by mailbox</h2>");
        for mailbox in told {
            let problems = mailbox.latest().map_or(0, |pass| pass.problems.len()) as u64;
            let mark = match problems {
                0 => String::new(),
                some => format!(" <span class=\"tag fair\">{} not moved</span>", count(some, "item", "items")),
            };
            let item = &mailbox.item;
            let (from, to) = (escape(&item.source.to_string()), escape(&item.destination.to_string()));
            let _ = write!(page, "<details><summary>{from} → {to}{mark}</summary>");
            for pass in mailbox.passes.iter().chain(item.so_far.as_deref()) {
                one_pass(page, pass);
            }
            notes(page, &item.notes);
            page.push_str("</details>");
        }
        page.push_str("</section>\n");
    }

    /// What the states mean that somebody meets on this page.
    fn glossary(&self, page: &mut String) {
        page.push_str("<section><h2>What the states mean</h2><dl>");
        for state in ORDER.iter().filter(|state| self.count(&[**state]) > 0) {
            let _ = write!(page, "<dt><span class=\"tag {}\">{state}</span><dd>{}", class(*state), meaning(*state));
        }
        page.push_str("</dl></section>\n");
    }
}

/// The states in the order in which people look for them.
const ORDER: [State; 12] = [
    State::Completed,
    State::CompletedWithErrors,
    State::Failed,
    State::NeedsCredential,
    State::WaitingForUser,
    State::Deferred,
    State::WaitingForProvider,
    State::Running,
    State::Verifying,
    State::Queued,
    State::Stopped,
    State::NotSubmitted,
];

fn meaning(state: State) -> &'static str {
    match state {
        State::NotSubmitted => "Known, but nobody has started it.",
        State::Queued => "Its turn will come.",
        State::WaitingForUser => "Its user was asked for a password by mail and has not answered yet.",
        State::Verifying => "Its passwords are being tried.",
        State::Running => "At work.",
        State::WaitingForProvider => "A mail system asked for patience. It goes on by itself.",
        State::Deferred => "The mailbox is not there yet. It is looked for again by itself, for 24 hours at most.",
        State::NeedsCredential => "A password that was right is right no more. What was moved stays moved.",
        State::Completed => "Everything that was asked for was done.",
        State::CompletedWithErrors => "Everything was tried, and some items were not moved.",
        State::Failed => "It could not be done. What was moved before stays moved.",
        State::Stopped => "Somebody stopped it. What was moved stays moved.",
    }
}

fn one_pass(page: &mut String, pass: &PassReport) {
    let _ = write!(
        page,
        "<h3>{}. {} <span class=\"tag {}\">{}</span></h3><p class=\"sub\">{} to {}: {} moved, {} updated, {} there \
         already, {} failed</p>{}",
        pass.number,
        pass.pass,
        class(pass.state),
        pass.state,
        moment(pass.started),
        moment(pass.ended),
        pass.copied,
        pass.updated,
        pass.already_there,
        pass.failed,
        timeline(pass)
    );
    if let Some(why) = &pass.why {
        let _ = write!(page, "<p>{}</p>", escape(&why.text));
    }
    notes(page, &pass.notes);
    if pass.problems.is_empty() {
        return;
    }
    page.push_str("<table><tr><th>Folder<th>Item<th>What became of it<th>Why");
    for problem in &pass.problems {
        let (folder, item) = (escape(&problem.folder.join("/")), escape(&problem.item));
        let (state, why) = (escape(&problem.state), escape(&problem.why));
        let _ = write!(page, "<tr><td>{folder}<td>{item}<td>{state}<td>{why}");
    }
    page.push_str("</table>");
}

fn notes(page: &mut String, notes: &[String]) {
    for note in notes {
        let _ = write!(page, "<p>{}</p>", escape(note));
    }
}

/// Names of folders and answers of servers are strangers' text.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A number with its noun.
pub(super) fn count(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

pub(super) fn size(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1024.0 && unit + 1 < units.len() {
        (value, unit) = (value / 1024.0, unit + 1);
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", units[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_text_stays_text_and_sizes_are_short() {
        assert_eq!(escape("<b onload='x'>&\u{7}"), "&lt;b onload=&#39;x&#39;&gt;&amp; ");
        assert_eq!((size(1023), size(1536)), ("1023 B".to_owned(), "1.5 KiB".to_owned()));
    }
}
