//! Which mechanism a credential goes by, and what goes into it.

use mailmove_core::{Access, Credential, Error, ErrorKind, Mailbox, Result, Secret};
use md5::{Digest, Md5};
use secrecy::ExposeSecret;

use crate::capabilities::Offered;
use crate::quirks::Impersonation;

/// One way to sign in with one credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mechanism {
    Login,
    Sasl(&'static str),
    /// Of GroupWise: the application signs in, then the user without a password.
    TrustedApplication,
    /// Of Kerio: the master password signs in, then a user is chosen.
    MasterPassword,
}

impl Mechanism {
    pub(super) fn name(self) -> &'static str {
        match self {
            Mechanism::Login => "LOGIN",
            Mechanism::Sasl(name) => name,
            Mechanism::TrustedApplication => "XGWTRUSTEDAPP",
            Mechanism::MasterPassword => "X-MASTERAUTH",
        }
    }
}

/// What the choice depends on beside the credential.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) protected: bool,
    pub(super) offered: &'a Offered,
    /// How an application opens mailboxes there with a password of its own.
    pub(super) impersonation: Option<Impersonation>,
}

impl Place<'_> {
    /// By which means the server lets people sign in, for a diagnosis.
    pub(super) fn means(&self) -> String {
        let mut means = self.offered.mechanisms();
        match self.offered.login_disabled {
            false => means.push("LOGIN".to_owned()),
            // Behind TLS it means that there are no passwords at all.
            true if !self.protected => means.push("LOGINDISABLED".to_owned()),
            true => {}
        }
        means.join(" ")
    }

    /// The one mechanism that fits the credential. There is no second.
    pub(super) fn choose(&self, credential: &Credential) -> Result<Mechanism> {
        let refuse =
            |kind, message: &str, remedy: &str| Err(Error::new(kind, message.to_owned()).remedy(remedy.to_owned()));
        let offered = self.offered;
        match (&credential.secret, &credential.access) {
            (Secret::Token(_), _) => match TOKENS.into_iter().find(|name| offered.auth(name)) {
                Some(name) => Ok(Mechanism::Sasl(name)),
                None => refuse(
                    ErrorKind::Unsupported,
                    "the server takes no token to sign in",
                    "sign in with a password, or switch OAuth on at the server",
                ),
            },
            (Secret::Password(_), Access::Authzid) if offered.auth("PLAIN") => Ok(Mechanism::Sasl("PLAIN")),
            (Secret::Password(_), Access::Authzid) => refuse(
                ErrorKind::Unsupported,
                "the server has no AUTHENTICATE PLAIN, which authzid needs",
                "sign in as the mailbox's owner or as a master user",
            ),
            (Secret::Password(_), Access::Impersonate) => match self.impersonation {
                Some(Impersonation::TrustedApplication) => Ok(Mechanism::TrustedApplication),
                Some(Impersonation::MasterPassword) => Ok(Mechanism::MasterPassword),
                _ => refuse(
                    ErrorKind::Unsupported,
                    "nobody can impersonate here with a password",
                    "use access=authzid, access=master or access=delegate, or the owner's own password",
                ),
            },
            // Exchange reads `domain\administrator\owner` in LOGIN.
            (Secret::Password(_), Access::Delegate) if !offered.login_disabled => Ok(Mechanism::Login),
            (Secret::Password(_), _) if offered.auth("PLAIN") && offered.sasl_ir => Ok(Mechanism::Sasl("PLAIN")),
            (Secret::Password(_), _) if !offered.login_disabled => Ok(Mechanism::Login),
            (Secret::Password(_), _) if offered.auth("PLAIN") => Ok(Mechanism::Sasl("PLAIN")),
            (Secret::Password(_), _) if !self.protected => refuse(
                ErrorKind::Tls,
                "the server takes no password over an unprotected connection (LOGINDISABLED)",
                "use imaps://, or imap:// with STARTTLS",
            ),
            (Secret::Password(_), _) if TOKENS.into_iter().any(|name| offered.auth(name)) => refuse(
                ErrorKind::Unsupported,
                "the server takes tokens only, no passwords (LOGINDISABLED)",
                "sign in with an OAuth token",
            ),
            (Secret::Password(_), _) => refuse(
                ErrorKind::Unsupported,
                "the server takes no password (LOGINDISABLED)",
                "ask the server's administrator how to sign in over IMAP",
            ),
            _ => refuse(
                ErrorKind::Unsupported,
                "IMAP cannot sign in with this kind of secret",
                "give a password or a token",
            ),
        }
    }

    /// What is sent for this mechanism, before it is encoded.
    pub(super) fn response(&self, mechanism: Mechanism, mailbox: &Mailbox, credential: &Credential) -> Result<String> {
        let (user, secret) = (user(mailbox, credential)?, secret(credential));
        let authzid = match (&credential.access, mechanism) {
            (Access::Authzid, _) => mailbox.login_name(),
            // An application's token of Zimbra names its administrator, too.
            (Access::Impersonate | Access::Delegate, Mechanism::Sasl("X-ZIMBRA")) => mailbox.login_name(),
            _ => "",
        };
        let whose = if authzid.is_empty() { user.as_str() } else { authzid };
        Ok(match mechanism {
            Mechanism::Sasl("PLAIN") => format!("{authzid}\0{user}\0{secret}"),
            Mechanism::Sasl("X-ZIMBRA") => format!("{authzid}\0{}\0{secret}", credential.login),
            Mechanism::Sasl("XOAUTH2") => format!("user={whose}\x01auth=Bearer {secret}\x01\x01"),
            // RFC 7628 §3.1: `,` and `=` are written as `=2C` and `=3D` in the name.
            Mechanism::Sasl(_) => {
                let name = whose.replace('=', "=3D").replace(',', "=2C");
                let (host, port) = (self.host, self.port);
                format!("n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {secret}\x01\x01")
            }
            Mechanism::TrustedApplication => format!("{}\0{secret}", credential.login),
            Mechanism::Login | Mechanism::MasterPassword => secret.to_owned(),
        })
    }
}

/// Best first.
const TOKENS: [&str; 3] = ["XOAUTH2", "OAUTHBEARER", "X-ZIMBRA"];

/// The name that signs in.
pub(super) fn user(mailbox: &Mailbox, credential: &Credential) -> Result<String> {
    let user = match (&credential.access, &credential.secret) {
        (Access::Master { separator }, _) => format!("{}{separator}{}", mailbox.login_name(), credential.login),
        (Access::Delegate, Secret::Password(_)) => format!("{}\\{}", credential.login, mailbox.login_name()),
        // An application names the mailbox that it opens.
        (Access::Impersonate | Access::Delegate, _) => mailbox.login_name().to_owned(),
        _ => credential.login.clone(),
    };
    let unspeakable = |text: &str| text.contains(['\r', '\n', '\0']);
    if [&user, &credential.login, secret(credential), mailbox.login_name()].into_iter().any(unspeakable) {
        return Err(Error::new(ErrorKind::Config, "a user name or secret holds a line break or NUL")
            .remedy("give it without line breaks"));
    }
    Ok(user)
}

/// The answer to Kerio's challenge: MD5 over the challenge and the master password, in hexadecimal digits.
pub(super) fn master_answer(challenge: &str, password: &str) -> String {
    let digest = Md5::new().chain_update(challenge).chain_update(password).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn secret(credential: &Credential) -> &str {
    match &credential.secret {
        Secret::Password(secret) | Secret::Token(secret) => secret.expose_secret(),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailmove_core::Side;

    fn offered(words: &str) -> Offered {
        Offered::new(words.split(' ').map(str::to_owned))
    }

    fn place(offered: &Offered) -> Place<'_> {
        Place { host: "h", port: 993, protected: true, offered, impersonation: None }
    }

    fn password(access: Access) -> Credential {
        Credential::new("admin", Secret::password("pw")).with_access(access)
    }

    #[test]
    fn the_best_mechanism_for_the_credential_is_taken() {
        let owner = password(Access::Owner);
        let choose = |words, credential: &Credential| place(&offered(words)).choose(credential);
        assert_eq!(choose("AUTH=PLAIN SASL-IR", &owner).unwrap(), Mechanism::Sasl("PLAIN"));
        assert_eq!(choose("AUTH=PLAIN", &owner).unwrap(), Mechanism::Login);
        assert_eq!(choose("AUTH=PLAIN LOGINDISABLED", &owner).unwrap(), Mechanism::Sasl("PLAIN"));
        assert_eq!(choose("AUTH=PLAIN", &password(Access::Authzid)).unwrap(), Mechanism::Sasl("PLAIN"));
        for access in [Access::Authzid, Access::Impersonate] {
            assert_eq!(choose("IMAP4rev1", &password(access)).unwrap_err().kind(), ErrorKind::Unsupported);
        }
        assert_eq!(choose("AUTH=PLAIN SASL-IR", &password(Access::Delegate)).unwrap(), Mechanism::Login);
        let token = Credential::new("alice", Secret::token("t"));
        assert_eq!(choose("AUTH=OAUTHBEARER AUTH=XOAUTH2", &token).unwrap(), Mechanism::Sasl("XOAUTH2"));
        assert_eq!(choose("AUTH=OAUTHBEARER", &token).unwrap(), Mechanism::Sasl("OAUTHBEARER"));
        assert_eq!(choose("AUTH=PLAIN AUTH=X-ZIMBRA", &token).unwrap(), Mechanism::Sasl("X-ZIMBRA"));
        assert_eq!(choose("AUTH=PLAIN", &token).unwrap_err().kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn a_password_that_must_not_travel_is_an_error_that_says_so() {
        let offered = offered("LOGINDISABLED STARTTLS");
        let bare = Place { protected: false, ..place(&offered) };
        let error = bare.choose(&password(Access::Owner)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls);
        assert!(error.to_string().contains("LOGINDISABLED") && error.to_string().contains("imaps://"));
        assert_eq!((bare.means().as_str(), place(&offered).means().as_str()), ("LOGINDISABLED", ""));
    }

    #[test]
    fn responses_are_what_the_servers_read() {
        let offered = offered("IMAP4rev1");
        let bob = Mailbox::new(Side::Source, "bob");
        let said = |mechanism, credential: &Credential| place(&offered).response(mechanism, &bob, credential).unwrap();
        assert_eq!(said(Mechanism::Sasl("PLAIN"), &password(Access::Authzid)), "bob\0admin\0pw");
        assert_eq!(said(Mechanism::Sasl("PLAIN"), &password(Access::Owner)), "\0admin\0pw");
        assert_eq!(said(Mechanism::TrustedApplication, &password(Access::Impersonate)), "admin\0pw");
        let token = Credential::new("a,b=c", Secret::token("t"));
        assert_eq!(said(Mechanism::Sasl("XOAUTH2"), &token), "user=a,b=c\x01auth=Bearer t\x01\x01");
        let bearer = said(Mechanism::Sasl("OAUTHBEARER"), &token);
        assert_eq!(bearer, "n,a=a=2Cb=3Dc,\x01host=h\x01port=993\x01auth=Bearer t\x01\x01");
        let token = Credential::new("admin", Secret::token("t")).with_access(Access::Impersonate);
        assert_eq!(said(Mechanism::Sasl("XOAUTH2"), &token), "user=bob\x01auth=Bearer t\x01\x01");
        assert_eq!(said(Mechanism::Sasl("X-ZIMBRA"), &token), "bob\0admin\0t");
    }

    #[test]
    fn a_master_signs_in_under_both_names() {
        let mailbox = Mailbox::new(Side::Source, "bob");
        assert_eq!(user(&mailbox, &password(Access::Master { separator: '*' })).unwrap(), "bob*admin");
        assert_eq!(user(&mailbox, &password(Access::Delegate)).unwrap(), "admin\\bob");
        let broken = Credential::new("a\r\nb", Secret::password("x"));
        assert_eq!(user(&mailbox, &broken).unwrap_err().kind(), ErrorKind::Config);
    }

    #[test]
    fn the_answer_to_a_challenge_is_its_digest() {
        // RFC 1321, appendix A.5: MD5 of "message digest".
        assert_eq!(master_answer("message ", "digest"), "f96b697d7cb7938d525a2f31aaf161d0");
    }
}
