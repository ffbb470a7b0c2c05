//! For people: one page that needs nothing but itself.

use std::collections::BTreeMap;
use std::fmt::Write;

use time::OffsetDateTime;
use time::macros::format_description;

use super::picture::{bar, class, timeline};
use super::{BatchReport, MailboxReport};
use crate::batch::State;

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
        page.push_str("</main></body></html>\n");
        page
    }

    fn overview(&self, page: &mut String) {
        let (items, bytes) = self
            .mailboxes
            .iter()
            .map(MailboxReport::moved)
            .fold((0, 0), |(items, bytes), one| (items + one.0, bytes + one.1));
        let parts: Vec<(State, usize)> = self.summary.states.iter().map(|(state, count)| (*state, *count)).collect();
        let _ = write!(
            page,
            "<section><p class=\"lead\"><strong>{}</strong> mailboxes, <strong>{items}</strong> items moved ({})</p>{}\
             <ul class=\"key\">",
            self.mailboxes.len(),
            size(bytes),
            bar(&parts)
        );
        for (state, count) in parts {
            let _ = write!(page, "<li><i class=\"{}\"></i>{state}: <b>{count}</b></li>", class(state));
        }
        page.push_str("</ul></section>\n");
    }

    /// What somebody has to do something about, with what to do.
    fn attention(&self, page: &mut String) {
        let mut list = String::new();
        for mailbox in &self.mailboxes {
            let item = &mailbox.item;
            let Some(why) = &item.why else { continue };
            let goes_on = item.until.map(|until| format!("<p>Tried again at {}.</p>", moment(until)));
            let _ = write!(
                list,
                "<li><h3>{} <span class=\"tag {}\">{}</span></h3><p>{}</p>{}</li>",
                escape(&item.source.to_string()),
                class(item.state),
                item.state,
                escape(&why.text),
                goes_on.unwrap_or_default()
            );
        }
        if !list.is_empty() {
            let _ = writeln!(page, "<section><h2>What needs attention</h2><ul class=\"plain\">{list}</ul></section>");
        }
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
             <th class=\"n\">There already<th class=\"n\">Failed",
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

    /// What each pass did, folded away, for mailboxes of which there is more to say.
    fn details(&self, page: &mut String) {
        page.push_str("<section><h2>Passes</h2>");
        for mailbox in self.mailboxes.iter().filter(|mailbox| !mailbox.passes.is_empty()) {
            let problems = mailbox.latest().map_or(0, |pass| pass.problems.len());
            let mark =
                if problems > 0 { format!(" <span class=\"tag fair\">{problems} items</span>") } else { String::new() };
            let _ = write!(page, "<details><summary>{}{mark}</summary>", escape(&mailbox.item.id.to_string()));
            for pass in mailbox.passes.iter().chain(mailbox.item.so_far.as_deref()) {
                let _ = write!(
                    page,
                    "<h3>{}. {} <span class=\"tag {}\">{}</span></h3><p class=\"sub\">{} to {}; {} moved, {} updated, \
                     {} there already, {} failed</p>{}",
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
                notes(page, &pass.notes);
                if !pass.problems.is_empty() {
                    page.push_str("<table><tr><th>Folder<th>Item<th>State<th>Why");
                }
                for problem in &pass.problems {
                    let (folder, item) = (escape(&problem.folder.join("/")), escape(&problem.item));
                    let (state, why) = (escape(&problem.state), escape(&problem.why));
                    let _ = write!(page, "<tr><td>{folder}<td>{item}<td>{state}<td>{why}");
                }
                if !pass.problems.is_empty() {
                    page.push_str("</table>");
                }
            }
            notes(page, &mailbox.item.notes);
            page.push_str("</details>");
        }
        page.push_str("</section>\n");
    }
}

fn notes(page: &mut String, notes: &[String]) {
    for note in notes {
        let _ = write!(page, "<p>{}</p>", escape(note));
    }
}

/// Names of folders and answers of servers are strangers' text.
fn escape(text: &str) -> String {
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

fn moment(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    at.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_default()
}

fn size(bytes: u64) -> String {
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
