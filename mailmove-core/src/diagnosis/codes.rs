//! What servers say by code, and by words where they have no codes.

use super::Cause::{self, *};
use super::Confidence::{self, *};

/// A sign with what it points to.
pub(super) struct Sign {
    /// The code, or the words in lower case.
    pub(super) text: &'static str,
    pub(super) points_to: &'static [(Cause, Confidence)],
}

const fn sign(text: &'static str, points_to: &'static [(Cause, Confidence)]) -> Sign {
    Sign { text, points_to }
}

/// Codes, compared without regard to case.
pub(super) const CODES: &[Sign] = &[
    // Exchange, by EWS and Graph.
    sign("ErrorImpersonateUserDenied", &[(ImpersonationMissing, Certain)]),
    sign("ErrorImpersonationDenied", &[(ImpersonationMissing, Certain)]),
    sign("ErrorImpersonationFailed", &[(ImpersonationMissing, Likely)]),
    sign("ErrorAccessDenied", &[(FullAccessMissing, Likely), (RoleMissing, Possible)]),
    sign("Authorization_RequestDenied", &[(RoleMissing, Certain)]),
    sign("ErrorNonExistentMailbox", &[(MailboxNotResolved, Likely), (NotProvisionedYet, Possible)]),
    sign("ErrorNameResolutionNoResults", &[(MailboxNotResolved, Certain)]),
    sign("ErrorInvalidUser", &[(MailboxNotResolved, Certain)]),
    sign("Request_ResourceNotFound", &[(MailboxNotResolved, Certain)]),
    sign("MailboxNotEnabledForRESTAPI", &[(MailboxNotInstantiated, Likely), (NotProvisionedYet, Possible)]),
    sign("MailboxNotHostedInExchangeOnline", &[(MailboxNotInstantiated, Certain)]),
    sign("ErrorMissingEmailAddress", &[(MailboxNotInstantiated, Likely)]),
    sign("ErrorAccountDisabled", &[(AccountDisabledOrUnlicensed, Certain)]),
    sign("DatabaseNotFoundException", &[(MailboxDatabaseUnavailable, Likely), (NotProvisionedYet, Possible)]),
    sign("ErrorMailboxStoreUnavailable", &[(MailboxDatabaseUnavailable, Certain)]),
    sign("ErrorMailboxMoveInProgress", &[(MailboxDatabaseUnavailable, Certain)]),
    sign("ErrorServerBusy", &[(Overload, Certain)]),
    sign("ErrorExceededConnectionCount", &[(Overload, Certain)]),
    sign("ApplicationThrottled", &[(Overload, Certain)]),
    // IMAP (RFC 5530).
    sign("AUTHENTICATIONFAILED", &[(BadCredentials, Likely)]),
    sign("AUTHORIZATIONFAILED", &[(ImpersonationMissing, Likely)]),
    sign("EXPIRED", &[(PasswordExpired, Certain)]),
    sign("PRIVACYREQUIRED", &[(TlsRequired, Certain)]),
    sign("UNAVAILABLE", &[(MailboxDatabaseUnavailable, Likely)]),
    sign("CONTACTADMIN", &[(AccountLocked, Possible), (AccountDisabledOrUnlicensed, Possible)]),
    sign("NOPERM", &[(FullAccessMissing, Certain)]),
    sign("NONEXISTENT", &[(MailboxNotResolved, Likely)]),
    sign("LIMIT", &[(Overload, Likely)]),
    sign("INUSE", &[(Overload, Possible)]),
    sign("WEBALERT", &[(InteractiveStepRequired, Certain)]),
    // Zimbra.
    sign("account.AUTH_FAILED", &[(BadCredentials, Likely), (MailboxNotResolved, Possible)]),
    sign("account.NO_SUCH_ACCOUNT", &[(MailboxNotResolved, Certain)]),
    sign("account.CHANGE_PASSWORD", &[(PasswordExpired, Certain)]),
    sign("account.PASSWORD_LOCKED", &[(AccountLocked, Certain)]),
    sign("account.ACCOUNT_INACTIVE", &[(AccountDisabledOrUnlicensed, Certain)]),
    sign("account.MAINTENANCE_MODE", &[(MailboxDatabaseUnavailable, Certain)]),
    sign("account.TWO_FACTOR_AUTH_REQUIRED", &[(InteractiveStepRequired, Certain)]),
    sign("account.TWO_FACTOR_SETUP_REQUIRED", &[(InteractiveStepRequired, Certain)]),
    sign("service.PERM_DENIED", &[(ImpersonationMissing, Likely)]),
    sign("service.AUTH_EXPIRED", &[(SessionEnded, Certain)]),
    // Sign-in services (RFC 6749 §5.2, OpenID Connect Core §3.1.2.6).
    sign("interaction_required", &[(InteractiveStepRequired, Certain)]),
    sign("login_required", &[(InteractiveStepRequired, Likely)]),
    sign("consent_required", &[(ConsentMissing, Certain)]),
    sign("account_selection_required", &[(AmbiguousAccount, Certain)]),
    sign("invalid_client", &[(ClientSecretWrong, Possible), (CertificateUnknown, Possible)]),
    sign("unauthorized_client", &[(ConsentMissing, Likely)]),
    sign("invalid_scope", &[(WrongAudience, Likely)]),
    sign("invalid_target", &[(WrongAudience, Likely)]),
    sign("invalid_grant", &[(SessionEnded, Possible)]),
    sign("access_denied", &[(ConsentMissing, Possible)]),
];

/// Words in answers, in lower case.
pub(super) const WORDS: &[Sign] = &[
    sign("basic authentication is disabled", &[(BasicAuthenticationDisabled, Certain)]),
    sign("basicauthblocked", &[(BasicAuthenticationDisabled, Certain)]),
    sign("basic auth disabled", &[(BasicAuthenticationDisabled, Certain)]),
    sign("authenticated but not connected", &[(FullAccessMissing, Likely), (BadCredentials, Possible)]),
    sign("access to odata is disabled", &[(RoleMissing, Certain)]),
    sign("application-specific password required", &[(InteractiveStepRequired, Certain)]),
    sign("log in via your web browser", &[(InteractiveStepRequired, Certain)]),
    sign("password has expired", &[(PasswordExpired, Certain)]),
    sign("password is expired", &[(PasswordExpired, Certain)]),
    sign("must change", &[(PasswordExpired, Likely)]),
    sign("account is locked", &[(AccountLocked, Certain)]),
    sign("account is disabled", &[(AccountDisabledOrUnlicensed, Certain)]),
    sign("account disabled", &[(AccountDisabledOrUnlicensed, Certain)]),
    sign("account has been disabled", &[(AccountDisabledOrUnlicensed, Certain)]),
    sign("has not been migrated", &[(MailboxNotInstantiated, Likely)]),
    sign("mailbox is being created", &[(NotProvisionedYet, Certain)]),
    sign("databasenotfoundexception", &[(MailboxDatabaseUnavailable, Likely), (NotProvisionedYet, Possible)]),
    sign("request is throttled", &[(Overload, Certain)]),
    sign("too many connections", &[(Overload, Likely)]),
    sign("too many simultaneous connections", &[(Overload, Certain)]),
    sign("invalid audience", &[(WrongAudience, Certain)]),
    sign("audience", &[(WrongAudience, Possible)]),
    sign("the token is expired", &[(SessionEnded, Certain)]),
    sign("token was revoked", &[(SessionEnded, Certain)]),
    sign("invalid email or user id", &[(MailboxNotResolved, Certain)]),
    sign("invalid jwt signature", &[(CertificateUnknown, Certain)]),
    sign("short-lived token", &[(ClockWrong, Likely)]),
    sign("client is unauthorized to retrieve access tokens", &[(ConsentMissing, Certain)]),
];
