//! SyncRequest: everything, or what changed since a token.
//!
//! A token is the number of a change, `540`. One that goes on in the middle says also where: `539-1234:d541` for the
//! items changed at 540 or later that come from id 1234 on, when what was deleted is known up to 541, and `540:d522-900`
//! when what was deleted is known up to 522 and, of 523, below id 900.

use std::collections::{BTreeMap, HashSet};

use super::{Context, answer};
use crate::zimbra::element::Element;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::show::Shower;
use crate::zimbra::state::{Flavour, ItemKind, Tombstone};

/// Where a client is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Token {
    change: i64,
    /// Items of the next change from this id on.
    item: i64,
    /// Deletions up to here; as far as changes when it is 0.
    deletions: i64,
    /// Deletions of the next change from this id on.
    deleted: i64,
}

impl Token {
    fn parse(text: &str) -> Option<Self> {
        let (changes, deletions) = text.split_once(":d").unwrap_or((text, "0"));
        let pair = |text: &str| {
            let (whole, part) = text.split_once('-').unwrap_or((text, "0"));
            Some((whole.parse().ok()?, part.parse().ok()?))
        };
        let ((change, item), (deletions, deleted)) = (pair(changes)?, pair(deletions)?);
        Some(Self { change, item, deletions, deleted })
    }

    fn text(self) -> String {
        let part = |whole: i64, part: i64| if part > 0 { format!("{whole}-{part}") } else { whole.to_string() };
        let changes = part(self.change, self.item);
        if self.deletions == 0 { changes } else { format!("{changes}:d{}", part(self.deletions, self.deleted)) }
    }
}

pub(super) fn sync(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let target = context.target()?;
    let root = match request.value("l") {
        Some(l) => context.mailbox()?.folder_by(&l)?,
        None => 11,
    };
    let token = request.value("token").filter(|token| !token.is_empty());
    let token = token.map(|text| {
        Token::parse(&text)
            .ok_or_else(|| Refusal::new("mail.INVALID_SYNC_TOKEN", format!("invalid sync token: {text}")))
    });
    let token = token.transpose()?.unwrap_or_default();
    let now = crate::zimbra::state::now();
    let mailbox = &context.world.mailboxes[target];
    let shower = context.shower(target);
    let answer = answer().set("md", now / 1000);
    if token.change <= 0 {
        let first = answer.set("token", mailbox.change.to_string()).set("s", mailbox.used);
        return Ok(first.child(initial(&shower, request, root)));
    }
    if token.change < mailbox.oldest || token.change > mailbox.change {
        return Err(Refusal::new("mail.MUST_RESYNC", "sync token is too old; client must resync"));
    }
    let settings = &context.shared.settings;
    let pages = settings.version.pages_sync();
    let limit = |name: &str| request.number(name).filter(|_| pages).and_then(|limit| usize::try_from(limit).ok());
    let changes = limit("changeLimit").filter(|limit| *limit > 0 && *limit < settings.page).unwrap_or(settings.page);
    let deletions = limit("deleteLimit").filter(|limit| *limit > 0);
    Ok(delta(answer, &shower, request, root, token, (changes, deletions)))
}

/// A folder with the ids of what it holds, and all folders below it.
fn initial(shower: &Shower<'_>, request: &Element, root: i64) -> Element {
    let (messages, calendar) = (request.number("msgCutoff").unwrap_or(0), request.number("calCutoff").unwrap_or(0));
    let mut by_folder: BTreeMap<(i64, ItemKind), Vec<i64>> = BTreeMap::new();
    for item in shower.mailbox.items.values() {
        let recent = match item.kind {
            ItemKind::Message => messages <= 0 || item.date >= messages * 1000,
            ItemKind::Appointment | ItemKind::Task => calendar <= 0 || item.date >= calendar,
            _ => true,
        };
        if recent {
            by_folder.entry((item.folder, item.kind)).or_default().push(item.id);
        }
    }
    folder(shower, &by_folder, root)
}

fn folder(shower: &Shower<'_>, items: &BTreeMap<(i64, ItemKind), Vec<i64>>, id: i64) -> Element {
    let known = &shower.mailbox.folders[&id];
    let mut element = shower.folder(known);
    if id == 8 {
        element = element.children(shower.mailbox.tags.values().map(|tag| shower.tag(tag)));
    } else if id == 9 && !shower.mailbox.conversations.is_empty() {
        let ids = shower.ids.list(shower.mailbox.conversations.keys());
        element = element.child(Element::new("c").set("ids", ids));
    } else if known.flavour == Flavour::Plain {
        for kind in ItemKind::ALL {
            if let Some(ids) = items.get(&(id, kind)) {
                element = element.child(Element::new(kind.element()).set("ids", shower.ids.list(ids)));
            }
        }
    }
    element.children(shower.mailbox.children(id).map(|below| folder(shower, items, below.id)))
}

/// What changed since a token, as far as it fits.
fn delta(
    mut answer: Element,
    shower: &Shower<'_>,
    request: &Element,
    root: i64,
    token: Token,
    (changes, deletions): (usize, Option<usize>),
) -> Element {
    let mailbox = shower.mailbox;
    let mut next = Token { change: mailbox.change, ..Token::default() };
    let known_deletions = if token.deletions > 0 { token.deletions } else { token.change };
    if token.change >= mailbox.change && known_deletions >= mailbox.change {
        return answer.set("token", next.text());
    }
    let inside: Option<HashSet<i64>> = (root != 11 && root != 1).then(|| mailbox.below(root).into_iter().collect());
    let within = |folder: i64| inside.as_ref().is_none_or(|inside| inside.contains(&folder));
    let mut gone: Vec<Tombstone> =
        mailbox.tombstones.iter().filter(|one| one.change > known_deletions).cloned().collect();
    let mut shown = Vec::new();
    for folder in mailbox.folders.values().filter(|folder| folder.ms > token.change) {
        if within(folder.id) {
            shown.push(shower.folder(folder));
        } else {
            gone.push(Tombstone { change: folder.ms, element: "folder", id: folder.id });
        }
    }
    shown.extend(mailbox.tags.values().filter(|tag| tag.ms > token.change).map(|tag| shower.tag(tag)));
    let conversations = mailbox.conversations.iter().filter(|(_, change)| **change > token.change);
    shown
        .extend(conversations.map(|(id, change)| Element::new("c").set("id", shower.ids.show(*id)).set("ms", *change)));
    let mut items: Vec<_> = mailbox.items.values().filter(|item| item.ms > token.change).collect();
    items.sort_by_key(|item| (item.ms, item.id));
    let mut more = false;
    let mut count = 0;
    for item in items {
        if item.ms == token.change + 1 && item.id < token.item {
            continue;
        }
        if count >= changes {
            more = true;
            (next.change, next.item, next.deletions) = (item.ms - 1, item.id, mailbox.change);
            break;
        }
        count += 1;
        if within(item.folder) {
            shown.push(shower.changed(item, item.rev > token.change));
        } else {
            gone.push(Tombstone { change: item.ms, element: item.kind.element(), id: item.id });
        }
    }
    gone.sort_by_key(|one| (one.change, one.id));
    gone.retain(|one| one.change != known_deletions + 1 || one.id >= token.deleted);
    if let Some(limit) = deletions.filter(|limit| *limit < gone.len()) {
        more = true;
        (next.deletions, next.deleted) = (gone[limit].change - 1, gone[limit].id);
        gone.truncate(limit);
    }
    if !gone.is_empty() {
        shown.insert(0, deleted(shower, &gone, request.flag("typed")));
    }
    answer = answer.set("token", next.text());
    if more {
        answer = answer.set("more", true);
    }
    answer.children(shown)
}

fn deleted(shower: &Shower<'_>, gone: &[Tombstone], typed: bool) -> Element {
    let ids: Vec<i64> = gone.iter().map(|one| one.id).collect();
    let element = Element::new("deleted").set("ids", shower.ids.list(&ids));
    if !typed {
        return element;
    }
    let mut kinds: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    gone.iter().for_each(|one| kinds.entry(one.element).or_default().push(one.id));
    element.children(kinds.iter().map(|(kind, ids)| Element::new(kind).set("ids", shower.ids.list(ids))))
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn tokens_are_read_as_they_are_written() {
        for text in ["540", "539-1234:d541", "540:d522-900", "540:d541"] {
            assert_eq!(Token::parse(text).map(Token::text).as_deref(), Some(text));
        }
        assert_eq!(Token::parse("x"), None);
    }
}
