//! The server's clock, which may run faster than the world's.

use std::time::Duration;

use tokio::time::Instant;

/// Time since the server started. It follows tokio's clock, so that it stands still where that one does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
    speed: f64,
}

impl Clock {
    /// A clock that is so many times as fast as the world's.
    pub(crate) fn new(speed: f64) -> Self {
        Self { start: Instant::now(), speed: if speed > 0.0 { speed } else { 1.0 } }
    }

    /// Since the start, on this clock.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed().mul_f64(self.speed)
    }

    /// How long a time of this clock lasts in the world.
    pub(crate) fn outside(&self, time: Duration) -> Duration {
        time.div_f64(self.speed)
    }
}
