//! OAuth 2.0: tokens for applications, service accounts and users.
//!
//! | who signs in | how | made by |
//! |---|---|---|
//! | an application | by a certificate (RFC 7523) or a secret (RFC 6749 §4.4) | [`OauthCredentials::application`] |
//! | a service account of Google | by its key, for each user of the domain | [`OauthCredentials::service_account`] |
//! | a user | with any browser: [`DeviceSignIn`] (RFC 8628) | [`OauthCredentials::delegated`] |
//! | a user | with a browser that comes back: [`BrowserSignIn`] (RFC 6749 §4.1, RFC 7636) | the same |
//!
//! Nothing is weakened: a [`Client`] has one [`Proof`], and when the service does not take it, nothing else is tried. The
//! key of a certificate may live elsewhere ([`Signer`]). Every address is data ([`Authority`], [`Cloud`]).

mod application;
mod ask;
mod assertion;
mod authority;
mod certificate;
mod claims;
mod client;
mod code;
mod delegated;
mod device;
mod environment;
mod provider;
mod service_account;
mod signer;
mod token;
mod wire;

pub use authority::{Authority, Cloud};
pub use certificate::Certificate;
pub use claims::Claims;
pub use client::{Certificates, Client, Proof};
pub use code::BrowserSignIn;
pub use delegated::Delegated;
pub use device::DeviceSignIn;
pub use provider::OauthCredentials;
pub use service_account::{GMAIL, GMAIL_IMAP_ADMIN, ServiceAccount};
pub use signer::{Algorithm, KeySigner, Signer};

#[cfg(test)]
mod tests;
