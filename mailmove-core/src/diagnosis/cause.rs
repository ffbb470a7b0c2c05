use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::remedies::{self, Remedy};

/// Makes the causes: variant, id, title.
macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $title:literal;)*) => {
        /// Why a door stays shut.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Cause {
            $($(#[$doc])* $name,)*
        }

        impl Cause {
            /// Every cause, in the order of the catalogue.
            pub const ALL: &'static [Cause] = &[$(Cause::$name),*];

            /// The name by which reports and translations know it.
            pub fn id(self) -> &'static str {
                match self { $(Cause::$name => $id),* }
            }

            /// Half a sentence for people, in lower case.
            pub fn title(self) -> &'static str {
                match self { $(Cause::$name => $title),* }
            }
        }
    };
}

causes! {
    /// User name or password are wrong.
    BadCredentials = "bad-credentials", "the user name or the password is wrong";
    /// The password ran out, or must be changed at the next sign-in.
    PasswordExpired = "password-expired", "the password has expired";
    /// Too many attempts, or the provider's suspicion.
    AccountLocked = "account-locked", "the account is locked";
    /// A second factor, or whatever else only a person at a screen can do.
    InteractiveStepRequired = "interactive-step-required", "the sign-in wants a person: a second factor or another step on a screen";
    /// Nobody consented to what the application wants.
    ConsentMissing = "consent-missing", "nobody consented to what the application wants";
    /// The service does not know which of several accounts is meant.
    AmbiguousAccount = "ambiguous-account", "the sign-in service does not know which account is meant";
    /// The server takes no passwords.
    BasicAuthenticationDisabled = "basic-authentication-disabled", "the server takes no passwords (basic authentication is off)";
    /// The tenant or server is not set up for tokens.
    ModernAuthenticationNotConfigured = "modern-authentication-not-configured", "the server is not set up for sign-in by tokens";
    /// It worked before: somebody tightened the rules.
    SecurityPolicyChanged = "security-policy-changed", "a security policy stands in the way, and it may be new";
    /// Signed in, but not allowed to act as the mailbox's owner.
    ImpersonationMissing = "impersonation-missing", "the right to act as the owner of the mailbox is missing";
    /// Signed in, but not allowed into this mailbox.
    FullAccessMissing = "full-access-missing", "the right to open this mailbox is missing";
    /// The token does not carry the right.
    RoleMissing = "role-missing", "the application was not granted the role that this needs";
    /// Signed in, but not allowed; which right is missing was not said.
    AccessDenied = "access-denied", "a right is missing";
    /// On-premises Exchange denies mailboxes to the groups that rule the directory.
    PrivilegedGroupDenied = "privileged-group-denied", "the account is in a group that Exchange keeps out of mailboxes";
    /// No such mailbox.
    MailboxNotResolved = "mailbox-not-resolved", "there is no mailbox with this address";
    /// It was made lately and will be there.
    NotProvisionedYet = "not-provisioned-yet", "the mailbox is not ready yet";
    /// The account is there, its mailbox is not.
    MailboxNotInstantiated = "mailbox-not-instantiated", "the account has no mailbox here";
    /// Switched off, or without a licence.
    AccountDisabledOrUnlicensed = "account-disabled-or-unlicensed", "the account is disabled or has no licence";
    /// Exchange Online no longer talks EWS, or not to this application.
    EwsRetired = "ews-retired", "Exchange Online no longer lets this application use EWS";
    /// The store behind the mailbox is down.
    MailboxDatabaseUnavailable = "mailbox-database-unavailable", "the mailbox's database cannot be reached";
    /// Too much at once. Old servers refuse good passwords then.
    Overload = "overload", "the server is overloaded";
    /// The application's certificate is out of date.
    CertificateExpired = "certificate-expired", "the application's certificate has expired";
    /// The application's certificate is not the one that was uploaded.
    CertificateUnknown = "certificate-unknown", "the sign-in service does not know the application's certificate";
    /// The token is for somebody else.
    WrongAudience = "wrong-audience", "the token is meant for another server";
    /// The application's secret is wrong.
    ClientSecretWrong = "client-secret-wrong", "the application's secret is wrong";
    /// The application's secret ran out.
    ClientSecretExpired = "client-secret-expired", "the application's secret has expired";
    /// No such application in this tenant.
    ApplicationUnknown = "application-unknown", "the tenant does not know the application";
    /// No such tenant.
    TenantUnknown = "tenant-unknown", "there is no such tenant";
    /// Two clocks disagree.
    ClockWrong = "clock-wrong", "the clocks of this computer and of the server disagree";
    /// What was signed in is not any more.
    SessionEnded = "session-ended", "the token or session was ended";
    /// The certificate is for another name.
    TlsNameMismatch = "tls-name-mismatch", "the server's certificate is for another name";
    /// Nobody vouches for the certificate.
    TlsUntrusted = "tls-untrusted", "nobody trusted vouches for the server's certificate";
    /// The server's certificate is out of date.
    TlsCertificateExpired = "tls-certificate-expired", "the server's certificate has expired";
    /// The server wants an encrypted connection first.
    TlsRequired = "tls-required", "the server wants an encrypted connection first";
    /// Nothing that is known fits.
    Unknown = "unknown", "the cause is not known";
}

impl Cause {
    /// What to do, safest first. Never empty.
    pub fn remedies(self) -> &'static [Remedy] {
        remedies::of(self)
    }

    /// Within what time it may go away by itself: the mailbox is then deferred and not failed.
    pub fn retry_within(self) -> Option<Duration> {
        matches!(self, Cause::NotProvisionedYet).then_some(Duration::from_secs(24 * 3600))
    }
}

/// The id.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// As the id.
impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}
