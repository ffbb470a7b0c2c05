//! Rounds of changes, with tokens that lead from page to page and from round to round.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::folders as folder_op;
use crate::graph::call::{Answer, Call, Entity};
use crate::graph::query::Query;
use crate::graph::refusal::Refusal;
use crate::graph::show;
use crate::graph::state::{Folder, Id, Item, Kind, Mailbox, Purpose, Shape};

/// What a token says: where a round stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Round {
    epoch: u64,
    /// The folder, so that a token cannot be used for another one.
    place: String,
    /// Changes up to here are known to the client; 0 in the first round.
    since: u64,
    /// Changes up to here belong to this round.
    until: u64,
    /// The entry after which this page begins.
    after: u64,
    /// The query with which the first round began.
    query: String,
    size: usize,
}

impl Round {
    fn token(&self) -> String {
        let text =
            json!([self.epoch, self.place, self.since, self.until, self.after, self.query, self.size]).to_string();
        URL_SAFE_NO_PAD.encode(text)
    }

    fn read(token: &str) -> Option<Self> {
        let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let number = |at: usize| value[at].as_u64();
        let text = |at: usize| value[at].as_str().map(str::to_owned);
        Some(Self {
            epoch: number(0)?,
            place: text(1)?,
            since: number(2)?,
            until: number(3)?,
            after: number(4)?,
            query: text(5)?,
            size: number(6)? as usize,
        })
    }

    /// The round that a request continues or begins.
    fn of(call: &Call<'_>, mailbox: &Mailbox, place: &str, page: usize) -> Result<Self, Refusal> {
        let token =
            call.query.other("$skiptoken").or(call.query.other("$deltatoken")).filter(|token| *token != "latest");
        let mut round = match token {
            Some(token) => Self::read(token).ok_or_else(|| {
                Refusal::bad(
                    "SyncStateInvalid",
                    "The sync state is invalid; start a new synchronization without a token.",
                )
            })?,
            None => {
                let kept = ["$select", "$expand", "$filter", "changeType", "startDateTime", "endDateTime"];
                let own = call.query.without(&[]).into_iter().filter(|(name, _)| kept.contains(&name.as_str()));
                let own: Vec<String> =
                    own.map(|(name, value)| format!("{name}={}", crate::graph::query::escaped(&value))).collect();
                Self {
                    epoch: mailbox.epoch,
                    place: place.to_owned(),
                    until: mailbox.changes,
                    query: own.join("&"),
                    size: call.page(page),
                    since: if call.query.other("$deltatoken") == Some("latest") { mailbox.changes } else { 0 },
                    ..Self::default()
                }
            }
        };
        if round.epoch != mailbox.epoch || round.place != place {
            return Err(Refusal::sync_state());
        }
        if call.query.other("$deltatoken").is_some() {
            (round.until, round.after) = (mailbox.changes, 0);
        }
        if let Some(size) = call.preference("odata.maxpagesize").and_then(|size| size.parse().ok()) {
            round.size = call.page(page).min(size).max(1);
        }
        Ok(round)
    }

    /// The answer: what is on this page, and where it goes on.
    fn finish(self, call: &Call<'_>, query: &Query, entries: Vec<Entity>, last: Option<u64>) -> crate::http::Reply {
        let (name, option, token) = match last {
            Some(after) => ("@odata.nextLink", "$skiptoken", Self { after, ..self }.token()),
            None => ("@odata.deltaLink", "$deltatoken", Self { since: self.until, after: 0, ..self }.token()),
        };
        let link = call.link_with(Vec::new(), &[(option, token)]);
        let entries = entries.into_iter().map(|entry| match entry.contains_key("@removed") {
            true => entry,
            false => query.selected(entry),
        });
        call.many(entries.collect(), vec![(name, link.into())])
    }
}

/// Changes among the items of a folder.
pub(super) fn items(call: &Call<'_>, kind: &str) -> Answer {
    let standard = match kind {
        "contact" => "contacts",
        "message" | "mailboxItem" => "",
        _ => "calendar",
    };
    let place = call.target.keys.last().map_or(standard, String::as_str);
    call.with(|mailbox| {
        let folder = mailbox.folder(place)?.key;
        let round = Round::of(call, mailbox, &mailbox.folder_id(folder), 10)?;
        let query = Query::read(&round.query)?;
        query.check(if kind == "calendarView" { "event" } else { kind }, call.beta)?;
        // The metadata requires it of every delta of events.
        let span = matches!(kind, "calendarView" | "event").then(|| super::events::span(&query)).transpose()?;
        let shows = |shape: Shape| match kind {
            "message" => shape.is_mail(),
            "contact" => shape == Shape::Contact,
            "event" | "calendarView" => shape == Shape::Event,
            "todoTask" => shape == Shape::Task,
            _ => true,
        };
        let wanted = query.other("changeType").map(str::to_ascii_lowercase);
        let wants = |change: &str| wanted.as_deref().is_none_or(|wanted| wanted == change);
        let mut present: Vec<&Item> = mailbox
            .items_of(folder)
            .filter(|item| {
                shows(item.shape())
                    && (!item.associated || kind == "mailboxItem")
                    && item.changed > round.since
                    && item.key > round.after
            })
            .collect();
        present.sort_by_key(|item| item.key);
        let more = present.len() > round.size;
        present.truncate(round.size);
        let last = more.then(|| present.last().map_or(0, |item| item.key));
        let mut entries = Vec::new();
        for item in present {
            if let Some((from, to)) = span {
                entries.extend(super::events::within(call, mailbox, item, from, to)?);
                continue;
            }
            let shown = match kind {
                "mailboxItem" => super::mailbox_api::item(call, mailbox, item, &query)?,
                _ => show::item_with(call, mailbox, item, &query)?,
            };
            let change = if item.entered > round.since { "created" } else { "updated" };
            if query.filter.as_ref().is_none_or(|filter| filter.holds(&shown)) && (round.since == 0 || wants(change)) {
                entries.push(shown);
            }
        }
        // What is gone is told at the end of a round.
        if last.is_none() && round.since > 0 && wants("deleted") {
            let gone = mailbox.folders[&folder]
                .gone
                .iter()
                .filter(|gone| gone.at > round.since && shows(Shape::of(&gone.class)));
            for gone in gone.filter(|gone| mailbox.items.get(&gone.key).is_none_or(|item| item.folder != folder)) {
                let moves = (!call.immutable()).then_some(gone.moves);
                let id = Id { kind: Kind::Item, mailbox: mailbox.number, key: gone.key, moves, part: 0 };
                entries.push(removed(&id.text()));
            }
        }
        Ok(round.finish(call, &query, entries, last))
    })
}

fn removed(id: &str) -> Entity {
    let value = json!({"id": id, "@removed": {"reason": "deleted"}});
    value.as_object().cloned().unwrap_or_default()
}

/// Changes among all folders of mail, those inside of others as well.
pub(super) fn folders(call: &Call<'_>) -> Answer {
    tree(call, Purpose::Mail, folder_op::kind(Purpose::Mail))
}

/// Changes among all folders of a purpose; of all purposes for `Other`.
pub(super) fn tree(call: &Call<'_>, purpose: Purpose, kind: &str) -> Answer {
    call.with(|mailbox| {
        let round = Round::of(call, mailbox, kind, 100)?;
        let query = Query::read(&round.query)?;
        query.check(kind, call.beta)?;
        let root = mailbox.standard("msgfolderroot");
        let shows = |folder: &Folder| {
            (purpose == Purpose::Other || folder.purpose() == purpose && folder.key != root)
                && folder.well_known != Some("root")
        };
        let mut present: Vec<&Folder> = mailbox
            .folders
            .values()
            .filter(|folder| {
                shows(folder)
                    && mailbox.is_below(folder.key, root)
                    && folder.changed > round.since
                    && folder.key > round.after
            })
            .collect();
        present.sort_by_key(|folder| folder.key);
        let more = present.len() > round.size;
        present.truncate(round.size);
        let last = more.then(|| present.last().map_or(0, |folder| folder.key));
        let mut entries = Vec::new();
        for folder in present {
            entries.push(show::folder(call, mailbox, folder, kind)?);
        }
        if last.is_none() && round.since > 0 {
            let gone = mailbox.gone_folders.iter().filter(|(at, _, _)| *at > round.since);
            entries.extend(gone.map(|(_, key, _)| removed(&mailbox.folder_id(*key))));
        }
        Ok(round.finish(call, &query, entries, last))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_what_it_was_made_of() {
        let round = Round {
            epoch: 1,
            place: "x".to_owned(),
            since: 2,
            until: 3,
            after: 4,
            query: "$select=a".to_owned(),
            size: 5,
        };
        assert_eq!(Round::read(&round.token()), Some(round));
        assert_eq!(Round::read("x"), None);
    }
}
