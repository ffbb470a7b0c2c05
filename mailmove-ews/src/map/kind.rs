use mailmove_core::{Kind, Role};

/// What an item of this class is. Whatever has no kind of its own travels as mail: it has a MIME form.
pub(crate) fn of_item(class: &str) -> Kind {
    let is = |name: &str| {
        let head = class.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
        head && matches!(class.as_bytes().get(name.len()), None | Some(b'.'))
    };
    match () {
        () if is("IPM.Appointment") => Kind::Event,
        () if is("IPM.Contact") || is("IPM.DistList") => Kind::Contact,
        () if is("IPM.Task") => Kind::Task,
        () if is("IPM.StickyNote") => Kind::Note,
        () if is("IPM.Activity") => Kind::Journal,
        () => Kind::Mail,
    }
}

/// The element of items of this kind.
pub(crate) fn element(kind: Kind) -> &'static str {
    match kind {
        Kind::Event => "t:CalendarItem",
        Kind::Contact => "t:Contact",
        Kind::Task => "t:Task",
        Kind::Mail | Kind::Note | Kind::Journal => "t:Message",
    }
}

/// What a folder of this class holds. Without a class it holds mail.
pub(crate) fn of_folder(class: Option<&str>) -> Vec<Kind> {
    let class = class.unwrap_or_default().to_ascii_lowercase();
    let is = |name: &str| class == name || class.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    let kind = match () {
        () if is("ipf.appointment") => Kind::Event,
        () if is("ipf.contact") => Kind::Contact,
        () if is("ipf.task") => Kind::Task,
        () if is("ipf.stickynote") => Kind::Note,
        () if is("ipf.journal") => Kind::Journal,
        () if is("ipf.configuration") || is("ipf.skypeteams") || is("ipf.shortcutfolder") => return Vec::new(),
        () => Kind::Mail,
    };
    vec![kind]
}

/// The class of a folder for these kinds.
pub(crate) fn folder_class(kinds: &[Kind]) -> &'static str {
    match kinds.first() {
        Some(Kind::Event) => "IPF.Appointment",
        Some(Kind::Contact) => "IPF.Contact",
        Some(Kind::Task) => "IPF.Task",
        Some(Kind::Note) => "IPF.StickyNote",
        Some(Kind::Journal) => "IPF.Journal",
        Some(Kind::Mail) | None => "IPF.Note",
    }
}

/// The folders that every mailbox knows by what they are for.
pub(crate) const ROLES: [(&str, Role); 10] = [
    ("inbox", Role::Inbox),
    ("drafts", Role::Drafts),
    ("sentitems", Role::Sent),
    ("deleteditems", Role::Trash),
    ("junkemail", Role::Junk),
    ("calendar", Role::Calendar),
    ("contacts", Role::Contacts),
    ("tasks", Role::Tasks),
    ("notes", Role::Notes),
    ("journal", Role::Journal),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_tell_kinds() {
        for (class, kind) in [
            ("IPM.Note", Kind::Mail),
            ("IPM.Note.SMIME.MultipartSigned", Kind::Mail),
            ("REPORT.IPM.Note.NDR", Kind::Mail),
            ("IPM.Schedule.Meeting.Request", Kind::Mail),
            ("ipm.appointment.Custom", Kind::Event),
            ("IPM.Contacts", Kind::Mail),
            ("IPM.DistList", Kind::Contact),
            ("IPM.StickyNote", Kind::Note),
            ("IPM.Activity", Kind::Journal),
        ] {
            assert_eq!(of_item(class), kind, "{class}");
        }
    }

    #[test]
    fn a_folder_made_for_a_kind_holds_it() {
        assert!(Kind::ALL.into_iter().all(|kind| of_folder(Some(folder_class(&[kind]))) == [kind]));
        assert_eq!(of_folder(None), [Kind::Mail]);
        assert_eq!(of_folder(Some("IPF.Imap")), [Kind::Mail]);
        assert!(of_folder(Some("IPF.Configuration")).is_empty());
    }
}
