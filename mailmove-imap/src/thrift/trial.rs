//! Whether deflating pays, found out by one trial: times and counts in, a decision out.
//!
//! Connections begin plain. What they move is measured in spans of time in which something is under way. Two spans in a row
//! that moved about as much are what this server and this link give. If that is little, deflated connections take over and
//! two spans of theirs are measured; they stay if they move more, and if it is deflating that can have done it. Anything else
//! that may hold a server back, and a processor that has no time to deflate, shows as a rate that did not rise.

use std::time::Duration;

use tokio::time::Instant;

/// How far one span may be above the one before and both be taken for what there is. A span is few calls, of which one more
/// or less makes much; with the connections that a mailbox opens at its beginning, the rate doubles.
const SAME: f64 = 1.3;
/// How much more deflated connections have to move. Base64 of what cannot be made smaller gives way by three tenths: half of
/// that is clear of chance, and worth the processor time.
const GAIN: f64 = 1.15;

/// How long and how much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// A span is so long at least; the time in which nothing is under way does not count.
    pub(crate) time: Duration,
    /// And so much moves in it at least, in bytes.
    pub(crate) bytes: u64,
    /// Nothing is tried above this rate, in bytes a second.
    pub(crate) fast: f64,
}

impl Bounds {
    /// Two seconds are many round trips on any way, 4 MiB are more than one call; a mailbox that is done in few such spans is
    /// left alone. Deflating pays at 50 Mbit/s and loses at 200 (`docs/performance.md`); the bound lies between, since below it
    /// the trial has the last word.
    pub(crate) const USUAL: Self = Self { time: Duration::from_secs(2), bytes: 4 << 20, fast: 12.5e6 };
}

/// What moved up to a moment, over all connections of a server and in both directions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) at: Instant,
    /// Bytes above compression.
    pub(crate) payload: u64,
    /// Bytes of deflated connections below it.
    pub(crate) wire: u64,
}

/// The trial of one server.
#[derive(Debug)]
pub(crate) struct Trial {
    bounds: Bounds,
    stage: Stage,
    seen: Sample,
    /// Calls under way on plain connections, and on deflated ones.
    calls: [usize; 2],
    span: Span,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    /// Plain connections are measured; the span before.
    Plain(Option<Span>),
    /// Deflated connections take over from plain ones that had this rate. Their first span is not judged: the system's buffers
    /// take much of it at once, and new connections begin slowly.
    Begun { plain: f64 },
    /// They are measured; the span before.
    Deflated { plain: f64, before: Option<Span> },
    /// Decided.
    Over { deflated: bool },
}

#[derive(Debug, Clone, Copy, Default)]
struct Span {
    time: Duration,
    payload: u64,
    wire: u64,
}

impl Trial {
    pub(crate) fn new(bounds: Bounds, now: Sample) -> Self {
        Self { bounds, stage: Stage::Plain(None), seen: now, calls: [0; 2], span: Span::default() }
    }

    /// Whether connections are to be deflated.
    pub(crate) fn deflates(&self) -> bool {
        matches!(self.stage, Stage::Begun { .. } | Stage::Deflated { .. } | Stage::Over { deflated: true })
    }

    /// Whether nothing is left to be found out.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over { .. })
    }

    /// A call that moves much begins, on a connection of this kind.
    pub(crate) fn enter(&mut self, deflated: bool, now: Sample) {
        self.look(now);
        self.calls[usize::from(deflated)] += 1;
    }

    /// It is over.
    pub(crate) fn leave(&mut self, deflated: bool, now: Sample) {
        self.look(now);
        let calls = &mut self.calls[usize::from(deflated)];
        *calls = calls.saturating_sub(1);
    }

    /// The server does not deflate, or broke off when it did.
    pub(crate) fn give_up(&mut self) {
        self.stage = Stage::Over { deflated: false };
    }

    /// Counts what moved since the last look, if all of it was on connections of the kind that is measured.
    fn look(&mut self, now: Sample) {
        let before = std::mem::replace(&mut self.seen, now);
        let kind = usize::from(self.deflates());
        if self.calls[kind] == 0 || self.calls[1 - kind] > 0 {
            return;
        }
        self.span.time += now.at.saturating_duration_since(before.at);
        self.span.payload += now.payload.saturating_sub(before.payload);
        self.span.wire += now.wire.saturating_sub(before.wire);
        if self.span.time >= self.bounds.time && self.span.payload >= self.bounds.bytes {
            let span = std::mem::take(&mut self.span);
            self.stage = self.judge(span);
        }
    }

    fn judge(&self, span: Span) -> Stage {
        let fast = |span: &Span| span.rate() > self.bounds.fast;
        match self.stage {
            Stage::Plain(Some(before)) if fast(&before) && fast(&span) => {
                tell("no compression: this is fast enough", span.rate(), None);
                Stage::Over { deflated: false }
            }
            Stage::Plain(Some(before)) if is_same(before.rate(), span.rate()) && !fast(&span) => {
                // Not of both: in the first one there may have been fewer connections, or buffers to be filled.
                let plain = span.rate();
                tell("compression is tried", plain, None);
                Stage::Begun { plain }
            }
            Stage::Plain(_) => Stage::Plain(Some(span)),
            Stage::Begun { plain } => Stage::Deflated { plain, before: None },
            Stage::Deflated { plain, before: None } if span.rate() >= plain => {
                Stage::Deflated { plain, before: Some(span) }
            }
            Stage::Deflated { plain, before } => {
                let span = before.unwrap_or_default().and(span);
                let deflated = span.rate() >= GAIN * plain && span.shrunk() >= GAIN;
                tell(
                    if deflated { "compression stays" } else { "no compression: it gains nothing" },
                    plain,
                    Some(span.rate()),
                );
                Stage::Over { deflated }
            }
            over @ Stage::Over { .. } => over,
        }
    }
}

impl Span {
    fn and(self, other: Self) -> Self {
        Self { time: self.time + other.time, payload: self.payload + other.payload, wire: self.wire + other.wire }
    }

    /// In bytes a second.
    fn rate(&self) -> f64 {
        self.payload as f64 / self.time.as_secs_f64()
    }

    /// How many bytes went as one.
    fn shrunk(&self) -> f64 {
        self.payload as f64 / self.wire.max(1) as f64
    }
}

fn is_same(one: f64, other: f64) -> bool {
    one.max(other) <= SAME * one.min(other)
}

fn tell(what: &str, plain: f64, deflated: Option<f64>) {
    tracing::debug!(
        target: "mailmove::imap",
        plain_bytes_per_second = plain as u64,
        deflated_bytes_per_second = deflated.map(|rate| rate as u64),
        "{what}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A link and a server with made-up time.
    struct World {
        trial: Trial,
        now: Sample,
        /// Bytes a second.
        link: f64,
        server: f64,
        /// How many bytes the processor deflates in a second, and into how many of them each byte goes.
        processor: f64,
        shrinks: f64,
    }

    const BOUNDS: Bounds = Bounds { time: Duration::from_secs(2), bytes: 1 << 20, fast: 1e7 };

    impl World {
        fn new(link: f64, server: f64) -> Self {
            let now = Sample { at: Instant::now(), payload: 0, wire: 0 };
            Self { trial: Trial::new(BOUNDS, now), now, link, server, processor: 1e8, shrinks: 2.0 }
        }

        /// Moves mail for so many seconds, a call each tenth of one; as the connections are by then.
        fn moves(&mut self, seconds: u32) -> bool {
            for _ in 0..seconds * 10 {
                let deflated = self.trial.deflates();
                self.trial.enter(deflated, self.now);
                let link = if deflated { (self.link * self.shrinks).min(self.processor) } else { self.link };
                let moved = (link.min(self.server) / 10.0) as u64;
                self.now.at += Duration::from_millis(100);
                self.now.payload += moved;
                self.now.wire += if deflated { (moved as f64 / self.shrinks) as u64 } else { 0 };
                self.trial.leave(deflated, self.now);
            }
            self.trial.deflates()
        }
    }

    #[test]
    fn on_a_slow_link_it_begins_and_stays() {
        let mut world = World::new(1e6, 1e8);
        assert!(!world.moves(3), "two spans are needed");
        assert!(world.moves(2));
        assert!(!world.trial.is_over());
        assert!(world.moves(6) && world.trial.is_over());
        assert!(world.moves(3600));
    }

    #[test]
    fn base64_gains_enough() {
        let mut world = World::new(1e6, 1e8);
        world.shrinks = 1.3;
        assert!(world.moves(60) && world.trial.is_over());
    }

    #[test]
    fn a_slow_server_is_tried_once_and_never_again() {
        let mut world = World::new(1e8, 1e6);
        world.moves(4);
        assert!(world.moves(1));
        assert!(!world.moves(10) && world.trial.is_over());
        (world.link, world.server) = (1e6, 1e8);
        assert!(!world.moves(3600), "even if the link is what is slow later");
    }

    #[test]
    fn a_processor_without_time_is_left_alone() {
        let mut world = World::new(1e6, 1e8);
        world.processor = 1.1e6;
        world.moves(4);
        assert!(world.moves(1));
        assert!(!world.moves(10) && world.trial.is_over());
    }

    #[test]
    fn on_a_fast_link_nothing_is_tried() {
        let mut world = World::new(1e8, 1e8);
        for _ in 0..60 {
            assert!(!world.moves(1));
        }
        assert!(world.trial.is_over(), "it is not even measured any more");
    }

    #[test]
    fn too_little_mail_tries_nothing() {
        let mut little = World::new(1e6, 1e8);
        assert!(!little.moves(3));
        let mut still = World::new(1e3, 1e8);
        assert!(!still.moves(600), "not even a megabyte in ten minutes");
    }

    #[test]
    fn a_rate_that_goes_up_and_down_tries_nothing() {
        let mut world = World::new(1e6, 1e8);
        for round in 0..20 {
            world.link = [1e6, 2e6][round % 2];
            assert!(!world.moves(2));
        }
    }

    #[test]
    fn a_gain_that_deflating_cannot_have_made_does_not_count() {
        let mut world = World::new(1e6, 1e8);
        world.shrinks = 1.02;
        world.moves(4);
        assert!(world.moves(1));
        world.link = 3e6;
        assert!(!world.moves(10) && world.trial.is_over());
    }

    #[test]
    fn a_refusal_ends_it() {
        let mut world = World::new(1e6, 1e8);
        world.moves(4);
        assert!(world.moves(1));
        world.trial.give_up();
        assert!(!world.moves(3600));
    }

    #[test]
    fn time_counts_only_while_one_kind_of_connection_is_busy() {
        let mut world = World::new(1e6, 1e8);
        world.moves(2);
        world.now.at += Duration::from_secs(3600);
        assert!(!world.moves(1));
        assert!(world.moves(2), "the hour of rest did not lower the rate");
        world.trial.enter(false, world.now);
        world.moves(60);
        assert!(!world.trial.is_over(), "a plain connection was busy beside them all the time");
        world.trial.leave(false, world.now);
        assert!(world.moves(10) && world.trial.is_over());
    }
}
