//! Starting mailboxes, and the credentials that their users are asked for.

use std::collections::HashSet;
use std::time::Duration;

use mailmove_core::{Error, ErrorKind, Mailbox, Result, Secret, Side};
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use super::State;
use super::item::{Asked, BatchItem};
use super::notify::{About, Notice, Recipient};
use super::outcome;
use super::pass::{Pass, PassReport, Why};
use super::project::{Batch, Inner, Selection};
use crate::ledger::JobId;

/// A question to the user of a mailbox: user name and password, please.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CredentialRequest {
    /// The mailbox of the batch.
    pub id: JobId,
    /// Whose credential is asked for.
    pub mailbox: Mailbox,
    /// Whoever knows this may answer, once: it belongs in the link that the user gets, and nowhere else. The batch itself
    /// keeps a digest of it.
    pub key: SecretString,
    /// Until when it can be answered.
    pub until: OffsetDateTime,
}

/// What a start led to.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Started {
    /// Mailboxes in the queue.
    pub queued: usize,
    /// Mailboxes whose users were asked.
    pub waiting: usize,
    /// What they were asked. The batch's notifier has sent it, where there is one.
    pub requests: Vec<CredentialRequest>,
}

const SIDES: [Side; 2] = [Side::Source, Side::Destination];

impl Batch {
    /// Starts a pass for some mailboxes; [`run`](Self::run) does the work. Users are asked for credentials where the flags
    /// say so and none is kept.
    ///
    /// `All` and `In` pass over mailboxes that cannot be started from where they stand; of those that are named, one that
    /// cannot is an error that names both states, and nothing is started.
    pub async fn start(&self, selection: &Selection, pass: Pass) -> Result<Started> {
        let inner = &self.0;
        let ids: HashSet<JobId> = inner.select(selection, State::may_be_started).await?.into_iter().collect();
        let items = self.items().await;
        if let Some(error) = pass.refuse(&items) {
            return Err(error);
        }
        for item in items.iter().filter(|item| ids.contains(&item.id)) {
            if !item.state.may_be_started() {
                return Err(item.state.refuse(State::Queued).with("mailbox", &item.id));
            }
            // What cannot be done is said before anything is begun.
            pass.rules(&inner.settings.rules, item.flags).map_err(|error| error.with("mailbox", &item.id))?;
        }
        let mut started = Started::default();
        let mut changed = Vec::new();
        for mut item in items.into_iter().filter(|item| ids.contains(&item.id)) {
            let (mut requests, mut asked) = (Vec::new(), [None, None]);
            for side in inner.missing(&item).await? {
                let (request, question) = inner.question(&item, side)?;
                asked[side as usize] = Some(question);
                requests.push(request);
            }
            // What an unfinished pass of another kind did is kept as it is.
            let unfinished = item.so_far.take_if(|so_far| so_far.pass != pass).map(|so_far| *so_far);
            item.passes += u32::from(unfinished.is_some());
            item.go(if requests.is_empty() { State::Queued } else { State::WaitingForUser })?;
            (item.pass, item.memory.asked) = (pass, asked);
            (item.memory.waits, item.memory.deferred) = (0, None);
            item.notes.clear();
            if requests.is_empty() {
                started.queued += 1
            } else {
                started.waiting += 1
            }
            started.requests.extend(requests);
            changed.push((item, unfinished));
        }
        inner.change_all(changed).await?;
        for request in &started.requests {
            inner.send_request(&request.id, request).await?;
        }
        inner.wake.notify_one();
        Ok(started)
    }

    /// Answers the question with this key, once. What was answered is tried at its server first; only then it is kept and
    /// the mailbox goes on.
    ///
    /// A wrong answer makes the mailbox [`Failed`](State::Failed), names the side, and uses the link up: somebody has to
    /// start the mailbox again for a new one. Who has no valid key learns nothing but that.
    pub async fn submit(&self, key: &SecretString, login: Option<String>, secret: Secret) -> Result<()> {
        let inner = &self.0;
        let (id, side) = inner.redeem(key).await?;
        let item = self.item(&id).await?;
        let mailbox = item.mailbox(side).clone();
        inner.settings.secrets.put(&mailbox, login, secret).await?;
        let verification = inner.server(side, &item)?.connector.verify(&mailbox).await;
        let Some(error) = verification.error().cloned().map(|error| error.on(side)) else {
            let to = if item.is_asked() { State::WaitingForUser } else { State::Queued };
            inner.change(&id, |item| if item.state == State::Verifying { item.go(to) } else { Ok(()) }).await?;
            inner.wake.notify_one();
            return Ok(());
        };
        if error.kind() == ErrorKind::Credential {
            inner.settings.secrets.clear(&mailbox).await?;
        }
        if let Some(report) = inner.refuse_answer(&id, &error).await? {
            inner.tell_of_the_end(&id, report).await?;
        }
        Err(error)
    }

    /// Gives the credential of one side of a mailbox, in place of whatever was there; a question for it cannot be answered
    /// any more. Not while the mailbox is at work.
    pub async fn give(&self, id: &JobId, side: Side, login: Option<String>, secret: Secret) -> Result<()> {
        let item = self.idle(id).await?;
        self.0.settings.secrets.put(item.mailbox(side), login, secret).await?;
        let change = |item: &mut BatchItem| {
            item.memory.asked[side as usize] = None;
            match item.state {
                State::WaitingForUser if !item.is_asked() => item.go(State::Queued),
                State::NeedsCredential => item.go(State::Queued),
                _ => Ok(()),
            }
        };
        self.0.change(id, change).await?;
        self.0.wake.notify_one();
        Ok(())
    }

    /// Forgets the credential of one side of a mailbox, and the question for it. A mailbox that waited for the answer is
    /// stopped; starting it asks anew, with another link.
    pub async fn clear_credentials(&self, id: &JobId, side: Side) -> Result<()> {
        let item = self.idle(id).await?;
        self.0.settings.secrets.clear(item.mailbox(side)).await?;
        let change = |item: &mut BatchItem| {
            let asked = item.memory.asked[side as usize].take().is_some();
            if asked && item.state == State::WaitingForUser { item.go(State::Stopped) } else { Ok(()) }
        };
        self.0.change(id, change).await
    }

    /// The question that this key answers, if it still can be answered: for the page behind the link. Looking uses
    /// nothing up.
    pub async fn asked(&self, key: &SecretString) -> Option<Mailbox> {
        let book = self.0.book.lock().await;
        let (at, side) = self.0.find_question(&book.items, key)?;
        Some(book.items[at].mailbox(side).clone())
    }

    async fn idle(&self, id: &JobId) -> Result<BatchItem> {
        let item = self.item(id).await?;
        if matches!(item.state, State::Running | State::Verifying) {
            let told = Error::new(ErrorKind::Config, format!("a mailbox that is {} keeps its credentials", item.state));
            return Err(told.with("mailbox", id).remedy("stop it first"));
        }
        Ok(item)
    }
}

impl Inner {
    /// The sides whose users are to be asked.
    async fn missing(&self, item: &BatchItem) -> Result<Vec<Side>> {
        let mut sides = Vec::new();
        for side in SIDES.into_iter().filter(|side| item.flags.requests(*side)) {
            if self.settings.secrets.find(item.mailbox(side)).await?.is_none() {
                sides.push(side);
            }
        }
        Ok(sides)
    }

    fn question(&self, item: &BatchItem, side: Side) -> Result<(CredentialRequest, Asked)> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)
            .map_err(|error| Error::new(ErrorKind::Bug, "this system has no random numbers").with("reason", error))?;
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let patience: Duration = self.settings.answer_within;
        let until = self.settings.clock.now() + patience;
        let asked = Asked { key: digest(&key).into(), until };
        let mailbox = item.mailbox(side).clone();
        Ok((CredentialRequest { id: item.id.clone(), mailbox, key: key.into(), until }, asked))
    }

    /// Uses a question up, and says whose it was.
    async fn redeem(&self, key: &SecretString) -> Result<(JobId, Side)> {
        let found = {
            let book = self.book.lock().await;
            self.find_question(&book.items, key).map(|(at, side)| (book.items[at].id.clone(), side))
        };
        let (id, side) = found.ok_or_else(unknown)?;
        let mine = digest(key.expose_secret());
        let change = |item: &mut BatchItem| {
            // Somebody else may have been quicker.
            let asked = item.memory.asked[side as usize].take().ok_or_else(unknown)?;
            if blake3::Hash::from_bytes(asked.key) != mine || item.state != State::WaitingForUser {
                return Err(unknown());
            }
            item.go(State::Verifying)
        };
        self.change(&id, change).await?;
        Ok((id, side))
    }

    /// What was answered does not open the mailbox: where that leaves it, and what is told of it when that is the end.
    async fn refuse_answer(&self, id: &JobId, error: &Error) -> Result<Option<PassReport>> {
        let now = self.settings.clock.now();
        let change = |item: &mut BatchItem| {
            if item.state != State::Verifying {
                return Ok((None, None));
            }
            let wrong = error.kind() == ErrorKind::Credential;
            if !wrong && item.is_asked() {
                // The answer is kept, and tried again once the other user has answered.
                item.go(State::WaitingForUser)?;
                return Ok((None, None));
            }
            let next = outcome::after_error(item, error, State::Stopped, now);
            item.go(if wrong { State::Failed } else { next.state })?;
            item.until = if wrong { None } else { next.until };
            item.why = Some(Why::new(error));
            item.memory.asked = [None, None];
            if item.state != State::Failed {
                return Ok((None, None));
            }
            let mut pass = PassReport::new(item.passes + 1, item.pass, now, now, item.state);
            pass.why = item.why.clone();
            Ok((Some(pass.clone()), Some(pass)))
        };
        self.change_with(id, change).await
    }

    /// Every question is looked at, and digests are compared in constant time: how long it takes tells nothing.
    fn find_question(&self, items: &[BatchItem], key: &SecretString) -> Option<(usize, Side)> {
        let (offered, now) = (digest(key.expose_secret()), self.settings.clock.now());
        let mut found = None;
        for (at, item) in items.iter().enumerate() {
            for side in SIDES {
                let Some(asked) = &item.memory.asked[side as usize] else { continue };
                let same = blake3::Hash::from_bytes(asked.key) == offered;
                if same & (asked.until > now) & (item.state == State::WaitingForUser) {
                    found = Some((at, side));
                }
            }
        }
        found
    }

    async fn send_request(&self, id: &JobId, request: &CredentialRequest) -> Result<()> {
        let to = Recipient::User(request.mailbox.side);
        let about = About::Asked { request: request.clone(), link: self.settings.link.clone() };
        let notice = Notice { to, address: request.mailbox.address.clone(), about };
        self.send(id, notice).await
    }
}

fn digest(key: &str) -> blake3::Hash {
    blake3::hash(key.as_bytes())
}

fn unknown() -> Error {
    Error::new(ErrorKind::NotFound, "this link was used, withdrawn, or is too old").remedy("ask for a new link")
}
