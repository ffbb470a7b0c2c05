use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;
use tracing::debug;

use super::fixed::{NEVER_AGAIN, never_again};
use super::{Access, Credential, CredentialProvider, Secret};
use crate::{Error, ErrorKind, Mailbox, Result};

/// How a connector tries credentials: nobody gets locked out, and nothing is tried that was refused.
///
/// - Until a generation has signed in once, one attempt is in flight for its grant. Two mailboxes, or a thousand, with a
///   wrong administrator password make one attempt on the wire.
/// - A refused generation is named to its provider and not tried again.
/// - A token that was good and is refused later may have been revoked, one that is
///   [`CredentialExpired`](ErrorKind::CredentialExpired) ran out: a fresh one is asked for, once.
/// - An administrator who was let in before and is refused for one mailbox may still be good for others: the next one
///   tries alone. Two refusals in a row are one for all.
/// - Whoever is turned away unheard gets the facts of the refusal that it is about.
///
/// Everybody who uses the same grant shares one of these; clones share everything.
#[derive(Clone)]
pub struct SignIn(Arc<Inner>);

struct Inner {
    provider: Arc<dyn CredentialProvider>,
    grants: Mutex<HashMap<String, Arc<Grant>>>,
    refusals: Mutex<Refusals>,
}

/// What was said when a credential was refused.
#[derive(Default)]
struct Refusals {
    /// A mailbox's own credential, or an administrator's for this one.
    of: HashMap<Mailbox, Error>,
    /// An administrator's or an application's, for all.
    of_all: Option<Error>,
}

/// What is known about one grant.
#[derive(Default)]
struct Grant {
    turn: Arc<tokio::sync::Mutex<()>>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// The generation that signed in last.
    proven: Option<u64>,
    /// The last attempt was refused.
    doubted: bool,
    /// For which mailboxes a generation was refused.
    refused: HashSet<(u64, Mailbox)>,
}

/// What a refusal means.
enum Refusal {
    /// A fresh token may be good.
    AskAgain,
    /// This mailbox is closed to this credential; others may be open.
    ThisMailbox,
    /// The credential is no good.
    Everyone,
}

impl SignIn {
    /// With the credentials of this provider.
    pub fn new(provider: Arc<dyn CredentialProvider>) -> Self {
        Self(Arc::new(Inner { provider, grants: Mutex::default(), refusals: Mutex::default() }))
    }

    /// Makes an attempt with a credential for this mailbox: a sign-in, or a request that carries the credential.
    ///
    /// The attempt says by its error how it went: [`ErrorKind::Credential`] is a refusal, and everything else leaves the
    /// credential alone. It is made a second time only with a fresh token.
    pub async fn with<T, F, Fut>(&self, mailbox: &Mailbox, mut attempt: F) -> Result<T>
    where
        F: FnMut(Credential) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let mut ran_out: Option<Error> = None;
        loop {
            let (credential, grant, turn) = match self.credential(mailbox).await {
                Ok(ready) => ready,
                // There is no fresh one: what happened to the old one says more.
                Err(error) if error.kind() == ErrorKind::Credential => {
                    return Err(ran_out.unwrap_or_else(|| self.recall(mailbox, error)));
                }
                Err(error) => return Err(error),
            };
            let outcome = attempt(credential.clone()).await;
            let error = match outcome {
                Ok(value) => {
                    self.accepted(mailbox, &credential, &grant).await;
                    return Ok(value);
                }
                Err(error) => error.on(mailbox.side),
            };
            let error = match grant.let_in(&credential) && error.kind() == ErrorKind::Credential {
                true => error.with("before", "the same credential signed in"),
                false => error,
            };
            let refusal = match error.kind() {
                ErrorKind::AccessDenied => {
                    self.accepted(mailbox, &credential, &grant).await;
                    return Err(error);
                }
                ErrorKind::Credential => grant.refused(mailbox, &credential, ran_out.is_none()),
                ErrorKind::CredentialExpired if ran_out.is_none() => Refusal::AskAgain,
                _ => return Err(error),
            };
            debug!(%mailbox, grant = credential.grant, generation = credential.generation, %error, "refused");
            match refusal {
                Refusal::AskAgain => {
                    // A password does not run out: what did is a session that the attempt makes anew.
                    if matches!(credential.secret, Secret::Token(_)) {
                        self.0.provider.rejected(mailbox, &credential).await?;
                    }
                    ran_out = Some(error);
                    drop(turn);
                }
                Refusal::ThisMailbox => {
                    self.refusals().of.insert(mailbox.clone(), error.clone());
                    return Err(error);
                }
                Refusal::Everyone => {
                    match credential.access {
                        Access::Owner => drop(self.refusals().of.insert(mailbox.clone(), error.clone())),
                        _ => self.refusals().of_all = Some(error.clone()),
                    }
                    self.0.provider.rejected(mailbox, &credential).await?;
                    return Err(error);
                }
            }
        }
    }

    /// A credential, and the turn to try it when nobody knows yet whether it is good.
    async fn credential(&self, mailbox: &Mailbox) -> Result<(Credential, Arc<Grant>, Option<OwnedMutexGuard<()>>)> {
        let credential = self.0.provider.credential(mailbox).await?;
        let grant = self.grant(&credential.grant);
        if grant.is_proven(&credential) {
            return grant.open_to(mailbox, credential, None);
        }
        let turn = grant.turn.clone().lock_owned().await;
        // Whoever went before may have found out.
        let credential = self.0.provider.credential(mailbox).await?;
        let turn = (!grant.is_proven(&credential)).then_some(turn);
        grant.open_to(mailbox, credential, turn)
    }

    /// The error of a credential that is not offered again, with what was said when it was.
    fn recall(&self, mailbox: &Mailbox, error: Error) -> Error {
        if error.message() != NEVER_AGAIN {
            return error;
        }
        let refusals = self.refusals();
        let Some(said) = refusals.of.get(mailbox).or(refusals.of_all.as_ref()) else { return error };
        let facts = said.context().filter(|(name, _)| *name != "mailbox");
        facts.fold(error, |error, (name, value)| error.with(name, value))
    }

    fn refusals(&self) -> MutexGuard<'_, Refusals> {
        self.0.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn accepted(&self, mailbox: &Mailbox, credential: &Credential, grant: &Grant) {
        if grant.accepted(credential) {
            self.0.provider.accepted(mailbox, credential).await;
        }
    }

    fn grant(&self, name: &str) -> Arc<Grant> {
        let mut grants = self.0.grants.lock().unwrap_or_else(PoisonError::into_inner);
        match grants.get(name) {
            Some(grant) => grant.clone(),
            None => grants.entry(name.to_owned()).or_default().clone(),
        }
    }
}

impl Grant {
    fn is_proven(&self, credential: &Credential) -> bool {
        let known = self.known();
        known.proven == Some(credential.generation) && !known.doubted
    }

    /// Whether it ever was good.
    fn let_in(&self, credential: &Credential) -> bool {
        self.known().proven == Some(credential.generation)
    }

    fn open_to(
        self: Arc<Self>,
        mailbox: &Mailbox,
        credential: Credential,
        turn: Option<OwnedMutexGuard<()>>,
    ) -> Result<(Credential, Arc<Grant>, Option<OwnedMutexGuard<()>>)> {
        if self.known().refused.contains(&(credential.generation, mailbox.clone())) {
            return Err(never_again(mailbox));
        }
        Ok((credential, self, turn))
    }

    /// Whether this is news.
    fn accepted(&self, credential: &Credential) -> bool {
        let mut known = self.known();
        known.doubted = false;
        known.proven.replace(credential.generation) != Some(credential.generation)
    }

    fn refused(&self, mailbox: &Mailbox, credential: &Credential, may_ask_again: bool) -> Refusal {
        let mut known = self.known();
        let token = matches!(credential.secret, Secret::Token(_));
        if token && may_ask_again && !known.doubted && known.proven == Some(credential.generation) {
            return Refusal::AskAgain;
        }
        // Another token of a grant that was good is as good as the one before it; another password is another matter.
        let was_good = known.proven.is_some_and(|proven| token || proven == credential.generation);
        if was_good && !known.doubted && credential.access != Access::Owner {
            known.doubted = true;
            known.refused.insert((credential.generation, mailbox.clone()));
            return Refusal::ThisMailbox;
        }
        known.doubted = true;
        Refusal::Everyone
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("provider", &self.0.provider).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
