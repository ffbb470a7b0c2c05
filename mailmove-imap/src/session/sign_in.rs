//! Signing in: which mechanism, and what goes into it.

use async_imap::{Authenticator, Client};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use mailmove_core::{Access, Credential, Error, ErrorKind, Mailbox, Result, Secret};
use secrecy::ExposeSecret;

use super::gate::{Gate, PLACEHOLDER};
use crate::capabilities::Offered;
use crate::error::{Asked, dismissed, network, refused};
use crate::wire::Status;

/// One way to sign in with one credential.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mechanism {
    Login,
    Sasl(&'static str),
}

/// Signs in and gives the stream back. One attempt, with one mechanism: after a refusal nothing weaker is tried.
pub(super) async fn sign_in(
    mut client: Client<Gate>,
    offered: &Offered,
    (host, port): (&str, u16),
    mailbox: &Mailbox,
    credential: &Credential,
    protected: bool,
) -> Result<Gate> {
    let mechanism = choose(offered, credential, protected)?;
    let user = user(mailbox, credential)?;
    client.get_mut().forget_capabilities();
    let outcome = match &mechanism {
        Mechanism::Login => {
            let secret = secret(credential).replace('\\', "\\\\").replace('"', "\\\"");
            client.get_mut().hide(PLACEHOLDER, secret);
            client.login(&user, PLACEHOLDER).await
        }
        Mechanism::Sasl(name) => {
            let authzid = (credential.access == Access::Authzid).then(|| mailbox.login_name());
            let response = response(name, authzid, &user, host, port, secret(credential));
            let encoded = BASE64.encode(response);
            client.get_mut().hide(BASE64.encode(PLACEHOLDER), encoded.clone());
            client.get_mut().hide(PLACEHOLDER, encoded);
            let at_once = offered.sasl_ir;
            let command = if at_once { format!("{name} {PLACEHOLDER}") } else { (*name).to_owned() };
            let dismissal = if *name == "OAUTHBEARER" { "\x01" } else { "" };
            client.authenticate(command, Answers { given: at_once, dismissal }).await
        }
    };
    match outcome {
        Ok(mut session) => Ok(std::mem::replace(session.get_mut(), Gate::nowhere())),
        Err((error, client)) => Err(explain(error, &client, credential, &mechanism)),
    }
}

/// What async-imap sends when the server asks for more: the secret's placeholder once, then the word that ends a failed
/// exchange.
struct Answers {
    given: bool,
    dismissal: &'static str,
}

impl Authenticator for Answers {
    type Response = &'static str;

    fn process(&mut self, _challenge: &[u8]) -> Self::Response {
        if std::mem::replace(&mut self.given, true) { self.dismissal } else { PLACEHOLDER }
    }
}

fn choose(offered: &Offered, credential: &Credential, protected: bool) -> Result<Mechanism> {
    let oauth = offered.auth("XOAUTH2") || offered.auth("OAUTHBEARER");
    match &credential.secret {
        Secret::Token(_) if offered.auth("XOAUTH2") => Ok(Mechanism::Sasl("XOAUTH2")),
        Secret::Token(_) if offered.auth("OAUTHBEARER") => Ok(Mechanism::Sasl("OAUTHBEARER")),
        Secret::Token(_) => Err(Error::new(ErrorKind::Unsupported, "the server takes no token to sign in")
            .remedy("sign in with a password, or switch OAuth on at the server")),
        Secret::Password(_) if credential.access == Access::Authzid => match offered.auth("PLAIN") {
            true => Ok(Mechanism::Sasl("PLAIN")),
            false => {
                Err(Error::new(ErrorKind::Unsupported, "the server has no AUTHENTICATE PLAIN, which authzid needs")
                    .remedy("sign in as the mailbox's owner or as a master user"))
            }
        },
        Secret::Password(_) if matches!(credential.access, Access::Impersonate | Access::Delegate) => {
            Err(Error::new(ErrorKind::Unsupported, "IMAP cannot impersonate or delegate with a password")
                .remedy("use access=authzid or access=master, or the owner's own password"))
        }
        Secret::Password(_) if offered.auth("PLAIN") && offered.sasl_ir => Ok(Mechanism::Sasl("PLAIN")),
        Secret::Password(_) if !offered.login_disabled => Ok(Mechanism::Login),
        Secret::Password(_) if offered.auth("PLAIN") => Ok(Mechanism::Sasl("PLAIN")),
        Secret::Password(_) if !protected => Err(Error::new(
            ErrorKind::Tls,
            "the server takes no password over an unprotected connection (LOGINDISABLED)",
        )
        .remedy("use imaps://, or imap:// with STARTTLS")),
        Secret::Password(_) if oauth => {
            Err(Error::new(ErrorKind::Unsupported, "the server takes tokens only, no passwords (LOGINDISABLED)")
                .remedy("sign in with an OAuth token"))
        }
        Secret::Password(_) => Err(Error::new(ErrorKind::Unsupported, "the server takes no password (LOGINDISABLED)")
            .remedy("ask the server's administrator how to sign in over IMAP")),
        _ => Err(Error::new(ErrorKind::Unsupported, "IMAP cannot sign in with this kind of secret")),
    }
}

/// The name that signs in.
fn user(mailbox: &Mailbox, credential: &Credential) -> Result<String> {
    let user = match (&credential.access, &credential.secret) {
        (Access::Master { separator }, _) => format!("{}{separator}{}", mailbox.login_name(), credential.login),
        // An application's token names the mailbox that it opens.
        (Access::Impersonate | Access::Delegate, Secret::Token(_)) => mailbox.login_name().to_owned(),
        _ => credential.login.clone(),
    };
    let unspeakable = |text: &str| text.contains(['\r', '\n', '\0']);
    if unspeakable(&user) || unspeakable(secret(credential)) {
        return Err(Error::new(ErrorKind::Config, "a user name or secret holds a line break or NUL")
            .remedy("give it without line breaks"));
    }
    Ok(user)
}

fn response(mechanism: &str, authzid: Option<&str>, user: &str, host: &str, port: u16, secret: &str) -> String {
    match mechanism {
        "PLAIN" => format!("{}\0{user}\0{secret}", authzid.unwrap_or_default()),
        "XOAUTH2" => format!("user={}\x01auth=Bearer {secret}\x01\x01", authzid.unwrap_or(user)),
        // RFC 7628 §3.1: `,` and `=` are written as `=2C` and `=3D` in the name.
        _ => {
            let name = authzid.unwrap_or(user).replace('=', "=3D").replace(',', "=2C");
            format!("n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {secret}\x01\x01")
        }
    }
}

fn secret(credential: &Credential) -> &str {
    match &credential.secret {
        Secret::Password(secret) | Secret::Token(secret) => secret.expose_secret(),
        _ => "",
    }
}

fn explain(error: async_imap::error::Error, client: &Client<Gate>, credential: &Credential, how: &Mechanism) -> Error {
    let mechanism = match how {
        Mechanism::Login => "LOGIN",
        Mechanism::Sasl(name) => name,
    };
    let refusal = match &client.get_ref().notes().status {
        Some(line) if line.status == Status::Bye => dismissed(line),
        Some(line) if !line.is_ok() => refused(line, Asked::SignIn, "sign in"),
        _ => match error {
            async_imap::error::Error::Io(error) => network(error, "signing in"),
            other => Error::new(ErrorKind::Network, format!("signing in came to no end: {other}")),
        },
    };
    let expired = credential.expires.is_some_and(|expires| expires <= time::OffsetDateTime::now_utc());
    let refusal = if expired && refusal.kind() == ErrorKind::Credential {
        Error::new(ErrorKind::CredentialExpired, "the token has expired")
    } else {
        refusal
    };
    refusal.with("login", &credential.login).with("mechanism", mechanism)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailmove_core::Side;

    fn offered(words: &str) -> Offered {
        Offered::new(words.split(' ').map(str::to_owned))
    }

    fn password(access: Access) -> Credential {
        Credential::new("admin", Secret::password("pw")).with_access(access)
    }

    #[test]
    fn the_best_mechanism_for_the_credential_is_taken() {
        let owner = password(Access::Owner);
        let choose = |words, credential: &Credential| choose(&offered(words), credential, true);
        assert_eq!(choose("AUTH=PLAIN SASL-IR", &owner).unwrap(), Mechanism::Sasl("PLAIN"));
        assert_eq!(choose("AUTH=PLAIN", &owner).unwrap(), Mechanism::Login);
        assert_eq!(choose("AUTH=PLAIN LOGINDISABLED", &owner).unwrap(), Mechanism::Sasl("PLAIN"));
        assert_eq!(choose("AUTH=PLAIN", &password(Access::Authzid)).unwrap(), Mechanism::Sasl("PLAIN"));
        assert_eq!(choose("IMAP4rev1", &password(Access::Authzid)).unwrap_err().kind(), ErrorKind::Unsupported);
        let token = Credential::new("alice", Secret::token("t"));
        assert_eq!(choose("AUTH=OAUTHBEARER AUTH=XOAUTH2", &token).unwrap(), Mechanism::Sasl("XOAUTH2"));
        assert_eq!(choose("AUTH=OAUTHBEARER", &token).unwrap(), Mechanism::Sasl("OAUTHBEARER"));
        assert_eq!(choose("AUTH=PLAIN", &token).unwrap_err().kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn a_password_that_must_not_travel_is_an_error_that_says_so() {
        let error = choose(&offered("LOGINDISABLED STARTTLS"), &password(Access::Owner), false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls);
        assert!(error.to_string().contains("LOGINDISABLED") && error.to_string().contains("imaps://"));
    }

    #[test]
    fn responses_are_what_the_rfcs_say() {
        assert_eq!(response("PLAIN", Some("bob"), "admin", "h", 1, "pw"), "bob\0admin\0pw");
        assert_eq!(response("XOAUTH2", None, "a@x", "h", 1, "t"), "user=a@x\x01auth=Bearer t\x01\x01");
        let bearer = response("OAUTHBEARER", None, "a,b=c", "h", 993, "t");
        assert_eq!(bearer, "n,a=a=2Cb=3Dc,\x01host=h\x01port=993\x01auth=Bearer t\x01\x01");
    }

    #[test]
    fn a_master_signs_in_under_both_names() {
        let mailbox = Mailbox::new(Side::Source, "bob");
        assert_eq!(user(&mailbox, &password(Access::Master { separator: '*' })).unwrap(), "bob*admin");
        let broken = Credential::new("a\r\nb", Secret::password("x"));
        assert_eq!(user(&mailbox, &broken).unwrap_err().kind(), ErrorKind::Config);
    }
}
