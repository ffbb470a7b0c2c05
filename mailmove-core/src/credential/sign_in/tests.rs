use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::*;
use crate::{FixedCredentials, Side};

/// Gives a new token whenever the last one was rejected; says what it was told.
#[derive(Debug, Default)]
struct Tokens {
    access: Option<Access>,
    generation: AtomicU64,
    accepted: AtomicUsize,
    rejected: AtomicUsize,
}

#[async_trait]
impl CredentialProvider for Tokens {
    async fn credential(&self, mailbox: &Mailbox) -> Result<Credential> {
        let mut credential = Credential::new(mailbox.login_name(), Secret::token("t"));
        credential.grant = "application".into();
        credential.generation = self.generation.load(Ordering::Relaxed);
        Ok(credential.with_access(self.access.clone().unwrap_or(Access::Impersonate)))
    }

    async fn rejected(&self, _mailbox: &Mailbox, credential: &Credential) -> Result<()> {
        self.generation.store(credential.generation + 1, Ordering::Relaxed);
        self.rejected.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn accepted(&self, _mailbox: &Mailbox, _credential: &Credential) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }
}

fn mailbox(name: &str) -> Mailbox {
    Mailbox::new(Side::Source, name)
}

fn refused<T>() -> Result<T> {
    Err(Error::new(ErrorKind::Credential, "the server refused the credential"))
}

fn admin(secret: Secret) -> SignIn {
    SignIn::new(Arc::new(FixedCredentials::administrator("admin", Access::Authzid, secret)))
}

#[tokio::test(start_paused = true)]
async fn a_wrong_administrator_password_makes_one_attempt_for_any_number_of_mailboxes() {
    let sign_in = admin(Secret::password("wrong"));
    let attempts = Arc::new(AtomicUsize::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..100 {
        let (sign_in, attempts) = (sign_in.clone(), attempts.clone());
        tasks.spawn(async move {
            let outcome: Result<()> = sign_in
                .with(&mailbox(&format!("user{number}")), |_| async {
                    attempts.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    refused::<()>().map_err(|error| error.with("answer", "NO wrong"))
                })
                .await;
            outcome.unwrap_err()
        });
    }
    let errors = tasks.join_all().await;
    assert_eq!(attempts.load(Ordering::Relaxed), 1);
    assert!(errors.iter().all(|error| error.to_string().contains("NO wrong")), "all know what was said");
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::Credential && error.side() == Some(Side::Source)));
}

#[tokio::test(start_paused = true)]
async fn once_a_credential_signed_in_all_go_at_once() {
    let sign_in = admin(Secret::password("right"));
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let began = tokio::time::Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..10 {
        let (sign_in, now, most) = (sign_in.clone(), now.clone(), most.clone());
        tasks.spawn(async move {
            let attempt = |_| async {
                let before = now.fetch_add(1, Ordering::Relaxed);
                if began.elapsed() < Duration::from_secs(1) {
                    assert_eq!(before, 0, "the first attempt is alone");
                }
                most.fetch_max(before + 1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(1)).await;
                now.fetch_sub(1, Ordering::Relaxed);
                Ok(())
            };
            sign_in.with(&mailbox(&format!("user{number}")), attempt).await.unwrap();
        });
    }
    tasks.join_all().await;
    assert_eq!(most.load(Ordering::Relaxed), 9);
}

#[tokio::test]
async fn a_failure_that_is_no_refusal_leaves_the_credential_alone() {
    let provider = Arc::new(Tokens::default());
    let sign_in = SignIn::new(provider.clone());
    for kind in [ErrorKind::Network, ErrorKind::Timeout, ErrorKind::Throttled, ErrorKind::Tls] {
        let outcome: Result<()> = sign_in.with(&mailbox("alice"), |_| async { Err(Error::new(kind, "no")) }).await;
        assert_eq!(outcome.unwrap_err().kind(), kind);
    }
    assert_eq!((provider.accepted.load(Ordering::Relaxed), provider.rejected.load(Ordering::Relaxed)), (0, 0));
    let denied: Result<()> =
        sign_in.with(&mailbox("alice"), |_| async { Err(Error::new(ErrorKind::AccessDenied, "no right")) }).await;
    assert_eq!(denied.unwrap_err().kind(), ErrorKind::AccessDenied);
    assert_eq!(provider.accepted.load(Ordering::Relaxed), 1, "signed in, but without the right");
}

#[tokio::test]
async fn a_token_that_was_never_good_is_not_replaced_by_another() {
    let provider = Arc::new(Tokens::default());
    let attempts = AtomicUsize::new(0);
    let outcome: Result<()> = SignIn::new(provider.clone())
        .with(&mailbox("alice"), |_| async {
            attempts.fetch_add(1, Ordering::Relaxed);
            refused()
        })
        .await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Credential);
    assert_eq!((attempts.into_inner(), provider.rejected.load(Ordering::Relaxed)), (1, 1));
}

#[tokio::test]
async fn a_token_revoked_in_the_middle_is_replaced_once() {
    for kind in [ErrorKind::Credential, ErrorKind::CredentialExpired] {
        let provider = Arc::new(Tokens::default());
        let sign_in = SignIn::new(provider.clone());
        sign_in.with(&mailbox("alice"), |_| async { Ok(()) }).await.unwrap();
        let alice = mailbox("alice");
        let generation = sign_in.with(&alice, |credential| async move {
            if credential.generation == 0 { Err(Error::new(kind, "no")) } else { Ok(credential.generation) }
        });
        assert_eq!(generation.await.unwrap(), 1);
        assert_eq!(provider.accepted.load(Ordering::Relaxed), 2);
    }
}

#[tokio::test]
async fn an_expired_token_without_a_fresh_one_says_that_it_expired() {
    let sign_in = admin(Secret::token("old"));
    let outcome: Result<()> =
        sign_in.with(&mailbox("alice"), |_| async { Err(Error::new(ErrorKind::CredentialExpired, "expired")) }).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::CredentialExpired);
}

#[tokio::test]
async fn an_expired_session_of_a_password_is_made_anew_with_the_same_password() {
    let sign_in = admin(Secret::password("right"));
    let attempts = AtomicUsize::new(0);
    let alice = mailbox("alice");
    let outcome = sign_in.with(&alice, |_| async {
        match attempts.fetch_add(1, Ordering::Relaxed) {
            0 => Err(Error::new(ErrorKind::CredentialExpired, "the session is over")),
            _ => Ok(()),
        }
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn an_administrator_refused_for_one_mailbox_may_open_another_and_is_given_up_after_two_in_a_row() {
    for secret in [Secret::password("right"), Secret::token("right")] {
        let provider: Arc<dyn CredentialProvider> = match &secret {
            Secret::Password(_) => Arc::new(FixedCredentials::administrator("a", Access::Authzid, secret)),
            _ => Arc::new(Tokens::default()),
        };
        let sign_in = SignIn::new(provider);
        let attempts = AtomicUsize::new(0);
        let open = async |name: &str, good: bool| {
            attempts.store(0, Ordering::Relaxed);
            let attempt = |_| async {
                attempts.fetch_add(1, Ordering::Relaxed);
                if good { Ok(()) } else { refused() }
            };
            let outcome = sign_in.with(&mailbox(name), attempt).await;
            (outcome.is_ok(), attempts.load(Ordering::Relaxed))
        };
        assert_eq!(open("alice", true).await, (true, 1));
        assert!(!open("typo", false).await.0);
        assert_eq!(open("typo", true).await, (false, 0), "not tried again");
        assert_eq!(open("bob", true).await, (true, 1), "still good for others");
        assert!(!open("carol", false).await.0);
        assert!(!open("dave", false).await.0);
        let last = open("erin", true).await;
        match sign_in.0.provider.credential(&mailbox("erin")).await {
            Ok(fresh) => assert!(fresh.generation > 0, "the refused token was not offered again"),
            Err(_) => assert_eq!(last, (false, 0), "two in a row are one for all"),
        }
    }
}

#[tokio::test]
async fn an_owner_who_changed_the_password_is_refused_at_once() {
    let provider = Arc::new(Tokens { access: Some(Access::Owner), ..Tokens::default() });
    let sign_in = SignIn::new(provider.clone());
    sign_in.with(&mailbox("alice"), |_| async { Ok(()) }).await.unwrap();
    let attempts = AtomicUsize::new(0);
    let outcome: Result<()> = sign_in
        .with(&mailbox("alice"), |_| async {
            attempts.fetch_add(1, Ordering::Relaxed);
            refused()
        })
        .await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Credential);
    assert_eq!((attempts.into_inner(), provider.rejected.load(Ordering::Relaxed)), (2, 2));
}
