//! Signing in.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use super::capability::{Capability, Mechanism};
use super::connection::Connection;
use super::reply::Reply;
use super::session::SignedIn;
use super::state::{Account, lock};
use super::wire::{Gone, Line};

impl Connection {
    /// LOGIN.
    pub(super) fn login(&mut self, user: &str, password: &str) -> Reply {
        if let Some(reply) = self.sign_in_unwanted() {
            return reply;
        }
        if self.session.application == Some(Mechanism::TrustedApplication) && password.is_empty() {
            return self.chosen(user);
        }
        let mailbox = lock(&self.session.shared.users).by_password("", user, password);
        self.signed_in(None, mailbox)
    }

    /// X-MASTERAUTH of Kerio: a challenge that is not encoded, answered by the digest of it and a master's password.
    pub(super) async fn master_password(&mut self) -> Result<Reply, Gone> {
        let mechanism = Mechanism::MasterPassword;
        if !self.session.shared.settings.mechanisms.contains(&mechanism) {
            return Ok(Reply::bad("Unknown command"));
        }
        if let Some(reply) = self.sign_in_unwanted() {
            return Ok(reply);
        }
        let challenge = format!("<{}.{}@example.org>", self.session.connection, self.session.tag);
        self.out.line(format_args!("+ {challenge}"));
        let Line::Text(answer) = self.input.line(self.session.shared.settings.max_line, &mut self.out).await? else {
            return Err(Gone);
        };
        let good = |password: &str| {
            let digest = Md5::new().chain_update(&challenge).chain_update(password).finalize();
            let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            digits.as_bytes() == &answer[..]
        };
        let good = lock(&self.session.shared.users).master_passwords().any(good);
        Ok(self.application(mechanism, good))
    }

    /// X-SETUSER of Kerio.
    pub(super) fn set_user(&mut self, user: &str) -> Reply {
        match self.session.application {
            Some(Mechanism::MasterPassword) => self.chosen(user),
            _ => Reply::bad("Unknown command"),
        }
    }

    /// AUTHENTICATE, with all the turns its mechanism takes.
    pub(super) async fn authenticate(&mut self, name: &str, initial: Option<String>) -> Result<Reply, Gone> {
        if let Some(reply) = self.sign_in_unwanted() {
            return Ok(reply);
        }
        let settings = &self.session.shared.settings;
        let known = Mechanism::named(name).filter(|mechanism| settings.mechanisms.contains(mechanism));
        let Some(mechanism) = known else {
            return Ok(Reply::no("[CANNOT] Unsupported authentication mechanism"));
        };
        if initial.is_some() && !settings.has(Capability::SaslIr) {
            return Ok(Reply::bad("No initial response here"));
        }
        if mechanism == Mechanism::TrustedApplication {
            return self.trusted_application().await;
        }
        let first = match initial {
            // A single = stands for an empty response (RFC 4959).
            Some(text) if text == "=" => Some(Vec::new()),
            Some(text) => STANDARD.decode(text).ok(),
            None if mechanism == Mechanism::Login => self.ask("Username:").await?,
            None => self.ask("").await?,
        };
        let Some(first) = first else {
            return Ok(Reply::bad("Authentication aborted"));
        };
        let mailbox = match mechanism {
            Mechanism::Plain => self.plain(&first),
            Mechanism::Login => match self.ask("Password:").await? {
                Some(password) => self.password("", &first, &password),
                None => return Ok(Reply::bad("Authentication aborted")),
            },
            Mechanism::XOAuth2 | Mechanism::OAuthBearer => {
                let mailbox = self.bearer(mechanism, &first);
                if mailbox.is_none() {
                    // The client has to answer the error before it is told that it failed; what it says is all one.
                    self.ask(&self.bearer_error(mechanism)).await?;
                }
                mailbox
            }
            Mechanism::XZimbra => self.zimbra(&first),
            Mechanism::TrustedApplication | Mechanism::MasterPassword => {
                return Ok(Reply::bad("Authentication aborted"));
            }
        };
        Ok(self.signed_in(Some(mechanism), mailbox))
    }

    /// The answer begins with the mechanism's name, outside of base64: as the vendor describes it.
    async fn trusted_application(&mut self) -> Result<Reply, Gone> {
        self.out.line(format_args!("+ "));
        let Line::Text(answer) = self.input.line(self.session.shared.settings.max_line, &mut self.out).await? else {
            return Err(Gone);
        };
        let key = answer.strip_prefix(b"XGWTRUSTEDAPP ").and_then(|encoded| STANDARD.decode(encoded).ok());
        let key = key.and_then(|key| String::from_utf8(key).ok());
        let good = key
            .as_deref()
            .and_then(|key| key.split_once('\0'))
            .is_some_and(|(name, key)| lock(&self.session.shared.users).is_master(name, key));
        Ok(self.application(Mechanism::TrustedApplication, good))
    }

    /// An application is in, or is not; whose mailbox it opens it says next.
    fn application(&mut self, mechanism: Mechanism, good: bool) -> Reply {
        self.session.shared.log.sign_in(Some(mechanism), good);
        self.session.application = good.then_some(mechanism);
        if good { Reply::ok("Whose mailbox?") } else { Reply::no("[AUTHENTICATIONFAILED] Authentication failed") }
    }

    fn chosen(&mut self, user: &str) -> Reply {
        match self.session.shared.account(user) {
            Some(account) => self.enter(account, user.to_owned()),
            None => Reply::no("No such user"),
        }
    }

    fn sign_in_unwanted(&self) -> Option<Reply> {
        if self.session.user.is_some() {
            return Some(Reply::bad("Already signed in"));
        }
        let refused = self.session.shared.settings.login_refused(self.session.encrypted);
        refused.then(|| Reply::no("[PRIVACYREQUIRED] Sign-in is disabled without encryption"))
    }

    /// Sends a challenge and reads the response; nothing when the client gives up or sends no base64.
    async fn ask(&mut self, challenge: &str) -> Result<Option<Vec<u8>>, Gone> {
        self.out.line(format_args!("+ {}", STANDARD.encode(challenge)));
        match self.input.line(self.session.shared.settings.max_line, &mut self.out).await? {
            Line::Text(text) if &text[..] == b"*" => Ok(None),
            Line::Text(text) => Ok(STANDARD.decode(&text).ok()),
            Line::TooLong | Line::End => Err(Gone),
        }
    }

    /// `authzid NUL authcid NUL password`.
    fn plain(&self, response: &[u8]) -> Option<String> {
        let mut fields = response.split(|byte| *byte == 0);
        let (as_user, name, password) = (fields.next()?, fields.next()?, fields.next()?);
        if fields.next().is_some() {
            return None;
        }
        self.password(std::str::from_utf8(as_user).ok()?, name, password)
    }

    /// `authzid NUL authcid NUL token`: a user's own token, or one that opens every mailbox.
    fn zimbra(&self, response: &[u8]) -> Option<String> {
        let mut fields = response.split(|byte| *byte == 0).map(std::str::from_utf8);
        let (as_user, name, token) = (fields.next()?.ok()?, fields.next()?.ok()?, fields.next()?.ok()?);
        lock(&self.session.shared.users).by_token(if as_user.is_empty() { name } else { as_user }, token)
    }

    fn password(&self, as_user: &str, name: &[u8], password: &[u8]) -> Option<String> {
        let (name, password) = (std::str::from_utf8(name).ok()?, std::str::from_utf8(password).ok()?);
        lock(&self.session.shared.users).by_password(as_user, name, password)
    }

    /// `user=…^Aauth=Bearer …^A^A`, or with the GS2 header of RFC 7628.
    fn bearer(&self, mechanism: Mechanism, response: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(response).ok()?;
        let fields = text.strip_suffix("\u{1}\u{1}")?.split('\u{1}');
        let user = match mechanism {
            Mechanism::OAuthBearer => text.split('\u{1}').next()?.strip_prefix("n,a=")?.strip_suffix(',')?,
            _ => text.split('\u{1}').next()?.strip_prefix("user=")?,
        };
        let token = fields.skip(1).find_map(|field| field.strip_prefix("auth=Bearer "))?;
        lock(&self.session.shared.users).by_token(user, token)
    }

    fn bearer_error(&self, mechanism: Mechanism) -> String {
        match mechanism {
            Mechanism::OAuthBearer => r#"{"status":"invalid_token","scope":"imap"}"#.to_owned(),
            _ => r#"{"status":"400","schemes":"Bearer","scope":"imap"}"#.to_owned(),
        }
    }

    fn signed_in(&mut self, mechanism: Option<Mechanism>, mailbox: Option<String>) -> Reply {
        let shared = &self.session.shared;
        let account = mailbox.and_then(|name| Some((shared.account(&name)?, name)));
        shared.log.sign_in(mechanism, account.is_some());
        let Some((account, name)) = account else {
            return Reply::no("[AUTHENTICATIONFAILED] Authentication failed");
        };
        self.enter(account, name)
    }

    fn enter(&mut self, account: Arc<Mutex<Account>>, name: String) -> Reply {
        let shared = &self.session.shared;
        let mut signed_in = lock(&shared.signed_in);
        let sessions = signed_in.entry(name.clone()).or_default();
        if shared.settings.max_connections_per_user.is_some_and(|limit| *sessions >= limit) {
            return Reply::no("[LIMIT] Too many connections of this user");
        }
        *sessions += 1;
        drop(signed_in);
        self.session.user = Some(SignedIn { name, account });
        let settings = &self.session.shared.settings;
        if !settings.volunteers_capabilities {
            return Reply::ok("Signed in");
        }
        Reply::ok(format!("[CAPABILITY {}] Signed in", settings.capability_line(true, self.session.encrypted)))
    }
}
