//! One token per grant: asked for once, renewed early, replaced when it was revoked.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use time::OffsetDateTime;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::wire::Minted;
use crate::{Error, ErrorKind, Result};

/// How long before its end a token is renewed at the latest; short-lived ones after two thirds of their life.
const EARLY: Duration = Duration::from_secs(5 * 60);

/// How long before its end a token is not given any more, so that it does not run out on the way.
const SPARE: Duration = Duration::from_secs(30);

/// Asks for tokens.
#[async_trait]
pub(super) trait Mint: Debug + Send + Sync + 'static {
    async fn mint(&self) -> Result<Minted>;
}

/// A token.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) secret: SecretString,
    pub(super) generation: u64,
    pub(super) expires: Option<OffsetDateTime>,
    /// On the steady clock, from the moment before it was asked for: no clock of anybody can be wrong about it.
    good_until: Option<Instant>,
    accepted: AtomicBool,
}

/// The tokens of one grant, one after the other.
#[derive(Debug)]
pub(super) struct TokenCache {
    mint: Arc<dyn Mint>,
    state: Mutex<State>,
    flight: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Default)]
struct State {
    token: Option<Arc<Token>>,
    generation: u64,
    renew_from: Option<Instant>,
    /// How often a token was asked for.
    flights: u64,
    /// How the last flight failed.
    failure: Option<Error>,
    /// Why none is asked for any more.
    refused: Option<Error>,
}

impl TokenCache {
    pub(super) fn new(mint: Arc<dyn Mint>) -> Self {
        Self { mint, state: Mutex::default(), flight: Arc::default() }
    }

    /// A token that is good now.
    ///
    /// One caller asks for it, the others wait and get what came of it, failures too. One that will run out soon is given
    /// while the next one is fetched in the background.
    pub(super) async fn token(self: &Arc<Self>) -> Result<Arc<Token>> {
        let seen = {
            let state = self.state();
            if let Some(token) = state.usable() {
                self.renew_early(&state);
                return Ok(token);
            }
            if let Some(refused) = &state.refused {
                return Err(refused.clone());
            }
            state.flights
        };
        let flight = self.flight.clone().lock_owned().await;
        {
            let state = self.state();
            if let Some(token) = state.usable() {
                return Ok(token);
            }
            if let Some(refused) = &state.refused {
                return Err(refused.clone());
            }
            if let Some(failure) = state.failure.as_ref().filter(|_| state.flights != seen) {
                return Err(failure.clone());
            }
        }
        self.fly(flight).await
    }

    /// The server refused this token. One that was good before was revoked: the next call asks for another. One that
    /// never was good will not be better the next time.
    pub(super) fn rejected(&self, generation: u64) {
        let mut state = self.state();
        let Some(token) = state.token.take_if(|token| token.generation == generation) else { return };
        if !token.accepted.load(Ordering::Relaxed) {
            let refused =
                Error::new(ErrorKind::Credential, "the server refused the token that the sign-in service gave");
            state.refused = Some(refused.remedy("check which rights the application was granted, then run again"));
        }
    }

    pub(super) fn accepted(&self, generation: u64) {
        if let Some(token) = self.state().token.as_ref().filter(|token| token.generation == generation) {
            token.accepted.store(true, Ordering::Relaxed);
        }
    }

    fn renew_early(self: &Arc<Self>, state: &State) {
        let due = state.renew_from.is_some_and(|from| from <= Instant::now()) && state.refused.is_none();
        if let Some(flight) = due.then(|| self.flight.clone().try_lock_owned().ok()).flatten() {
            let cache = self.clone();
            // Whoever asks next wants the token that is still good, and no wait.
            tokio::spawn(async move { cache.fly(flight).await.err() });
        }
    }

    async fn fly(&self, flight: OwnedMutexGuard<()>) -> Result<Arc<Token>> {
        let asked = Instant::now();
        let outcome = self.mint.mint().await;
        let mut state = self.state();
        state.flights += 1;
        let result = match outcome {
            Ok(minted) => Ok(state.keep(minted, asked)),
            Err(error) => Err(state.fail(error)),
        };
        // Whoever waits must see the outcome first.
        drop(state);
        drop(flight);
        result
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn usable(&self) -> Option<Arc<Token>> {
        let token = self.token.as_ref()?;
        token.good_until.is_none_or(|end| Instant::now() < end).then(|| token.clone())
    }

    fn keep(&mut self, minted: Minted, asked: Instant) -> Arc<Token> {
        self.generation += 1;
        self.failure = None;
        // What cannot be added to the clock lasts longer than any run.
        let lifetime = minted.lifetime.filter(|lifetime| asked.checked_add(*lifetime).is_some());
        let token = Arc::new(Token {
            secret: minted.token,
            generation: self.generation,
            expires: lifetime.map(|lifetime| OffsetDateTime::now_utc() + lifetime),
            good_until: lifetime.map(|lifetime| asked + lifetime.saturating_sub(SPARE.min(lifetime / 10))),
            accepted: AtomicBool::new(false),
        });
        self.renew_from = lifetime.map(|lifetime| asked + lifetime.saturating_sub(EARLY.min(lifetime / 3)));
        debug!(generation = token.generation, ?lifetime, "got a token");
        self.token = Some(token.clone());
        token
    }

    fn fail(&mut self, error: Error) -> Error {
        if matches!(error.kind(), ErrorKind::Credential | ErrorKind::Config) {
            self.refused = Some(error.clone());
        }
        if let Some(end) = self.token.as_ref().and_then(|token| token.good_until) {
            // There is time: a quarter of what is left, then again.
            let left = end.saturating_duration_since(Instant::now());
            self.renew_from = Some(Instant::now() + (left / 4).max(Duration::from_secs(1)));
            warn!(%error, "cannot renew a token");
        }
        self.failure = Some(error.clone());
        error
    }
}

#[cfg(test)]
mod tests;
