//! Which attribute stands for which property.

use calcard::vcard::VCardProperty;

/// The attribute that holds the identifier of a vCard.
pub(crate) const UID: &str = "vCardUID";
/// The attribute that holds our own mark.
pub(crate) const MARK: &str = "mailmoveMark";
/// The property for attributes that vCard has none for.
pub(super) const FIELD: &str = "X-ZIMBRA-FIELD";

/// Attributes of one text: the property, the attribute.
pub(super) const TEXTS: [(VCardProperty, &str); 4] = [
    (VCardProperty::Fn, "fullName"),
    (VCardProperty::Nickname, "nickname"),
    (VCardProperty::Title, "jobTitle"),
    (VCardProperty::Note, "notes"),
];

/// The parts of a name, in the order of vCard.
pub(super) const NAME: [&str; 5] = ["lastName", "firstName", "middleName", "namePrefix", "nameSuffix"];

/// The parts of an organisation.
pub(super) const ORGANISATION: [&str; 2] = ["company", "department"];

/// Telephones, most telling first: the words that vCard has for them, and the attribute. Any number of each, counted
/// from 2.
pub(super) const PHONES: [(&[&str], &str); 9] = [
    (&["work", "fax"], "workFax"),
    (&["home", "fax"], "homeFax"),
    (&["fax"], "otherFax"),
    (&["cell"], "mobilePhone"),
    (&["pager"], "pager"),
    (&["car"], "carPhone"),
    (&["work"], "workPhone"),
    (&["home"], "homePhone"),
    (&[], "otherPhone"),
];

/// Places: the word that vCard has for them, and what their attributes begin with.
pub(super) const PLACES: [(&str, &str); 3] = [("home", "home"), ("work", "work"), ("", "other")];

/// The parts of an address: the place in vCard, the end of the attribute.
pub(super) const ADDRESS: [(usize, &str); 5] =
    [(2, "Street"), (3, "City"), (4, "State"), (5, "PostalCode"), (6, "Country")];

/// Days: the property, the attribute.
pub(super) const DAYS: [(VCardProperty, &str); 2] =
    [(VCardProperty::Bday, "birthday"), (VCardProperty::Anniversary, "anniversary")];

/// Addresses of mail and chats; any number of each, counted from 2.
pub(super) const MAIL: &str = "email";
pub(super) const CHAT: &str = "imAddress";

/// Attributes with an address that stands for a member of a group, the telling one first.
pub(super) const MEMBER: [&str; 3] = [MAIL, "workEmail", "homeEmail"];

/// Attributes that are made of others, or are the server's own business.
pub(super) const IGNORED: [&str; 3] = ["type", "dlist", MARK];

/// A name and the number at its end: `email3` is the third `email`. One without a number is the first.
pub(super) fn counted(attribute: &str) -> (&str, usize) {
    let base = attribute.trim_end_matches(|char: char| char.is_ascii_digit());
    let number = attribute[base.len()..].parse().unwrap_or(1);
    (base, number)
}

/// The name of the nth of a sort.
pub(super) fn nth(base: &str, number: usize) -> String {
    if number < 2 { base.to_owned() } else { format!("{base}{number}") }
}
