use mailmove_core::{Format, Kind, Role};

use crate::wire::item::Sort;

/// What an item of this sort is.
pub(crate) fn of(sort: Sort) -> Kind {
    match sort {
        Sort::Message => Kind::Mail,
        Sort::Contact => Kind::Contact,
        Sort::Appointment => Kind::Event,
        Sort::Task => Kind::Task,
    }
}

/// The sort of items of a kind; notes and journal entries have none.
pub(crate) fn sort(kind: Kind) -> Option<Sort> {
    Sort::ALL.into_iter().find(|sort| of(*sort) == kind)
}

/// The kinds that travel, on a server with or without tasks.
pub(crate) fn all(tasks: bool) -> impl Iterator<Item = Kind> {
    Sort::ALL.into_iter().map(of).filter(move |kind| tasks || *kind != Kind::Task)
}

/// The standard format of a kind.
pub(crate) fn format(kind: Kind) -> Format {
    match kind {
        Kind::Mail | Kind::Note => Format::RFC5322,
        Kind::Event | Kind::Task | Kind::Journal => Format::ICALENDAR,
        Kind::Contact => Format::VCARD,
    }
}

/// What a folder with this view holds. One without a view may hold anything.
pub(crate) fn of_view(view: &str, tasks: bool) -> Vec<Kind> {
    match view {
        "message" | "conversation" => vec![Kind::Mail],
        "appointment" => vec![Kind::Event],
        "contact" => vec![Kind::Contact],
        "task" => all(tasks).filter(|kind| *kind == Kind::Task).collect(),
        "" | "unknown" => all(tasks).collect(),
        _ => Vec::new(),
    }
}

/// The view of a folder for these kinds. For several it has none, and holds them all.
pub(crate) fn view(kinds: &[Kind]) -> &'static str {
    match kinds {
        [Kind::Mail] | [] => "message",
        [Kind::Event] => "appointment",
        [Kind::Contact] => "contact",
        [Kind::Task] => "task",
        _ => "",
    }
}

/// Folders that every mailbox has, by their numbers: users may see them under other names.
pub(crate) fn role(folder: &str) -> Option<Role> {
    Some(match folder {
        "2" => Role::Inbox,
        "3" => Role::Trash,
        "4" => Role::Junk,
        SENT => Role::Sent,
        "6" => Role::Drafts,
        "7" => Role::Contacts,
        "10" => Role::Calendar,
        "15" => Role::Tasks,
        _ => return None,
    })
}

/// Where what was sent is.
pub(crate) const SENT: &str = "5";
/// The folder below which is all that users see.
pub(crate) const ROOT: &str = "1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_made_for_a_kind_holds_it() {
        for kind in all(true) {
            assert_eq!(of_view(view(&[kind]), true), [kind]);
            assert_eq!(sort(kind).map(of), Some(kind));
        }
        assert_eq!(of_view(view(&[Kind::Mail, Kind::Event]), true).len(), 4);
        assert!(of_view("document", true).is_empty() && of_view("task", false).is_empty());
        assert_eq!(sort(Kind::Journal), None);
    }
}
