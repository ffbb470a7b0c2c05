//! Sign-in: how a mailbox gets the token that opens it.
//!
//! | who | how |
//! |---|---|
//! | the owner | `AuthRequest` with the password, or a token that somebody else got |
//! | an administrator | `AuthRequest` on the administrators' port once, then `DelegateAuthRequest` for each mailbox |
//! | the holder of the domain's key | `AuthRequest` with a preauthentication value |
//!
//! Each mailbox has a token of its own because the server counts requests by the account in the token. How long one is
//! good is not believed: what counts is that the server says that it is over.

use std::collections::HashMap;
use std::sync::Arc;

use mailmove_core::http::{Request, Response, Session};
use mailmove_core::{Access, Call, Credential, Error, ErrorKind, Mailbox, Result, Secret, SignIn};
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use url::Url;

use crate::error;
use crate::wire::auth::{AdminAuth, Auth, Granted, Proof};
use crate::wire::delegate_auth::DelegateAuth;
use crate::wire::soap::{self, Operation};
use crate::wire::{preauth, rest};

/// How long a delegated token shall be good, in seconds. Servers may give less without saying so.
pub(crate) const DELEGATED: u32 = 12 * 3600;

/// The tokens of administrators, by grant and generation of their credential. All mailboxes share them.
pub(crate) type Administrators = Arc<Mutex<HashMap<(String, u64), SecretString>>>;

/// The way into one mailbox.
pub(crate) struct Door {
    session: Session,
    base: Url,
    admin: Url,
    sign_in: SignIn,
    mailbox: Mailbox,
    /// Over what the credential says.
    access: Option<Access>,
    /// The credential is the domain's key.
    by_key: bool,
    administrators: Administrators,
    token: Mutex<Option<Token>>,
}

/// What [`Door::new`] needs to know.
pub(crate) struct Way {
    pub(crate) base: Url,
    pub(crate) admin: Url,
    pub(crate) access: Option<Access>,
    pub(crate) by_key: bool,
    pub(crate) administrators: Administrators,
}

/// A token; each one that is fetched has another number.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) secret: SecretString,
    number: u64,
}

impl Door {
    pub(crate) fn new(session: Session, way: Way, sign_in: SignIn, mailbox: Mailbox) -> Self {
        let Way { base, admin, access, by_key, administrators } = way;
        Self { session, base, admin, sign_in, mailbox, access, by_key, administrators, token: Mutex::default() }
    }

    /// The token of the mailbox; one is fetched when there is none.
    pub(crate) async fn token(&self) -> Result<Token> {
        let mut known = self.token.lock().await;
        if let Some(token) = known.as_ref().filter(|token| !token.secret.expose_secret().is_empty()) {
            return Ok(token.clone());
        }
        let number = known.as_ref().map_or(0, |token| token.number + 1);
        let secret = self.sign_in.with(&self.mailbox, |credential| self.attempt(credential)).await?;
        let token = Token { secret, number };
        *known = Some(token.clone());
        Ok(token)
    }

    /// This token is over. Whoever asks next gets another one.
    pub(crate) async fn over(&self, token: &Token) {
        let mut known = self.token.lock().await;
        if let Some(current) = known.as_mut().filter(|current| current.number == token.number) {
            current.secret = SecretString::default();
        }
    }

    /// As an administrator: the name, and a token for the administrators' port. Fails where nobody is one.
    pub(crate) async fn administrator(&self) -> Result<(String, SecretString)> {
        let attempt = |credential: Credential| async move {
            if self.by_key || self.access_of(&credential) == Access::Owner {
                return Err(Error::new(ErrorKind::Unsupported, "no administrator opened this mailbox"));
            }
            let token = self.administrator_token(&credential, true).await?;
            Ok((credential.login.clone(), token))
        };
        self.sign_in.with(&self.mailbox, attempt).await
    }

    /// Asks something of the administrators' port.
    pub(crate) async fn ask_as_administrator<O: Operation>(
        &self,
        token: &SecretString,
        operation: &O,
    ) -> Result<O::Answer> {
        self.call(rest::admin(&self.admin, O::NAME), Some(token), operation, &[]).await
    }

    fn access_of(&self, credential: &Credential) -> Access {
        self.access.clone().unwrap_or_else(|| credential.access.clone())
    }

    async fn attempt(&self, credential: Credential) -> Result<SecretString> {
        let account = self.mailbox.address.clone();
        match (self.access_of(&credential), &credential.secret) {
            (_, Secret::Password(key)) if self.by_key => {
                let timestamp = OffsetDateTime::now_utc().unix_timestamp() * 1000;
                let value = preauth::value(key, &account, timestamp)?;
                let proof = Proof::Preauth { value, timestamp };
                self.enter(&Auth { account, proof }, key).await.map_err(about_the_key)
            }
            (Access::Owner, Secret::Token(token)) => Ok(token.clone()),
            (Access::Owner, Secret::Password(password)) => {
                let proof = Proof::Password(password.clone());
                self.enter(&Auth { account: credential.login.clone(), proof }, password).await
            }
            (Access::Impersonate | Access::Delegate, _) => {
                let token = self.administrator_token(&credential, false).await?;
                let delegate = DelegateAuth { account, duration: DELEGATED };
                match self.ask_as_administrator(&token, &delegate).await {
                    Ok(granted) => Ok(granted.token),
                    Err(error) if error.kind() == ErrorKind::CredentialExpired => {
                        self.administrators.lock().await.remove(&key(&credential));
                        Err(error)
                    }
                    Err(error) => Err(error),
                }
            }
            (access, _) => Err(Error::new(ErrorKind::Unsupported, "Zimbra knows no such access to mailboxes")
                .with("access", format!("{access:?}").to_lowercase())
                .remedy("use the access impersonate, the owner's own password, or the domain's preauthentication key")),
        }
    }

    async fn enter(&self, operation: &Auth, secret: &SecretString) -> Result<SecretString> {
        let granted = self.call(rest::soap(&self.base, Auth::NAME), None, operation, &[secret]).await?;
        usable(granted)
    }

    /// The token of an administrator: the one that is known, unless a fresh one is wanted.
    async fn administrator_token(&self, credential: &Credential, fresh: bool) -> Result<SecretString> {
        let mut tokens = self.administrators.lock().await;
        let known = tokens.get(&key(credential)).filter(|_| !fresh);
        if let Some(token) = known {
            return Ok(token.clone());
        }
        let token = match &credential.secret {
            Secret::Password(password) => {
                let auth = AdminAuth { name: credential.login.clone(), password: password.clone() };
                let url = rest::admin(&self.admin, AdminAuth::NAME);
                usable(self.call(url, None, &auth, &[password]).await.map_err(about_the_port)?)?
            }
            Secret::Token(token) => token.clone(),
            _ => return Err(Error::new(ErrorKind::Unsupported, "Zimbra knows no such secret")),
        };
        tokens.insert(key(credential), token.clone());
        Ok(token)
    }

    async fn call<O: Operation>(
        &self,
        url: Url,
        token: Option<&SecretString>,
        operation: &O,
        secrets: &[&SecretString],
    ) -> Result<O::Answer> {
        let request = Request::post(url).content("application/json; charset=utf-8", soap::write(token, operation));
        let secrets = secrets.iter().copied().chain(token);
        let request = secrets.fold(request, |request, secret| request.hiding(secret.clone()));
        let read = |response: Response| read(operation, &response);
        self.session.send_and(Call::repeatable(O::NAME), &request, read).await
    }
}

/// What an answer says of one operation: a fault is told from a failure on the way, though both have the status 500.
pub(crate) fn read<O: Operation>(operation: &O, response: &Response) -> Result<O::Answer> {
    if let Some(unread) = of_status(response) {
        return Err(unread);
    }
    match soap::read(operation, response.bytes()) {
        Ok(outcome) => outcome.map_err(|fault| error::of(&without_secrets(operation, response, fault))),
        Err(unreadable) => Err(of_unreadable(response, unreadable)),
    }
}

/// The fault as people may see it: servers repeat what they were sent.
fn without_secrets<O: Operation>(operation: &O, response: &Response, fault: soap::Fault) -> soap::Fault {
    match soap::read(operation, response.blotted().as_bytes()) {
        Ok(Err(blotted)) => blotted,
        _ => soap::Fault { code: fault.code, ..soap::Fault::default() },
    }
}

/// The error of an answer that holds no fault.
pub(crate) fn of_status(response: &Response) -> Option<Error> {
    let status = response.status().as_u16();
    if matches!(status, 200..=299 | 500) { None } else { error::of_response(response).map(about_the_address) }
}

/// The error of an answer that should hold one and cannot be read.
pub(crate) fn of_unreadable(response: &Response, unreadable: Error) -> Error {
    match error::of_response(response) {
        Some(failed) => failed,
        // What was asked may have been done all the same.
        None => unreadable.with_recovery(mailmove_core::Recovery::Locate),
    }
}

fn usable(granted: Granted) -> Result<SecretString> {
    if granted.second_factor {
        let fault = soap::Fault { code: "account.TWO_FACTOR_AUTH_REQUIRED".to_owned(), ..soap::Fault::default() };
        return Err(error::of(&fault));
    }
    Ok(granted.token)
}

fn key(credential: &Credential) -> (String, u64) {
    (credential.grant.clone(), credential.generation)
}

fn about_the_key(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Credential => error.remedy(
            "check the domain's preauthentication key, the mailbox's address, and the clocks: they may differ by five \
             minutes",
        ),
        _ => error,
    }
}

fn about_the_port(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Network | ErrorKind::Timeout => error.remedy(
            "open the administrators' port (7071, on Carbonio often 6071) to this computer, give its address, or give \
             the domain's preauthentication key",
        ),
        _ => error,
    }
}

fn about_the_address(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::new(ErrorKind::Config, "there is no Zimbra at this address")
            .with("status", 404)
            .remedy("check host and port; users are let in where their web mail is"),
        _ => error,
    }
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("mailbox", &self.mailbox).finish_non_exhaustive()
    }
}
