//! People: senders, recipients, and the entry ids of those whom no directory knows ([MS-OXCDATA] §2.2.5.1).

use mailmove_core::Result;

use super::super::Marker;
use super::super::mapi::{Key, tag};
use super::stream::{Stream, utf16};
use crate::calendar::Person;

/// MAPIOneOffRecipientGUID.
const ONE_OFF: [u8; 16] =
    [0x81, 0x2b, 0x1f, 0xa4, 0xbe, 0xa3, 0x10, 0x19, 0x9d, 0x6e, 0x00, 0xdd, 0x01, 0x0f, 0x54, 0x02];

/// A row of the table of recipients.
#[derive(Debug, Clone)]
pub(crate) struct Recipient {
    pub(crate) person: Person,
    /// 1 to, 2 copy, 3 blind copy; of a meeting: 1 required, 2 optional, 3 a resource.
    pub(crate) kind: u32,
    /// 1 can be sent to, 2 the organizer.
    pub(crate) flags: u32,
    /// What was answered: 2 perhaps, 3 yes, 4 no.
    pub(crate) answer: Option<u32>,
}

impl Recipient {
    pub(crate) fn new(person: Person, kind: u32) -> Self {
        Self { person, kind, flags: 1, answer: None }
    }

    pub(crate) fn write(&self, stream: &mut Stream, row: u32) -> Result<()> {
        let name = name_of(&self.person);
        let address = &self.person.address;
        stream.marker(Marker::StartRecipient)?;
        stream.number(tag::ROW_ID, row)?;
        stream.number(tag::RECIPIENT_TYPE, self.kind)?;
        stream.number(tag::OBJECT_TYPE, 6)?;
        stream.number(tag::DISPLAY_TYPE, 0)?;
        stream.text(tag::DISPLAY_NAME, name)?;
        stream.text(tag::RECIPIENT_DISPLAY_NAME, name)?;
        stream.text(tag::ADDRESS_TYPE, "SMTP")?;
        stream.text(tag::EMAIL_ADDRESS, address)?;
        stream.text(tag::SMTP_ADDRESS, address)?;
        stream.binary(tag::ENTRY_ID, &entry_id(&self.person))?;
        stream.binary(tag::SEARCH_KEY, &search_key(address))?;
        stream.truth(tag::SEND_RICH_INFO, false)?;
        stream.number(tag::RECIPIENT_FLAGS, self.flags)?;
        if let Some(answer) = self.answer {
            stream.number(tag::RECIPIENT_ANSWER, answer)?;
        }
        stream.marker(Marker::EndRecipient)
    }
}

/// Who sent a message, and for whom.
pub(crate) fn write_senders(stream: &mut Stream, sender: &Person, representing: &Person) -> Result<()> {
    let keys: [[Key; 5]; 2] = [
        [tag::SENDER_NAME, tag::SENDER_TYPE, tag::SENDER_ADDRESS, tag::SENDER_SMTP, tag::SENDER_ENTRY_ID],
        [
            tag::REPRESENTING_NAME,
            tag::REPRESENTING_TYPE,
            tag::REPRESENTING_ADDRESS,
            tag::REPRESENTING_SMTP,
            tag::REPRESENTING_ENTRY_ID,
        ],
    ];
    for (person, [name, kind, address, smtp, entry]) in [sender, representing].into_iter().zip(keys) {
        stream.text(name, name_of(person))?;
        stream.text(kind, "SMTP")?;
        stream.text(address, &person.address)?;
        stream.text(smtp, &person.address)?;
        stream.binary(entry, &entry_id(person))?;
    }
    Ok(())
}

/// Whom an answer shall reach.
pub(crate) fn write_reply_to(stream: &mut Stream, people: &[Person]) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = people.iter().map(name_of).collect();
    stream.text(tag::REPLY_NAMES, &names.join("; "))?;
    // FlatEntryList ([MS-OXCDATA] §2.3.3): count, length, then length and octets of each, filled up to four.
    let mut list = Vec::new();
    for person in people {
        let entry = entry_id(person);
        list.extend_from_slice(&(entry.len() as u32).to_le_bytes());
        list.extend_from_slice(&entry);
        list.resize(list.len().next_multiple_of(4), 0);
    }
    let head = [people.len() as u32, list.len() as u32].map(u32::to_le_bytes).concat();
    stream.binary(tag::REPLY_ENTRIES, &[head, list].concat())
}

/// The entry id of somebody whom no directory knows.
pub(crate) fn entry_id(person: &Person) -> Vec<u8> {
    let mut id = vec![0; 4];
    id.extend_from_slice(&ONE_OFF);
    // Version 0; in Unicode, without rich text.
    id.extend_from_slice(&[0, 0, 0x01, 0x90]);
    for text in [name_of(person), "SMTP", &person.address] {
        id.extend_from_slice(&utf16(text));
    }
    id
}

/// Who is in an entry id as [`entry_id`] makes them; `None` when it is of another sort.
pub(crate) fn in_one_off(id: &[u8]) -> Option<Person> {
    let (provider, rest) = (id.get(4..20)?, id.get(22..)?);
    let flags = u16::from_le_bytes([*rest.first()?, *rest.get(1)?]);
    if provider != ONE_OFF {
        return None;
    }
    // In Unicode, or in octets of a code page that it does not name.
    let letters: Vec<u16> = match flags & 0x8000 {
        0 => rest[2..].iter().map(|octet| u16::from(*octet)).collect(),
        _ => rest[2..].chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect(),
    };
    let mut texts = letters.split(|unit| *unit == 0).map(String::from_utf16_lossy);
    let (name, _, address) = (texts.next()?, texts.next()?, texts.next()?);
    Some(Person::new(if name == address { "" } else { name.as_str() }, address.as_str()))
}

/// The name, or the address of who has none.
pub(crate) fn name_of(person: &Person) -> &str {
    if person.name.is_empty() { &person.address } else { &person.name }
}

fn search_key(address: &str) -> Vec<u8> {
    format!("SMTP:{}\0", address.to_uppercase()).into_bytes()
}
