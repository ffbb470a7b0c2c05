use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{advance, sleep};

use super::*;
use crate::Side;

const SECOND: Duration = Duration::from_secs(1);

fn guard(limits: Limits) -> Guard {
    Guard::new("server", limits)
}

/// Fails with these errors, one per attempt, then succeeds with the number of attempts.
async fn run(guard: &Guard, call: Call, errors: Vec<Error>) -> Result<u32> {
    let errors = std::sync::Mutex::new(errors.into_iter());
    guard
        .run(call, |attempt| {
            let error = errors.lock().unwrap().next();
            async move { error.map_or(Ok(attempt.number()), Err) }
        })
        .await
}

fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "as told").on(Side::Source)
}

fn told_to_wait(seconds: u32) -> Error {
    error(ErrorKind::Throttled).with_recovery(Recovery::Retry { after: Some(seconds * SECOND) })
}

#[tokio::test(start_paused = true)]
async fn what_did_not_happen_is_repeated_for_both_kinds_of_call() {
    for call in [Call::repeatable("read"), Call::once("write")] {
        let errors = vec![error(ErrorKind::Unavailable), error(ErrorKind::Throttled)];
        assert_eq!(run(&guard(Limits::new()), call, errors).await.unwrap(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_came_is_asked_again_only_when_asking_twice_is_harmless() {
    for kind in [ErrorKind::Network, ErrorKind::Timeout] {
        let guard = guard(Limits::new());
        assert_eq!(run(&guard, Call::repeatable("read"), vec![error(kind)]).await.unwrap(), 2);
        let lost = run(&guard, Call::once("write"), vec![error(kind)]).await.unwrap_err();
        assert_eq!((lost.kind(), lost.recovery(), lost.side()), (kind, Recovery::Locate, Some(Side::Source)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_never_reached_the_server_is_repeated_even_for_a_once_call() {
    let guard = guard(Limits::new());
    let answer = guard.run(Call::once("write"), |attempt| async move {
        if attempt.number() < 3 {
            attempt.untouched();
            return Err(error(ErrorKind::Network));
        }
        Ok(attempt.number())
    });
    assert_eq!(answer.await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_may_have_happened_is_final_for_a_once_call_and_repeated_for_another() {
    let maybe = || vec![error(ErrorKind::Unavailable).with_recovery(Recovery::Locate)];
    let guard = guard(Limits::new());
    let lost = run(&guard, Call::once("write"), maybe()).await.unwrap_err();
    assert_eq!(lost.recovery(), Recovery::Locate);
    assert_eq!(run(&guard, Call::repeatable("read"), maybe()).await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn every_other_error_is_final_and_untouched() {
    let guard = guard(Limits::new());
    for kind in [ErrorKind::Credential, ErrorKind::CredentialExpired, ErrorKind::Refused, ErrorKind::NotFound] {
        let last = run(&guard, Call::repeatable("read"), vec![error(kind)]).await.unwrap_err();
        assert_eq!((last.kind(), last.recovery()), (kind, kind.recovery()));
    }
    assert_eq!(guard.health().repeats, 0);
}

#[tokio::test(start_paused = true)]
async fn attempts_are_bounded_and_the_last_error_says_how_many() {
    let made = AtomicU32::new(0);
    let last = guard(Limits::new().attempts(3))
        .run(Call::repeatable("read"), |_| async {
            made.fetch_add(1, Ordering::Relaxed);
            Err::<(), _>(error(ErrorKind::Unavailable))
        })
        .await
        .unwrap_err();
    assert_eq!(made.load(Ordering::Relaxed), 3);
    assert!(last.to_string().contains("attempts: 3"), "{last}");
    let once = run(&guard(Limits::new()), Call::repeatable("read").attempts(1), vec![error(ErrorKind::Network)]).await;
    assert!(once.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_sick_server_gets_no_more_extra_load_than_was_earned() {
    let mut limits = Limits::new().attempts(3);
    limits.saved_repeats = 4;
    limits.repeats_per_success = 0.5;
    let guard = guard(limits);
    let made = AtomicU32::new(0);
    let fail = async |times: u32| {
        for _ in 0..times {
            let call = guard.run(Call::repeatable("read"), |_| async {
                made.fetch_add(1, Ordering::Relaxed);
                Err::<(), _>(error(ErrorKind::Unavailable))
            });
            call.await.unwrap_err();
        }
        made.swap(0, Ordering::Relaxed)
    };
    assert_eq!(fail(10).await, 10 + 4, "ten calls and the saved repeats");
    for _ in 0..4 {
        run(&guard, Call::repeatable("read"), vec![]).await.unwrap();
    }
    assert_eq!(fail(10).await, 10 + 2, "two more were earned by four successes");
}

#[tokio::test(start_paused = true)]
async fn a_back_off_doubles_and_is_half_chance() {
    let limits = Limits::new();
    for (tries, most) in [(1, 0.5), (2, 1.0), (3, 2.0), (40, 60.0)] {
        for _ in 0..50 {
            let wait = retry::backoff(&limits, tries).as_secs_f64();
            assert!((most / 2.0..=most).contains(&wait), "{tries}: {wait}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_server_asked_for_is_everybodys() {
    let guard = guard(Limits::new());
    let began = Instant::now();
    let throttled = run(&guard, Call::once("write"), vec![told_to_wait(30)]);
    let other = async {
        sleep(SECOND).await;
        guard.run(Call::repeatable("read"), |_| async { Ok(began.elapsed()) }).await
    };
    let (answer, started) = tokio::join!(throttled, other);
    assert_eq!(answer.unwrap(), 2);
    assert!(started.unwrap() >= 30 * SECOND);
    assert!(began.elapsed() < 31 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn waits_asked_for_do_not_count_as_attempts_but_are_bounded_by_patience() {
    let guard = guard(Limits::new().attempts(2).patience(100 * SECOND));
    let waits = |count| (0..count).map(|_| told_to_wait(20)).collect();
    assert_eq!(run(&guard, Call::repeatable("read"), waits(5)).await.unwrap(), 6);
    let last = run(&guard, Call::repeatable("read"), waits(6)).await.unwrap_err();
    assert!(matches!(last.recovery(), Recovery::Pause { until: Some(_) }), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_longer_than_patience_is_told_instead_of_slept_through() {
    let guard = guard(Limits::new().patience(60 * SECOND));
    let began = Instant::now();
    let before = OffsetDateTime::now_utc();
    let first = run(&guard, Call::once("write"), vec![told_to_wait(3600)]).await.unwrap_err();
    let Recovery::Pause { until: Some(until) } = first.recovery() else { panic!("{first:?}") };
    assert!(until >= before + 3599 * SECOND);
    let second = run(&guard, Call::once("write"), vec![]).await.unwrap_err();
    assert_eq!(second.kind(), ErrorKind::Throttled);
    assert!(matches!(second.recovery(), Recovery::Pause { until: Some(_) }));
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_sleeping_call_holds_no_slot() {
    let guard = guard(Limits::new().slots(1, 1));
    let failing = run(&guard, Call::repeatable("read"), vec![error(ErrorKind::Network)]);
    let other = async {
        sleep(Duration::from_millis(1)).await;
        assert_eq!(guard.health().taken, 0);
        run(&guard, Call::repeatable("read"), vec![]).await
    };
    let (first, second) = tokio::join!(failing, other);
    assert_eq!((first.unwrap(), second.unwrap()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn silence_fails_and_slowness_does_not() {
    let guard = guard(Limits::new().attempts(1));
    let slow = guard.run(Call::once("upload").idle(10 * SECOND), |attempt| async move {
        for _ in 0..100 {
            sleep(9 * SECOND).await;
            attempt.touch();
        }
        Ok(())
    });
    slow.await.unwrap();
    let began = Instant::now();
    let silent = guard.run(Call::once("upload").idle(10 * SECOND), |attempt| async move {
        sleep(9 * SECOND).await;
        attempt.touch();
        std::future::pending::<Result<()>>().await
    });
    let lost = silent.await.unwrap_err();
    assert_eq!((lost.kind(), lost.recovery()), (ErrorKind::Timeout, Recovery::Locate));
    assert_eq!(began.elapsed(), 19 * SECOND);
    assert_eq!(guard.health().unanswered, 1);
}

/// Runs `calls` at once and says how many were in flight at most.
async fn crowd(guard: &Guard, calls: usize) -> usize {
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let one = || {
        guard.run(Call::repeatable("read"), |_| async {
            most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            sleep(SECOND).await;
            now.fetch_sub(1, Ordering::Relaxed);
            Ok(())
        })
    };
    let mut set = Vec::from_iter((0..calls).map(|_| Box::pin(one())));
    let all = std::future::poll_fn(|context| {
        set.retain_mut(|call| call.as_mut().poll(context).is_pending());
        if set.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    });
    all.await;
    most.load(Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn slots_halve_on_overload_and_come_back_one_by_one() {
    let guard = guard(Limits::new().slots(1, 8));
    assert_eq!(crowd(&guard, 20).await, 8);
    run(&guard, Call::repeatable("read"), vec![told_to_wait(1)]).await.unwrap();
    assert_eq!(guard.health().slots, 4);
    assert_eq!(crowd(&guard, 4).await, 4);
    assert!(crowd(&guard, 100).await > 4);
    assert_eq!(guard.health().slots, 8);
    for _ in 0..10 {
        run(&guard, Call::repeatable("read"), vec![error(ErrorKind::Unavailable)]).await.unwrap();
    }
    assert_eq!(guard.health().slots, 1);
    assert_eq!(crowd(&guard, 2).await, 1);
}

#[tokio::test(start_paused = true)]
async fn one_overload_that_hits_many_attempts_halves_the_slots_once() {
    let guard = guard(Limits::new().slots(1, 8));
    let hit = || {
        guard.run(Call::repeatable("read"), |attempt| async move {
            sleep(SECOND).await;
            if attempt.number() == 1 { Err(told_to_wait(5)) } else { Ok(()) }
        })
    };
    let (a, b, c, d) = tokio::join!(hit(), hit(), hit(), hit());
    for outcome in [a, b, c, d] {
        outcome.unwrap();
    }
    assert_eq!(guard.health().slots, 4);
    assert_eq!(guard.health().throttled, 4);
}

#[tokio::test(start_paused = true)]
async fn a_child_works_within_its_parents_slots() {
    let tenant = guard(Limits::new().slots(1, 3));
    let one = tenant.child("one", Limits::new().slots(1, 2));
    let two = tenant.child("two", Limits::new().slots(1, 2));
    assert_eq!(crowd(&one, 10).await, 2);
    let both = async { tokio::join!(crowd(&one, 10), crowd(&two, 10)) };
    let watch = async {
        sleep(SECOND / 2).await;
        assert_eq!(tenant.health().taken, 3);
    };
    tokio::join!(both, watch);
    assert_eq!(one.to_string(), "server/one");
    assert_eq!(tenant.health().calls, 30);
}

#[tokio::test(start_paused = true)]
async fn a_childs_pause_leaves_its_siblings_alone_and_a_parents_does_not() {
    let tenant = guard(Limits::new());
    let (one, two) = (tenant.child("one", Limits::new()), tenant.child("two", Limits::new()));
    one.pause(20 * SECOND);
    let began = Instant::now();
    run(&two, Call::repeatable("read"), vec![]).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
    tenant.pause(5 * SECOND);
    run(&two, Call::repeatable("read"), vec![]).await.unwrap();
    assert!(began.elapsed() >= 5 * SECOND);
    run(&one, Call::repeatable("read"), vec![]).await.unwrap();
    assert!(began.elapsed() >= 20 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_overload_of_the_server_slows_down_everyone_and_a_throttle_only_its_own() {
    let tenant = guard(Limits::new().slots(1, 8));
    let one = tenant.child("one", Limits::new().slots(1, 4));
    run(&one, Call::repeatable("read"), vec![told_to_wait(1)]).await.unwrap();
    assert_eq!((tenant.health().slots, one.health().slots), (8, 2));
    run(&one, Call::repeatable("read"), vec![error(ErrorKind::Unavailable)]).await.unwrap();
    assert_eq!((tenant.health().slots, one.health().slots), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_gives_its_slot_back() {
    let guard = guard(Limits::new().slots(1, 1));
    let stuck = guard.run(Call::repeatable("read"), |_| std::future::pending::<Result<()>>());
    assert!(tokio::time::timeout(SECOND, stuck).await.is_err());
    assert_eq!(guard.health().taken, 0);
    run(&guard, Call::repeatable("read"), vec![]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn latency_shows_when_a_server_slows_down() {
    let guard = guard(Limits::new());
    assert_eq!(guard.health().latency, None);
    for round in 0..40 {
        let took = if round < 30 { SECOND / 10 } else { 5 * SECOND };
        guard
            .run(Call::repeatable("read"), |_| async move {
                sleep(took).await;
                Ok(())
            })
            .await
            .unwrap();
    }
    let latency = guard.health().latency.unwrap();
    assert!(latency.recent > 3 * latency.usual, "{latency:?}");
}

#[tokio::test(start_paused = true)]
async fn an_absurd_wait_is_bounded() {
    let guard = guard(Limits::new());
    guard.pause(Duration::MAX);
    advance(366 * 24 * 3600 * SECOND).await;
    assert_eq!(guard.health().paused, None);
}
