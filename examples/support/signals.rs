//! Ctrl-C, and the signal by which a service is stopped: the first asks, the second ends.

use mailmove::Stop;

use super::{Status, say};

/// Stops tidily at the first signal, and at once at the second.
pub(crate) fn stop_when_asked() -> Stop {
    let stop = Stop::new();
    let asked = stop.clone();
    tokio::spawn(async move {
        signal().await;
        say!("stopping: what is under way is finished first; once more to stop at once");
        asked.stop();
        signal().await;
        // Safe: what is half done is settled by the next run.
        std::process::exit(Status::NotFinished as i32);
    });
    stop
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => if pressed.is_err() { std::future::pending().await },
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
