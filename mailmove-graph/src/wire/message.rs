//! Messages: what is asked for, and what comes.

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use serde_json::{Value, json};

use super::ask::{Ask, Path};
use super::page::{Removed, or_default};
use super::property::{self, Property, PropertyValue};

/// The fields of a message that are asked for when it is listed or looked at.
pub(crate) const FIELDS: &str = "id,changeKey,parentFolderId,subject,internetMessageId,sentDateTime,receivedDateTime,\
                                 createdDateTime,lastModifiedDateTime,hasAttachments,isDraft,isRead,categories,flag";

/// How many messages a page shall have.
const PAGE: usize = 200;

/// The properties that are asked for beside them.
pub(crate) const PROPERTIES: [Property; 5] =
    [Property::Size, Property::LastVerb, Property::IconIndex, Property::ImapDeleted, Property::Mark];

/// A message, as far as it was asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Message {
    pub(crate) id: String,
    #[serde(rename = "@odata.etag")]
    pub(crate) etag: Option<String>,
    pub(crate) change_key: Option<String>,
    pub(crate) parent_folder_id: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) internet_message_id: Option<String>,
    pub(crate) sent_date_time: Option<String>,
    pub(crate) received_date_time: Option<String>,
    pub(crate) created_date_time: Option<String>,
    pub(crate) last_modified_date_time: Option<String>,
    pub(crate) has_attachments: Option<bool>,
    pub(crate) is_draft: Option<bool>,
    pub(crate) is_read: Option<bool>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) categories: Vec<String>,
    pub(crate) flag: Option<FollowUp>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) single_value_extended_properties: Vec<PropertyValue>,
    #[serde(rename = "@removed")]
    pub(crate) removed: Option<Removed>,
}

/// Whether something is still to be done about a message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FollowUp {
    pub(crate) flag_status: Option<String>,
}

impl Message {
    pub(crate) fn property(&self, property: Property) -> Option<&str> {
        property::find(&self.single_value_extended_properties, property)
    }

    pub(crate) fn number(&self, property: Property) -> Option<i64> {
        self.property(property)?.trim().parse().ok()
    }

    /// Whether everything is there that was asked for: a delta may name what changed alone.
    pub(crate) fn is_whole(&self) -> bool {
        self.created_date_time.is_some() && self.is_read.is_some()
    }

    pub(crate) fn is_flagged(&self) -> bool {
        let status = self.flag.as_ref().and_then(|flag| flag.flag_status.as_deref());
        status.is_some_and(|status| status.eq_ignore_ascii_case("flagged"))
    }
}

fn fields(path: &Path) -> Path {
    path.with("$select", FIELDS).with("$expand", &property::expand(&PROPERTIES))
}

fn messages(user: &Path, folder: &str) -> Path {
    user.to("mailFolders").to(folder).to("messages")
}

/// What is in a folder, and later what changed in it.
pub(crate) fn delta(user: &Path, folder: &str) -> Ask {
    Ask::get("message delta", &fields(&messages(user, folder).to("delta"))).paged(PAGE)
}

/// One message.
pub(crate) fn get(user: &Path, id: &str) -> Ask {
    Ask::get("message", &fields(&user.to("messages").to(id)))
}

/// Its MIME.
pub(crate) fn value(user: &Path, id: &str) -> Ask {
    Ask::get("message value", &user.to("messages").to(id).to("$value"))
}

/// A new message in a folder.
pub(crate) fn create(user: &Path, folder: &str, message: Value) -> Ask {
    Ask::post("create message", &messages(user, folder), message)
}

/// Changes a message, unless somebody else did.
pub(crate) fn update(user: &Path, id: &str, etag: Option<String>, fields: Value) -> Ask {
    Ask::patch("update message", &user.to("messages").to(id), fields).unless_changed(etag)
}

/// Moves a message.
pub(crate) fn move_to(user: &Path, id: &str, folder: &str) -> Ask {
    Ask::post("move message", &user.to("messages").to(id).to("move"), json!({ "destinationId": folder }))
}

/// Removes a message for good.
pub(crate) fn remove(user: &Path, id: &str) -> Ask {
    Ask::post_nothing("remove message", &user.to("messages").to(id).to("permanentDelete"))
}

/// A moment as Graph writes it.
pub(crate) fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// The same of a field that may be absent.
pub(crate) fn moment_of(text: Option<&String>) -> Option<OffsetDateTime> {
    moment(text?)
}

/// A moment as Graph reads it, to the second.
pub(crate) fn moment_text(when: OffsetDateTime) -> String {
    let when = when.to_offset(time::UtcOffset::UTC);
    let (date, clock) = (when.date(), when.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_and_what_is_absent_are_nothing() {
        let text = r#"{"id":"1","categories":null,"flag":{"flagStatus":"flagged"},"isRead":true,
            "singleValueExtendedProperties":[{"id":"Integer 0xe08","value":"120"}]}"#;
        let message: Message = serde_json::from_str(text).unwrap();
        assert!(message.is_flagged() && !message.is_whole() && message.removed.is_none());
        assert_eq!(message.number(Property::Size), Some(120));
        let gone: Message = serde_json::from_str(r#"{"id":"1","@removed":{"reason":"deleted"}}"#).unwrap();
        assert!(gone.removed.is_some());
    }

    #[test]
    fn moments_are_in_utc() {
        let when = moment("2024-02-29T10:00:00.123+01:00").unwrap();
        assert_eq!(moment_text(when), "2024-02-29T09:00:00Z");
    }
}
