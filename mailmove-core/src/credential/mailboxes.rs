use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use super::fixed::never_again;
use super::{Credential, CredentialProvider, Secret};
use crate::{Error, ErrorKind, Mailbox, Result};

/// For each mailbox a credential of its own: given by whoever runs the migration, or asked of the mailbox's user.
///
/// A mailbox whose user was asked is *pending* until they answer. What they answer with is good once: when the server
/// refuses it, the user has to be asked again.
#[derive(Default)]
pub struct MailboxCredentials(Mutex<Known>);

#[derive(Default)]
struct Known {
    entries: HashMap<Mailbox, Entry>,
    /// How many secrets were given and requests made: numbers both.
    count: u64,
}

enum Entry {
    Given { login: Option<String>, secret: Secret, generation: u64, refused: bool },
    Asked { number: u64, key: SecretString, until: OffsetDateTime },
}

/// A question to the user of a mailbox.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CredentialRequest {
    /// Whose credential is asked for.
    pub mailbox: Mailbox,
    /// Its number, for reports.
    pub number: u64,
    /// Whoever knows this may answer: it belongs in the link that the user gets, and nowhere else.
    pub key: SecretString,
    /// Until when it can be answered.
    pub until: OffsetDateTime,
}

impl MailboxCredentials {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the credential of a mailbox, in place of the one or the question that was there. Without a login the
    /// mailbox's own is used.
    pub fn give(&self, mailbox: &Mailbox, login: Option<String>, secret: Secret) {
        let mut known = self.known();
        let generation = known.next();
        known.entries.insert(mailbox.clone(), Entry::Given { login, secret, generation, refused: false });
    }

    /// Asks the user of a mailbox, who has this long to answer. A question that was there cannot be answered any more.
    pub fn ask(&self, mailbox: &Mailbox, patience: Duration) -> Result<CredentialRequest> {
        let key = SecretString::from(random_key()?);
        let until = OffsetDateTime::now_utc() + patience;
        let mut known = self.known();
        let number = known.next();
        known.entries.insert(mailbox.clone(), Entry::Asked { number, key: key.clone(), until });
        Ok(CredentialRequest { mailbox: mailbox.clone(), number, key, until })
    }

    /// Answers the question with this key, once, and says for which mailbox it was.
    pub fn answer(&self, key: &SecretString, login: Option<String>, secret: Secret) -> Result<Mailbox> {
        let mut known = self.known();
        let now = OffsetDateTime::now_utc();
        // Every question is looked at, so that the time it takes tells nothing about them.
        let matching: Vec<_> = known.entries.iter().filter(|(_, entry)| entry.is_asked_by(key, now)).collect();
        let mailbox = matching.first().map(|(mailbox, _)| (*mailbox).clone()).ok_or_else(|| {
            Error::new(ErrorKind::Credential, "this question was answered, withdrawn, or is too old")
                .remedy("ask the user again")
        })?;
        let generation = known.next();
        known.entries.insert(mailbox.clone(), Entry::Given { login, secret, generation, refused: false });
        Ok(mailbox)
    }

    /// Forgets the credential of a mailbox, or the question for it.
    pub fn clear(&self, mailbox: &Mailbox) {
        self.known().entries.remove(mailbox);
    }

    /// The mailboxes that have a credential or a question.
    pub fn mailboxes(&self) -> Vec<Mailbox> {
        self.known().entries.keys().cloned().collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}

impl Entry {
    fn is_asked_by(&self, offered: &SecretString, now: OffsetDateTime) -> bool {
        let Entry::Asked { key, until, .. } = self else { return false };
        same(key.expose_secret(), offered.expose_secret()) && now <= *until
    }
}

#[async_trait]
impl CredentialProvider for MailboxCredentials {
    async fn credential(&self, mailbox: &Mailbox) -> Result<Credential> {
        let known = self.known();
        match known.entries.get(mailbox) {
            Some(Entry::Given { refused: true, .. }) => Err(never_again(mailbox)),
            Some(Entry::Given { login, secret, generation, .. }) => {
                let login = login.as_deref().unwrap_or_else(|| mailbox.login_name());
                let mut credential = Credential::new(login, secret.clone());
                credential.generation = *generation;
                Ok(credential)
            }
            Some(Entry::Asked { number, until, .. }) => {
                let late = OffsetDateTime::now_utc() > *until;
                let pending = Error::new(ErrorKind::CredentialPending, "the user of the mailbox has not answered yet");
                let pending = pending.on(mailbox.side).with("mailbox", mailbox).with("request", number);
                Err(if late { pending.remedy("ask the user again: the last question is too old") } else { pending })
            }
            None => Err(Error::new(ErrorKind::Credential, "nobody gave a credential for this mailbox")
                .on(mailbox.side)
                .with("mailbox", mailbox)
                .remedy("give a user name and a password, or ask the user for them")),
        }
    }

    async fn rejected(&self, mailbox: &Mailbox, credential: &Credential) -> Result<()> {
        if let Some(Entry::Given { generation, refused, .. }) = self.known().entries.get_mut(mailbox) {
            *refused |= *generation == credential.generation;
        }
        Ok(())
    }
}

impl fmt::Debug for MailboxCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailboxCredentials").field("mailboxes", &self.known().entries.len()).finish_non_exhaustive()
    }
}

/// Compares in a time that does not depend on where the difference is.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// 128 bits that nobody can guess, in hex.
fn random_key() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(ErrorKind::Bug, "this system has no random numbers").with("reason", error))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Side;

    fn mailbox(name: &str) -> Mailbox {
        Mailbox::new(Side::Source, name)
    }

    async fn kind(provider: &MailboxCredentials, name: &str) -> ErrorKind {
        provider.credential(&mailbox(name)).await.unwrap_err().kind()
    }

    #[tokio::test]
    async fn each_mailbox_has_its_own_credential_and_its_own_refusals() {
        let provider = MailboxCredentials::new();
        provider.give(&mailbox("alice"), Some("DOMAIN\\alice".into()), Secret::password("correct horse"));
        provider.give(&mailbox("bob"), None, Secret::token("battery"));
        let alice = provider.credential(&mailbox("alice")).await.unwrap();
        assert_eq!(alice.login, "DOMAIN\\alice");
        provider.rejected(&mailbox("alice"), &alice).await.unwrap();
        assert_eq!(kind(&provider, "alice").await, ErrorKind::Credential);
        assert_eq!(provider.credential(&mailbox("bob")).await.unwrap().login, "bob");
        provider.give(&mailbox("alice"), None, Secret::password("another"));
        provider.rejected(&mailbox("alice"), &alice).await.unwrap();
        assert_ne!(provider.credential(&mailbox("alice")).await.unwrap().generation, alice.generation);
        assert_eq!(kind(&provider, "carol").await, ErrorKind::Credential);
        assert!(!format!("{provider:?}").contains("horse"));
    }

    #[tokio::test]
    async fn a_user_who_was_asked_is_pending_until_they_answer_once() {
        let provider = MailboxCredentials::new();
        let day = Duration::from_secs(86_400);
        let request = provider.ask(&mailbox("alice"), day).unwrap();
        let pending = provider.credential(&mailbox("alice")).await.unwrap_err();
        assert_eq!(pending.kind(), ErrorKind::CredentialPending);
        assert!(pending.to_string().contains("request: 1"), "{pending}");
        let key = request.key.expose_secret().to_owned();
        assert!(!format!("{pending:?}{request:?}").contains(&key));
        let answer = |key: &SecretString| provider.answer(key, Some("al".into()), Secret::password("p"));
        assert!(answer(&"0".repeat(32).into()).is_err() && answer(&"".into()).is_err());
        assert_eq!(answer(&request.key).unwrap(), mailbox("alice"));
        assert_eq!(provider.credential(&mailbox("alice")).await.unwrap().login, "al");
        assert!(answer(&request.key).is_err(), "the link is good once");
    }

    #[tokio::test]
    async fn an_old_question_and_one_that_was_asked_anew_cannot_be_answered() {
        let provider = MailboxCredentials::new();
        let answer = |key: &SecretString| provider.answer(key, None, Secret::password("p")).is_ok();
        let late = provider.ask(&mailbox("alice"), Duration::ZERO).unwrap();
        std::thread::sleep(Duration::from_millis(2));
        assert!(!answer(&late.key));
        let told = provider.credential(&mailbox("alice")).await.unwrap_err();
        assert!(told.what_to_do().contains("ask the user again"));
        let first = provider.ask(&mailbox("alice"), Duration::from_secs(60)).unwrap();
        let second = provider.ask(&mailbox("alice"), Duration::from_secs(60)).unwrap();
        assert!(!answer(&first.key));
        provider.clear(&mailbox("alice"));
        assert!(!answer(&second.key));
        assert_eq!(provider.mailboxes(), []);
    }
}
