//! An item in an answer: whatever of it was asked for, and is there.

use mailmove_core::{Body, Result, Spool};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::ids::ItemKey;
use super::property::Property;
use super::tree::Tree;
use super::xml::Xml;

/// What contacts, groups and tasks are made of.
const FIELDS: [&str; 36] = [
    "Body",
    "Sensitivity",
    "Importance",
    "FileAs",
    "DisplayName",
    "GivenName",
    "MiddleName",
    "Nickname",
    "CompleteName",
    "CompanyName",
    "EmailAddresses",
    "PhysicalAddresses",
    "PhoneNumbers",
    "AssistantName",
    "Birthday",
    "BusinessHomePage",
    "Children",
    "Department",
    "Generation",
    "ImAddresses",
    "JobTitle",
    "Manager",
    "OfficeLocation",
    "Profession",
    "SpouseName",
    "Surname",
    "WeddingAnniversary",
    "HasPicture",
    "Members",
    "CompleteDate",
    "DueDate",
    "IsRecurring",
    "PercentComplete",
    "StartDate",
    "Status",
    "Recurrence",
];

/// What an answer says of an item.
#[derive(Debug, Default)]
pub(crate) struct ItemData {
    pub(crate) key: ItemKey,
    pub(crate) parent: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) received: Option<OffsetDateTime>,
    pub(crate) sent: Option<OffsetDateTime>,
    pub(crate) created: Option<OffsetDateTime>,
    pub(crate) size: Option<u64>,
    pub(crate) categories: Vec<String>,
    pub(crate) has_attachments: Option<bool>,
    pub(crate) is_draft: Option<bool>,
    pub(crate) is_read: Option<bool>,
    pub(crate) message_id: Option<String>,
    /// The identifier of an appointment in iCalendar.
    pub(crate) uid: Option<String>,
    /// The content; an inner error is about this item alone.
    pub(crate) mime: Option<Result<Body>>,
    /// When an appointment begins.
    pub(crate) start: Option<OffsetDateTime>,
    /// What is told of contacts and tasks.
    pub(crate) fields: Vec<Tree>,
    properties: Vec<(Property, String)>,
}

impl ItemData {
    /// From an item of any class whose element was just opened.
    pub(crate) fn read(xml: &mut Xml, spool: &Spool) -> Result<Self> {
        let mut item = Self::default();
        while let Some(field) = xml.child()? {
            match field.name.as_str() {
                "MimeContent" => item.mime = Some(xml.body(spool)?),
                "ItemId" => item.key = ItemKey::read(&field, xml)?,
                "ParentFolderId" => item.parent = Some(ItemKey::read(&field, xml)?.id),
                "ItemClass" => item.class = Some(xml.text()?),
                "Subject" => item.subject = Some(xml.text()?),
                "DateTimeReceived" => item.received = date(&xml.text()?),
                "DateTimeSent" => item.sent = date(&xml.text()?),
                "DateTimeCreated" => item.created = date(&xml.text()?),
                "Size" => item.size = xml.text()?.trim().parse().ok(),
                "Categories" => item.categories = strings(xml)?,
                "HasAttachments" => item.has_attachments = boolean(&xml.text()?),
                "IsDraft" => item.is_draft = boolean(&xml.text()?),
                "IsRead" => item.is_read = boolean(&xml.text()?),
                "InternetMessageId" => item.message_id = Some(xml.text()?),
                "Start" => item.start = date(&xml.text()?),
                "UID" => item.uid = Some(xml.text()?),
                "ExtendedProperty" => item.properties.extend(extended(xml)?),
                name if FIELDS.contains(&name) => item.fields.push(Tree::read(&field, xml)?),
                _ => xml.skip()?,
            }
        }
        Ok(item)
    }

    /// From the text of one element.
    #[cfg(test)]
    pub(crate) fn parse(text: &str) -> Self {
        let mut xml = Xml::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        xml.child().unwrap();
        Self::read(&mut xml, &Spool::new(1 << 20)).unwrap()
    }

    /// The same with an extended property, when there is a value.
    pub(crate) fn with(mut self, property: Property, value: Option<String>) -> Self {
        self.properties.extend(value.map(|value| (property, value)));
        self
    }

    /// The value of an extended property.
    pub(crate) fn property(&self, property: Property) -> Option<&str> {
        self.properties.iter().find(|(known, _)| *known == property).map(|(_, value)| value.as_str())
    }

    /// The field of this name.
    pub(crate) fn field(&self, name: &str) -> Option<&Tree> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The text of the field of this name, when there is any.
    pub(crate) fn field_text(&self, name: &str) -> Option<&str> {
        self.field(name).map(|field| field.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The value of an extended property that is a number.
    pub(crate) fn number(&self, property: Property) -> Option<i64> {
        self.property(property)?.trim().parse().ok()
    }

    /// The value of an extended property that is a time.
    pub(crate) fn time(&self, property: Property) -> Option<OffsetDateTime> {
        date(self.property(property)?)
    }

    /// The Message-ID, however it came.
    pub(crate) fn internet_message_id(&self) -> Option<&str> {
        self.message_id.as_deref().or_else(|| self.property(Property::InternetMessageId)).filter(|id| !id.is_empty())
    }
}

/// Every item of a list whose element was just opened.
pub(crate) fn read_items(xml: &mut Xml, spool: &Spool) -> Result<Vec<ItemData>> {
    let mut items = Vec::new();
    while xml.child()?.is_some() {
        items.push(ItemData::read(xml, spool)?);
    }
    Ok(items)
}

/// One extended property, when it is one of ours. Of several values the first.
pub(crate) fn extended(xml: &mut Xml) -> Result<Option<(Property, String)>> {
    let (mut property, mut value) = (None, None);
    while let Some(field) = xml.child()? {
        match field.name.as_str() {
            "ExtendedFieldURI" => {
                property = Property::of(&field);
                xml.skip()?;
            }
            "Value" => value = Some(xml.text()?),
            "Values" => value = strings(xml)?.into_iter().next(),
            _ => xml.skip()?,
        }
    }
    Ok(property.zip(value))
}

/// A date and time; without a zone it is UTC.
pub(crate) fn date(text: &str) -> Option<OffsetDateTime> {
    let text = text.trim();
    OffsetDateTime::parse(text, &Rfc3339).or_else(|_| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339)).ok()
}

/// A date and time as requests carry it, in UTC and whole seconds.
pub(crate) fn date_text(when: OffsetDateTime) -> Option<String> {
    let when = when.to_offset(time::UtcOffset::UTC).replace_nanosecond(0).ok()?;
    (when.year() > 1600).then(|| when.format(&Rfc3339).ok())?
}

pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.trim() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn strings(xml: &mut Xml) -> Result<Vec<String>> {
    let mut values = Vec::new();
    while xml.child()?.is_some() {
        values.push(xml.text()?);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_read_whatever_its_class() {
        let text = "<t:CalendarItem><t:MimeContent CharacterSet='UTF-8'>aGVsbG8=</t:MimeContent>\
            <t:ItemId Id='AA=' ChangeKey='CQ'/><t:ItemClass>IPM.Appointment</t:ItemClass>\
            <t:DateTimeReceived>2024-02-29T10:11:12Z</t:DateTimeReceived><t:Size>7</t:Size>\
            <t:Categories><t:String>Red</t:String><t:String>R&amp;D</t:String></t:Categories>\
            <t:ExtendedProperty><t:ExtendedFieldURI PropertyTag='0xe07' PropertyType='Integer'/><t:Value>9</t:Value>\
            </t:ExtendedProperty><t:New><t:Thing/></t:New></t:CalendarItem>";
        let mut xml = Xml::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        xml.find(&["CalendarItem"]).unwrap();
        let item = ItemData::read(&mut xml, &Spool::new(1024)).unwrap();
        assert_eq!((item.key.id.as_str(), item.key.change_key.as_deref()), ("AA=", Some("CQ")));
        assert_eq!(item.received.unwrap().unix_timestamp(), 1_709_201_472);
        assert_eq!(item.categories, ["Red", "R&D"]);
        assert_eq!((item.size, item.number(Property::MessageFlags)), (Some(7), Some(9)));
        assert_eq!(item.mime.unwrap().unwrap().bytes().unwrap(), "hello");
    }

    #[test]
    fn dates_come_back_in_whole_seconds() {
        assert_eq!(date("2024-02-29T10:11:12").unwrap().unix_timestamp(), 1_709_201_472);
        assert_eq!(date_text(date("2024-02-29T11:11:12.5+01:00").unwrap()).unwrap(), "2024-02-29T10:11:12Z");
        assert_eq!(date("yesterday"), None);
    }
}
