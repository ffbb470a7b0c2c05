use std::future;
use std::sync::Arc;
use std::time::Duration;

use mailmove_core::{
    AccessRevocation, Capabilities, Connector, Cursor, Destination, Detail, Endpoint, EnsuredFolder, Error, FeedId,
    Folder, FolderId, Forecast, Format, ForwardingControl, Item, ItemRef, Load, Loss, Mailbox, Match, NewFolder, Page,
    Position, Result, Source, Spool, Storage, Verification, Wanted, Write, Written, async_trait,
};

use super::faults::{Fault, Faults, Method, Rest, lost, unsent, untouched};
use super::schedule::{Schedule, When};

/// A connector or an endpoint whose calls go wrong as [`Faults`] say and whose runs die as a [`Schedule`] says. What a
/// faulty connector opens is faulty in the same way.
#[derive(Debug)]
pub struct Faulty<T: ?Sized> {
    inner: Arc<T>,
    faults: Faults,
    schedule: Schedule,
}

impl<T: ?Sized> Faulty<T> {
    /// Wraps it.
    pub fn new(inner: Arc<T>, faults: &Faults, schedule: &Schedule) -> Self {
        Self { inner, faults: faults.clone(), schedule: schedule.clone() }
    }

    /// One call that is no batch.
    async fn call<R>(&self, method: Method, call: impl Future<Output = Result<R>>) -> Result<R> {
        let fault = self.faults.strike(method);
        self.schedule
            .call(method.as_str(), async {
                match fault {
                    None => call.await,
                    Some(Fault::Before(error)) => Err(error),
                    Some(Fault::After(error)) => call.await.and(Err(error)),
                    Some(Fault::Half(_) | Fault::Late(_)) => Err(unsent()),
                    Some(Fault::Slow(time)) => {
                        let answer = call.await;
                        tokio::time::sleep(time).await;
                        answer
                    }
                    Some(Fault::Hang) => {
                        let _answer = call.await;
                        future::pending().await
                    }
                }
            })
            .await
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<T: Connector + ?Sized> Connector for Faulty<T> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn verify(&self, mailbox: &Mailbox) -> Verification {
        self.faults.strike(Method::Verify);
        self.schedule.call(Method::Verify.as_str(), self.inner.verify(mailbox)).await
    }

    async fn source(&self, mailbox: &Mailbox) -> Result<Arc<dyn Source>> {
        let source = self.call(Method::Open, self.inner.source(mailbox)).await?;
        Ok(Arc::new(Faulty::new(source, &self.faults, &self.schedule)))
    }

    async fn destination(&self, mailbox: &Mailbox) -> Result<Arc<dyn Destination>> {
        let destination = self.call(Method::Open, self.inner.destination(mailbox)).await?;
        Ok(Arc::new(Faulty::new(destination, &self.faults, &self.schedule)))
    }

    async fn inventory(&self, mailbox: &Mailbox) -> Result<Vec<Loss>> {
        self.inner.inventory(mailbox).await
    }

    fn forwarding(&self) -> Option<&dyn ForwardingControl> {
        self.inner.forwarding()
    }

    fn revocation(&self) -> Option<&dyn AccessRevocation> {
        self.inner.revocation()
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<T: Endpoint + ?Sized> Endpoint for Faulty<T> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn folders(&self) -> Result<Vec<Folder>> {
        self.call(Method::Folders, self.inner.folders()).await
    }

    async fn storage(&self) -> Result<Storage> {
        self.call(Method::Storage, self.inner.storage()).await
    }

    fn forecast(&self, loads: &[Load]) -> Option<Forecast> {
        self.inner.forecast(loads)
    }

    fn paused(&self) -> Option<Duration> {
        self.inner.paused()
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<T: Source + ?Sized> Source for Faulty<T> {
    async fn changes(&self, feed: &FeedId, after: Option<&Cursor>, detail: Detail) -> Result<Page> {
        self.call(Method::Changes, self.inner.changes(feed, after, detail)).await
    }

    async fn fetch(&self, items: &[ItemRef], format: &Format, spool: &Spool) -> Vec<Result<Item>> {
        let course = Course::of(self.faults.strike(Method::Fetch), items.len());
        let fetch = async {
            let hidden: Vec<_> = items[..course.sent].iter().map(|item| self.faults.hiding(item)).collect();
            let asked = kept(items, &hidden);
            let verdicts = if course.calls { self.inner.fetch(&asked, format, spool).await } else { Vec::new() };
            course.end(merge(hidden, verdicts)).await
        };
        self.schedule.call(Method::Fetch.as_str(), fetch).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<T: Destination + ?Sized> Destination for Faulty<T> {
    async fn ensure_folders(&self, folders: &[NewFolder]) -> Vec<Result<EnsuredFolder>> {
        let course = Course::of(self.faults.strike(Method::EnsureFolders), folders.len());
        let step = self.schedule.begin(Method::EnsureFolders.as_str()).await;
        match step.when() {
            Some(When::Half) => {
                self.inner.ensure_folders(&folders[..folders.len() / 2]).await;
                self.schedule.die().await
            }
            Some(When::Late(_)) => self.schedule.die().await,
            _ => {
                let sent = &folders[..course.sent];
                let verdicts = if course.calls { self.inner.ensure_folders(sent).await } else { Vec::new() };
                let verdicts = course.end(verdicts).await;
                step.end().await;
                verdicts
            }
        }
    }

    async fn locate(&self, folder: &FolderId, wanted: &[Wanted], after: Option<&Position>) -> Result<Vec<Vec<Match>>> {
        self.call(Method::Locate, self.inner.locate(folder, wanted, after)).await
    }

    async fn write(&self, folder: &FolderId, writes: &[Write]) -> Vec<Result<Written>> {
        let fault = self.faults.strike(Method::Write);
        let step = self.schedule.begin(Method::Write.as_str()).await;
        match (step.when(), &fault) {
            (Some(When::Half), _) => {
                self.send(folder, &writes[..writes.len() / 2]).await;
                self.schedule.die().await
            }
            (Some(When::Late(delay)), _) => {
                self.send_late(folder, writes, delay);
                self.schedule.die().await
            }
            (_, Some(Fault::Late(delay))) => {
                self.send_late(folder, writes, *delay);
                step.end().await;
                vec![Err(lost()); writes.len()]
            }
            _ => {
                let course = Course::of(fault, writes.len());
                let sent = &writes[..course.sent];
                let verdicts = if course.calls { self.send(folder, sent).await } else { Vec::new() };
                let verdicts = course.end(verdicts).await;
                step.end().await;
                verdicts
            }
        }
    }

    async fn close(&self) {
        self.faults.strike(Method::Close);
        self.schedule.call(Method::Close.as_str(), self.inner.close()).await;
    }
}

impl<T: Destination + ?Sized> Faulty<T> {
    async fn send(&self, folder: &FolderId, writes: &[Write]) -> Vec<Result<Written>> {
        let refused: Vec<_> = writes.iter().map(|write| self.faults.refusal(write)).collect();
        merge(refused.clone(), self.inner.write(folder, &kept(writes, &refused)).await)
    }

    fn send_late(&self, folder: &FolderId, writes: &[Write], delay: Duration) {
        let (inner, folder, writes) = (self.inner.clone(), folder.clone(), writes.to_vec());
        self.schedule.later(delay, async move { _ = inner.write(&folder, &writes).await });
    }
}

/// How a call that is a batch goes.
struct Course {
    /// Whether anything reaches the server at all.
    calls: bool,
    /// How many of the batch are executed, and how many of those are answered.
    sent: usize,
    answered: usize,
    /// Of how many.
    all: usize,
    /// What the others are told.
    error: Option<Error>,
    /// How long the answers take.
    slow: Duration,
    hangs: bool,
}

impl Course {
    fn of(fault: Option<Fault>, all: usize) -> Self {
        let slow = Duration::ZERO;
        let course =
            |sent: usize, answered, error| Self { calls: sent > 0, sent, answered, all, error, slow, hangs: false };
        match fault {
            None => Self { calls: true, ..course(all, all, None) },
            Some(Fault::Before(error)) => course(0, 0, Some(error)),
            Some(Fault::After(error)) => course(all, 0, Some(error)),
            Some(Fault::Half(Rest::Untouched)) => course(all / 2, all / 2, Some(untouched())),
            Some(Fault::Half(Rest::Unknown)) => course(all / 2, all / 2, Some(lost())),
            Some(Fault::Half(Rest::Unanswered)) => course(all, all / 2, Some(lost())),
            Some(Fault::Late(_)) => course(0, 0, Some(unsent())),
            Some(Fault::Slow(slow)) => Self { slow, ..course(all, all, None) },
            Some(Fault::Hang) => Self { hangs: true, ..course(all, all, None) },
        }
    }

    async fn end<R: Clone>(self, mut verdicts: Vec<Result<R>>) -> Vec<Result<R>> {
        if self.hangs {
            return future::pending().await;
        }
        if !self.slow.is_zero() {
            tokio::time::sleep(self.slow).await;
        }
        if let Some(error) = self.error {
            verdicts.truncate(self.answered);
            verdicts.resize(self.all, Err(error));
        }
        verdicts
    }
}

fn kept<Q: Clone>(asked: &[Q], errors: &[Option<Error>]) -> Vec<Q> {
    asked.iter().zip(errors).filter(|(_, error)| error.is_none()).map(|(asked, _)| asked.clone()).collect()
}

/// Puts each verdict back into its place among the errors.
fn merge<R>(errors: Vec<Option<Error>>, verdicts: Vec<Result<R>>) -> Vec<Result<R>> {
    let mut verdicts = verdicts.into_iter();
    errors.into_iter().filter_map(|error| error.map_or_else(|| verdicts.next(), |error| Some(Err(error)))).collect()
}
