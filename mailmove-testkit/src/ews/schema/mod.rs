//! The schema of requests: what may stand where, from which version on.

mod check;
mod rules;
mod values;

use std::sync::OnceLock;

use super::version::Version;
use super::xml::{Node, Ns};
pub(crate) use rules::Rules;
pub(crate) use values::decode as decode_base64;

/// The rules, read once.
pub(crate) fn rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(Rules::read)
}

/// Checks an operation, or a header of the types namespace.
///
/// # Errors
/// With the words in which Exchange says what is wrong.
pub(crate) fn check(node: &Node, version: Version) -> Result<(), String> {
    let expected = if Version::of_operation(&node.name).is_some() { Ns::Messages } else { Ns::Types };
    if node.ns != expected || rules().get(&node.name).is_none() {
        return Err(format!("The element '{}' in namespace '{}' is not expected here.", node.name, node.ns.uri()));
    }
    check::element(node, &node.name, version)
}

/// Checks an element against a type.
///
/// # Errors
/// With the words in which Exchange says what is wrong.
pub(crate) fn check_type(node: &Node, kind: &str, version: Version) -> Result<(), String> {
    check::element(node, kind, version)
}

/// The names of the child elements of a type, in the order of the schema, as far as a version knows them.
pub(crate) fn order(kind: &str, version: Version) -> impl Iterator<Item = &'static str> {
    rules().elements(kind).filter(move |(_, since)| version >= *since).map(|(name, _)| name)
}

/// The type of an item's element: `Contact` is a `ContactItem`.
pub(crate) fn item_type(element: &str) -> &str {
    match element {
        "Contact" => "ContactItem",
        "MeetingRequest" => "MeetingRequestMessage",
        "MeetingResponse" => "MeetingResponseMessage",
        "MeetingCancellation" => "MeetingCancellationMessage",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(body: &str, version: Version) -> Result<(), String> {
        let namespaces = format!("xmlns='{}' xmlns:t='{}'", Ns::Messages.uri(), Ns::Types.uri());
        let at = body.find(['>', ' ', '/']).unwrap();
        let text = format!("{} {namespaces}{}", &body[..at], &body[at..]);
        check(&super::super::xml::parse(text.as_bytes()).unwrap(), version)
    }

    const SHAPE: &str = "<ItemShape><t:BaseShape>IdOnly</t:BaseShape></ItemShape>";
    const FOLDER: &str = "<SyncFolderId><t:DistinguishedFolderId Id='inbox'/></SyncFolderId>";

    #[test]
    fn all_types_that_are_named_exist() {
        rules().assert_complete();
    }

    #[test]
    fn order_names_values_and_namespaces_matter() {
        let good =
            format!("<SyncFolderItems>{SHAPE}{FOLDER}<MaxChangesReturned>10</MaxChangesReturned></SyncFolderItems>");
        assert_eq!(verdict(&good, Version::Exchange2007Sp1), Ok(()));
        for (from, to) in [
            (SHAPE, ""),
            ("<MaxChangesReturned>10</MaxChangesReturned>", ""),
            (">10<", ">ten<"),
            (">10<", "><t:Ten/><"),
            ("<MaxChanges", "<Surprise/><MaxChanges"),
            ("IdOnly", "Some"),
            ("t:BaseShape", "BaseShape"),
            ("Id='inbox'", "Id='outhouse'"),
            ("Id='inbox'", "Id='inbox' Name='x'"),
            ("Id='inbox'", ""),
            (FOLDER, &format!("{FOLDER}{FOLDER}")),
        ] {
            assert!(good.contains(from));
            assert!(verdict(&good.replace(from, to), Version::Online).is_err(), "{from} as {to}");
        }
        let swapped =
            format!("<SyncFolderItems>{FOLDER}{SHAPE}<MaxChangesReturned>1</MaxChangesReturned></SyncFolderItems>");
        assert!(verdict(&swapped, Version::Online).unwrap_err().contains("invalid child element 'SyncFolderId'"));
    }

    #[test]
    fn what_came_later_is_unknown_before() {
        let scope = format!(
            "<SyncFolderItems>{SHAPE}{FOLDER}<MaxChangesReturned>1</MaxChangesReturned>\
             <SyncScope>NormalItems</SyncScope></SyncFolderItems>"
        );
        assert!(verdict(&scope, Version::Exchange2007Sp1).is_err());
        assert_eq!(verdict(&scope, Version::Exchange2010), Ok(()));
        let flag = "<GetItem><ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>\
                    <t:FieldURI FieldURI='item:Flag'/></t:AdditionalProperties></ItemShape>\
                    <ItemIds><t:ItemId Id='x'/></ItemIds></GetItem>";
        assert!(verdict(flag, Version::Exchange2010Sp2).is_err());
        assert_eq!(verdict(flag, Version::Exchange2013), Ok(()));
        assert!(verdict(&flag.replace("item:Flag", "item:Flags"), Version::Online).is_err());
    }

    #[test]
    fn derived_parts_come_after_the_common_ones() {
        let item = |inside: &str| {
            verdict(
                &format!(
                    "<CreateItem MessageDisposition='SaveOnly'><Items><t:Message>{inside}</t:Message></Items></CreateItem>"
                ),
                Version::Online,
            )
        };
        assert_eq!(item("<t:Subject>a</t:Subject><t:IsRead>true</t:IsRead>"), Ok(()));
        assert!(item("<t:IsRead>true</t:IsRead><t:Subject>a</t:Subject>").is_err());
        assert!(item("<t:IsRead>yes</t:IsRead>").is_err());
        assert!(item("<t:Start>2026-01-01T00:00:00Z</t:Start>").is_err());
    }
}
