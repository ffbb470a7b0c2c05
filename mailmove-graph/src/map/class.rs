//! Message and folder classes: what things are, where no interface of their own says so.

use mailmove_core::Kind;

use crate::place::Area;

/// What an item of this class is, when it is one of those that are read by their class.
pub(crate) fn of_item(class: &str) -> Option<Kind> {
    let is = |name| is_below(class, name);
    match () {
        () if is("IPM.Contact") || is("IPM.DistList") => Some(Kind::Contact),
        () if is("IPM.StickyNote") => Some(Kind::Note),
        () if is("IPM.Activity") => Some(Kind::Journal),
        () => None,
    }
}

/// Whether Graph shows items of this class as contacts: groups it does not.
pub(crate) fn is_contact(class: &str) -> bool {
    is_below(class, "IPM.Contact")
}

/// The sort of a folder of this class, when it is one of those that have no interface of their own.
pub(crate) fn of_folder(class: &str) -> Option<Area> {
    [Area::Notes, Area::Journal].into_iter().find(|area| folder(*area).is_some_and(|name| is_below(class, name)))
}

/// The class of folders that have no interface of their own.
pub(crate) fn folder(area: Area) -> Option<&'static str> {
    match area {
        Area::Notes => Some("IPF.StickyNote"),
        Area::Journal => Some("IPF.Journal"),
        Area::Mail | Area::Contacts | Area::Calendars | Area::Tasks => None,
    }
}

/// Whether a class is this one, or one made of it.
fn is_below(class: &str, name: &str) -> bool {
    let head = class.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
    head && matches!(class.as_bytes().get(name.len()), None | Some(b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_tell_kinds() {
        for (class, kind) in [
            ("IPM.Contact", Some(Kind::Contact)),
            ("ipm.distlist", Some(Kind::Contact)),
            ("IPM.StickyNote.Mine", Some(Kind::Note)),
            ("IPM.Activity", Some(Kind::Journal)),
            ("IPM.Contacts", None),
            ("IPM.Configuration.Notes", None),
            ("", None),
        ] {
            assert_eq!(of_item(class), kind, "{class}");
        }
        assert!(is_contact("IPM.Contact.Mine") && !is_contact("IPM.DistList"));
        assert_eq!((of_folder("IPF.Journal"), of_folder("IPF.Note")), (Some(Area::Journal), None));
    }
}
