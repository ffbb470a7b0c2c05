//! The listening end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::tasks::Tasks;

/// Listens on the loopback interface. When it is dropped, it ends, and all tasks with it, whatever they are doing.
#[derive(Debug)]
pub(crate) struct Site {
    addr: SocketAddr,
    listening: AbortHandle,
    tasks: Arc<Tasks>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.listening.abort();
        self.tasks.end();
    }
}

impl Site {
    /// Listens on a port, or on a free one for 0. What serves connections is made once the address is known.
    ///
    /// # Errors
    /// When the port is taken.
    pub(crate) async fn listen<S, C>(
        port: u16,
        tasks: Arc<Tasks>,
        service: impl FnOnce(SocketAddr) -> S,
    ) -> io::Result<Self>
    where
        S: Fn(TcpStream) -> C + Send + 'static,
        C: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let addr = listener.local_addr()?;
        let serve = service(addr);
        let spawner = tasks.clone();
        let accept = async move {
            while let Ok((tcp, _)) = listener.accept().await {
                spawner.spawn_connection(serve(tcp));
            }
        };
        Ok(Self { addr, listening: tokio::spawn(accept).abort_handle(), tasks })
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }
}
