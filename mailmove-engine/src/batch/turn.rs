//! One mailbox's turn: from the queue to wherever it stands then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mailmove_core::{Error, ErrorKind, Recovery, Result, Side};

use super::State;
use super::controls;
use super::event::BatchEvent;
use super::item::BatchItem;
use super::notify::{About, Notice, Recipient, recipients};
use super::outcome::{self, Next};
use super::pass::{Pass, PassReport, Point, Why};
use super::project::Inner;
use crate::event::{Event, Observer};
use crate::ledger::JobId;
use crate::migration::Migration;
use crate::report::{Outcome, Report};
use crate::stop::Stop;

/// What came of the work, before anybody knows what it means.
struct Done {
    outcome: Outcome,
    report: Option<Box<Report>>,
    notes: Vec<String>,
}

impl Done {
    fn of(result: Result<Vec<String>>) -> Self {
        match result {
            Ok(notes) => Self { outcome: Outcome::Completed, report: None, notes },
            Err(why) => Self { outcome: Outcome::Failed { why }, report: None, notes: Vec::new() },
        }
    }
}

/// What was seen while the mailbox was at work.
#[derive(Debug)]
struct Trace {
    began: Instant,
    opened: AtomicBool,
    points: Mutex<Vec<Point>>,
}

impl Inner {
    /// Takes a queued mailbox through its turn. An error is one by which no mailbox can go on.
    pub(super) async fn turn(self: Arc<Self>, id: JobId, stop: Stop) -> Result<()> {
        let begin = |item: &mut BatchItem| {
            if item.state != State::Queued {
                // Somebody stopped it while it came out of the queue.
                return Ok(None);
            }
            item.go(if item.pass == Pass::Verify { State::Verifying } else { State::Running })?;
            let (number, now) = (item.passes + 1, self.settings.clock.now());
            let fresh = || Box::new(PassReport::new(number, item.pass, now, now, item.state));
            item.so_far = Some(item.so_far.take().unwrap_or_else(fresh));
            Ok(Some(item.clone()))
        };
        let Some(item) = self.change(&id, begin).await? else {
            self.working().remove(&id);
            return Ok(());
        };
        let trace = Arc::new(Trace { began: Instant::now(), opened: AtomicBool::new(false), points: Mutex::default() });
        let done = self.clone().work(&item, &stop, &trace).await;
        let then = self.working().remove(&id).map_or(State::Queued, |work| work.then);
        let (next, ended) = self.end(&id, done, then, &trace).await?;
        let throttled = next.throttled();
        for side in [Side::Source, Side::Destination] {
            let blamed = throttled.is_some_and(|blamed| blamed.is_none_or(|blamed| blamed == side));
            self.server(side, &item)?.leave(blamed);
        }
        if let Some(why) = &next.why {
            self.forget_refused(&item, why).await?;
        }
        if let Some(report) = ended {
            self.tell_of_the_end(&id, report).await?;
        }
        match next.why {
            Some(why) if stops_everything(&why) => Err(why),
            _ => Ok(()),
        }
    }

    /// What a user answered and the server refuses is not tried again: the next start asks anew.
    async fn forget_refused(&self, item: &BatchItem, why: &Error) -> Result<()> {
        let refused = matches!(why.kind(), ErrorKind::Credential | ErrorKind::CredentialExpired);
        match why.side().filter(|side| refused && item.flags.requests(*side)) {
            Some(side) => self.settings.secrets.clear(item.mailbox(side)).await,
            None => Ok(()),
        }
    }

    async fn work(self: Arc<Self>, item: &BatchItem, stop: &Stop, trace: &Arc<Trace>) -> Done {
        let servers =
            self.server(Side::Source, item).and_then(|from| Ok((from, self.server(Side::Destination, item)?)));
        let (from, to) = match servers {
            Ok(servers) => servers,
            Err(error) => return Done::of(Err(error)),
        };
        let work = async {
            match item.pass {
                Pass::Verify => {
                    let verify = async {
                        tokio::join!(from.connector.verify(&item.source), to.connector.verify(&item.destination))
                    };
                    let (source, destination) = verify.await;
                    let error =
                        |found: &mailmove_core::Verification| found.error().map(|e| e.clone().on(found.mailbox.side));
                    error(&source).or(error(&destination)).map_or(Ok(Vec::new()), Err)
                }
                Pass::ForwardingOnly => controls::forward(item, from).await,
                Pass::RevokeAccess => controls::revoke(item, [from, to]).await,
                _ => Ok(Vec::new()),
            }
        };
        if !item.pass.moves() {
            if stop.is_asked() {
                return Done { outcome: Outcome::Stopped, report: None, notes: Vec::new() };
            }
            return Done::of(work.await);
        }
        let rules = match item.pass.rules(&self.settings.rules, item.flags) {
            Ok(rules) => rules,
            Err(error) => return Done::of(Err(error)),
        };
        let migration =
            Migration::new(from.connector.clone(), item.source.clone(), to.connector.clone(), item.destination.clone())
                .job(item.id.clone())
                .ledger(self.settings.ledger.clone())
                .rules(rules)
                .spool(self.settings.spool.clone())
                .salt(self.salt)
                .observer(self.observer(item.id.clone(), stop.clone(), trace.clone()))
                .stop(stop.clone());
        match migration.run(None).await {
            Ok(report) => {
                let outcome = report.outcome.clone();
                Done { outcome, report: Some(Box::new(report)), notes: Vec::new() }
            }
            Err(error) => Done::of(Err(error)),
        }
    }

    /// Hears what the run tells: passes it on, draws the picture, and makes room for others when the turn is over.
    fn observer(self: &Arc<Self>, id: JobId, stop: Stop, trace: Arc<Trace>) -> Observer {
        let inner = self.clone();
        Observer::new(move |event| {
            match event {
                Event::Planned { .. } => trace.opened.store(true, Ordering::Relaxed),
                Event::Progress(progress) => {
                    trace.point(progress.copied, progress.bytes);
                    let over = trace.began.elapsed() >= inner.settings.turn;
                    if over && progress.copied + progress.updated > 0 && inner.others_wait.load(Ordering::Relaxed) {
                        stop.stop();
                    }
                }
                _ => {}
            }
            inner.settings.observer.tell(&BatchEvent::Run { id: id.clone(), event: event.clone() });
        })
    }

    /// Where the mailbox stands now, and what its pass did, when that is over.
    async fn end(&self, id: &JobId, done: Done, then: State, trace: &Trace) -> Result<(Next, Option<PassReport>)> {
        let now = self.settings.clock.now();
        self.change_with(id, |item| {
            item.memory.opened |= trace.opened.load(Ordering::Relaxed);
            let moved = done.report.as_ref().is_some_and(|report| report.this_run.copied > 0);
            if moved {
                (item.memory.waits, item.memory.deferred) = (0, None);
            }
            let outcome = outcome::of(item, done.outcome, done.report.as_deref());
            let mut next = outcome::after(item, &outcome, then, now);
            if next.why.as_ref().is_some_and(stops_everything) {
                // Not its fault: it is queued for the next run.
                next.state = State::Queued;
            }
            if item.pass == Pass::Verify && next.state == State::CompletedWithErrors {
                next.state = State::Failed;
            }
            let fresh = || Box::new(PassReport::new(item.passes + 1, item.pass, now, now, next.state));
            let mut pass = item.so_far.take().unwrap_or_else(fresh);
            (pass.ended, pass.state) = (now, next.state);
            let left = done.report.as_deref().and_then(|report| report.error.as_ref());
            pass.why = next.why.as_ref().or(left.filter(|_| next.state == State::CompletedWithErrors)).map(Why::new);
            pass.notes.extend(done.notes);
            if let Some(report) = &done.report {
                pass.count(report);
            }
            pass.draw(std::mem::take(&mut *lock(&trace.points)));
            item.go(next.state)?;
            item.until = next.until;
            item.why = pass.why.clone();
            let ended = next.state.is_terminal();
            if !ended {
                item.so_far = Some(pass);
                return Ok(((next, None), None));
            }
            if item.state != State::Stopped {
                (item.memory.waits, item.memory.deferred) = (0, None);
            }
            Ok(((next, Some((*pass).clone())), Some(*pass)))
        })
        .await
    }

    /// Tells whom the flags name that a mailbox came to its end.
    pub(super) async fn tell_of_the_end(&self, id: &JobId, report: PassReport) -> Result<()> {
        let item = self.book.lock().await.find(id)?.clone();
        for to in recipients(item.flags, report.state) {
            let address = match to {
                Recipient::Administrator => self.settings.administrator.clone().unwrap_or_default(),
                Recipient::User(side) => item.mailbox(side).address.clone(),
            };
            let about = About::Ended { item: Box::new(item.clone()), report: Box::new(report.clone()) };
            self.send(id, Notice { to, address, about }).await?;
        }
        Ok(())
    }

    /// Sends a notice. That it could not be sent is noted, told, and nobody's failure.
    pub(super) async fn send(&self, id: &JobId, notice: Notice) -> Result<()> {
        let sent = match &self.settings.notifier {
            // Whoever starts the mailbox has the request in hand and sends it.
            None if matches!(notice.about, About::Asked { .. }) => Ok(()),
            None => Err(Error::new(ErrorKind::Config, "the flags ask for a mail and the batch has no notifier")
                .remedy("give the batch one, or take the flag off")),
            Some(_) if notice.address.is_empty() => {
                Err(Error::new(ErrorKind::Config, "the flags ask for a mail to an administrator without an address")
                    .remedy("give the batch the administrator's address"))
            }
            Some(notifier) => notifier.notify(&notice).await,
        };
        if let Err(error) = sent {
            tracing::warn!(mailbox = %id, %error, "a notice could not be sent");
            self.settings.observer.tell(&BatchEvent::NoticeFailed { id: id.clone(), error: error.clone() });
            let note = format!("a notice could not be sent: {error}");
            let add = |item: &mut BatchItem| {
                item.notes.push(note);
                Ok(())
            };
            self.change(id, add).await?;
        }
        Ok(())
    }
}

impl Trace {
    fn point(&self, items: u64, bytes: u64) {
        const EVERY: Duration = Duration::from_secs(1);
        let seconds = self.began.elapsed().as_secs_f64();
        let mut points = lock(&self.points);
        match points.last_mut() {
            // The last point follows the run until the next one is due.
            Some(last) if points_are_near(last, seconds, EVERY) => (last.items, last.bytes) = (items, bytes),
            _ => points.push(Point { seconds, items, bytes }),
        }
    }
}

fn points_are_near(last: &Point, seconds: f64, every: Duration) -> bool {
    last.seconds > 0.0 && seconds - last.seconds < every.as_secs_f64()
}

/// The ledger, its disk, or the disk for bodies: no mailbox can go on.
fn stops_everything(why: &Error) -> bool {
    why.recovery() == Recovery::StopAll && !matches!(why.kind(), ErrorKind::Stopped | ErrorKind::LedgerInUse)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
