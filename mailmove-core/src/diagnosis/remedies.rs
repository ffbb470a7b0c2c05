//! What to do about each cause. Safest first: what keeps every protection on comes before what takes one away.

use serde::Serialize;

use super::Cause;

/// Something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Remedy {
    /// The name by which translations know it.
    pub id: &'static str,
    /// What to do: a sentence in the imperative, without a full stop.
    pub text: &'static str,
    /// A command for the administrator of the server, with what to fill in between angle brackets.
    pub command: Option<&'static str>,
    /// It takes a protection away: only when nothing else helps, and only for as long as the migration lasts.
    pub weakens: bool,
}

const fn safe(id: &'static str, text: &'static str) -> Remedy {
    Remedy { id, text, command: None, weakens: false }
}

const fn weak(id: &'static str, text: &'static str) -> Remedy {
    Remedy { id, text, command: None, weakens: true }
}

const fn command(id: &'static str, text: &'static str, command: &'static str) -> Remedy {
    Remedy { id, text, command: Some(command), weakens: false }
}

const USE_CERTIFICATE: Remedy = safe(
    "use-application-certificate",
    "let an application with a certificate sign in instead of a user; second factors and security defaults stay on for everybody",
);

const DEVICE_CODE: Remedy =
    safe("sign-in-with-device-code", "let the owner of the account sign in once in a browser, by a device code");

const SIGN_IN_BY_HAND: Remedy =
    safe("sign-in-by-hand", "sign in by hand with the same account, and do what the server wants there");

const WAIT: Remedy = safe("wait", "wait, then run again; the work goes on where it was");

const REPLICATION: Remedy =
    safe("wait-for-replication", "if it was registered or uploaded just now, wait some minutes");

const CONSENT: Remedy = safe(
    "grant-admin-consent",
    "let an administrator of the tenant grant the application its roles and consent to them, then wait some minutes",
);

pub(super) fn of(cause: Cause) -> &'static [Remedy] {
    match cause {
        Cause::BadCredentials => {
            const {
                &[
                    safe(
                        "correct-credential",
                        "correct the user name or the password where it came from: with the side's administrator, or with the mailbox",
                    ),
                    safe("try-by-hand", "sign in by hand with the same account and look for a typing error"),
                ]
            }
        }
        Cause::PasswordExpired => {
            const { &[safe("set-new-password", "let the owner set a new password and give it"), USE_CERTIFICATE] }
        }
        Cause::AccountLocked => {
            const {
                &[
                    safe("wait-for-unlock", "wait until the lock is over, or let an administrator unlock the account"),
                    SIGN_IN_BY_HAND,
                ]
            }
        }
        Cause::InteractiveStepRequired => {
            const {
                &[
                    USE_CERTIFICATE,
                    DEVICE_CODE,
                    safe("use-application-password", "give an application password, where the provider has them"),
                    weak(
                        "exempt-account",
                        "exempt one migration account from the second factor, for as long as the migration lasts",
                    ),
                ]
            }
        }
        Cause::ConsentMissing => const { &[CONSENT] },
        Cause::AmbiguousAccount => {
            const {
                &[
                    safe("name-tenant", "name the tenant's id, and the account in full, with its domain"),
                    USE_CERTIFICATE,
                ]
            }
        }
        Cause::BasicAuthenticationDisabled => {
            const {
                &[
                    USE_CERTIFICATE,
                    DEVICE_CODE,
                    weak(
                        "enable-basic",
                        "on a server of your own, allow basic authentication for as long as the migration lasts",
                    ),
                ]
            }
        }
        Cause::ModernAuthenticationNotConfigured => {
            const {
                &[
                    safe(
                        "register-application",
                        "register an application in the tenant, with a certificate and the roles that this needs",
                    ),
                    CONSENT,
                    safe("enable-modern-authentication", "switch modern authentication on for the organization"),
                ]
            }
        }
        Cause::SecurityPolicyChanged => {
            const {
                &[
                    USE_CERTIFICATE,
                    safe(
                        "look-at-sign-in-log",
                        "look in the tenant's sign-in log which policy refused, and since when",
                    ),
                    weak(
                        "exempt-from-policy",
                        "exempt the migration account from that policy, for as long as the migration lasts",
                    ),
                    weak(
                        "disable-security-defaults",
                        "switch security defaults off, for as long as the migration lasts",
                    ),
                ]
            }
        }
        Cause::ImpersonationMissing => {
            const {
                &[
                    command(
                        "grant-impersonation",
                        "on a server of your own, give the migration account the right to impersonate",
                        "New-ManagementRoleAssignment -Name <name> -Role ApplicationImpersonation -User <account>",
                    ),
                    safe(
                        "grant-application-role",
                        "in Exchange Online, grant the application the role instead: the right to impersonate is gone for users",
                    ),
                    safe("grant-login-as", "on Zimbra, grant the administrator adminLoginAs on the domain"),
                    safe(
                        "grant-proxy",
                        "on an IMAP server, make the administrator a master user or a proxy administrator",
                    ),
                ]
            }
        }
        Cause::FullAccessMissing => {
            const {
                &[
                    command(
                        "grant-full-access",
                        "give the migration account full access to the mailbox; mailboxes made later need it again",
                        "Add-MailboxPermission -Identity <mailbox> -User <account> -AccessRights FullAccess -AutoMapping $false",
                    ),
                    safe("use-impersonation", "use impersonation instead, which is granted once for all mailboxes"),
                ]
            }
        }
        Cause::RoleMissing => {
            const {
                &[
                    CONSENT,
                    command(
                        "check-scope",
                        "where the application is limited to some mailboxes, check that this one is among them; changes take up to two hours",
                        "Test-ServicePrincipalAuthorization -Identity <application> -Resource <mailbox>",
                    ),
                ]
            }
        }
        Cause::AccessDenied => {
            const {
                &[
                    safe(
                        "check-rights",
                        "check which rights the account or application has on this mailbox, and grant what is missing",
                    ),
                    safe("try-access-by-hand", "open the mailbox by hand with the same account"),
                ]
            }
        }
        Cause::PrivilegedGroupDenied => {
            const {
                &[safe(
                    "use-plain-account",
                    "use a migration account that is not in Domain Admins, Schema Admins or Enterprise Admins",
                )]
            }
        }
        Cause::MailboxNotResolved => {
            const {
                &[
                    safe("check-address", "check the address of the mailbox: a typing error, an alias, another domain"),
                    safe("create-mailbox", "make the mailbox, then run again"),
                ]
            }
        }
        Cause::NotProvisionedYet => {
            const { &[safe("wait-a-day", "wait: a new mailbox can take up to 24 hours; it is tried again by itself")] }
        }
        Cause::MailboxNotInstantiated => {
            const {
                &[
                    safe("assign-mailbox", "give the account a licence with a mailbox, and wait up to 24 hours"),
                    safe(
                        "check-exchange-guid",
                        "if the account is synchronized from a directory, check that no mailbox of an on-premises Exchange is still named there",
                    ),
                    safe("recreate-mailbox", "if the mailbox is half there, delete it and make it again"),
                ]
            }
        }
        Cause::AccountDisabledOrUnlicensed => {
            const {
                &[
                    safe("enable-account", "enable the account"),
                    safe("assign-licence", "give the account a licence with a mailbox, and wait up to 24 hours"),
                ]
            }
        }
        Cause::EwsRetired => {
            const {
                &[
                    safe("use-graph", "use the graph endpoint for this mailbox"),
                    command(
                        "allow-ews",
                        "let an administrator allow EWS for this application; it takes up to 24 hours and ends on 1 April 2027",
                        "Set-OrganizationConfig -EwsEnabled $true -EwsAllowedAppIDs <application>",
                    ),
                ]
            }
        }
        Cause::MailboxDatabaseUnavailable => {
            const {
                &[
                    WAIT,
                    safe(
                        "check-database",
                        "check that the mailbox's database is mounted and that no move is under way",
                    ),
                ]
            }
        }
        Cause::Overload => {
            const {
                &[
                    WAIT,
                    safe("fewer-mailboxes", "move fewer mailboxes at once"),
                    safe("check-load", "look at the server's processor, memory, disks and network"),
                ]
            }
        }
        Cause::CertificateExpired => {
            const {
                &[safe(
                    "roll-certificate",
                    "make a new certificate, upload it to the application, and give both while they are rolled",
                )]
            }
        }
        Cause::CertificateUnknown => {
            const {
                &[
                    safe(
                        "upload-certificate",
                        "upload the public half of the certificate to the application, and compare the thumbprints",
                    ),
                    REPLICATION,
                ]
            }
        }
        Cause::WrongAudience => {
            const {
                &[safe(
                    "ask-for-other-scope",
                    "ask for a token for the server that refused it: each has its own scope, and each cloud its own addresses",
                )]
            }
        }
        Cause::ClientSecretWrong => {
            const {
                &[
                    safe("give-secret-value", "give the value of the secret, which is shown once, and not its id"),
                    USE_CERTIFICATE,
                ]
            }
        }
        Cause::ClientSecretExpired => {
            const { &[safe("new-client-secret", "make a new secret and give it"), USE_CERTIFICATE] }
        }
        Cause::ApplicationUnknown => {
            const {
                &[
                    safe(
                        "check-client-id",
                        "check the application's id and the tenant's id: is it registered in this tenant, or consented to there?",
                    ),
                    REPLICATION,
                ]
            }
        }
        Cause::TenantUnknown => {
            const { &[safe("check-tenant", "check the tenant's id, and that it belongs to this cloud")] }
        }
        Cause::ClockWrong => const { &[safe("set-clock", "set this computer's clock by a time server")] },
        Cause::SessionEnded => {
            const {
                &[
                    safe("run-again", "run again: a fresh token is asked for"),
                    safe("sign-in-again", "if a user signed in for this, let them sign in again"),
                ]
            }
        }
        Cause::TlsNameMismatch => {
            const {
                &[safe(
                    "use-certified-name",
                    "use the name that the server's certificate is for, or let the server show another",
                )]
            }
        }
        Cause::TlsUntrusted => {
            const {
                &[
                    safe(
                        "give-authority",
                        "give the certificate of the authority that signed the server's, after asking its administrator for it",
                    ),
                    safe("complete-chain", "let the server send its whole chain"),
                ]
            }
        }
        Cause::TlsCertificateExpired => {
            const { &[safe("renew-server-certificate", "let the server's administrator renew its certificate")] }
        }
        Cause::TlsRequired => const { &[safe("use-tls", "use an encrypted endpoint")] },
        Cause::Unknown => {
            const { &[SIGN_IN_BY_HAND, safe("show-answer", "show the answer to whoever runs the server")] }
        }
    }
}
