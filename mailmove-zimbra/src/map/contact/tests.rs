use mailmove_core::ErrorKind;

use super::*;
use crate::wire::item::{ItemData, Member};

const CARD: &str = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:7@x\r\nFN:Ann B. Lee\r\nN:Lee;Ann;B.;Dr.;Jr\r\n\
    NICKNAME:Annie\r\nORG:R&D;Lab\r\nTITLE:Boss\r\nEMAIL;TYPE=work:a@x\r\nEMAIL:b@x\r\nEMAIL:c@x\r\nEMAIL:d@x\r\n\
    TEL;TYPE=cell:+43 1\r\nTEL;TYPE=cell:+43 9\r\nTEL;TYPE=work,fax:+43 2\r\n\
    ADR;TYPE=home:;;Street 1;Vienna;;1010;Austria\r\nADR;TYPE=home:;;Street 2;Graz;;8010;Austria\r\n\
    BDAY:19800506\r\nNOTE:one\\, two\\nthree\r\nURL;TYPE=home:https://x\r\nIMPP:xmpp:a@x\r\n\
    X-ZIMBRA-FIELD:fileAs=8:Lee\r\nX-ZIMBRA-FIELD:shoe size=42\r\nCATEGORIES:Red,Blue\r\nEND:VCARD\r\n";

/// As the server would give it back.
fn stored(parts: &Parts) -> ItemData {
    ItemData {
        id: 300,
        attributes: parts.contact.attributes.clone(),
        members: parts.contact.members.iter().map(|(_, value)| member(value, &[])).collect(),
        tags: parts.categories.join(","),
        ..ItemData::default()
    }
}

fn member(value: &str, attributes: &[(&str, &str)]) -> Member {
    let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Member { value: value.to_owned(), attributes }
}

#[test]
fn a_contact_comes_back_with_all_its_attributes() {
    let parts = read(CARD).unwrap();
    assert!(parts.losses.is_empty(), "{:?}", parts.losses);
    let has = |name: &str, value: &str| parts.contact.attributes.contains(&(name.to_owned(), value.to_owned()));
    for (name, value) in [
        ("vCardUID", "7@x"),
        ("lastName", "Lee"),
        ("namePrefix", "Dr."),
        ("email4", "d@x"),
        ("mobilePhone2", "+43 9"),
        ("workFax", "+43 2"),
        ("homeCity2", "Graz"),
        ("birthday", "1980-05-06"),
        ("notes", "one, two\nthree"),
        ("homeURL", "https://x"),
        ("fileAs", "8:Lee"),
        ("shoe size", "42"),
    ] {
        assert!(has(name, value), "{name} is missing in {:?}", parts.contact.attributes);
    }
    let (card, losses) = write(&stored(&parts), "account");
    assert!(losses.is_empty(), "{losses:?}");
    let mut again = read(&card).unwrap().contact.attributes;
    let mut before = parts.contact.attributes.clone();
    again.sort();
    before.sort();
    assert_eq!(again, before, "{card}");
    assert_eq!(read(&card).unwrap().categories, ["Red", "Blue"]);
}

#[test]
fn what_has_no_place_is_named() {
    let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:x\r\nPHOTO:data:image/png;base64,AAAA\r\nGENDER:F\r\nEND:VCARD\r\n";
    let losses = read(card).unwrap().losses;
    assert!(losses[0].text.contains("GENDER") && losses[0].text.contains("PHOTO"), "{losses:?}");
    let mut item = ItemData { id: 1, ..ItemData::default() };
    item.attributes = vec![("email".to_owned(), "a@x".to_owned()), ("image".to_owned(), String::new())];
    let (card, losses) = write(&item, "account");
    assert!(card.contains("FN;DERIVED=TRUE:a@x") && card.contains("UID:account-1"), "{card}");
    let names: Vec<String> = read(&card).unwrap().contact.attributes.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["vCardUID", "email"], "a name that was made up stays out");
    assert_eq!(losses[0].code, "contact-files");
}

#[test]
fn a_group_keeps_its_members_by_value() {
    let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nUID:g\r\nFN:Team\r\nMEMBER:mailto:a@x\r\n\
        MEMBER:mailto:a@x\r\nEND:VCARD\r\n";
    let parts = read(card).unwrap();
    assert_eq!(parts.contact.members, [("I".to_owned(), "a@x".to_owned())]);
    let (card, _) = write(&stored(&parts), "account");
    assert!(card.contains("KIND:group") && card.contains("MEMBER:mailto:a@x"), "{card}");
    let mut item = stored(&parts);
    item.members = vec![member("Bob <bob@x>", &[]), member("257", &[])];
    let (card, losses) = write(&item, "account");
    assert!(card.contains("MEMBER:mailto:bob@x"), "{card}");
    assert!(losses[0].code == "group-members" && losses[0].text.contains("257"));
    let mut old = ItemData { id: 1, ..ItemData::default() };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    old.attributes = vec![pair("type", "group"), pair("dlist", "a@x, Bob <b@x>"), pair("nickname", "Team")];
    let (card, _) = write(&old, "account");
    assert!(card.contains("MEMBER:mailto:a@x") && card.contains("MEMBER:mailto:b@x"), "{card}");
}

#[test]
fn a_reference_is_a_member_by_the_first_address_of_what_it_names() {
    let mut group = ItemData { id: 1, ..ItemData::default() };
    group.members = vec![
        member("a@x", &[]),
        member("300", &[("workEmail", "w@x"), ("email2", "b2@x"), ("email", "b@x")]),
        member("301", &[("workEmail", "c@x"), ("firstName", "Carl")]),
        member("uid=dan,ou=people,dc=x", &[("email", "d@x"), ("email", "d2@x")]),
        member("302", &[("email", "A@x")]),
        member("303", &[("firstName", "Eve"), ("email", "")]),
        member("304", &[]),
    ];
    let (card, losses) = write(&group, "account");
    let named: Vec<&str> = card.lines().filter_map(|line| line.strip_prefix("MEMBER:mailto:")).collect();
    assert_eq!(named, ["a@x", "b@x", "c@x", "d@x"], "{card}");
    assert_eq!(losses.len(), 1, "{losses:?}");
    assert!(losses[0].code == "group-members" && losses[0].text.ends_with(": 303, 304"), "{losses:?}");
}

#[test]
fn what_is_no_card_is_refused() {
    assert_eq!(read("BEGIN:VCALENDAR\r\n").unwrap_err().kind(), ErrorKind::Refused);
}
