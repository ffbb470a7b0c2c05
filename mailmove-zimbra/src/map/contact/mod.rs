//! Contacts and groups, between vCard and the attributes of Zimbra.
//!
//! Attributes are free: any name may be there. What vCard has no property for rides along as
//! `X-ZIMBRA-FIELD:name=value`, so that between two Zimbras nothing of a contact's text is lost.

mod fields;
mod read;
mod write;

pub(crate) use fields::{MARK, UID};
pub(crate) use read::{Parts, read};
pub(crate) use write::write;

#[cfg(test)]
mod tests;
