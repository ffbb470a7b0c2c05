//! What folders are for.

use mailmove_core::Role;

use crate::wire::ListEntry;

/// SPECIAL-USE (RFC 6154, RFC 8457), and the names that XLIST had for the same before.
const ATTRIBUTES: [(&str, Role); 11] = [
    ("\\All", Role::All),
    ("\\AllMail", Role::All),
    ("\\Archive", Role::Archive),
    ("\\Drafts", Role::Drafts),
    ("\\Flagged", Role::Flagged),
    ("\\Starred", Role::Flagged),
    ("\\Important", Role::Important),
    ("\\Junk", Role::Junk),
    ("\\Spam", Role::Junk),
    ("\\Sent", Role::Sent),
    ("\\Trash", Role::Trash),
];

/// Names by which servers without SPECIAL-USE, and the programs used with them, call these folders.
const NAMES: &[(Role, &[&str])] = &[
    (
        Role::Sent,
        &[
            "sent",
            "sent items",
            "sent messages",
            "sent mail",
            "gesendet",
            "gesendete objekte",
            "gesendete elemente",
            "envoyés",
            "éléments envoyés",
            "messages envoyés",
            "enviados",
            "elementos enviados",
            "posta inviata",
            "inviati",
            "verzonden",
            "verzonden items",
            "wysłane",
            "отправленные",
        ],
    ),
    (Role::Drafts, &["drafts", "entwürfe", "brouillons", "borradores", "bozze", "concepten", "szkice", "черновики"]),
    (
        Role::Trash,
        &[
            "trash",
            "deleted items",
            "deleted messages",
            "papierkorb",
            "gelöschte objekte",
            "gelöschte elemente",
            "corbeille",
            "éléments supprimés",
            "papelera",
            "elementos eliminados",
            "cestino",
            "posta eliminata",
            "prullenbak",
            "kosz",
            "удаленные",
            "корзина",
        ],
    ),
    (
        Role::Junk,
        &[
            "junk",
            "spam",
            "junk e-mail",
            "junk email",
            "bulk mail",
            "courrier indésirable",
            "correo no deseado",
            "posta indesiderata",
            "спам",
        ],
    ),
];

/// The attribute that CREATE takes for a role (RFC 6154 §3).
pub(crate) fn attribute(role: Role) -> Option<&'static str> {
    ATTRIBUTES.iter().find(|(_, known)| *known == role).map(|(attribute, _)| *attribute)
}

/// What the server says that a mailbox is for.
pub(crate) fn role(entry: &ListEntry, path: &[String]) -> Option<Role> {
    if let [name] = path
        && name == "INBOX"
    {
        return Some(Role::Inbox);
    }
    ATTRIBUTES.iter().find(|(attribute, _)| entry.has(attribute)).map(|(_, role)| *role)
}

/// What a folder is for by its name; for servers that have no attributes for it.
pub(crate) fn role_by_name(path: &[String]) -> Option<Role> {
    let [name] = path else { return None };
    let name = name.to_lowercase();
    NAMES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(role, _)| *role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_say_what_a_folder_is_for() {
        let entry = |attribute: &str| ListEntry {
            attributes: vec!["\\HasNoChildren".to_owned(), attribute.to_owned()],
            delimiter: Some('/'),
            name: b"x".to_vec(),
        };
        let path = vec!["x".to_owned()];
        assert_eq!(role(&entry("\\sent"), &path), Some(Role::Sent));
        assert_eq!(role(&entry("\\Spam"), &path), Some(Role::Junk));
        assert_eq!(role(&entry("\\Marked"), &path), None);
        assert_eq!(role(&entry("\\Marked"), &["INBOX".to_owned()]), Some(Role::Inbox));
        assert_eq!(attribute(Role::Flagged), Some("\\Flagged"));
        assert_eq!(attribute(Role::Inbox), None);
    }

    #[test]
    fn names_count_only_at_the_top() {
        assert_eq!(role_by_name(&["Gesendete Objekte".to_owned()]), Some(Role::Sent));
        assert_eq!(role_by_name(&["Archive".to_owned(), "Sent".to_owned()]), None);
    }
}
