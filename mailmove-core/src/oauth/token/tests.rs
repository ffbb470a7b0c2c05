use std::collections::VecDeque;
use std::sync::atomic::AtomicUsize;

use tokio::time::sleep;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Hands out what it was told to, then tokens of 3600 seconds; takes a second for each.
#[derive(Debug, Default)]
struct Scripted {
    script: Mutex<VecDeque<Result<u64>>>,
    asked: AtomicUsize,
}

#[async_trait]
impl Mint for Scripted {
    async fn mint(&self) -> Result<Minted> {
        sleep(SECOND).await;
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let seconds = self.script.lock().unwrap().pop_front().unwrap_or(Ok(3600))?;
        let token = SecretString::from(format!("token {number}"));
        Ok(Minted { token, lifetime: Some(Duration::from_secs(seconds)), refresh: None })
    }
}

fn cache(script: impl IntoIterator<Item = Result<u64>>) -> (Arc<TokenCache>, Arc<Scripted>) {
    let mint = Arc::new(Scripted { script: Mutex::new(script.into_iter().collect()), asked: AtomicUsize::new(0) });
    (Arc::new(TokenCache::new(mint.clone())), mint)
}

impl Scripted {
    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn crowd(cache: &Arc<TokenCache>) -> Vec<Result<Arc<Token>>> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let cache = cache.clone();
        tasks.spawn(async move { cache.token().await });
    }
    tasks.join_all().await
}

#[tokio::test(start_paused = true)]
async fn a_crowd_gets_one_token() {
    let (cache, mint) = cache([]);
    let generations: Vec<_> = crowd(&cache).await.into_iter().map(|token| token.unwrap().generation).collect();
    assert!(generations.iter().all(|generation| *generation == 1));
    assert_eq!(mint.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_crowd_shares_one_failure_and_the_next_asker_tries_again() {
    let (cache, mint) = cache([Err(Error::new(ErrorKind::Network, "no connection"))]);
    assert!(crowd(&cache).await.into_iter().all(|outcome| outcome.unwrap_err().kind() == ErrorKind::Network));
    assert_eq!(mint.asked(), 1);
    cache.token().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_application_asks_once() {
    let (cache, mint) = cache([Err(Error::new(ErrorKind::Credential, "invalid_client"))]);
    for _ in 0..3 {
        assert!(crowd(&cache).await.into_iter().all(|outcome| outcome.unwrap_err().kind() == ErrorKind::Credential));
        sleep(SECOND).await;
    }
    assert_eq!(mint.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_early_and_nobody_waits_for_it() {
    let (cache, mint) = cache([Ok(5), Ok(5), Ok(5), Ok(5), Ok(5), Ok(5)]);
    cache.token().await.unwrap();
    let mut generations = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let before = Instant::now();
        let token = cache.token().await.unwrap();
        assert_eq!(before.elapsed(), Duration::ZERO, "generation {}", token.generation);
        generations.insert(token.generation);
        sleep(SECOND / 10).await;
    }
    assert!(generations.len() >= 4, "{generations:?}");
    assert_eq!(mint.asked(), generations.len(), "no token was fetched in vain");
}

#[tokio::test(start_paused = true)]
async fn a_long_token_is_renewed_five_minutes_before_its_end() {
    let (cache, mint) = cache([]);
    cache.token().await.unwrap();
    sleep(3600 * SECOND - EARLY - 2 * SECOND).await;
    cache.token().await.unwrap();
    sleep(SECOND).await;
    assert_eq!(mint.asked(), 1);
    cache.token().await.unwrap();
    sleep(2 * SECOND).await;
    assert_eq!((mint.asked(), cache.token().await.unwrap().generation), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_renewed_is_used_to_its_end() {
    let down = || Err(Error::new(ErrorKind::Network, "no connection"));
    let (cache, mint) = cache([Ok(100), down(), down(), down()]);
    cache.token().await.unwrap();
    sleep(80 * SECOND).await;
    assert_eq!(cache.token().await.unwrap().generation, 1);
    sleep(2 * SECOND).await;
    assert_eq!(cache.token().await.unwrap().generation, 1);
    assert_eq!(mint.asked(), 2, "not again at once");
    sleep(30 * SECOND).await;
    assert!(cache.token().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_good_and_is_refused_is_replaced_and_one_that_never_was_is_not() {
    let (cache, mint) = cache([]);
    let first = cache.token().await.unwrap();
    cache.accepted(first.generation);
    cache.rejected(first.generation);
    let second = cache.token().await.unwrap();
    assert_eq!((second.generation, mint.asked()), (2, 2));
    cache.rejected(first.generation);
    assert_eq!(cache.token().await.unwrap().generation, 2, "an old refusal says nothing about a new token");
    cache.rejected(second.generation);
    assert_eq!(cache.token().await.unwrap_err().kind(), ErrorKind::Credential);
    assert_eq!(mint.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_without_an_end_and_one_that_lasts_for_ever_are_kept() {
    let (cache, mint) = cache([Ok(u64::MAX)]);
    for _ in 0..3 {
        assert_eq!(cache.token().await.unwrap().generation, 1);
        sleep(100_000 * SECOND).await;
    }
    assert_eq!(mint.asked(), 1);
}
