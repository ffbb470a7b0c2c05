//! The protocol without I/O, one operation per file. The vendor describes them at `/service/wsdl/ZimbraService.wsdl` of
//! every server from 8.0 on.

pub(crate) mod account_rights;
pub(crate) mod add_msg;
pub(crate) mod auth;
pub(crate) mod contact;
pub(crate) mod delegate_auth;
pub(crate) mod folder;
pub(crate) mod get_calendar_item;
pub(crate) mod get_folder;
pub(crate) mod get_info;
pub(crate) mod get_msg_metadata;
pub(crate) mod item;
pub(crate) mod item_action;
pub(crate) mod node;
pub(crate) mod preauth;
pub(crate) mod prefs;
pub(crate) mod rest;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod soap;
pub(crate) mod sync;
pub(crate) mod tag;
pub(crate) mod version;
