//! Contacts, between vCard and the fields of Graph.

mod read;
mod write;

use calcard::vcard::VCardProperty;

pub(crate) use read::{Photo, read};
pub(crate) use write::write;

/// Fields of one text: the property of vCard, the field of Graph.
const TEXTS: [(VCardProperty, &str); 4] = [
    (VCardProperty::Nickname, "nickName"),
    (VCardProperty::Url, "businessHomePage"),
    (VCardProperty::Title, "jobTitle"),
    (VCardProperty::Role, "profession"),
];

/// The parts of a name, by their places in vCard.
const NAMES: [(usize, &str); 5] =
    [(0, "surname"), (1, "givenName"), (2, "middleName"), (3, "title"), (4, "generation")];

/// The addresses, with the word that vCard has for them.
const PLACES: [(&str, &str); 3] = [("home", "homeAddress"), ("work", "businessAddress"), ("", "otherAddress")];

/// The parts of an address: the place in vCard, the field of Graph.
const ADDRESS: [(usize, &str); 5] =
    [(2, "street"), (3, "city"), (4, "state"), (5, "postalCode"), (6, "countryOrRegion")];

/// How many mail addresses, and how many addresses for chats.
const MAILS: usize = 3;
const CHATS: usize = 3;

/// How many telephones at work, and how many at home.
const PHONES: usize = 2;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::property::Property;
    use crate::wire::record::Record;

    const CARD: &str = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:7@x\r\nFN:Ann B. Lee\r\nN:Lee;Ann;B.;Dr.;Jr\r\n\
        NICKNAME:Annie\r\nORG:R&D;Lab\r\nTITLE:Boss\r\nEMAIL;TYPE=work:a@x\r\nEMAIL:b@x\r\n\
        TEL;TYPE=cell:+43 1\r\nTEL;TYPE=work:+43 2\r\nADR;TYPE=home:;;Street 1;Vienna;;1010;Austria\r\n\
        BDAY:19800506\r\nNOTE:one\\, two\\nthree\r\nURL:https://x\r\nCATEGORIES:Red,Blue\r\nEND:VCARD\r\n";

    /// As the server would give it back.
    fn stored(card: &str) -> (Record, read::Parts) {
        let parts = read(card).unwrap();
        let mut json = parts.json.clone();
        json.insert("id".to_owned(), json!("1"));
        json.insert("categories".to_owned(), json!(parts.categories));
        let mut properties = vec![Property::Uid.with("7@x")];
        properties.extend(parts.kept.clone().map(|kept| Property::Kept.with(kept)));
        json.insert("singleValueExtendedProperties".to_owned(), properties.into());
        (Record(json.into()), parts)
    }

    #[test]
    fn a_contact_comes_back_with_everything_that_graph_has_a_place_for() {
        let (record, parts) = stored(CARD);
        assert!(parts.losses.is_empty(), "{:?}", parts.losses);
        let card = write(&record, None);
        for line in CARD.split("\r\n").filter(|line| !line.is_empty() && !line.starts_with("EMAIL")) {
            assert!(card.contains(&format!("{line}\r\n")), "{line} is missing in\n{card}");
        }
        assert!(card.contains("EMAIL:a@x\r\n") && card.contains("EMAIL:b@x\r\n"));
        let again = read(&card).unwrap();
        assert_eq!((again.json, again.categories), (parts.json, parts.categories));
    }

    #[test]
    fn what_has_no_place_is_named_and_kept_aside() {
        let more = "EMAIL:1@x\r\nEMAIL:2@x\r\nEMAIL:3@x\r\nGENDER:F\r\nX-ODD;X-P=1:value\r\n";
        let (record, parts) = stored(&CARD.replace("END:VCARD", &format!("{more}END:VCARD")));
        assert!(parts.losses[0].text.contains("EMAIL") && parts.losses[0].text.contains("X-ODD"), "{:?}", parts.losses);
        let card = write(&record, None);
        for line in ["EMAIL:2@x", "EMAIL:3@x", "GENDER:F", "X-ODD;X-P=1:value"] {
            assert!(card.contains(line), "{line} is missing in\n{card}");
        }
    }

    #[test]
    fn a_picture_goes_by_itself_and_comes_back() {
        let card = CARD.replace("END:VCARD", "PHOTO:data:image/png;base64,iVBORw==\r\nEND:VCARD");
        let parts = read(&card).unwrap();
        let photo = parts.photo.unwrap();
        assert_eq!((photo.content_type.as_str(), &photo.bytes[..]), ("image/png", &b"\x89PNG"[..]));
        assert!(write(&stored(CARD).0, Some(&photo)).contains("PHOTO:data:image/png;base64,iVBORw=="));
    }

    #[test]
    fn a_group_is_refused() {
        assert!(read("BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nFN:Team\r\nEND:VCARD\r\n").is_err());
        assert!(read("no card").is_err());
    }
}
