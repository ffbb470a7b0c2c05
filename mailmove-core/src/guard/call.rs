use std::time::Duration;

/// What is asked of a server: its name, and whether asking twice is the same as asking once.
#[derive(Debug, Clone)]
pub struct Call {
    pub(super) name: &'static str,
    pub(super) once: bool,
    pub(super) idle: Option<Duration>,
    pub(super) attempts: Option<u32>,
}

impl Call {
    /// A call that may be made again when its answer got lost: it reads, or sets what it sets.
    pub fn repeatable(name: &'static str) -> Self {
        Self { name, once: false, idle: None, attempts: None }
    }

    /// A call that must not happen twice: it adds something. It is repeated only when the server certainly did not
    /// touch it.
    pub fn once(name: &'static str) -> Self {
        Self { once: true, ..Self::repeatable(name) }
    }

    /// The same with another idle timeout than [`Limits::idle`](super::Limits::idle).
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = Some(idle);
        self
    }

    /// The same with another number of attempts than [`Limits::attempts`](super::Limits::attempts); 1 never repeats a
    /// failure. Waits that the server asked for do not count.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts.max(1));
        self
    }

    /// The name, for traces and errors.
    pub fn name(&self) -> &'static str {
        self.name
    }
}
