//! What runs for a server.

use std::sync::Mutex;

use tokio::task::JoinSet;

use super::lock;

/// The tasks of one server: its connections, and what outlives them. None of them outlives the server.
#[derive(Debug, Default)]
pub(crate) struct Tasks(Mutex<Sets>);

#[derive(Debug, Default)]
struct Sets {
    connections: JoinSet<()>,
    late: JoinSet<()>,
    ended: bool,
}

impl Tasks {
    /// Runs a connection.
    pub(super) fn spawn_connection(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut sets = lock(&self.0);
        while sets.connections.try_join_next().is_some() {}
        if !sets.ended {
            sets.connections.spawn(task);
        }
    }

    /// Runs something that outlives its connection, not the server.
    pub(crate) fn spawn_late(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut sets = lock(&self.0);
        while sets.late.try_join_next().is_some() {}
        if !sets.ended {
            sets.late.spawn(task);
        }
    }

    /// Ends all connections at once, in the middle of whatever they do.
    pub(crate) fn disconnect_all(&self) {
        lock(&self.0).connections.abort_all();
    }

    /// Ends everything, for good.
    pub(super) fn end(&self) {
        let mut sets = lock(&self.0);
        sets.ended = true;
        sets.connections.abort_all();
        sets.late.abort_all();
    }
}
