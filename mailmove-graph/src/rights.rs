//! What a token may do, and what the work needs.

use mailmove_core::oauth::Claims;
use mailmove_core::{Secret, Side};

use crate::place::Area;

/// The rights in a token, when it can be read. Rights that Exchange grants by a management scope stand in no token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rights(Option<Vec<String>>);

/// The import and export API: rights for reading, and for writing.
const STREAMS: [&[&str]; 2] = [&["MailboxItem.Export", "MailboxItem.ImportExport"], &["MailboxItem.ImportExport"]];

impl Rights {
    /// Of what opens a mailbox.
    pub(crate) fn of(secret: &Secret) -> Self {
        let Secret::Token(token) = secret else { return Self::default() };
        let claims = Claims::of(token);
        Self(claims.map(|claims| claims.rights().map(str::to_owned).collect()))
    }

    /// Whether the import and export API may be used. A token that says nothing may.
    pub(crate) fn may_stream(&self, side: Side) -> bool {
        let wanted = match side {
            Side::Source => STREAMS[0],
            Side::Destination => STREAMS[1],
        };
        self.0.is_none() || self.has(wanted)
    }

    /// What the work on this side needs and the token does not name.
    pub(crate) fn missing(&self, side: Side) -> Vec<&'static str> {
        if self.0.is_none() {
            return Vec::new();
        }
        Area::OWN.into_iter().map(|area| needed(area, side)).filter(|wanted| !self.has(wanted)).map(|w| w[0]).collect()
    }

    /// The rights that are missing for writing where reading is granted by name. What may be read and is not named at all
    /// was granted by Exchange, which says nothing of writing either.
    pub(crate) fn read_only(&self, areas: &[Area]) -> Vec<&'static str> {
        let (reads, writes) = (self.missing(Side::Source), self.missing(Side::Destination));
        let named = areas.iter().filter(|area| !reads.contains(&needed(**area, Side::Source)[0]));
        named.map(|area| needed(*area, Side::Destination)[0]).filter(|right| writes.contains(right)).collect()
    }

    fn has(&self, wanted: &[&str]) -> bool {
        self.0.iter().flatten().any(|right| wanted.iter().any(|wanted| base(wanted) == base(right)))
    }
}

/// Rights for applications and rights for users end in different ways.
fn base(right: &str) -> &str {
    right.trim_end_matches(".All").trim_end_matches(".Shared")
}

/// Which of these rights is enough, the smallest first.
pub(crate) fn needed(area: Area, side: Side) -> &'static [&'static str] {
    match (area, side) {
        (Area::Mail, Side::Source) => &["Mail.Read", "Mail.ReadWrite"],
        (Area::Mail, Side::Destination) => &["Mail.ReadWrite"],
        (Area::Contacts, Side::Source) => &["Contacts.Read", "Contacts.ReadWrite"],
        (Area::Contacts, Side::Destination) => &["Contacts.ReadWrite"],
        (Area::Calendars, Side::Source) => &["Calendars.Read", "Calendars.ReadWrite"],
        (Area::Calendars, Side::Destination) => &["Calendars.ReadWrite"],
        (Area::Tasks, Side::Source) => &["Tasks.Read.All", "Tasks.ReadWrite.All"],
        (Area::Tasks, Side::Destination) => &["Tasks.ReadWrite.All"],
        (Area::Notes | Area::Journal, Side::Source) => &["MailboxFolder.Read.All", "MailboxFolder.ReadWrite.All"],
        (Area::Notes | Area::Journal, Side::Destination) => &["MailboxFolder.ReadWrite.All"],
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn rights(claims: &str) -> Rights {
        Rights::of(&Secret::token(format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims))))
    }

    #[test]
    fn what_is_missing_depends_on_the_side() {
        let reader = rights(r#"{"roles":["Mail.Read","Contacts.ReadWrite","Calendars.Read","Tasks.Read.All"]}"#);
        assert!(reader.missing(Side::Source).is_empty());
        let missing = reader.missing(Side::Destination);
        assert_eq!(missing, ["Mail.ReadWrite", "Calendars.ReadWrite", "Tasks.ReadWrite.All"]);
        assert_eq!(reader.read_only(&[Area::Mail, Area::Contacts]), ["Mail.ReadWrite"]);
        assert!(!reader.may_stream(Side::Source));
        let exporter = rights(r#"{"roles":["MailboxItem.Export.All"]}"#);
        assert!(exporter.may_stream(Side::Source) && !exporter.may_stream(Side::Destination));
        let user = rights(r#"{"scp":"Mail.ReadWrite Contacts.ReadWrite.Shared Calendars.ReadWrite Tasks.ReadWrite"}"#);
        assert!(user.missing(Side::Destination).is_empty());
    }

    #[test]
    fn a_token_that_says_nothing_lacks_nothing() {
        let opaque = Rights::of(&Secret::token("opaque"));
        assert!(opaque.missing(Side::Destination).is_empty() && opaque.may_stream(Side::Destination));
    }
}
