//! The listening end.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::exchange;
use super::hub::Hub;
use super::lock;
use super::message::Service;

/// A server on the loopback interface. It ends when this is dropped, whatever its connections are doing.
pub(crate) struct Site {
    hub: Arc<Hub>,
    addr: SocketAddr,
    listening: AbortHandle,
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").field("addr", &self.addr).finish_non_exhaustive()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.listening.abort();
        self.hub.end();
    }
}

impl Site {
    /// Listens on a port, or on a free one for 0.
    ///
    /// The service is made once the address is known.
    ///
    /// # Errors
    /// When the port is taken.
    pub(crate) async fn listen<S: Service>(
        hub: Arc<Hub>,
        port: u16,
        service: impl FnOnce(SocketAddr) -> Arc<S>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let addr = listener.local_addr()?;
        let service = service(addr);
        let listening = tokio::spawn(accept(listener, hub.clone(), service)).abort_handle();
        Ok(Self { hub, addr, listening })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }
}

async fn accept<S: Service>(listener: TcpListener, hub: Arc<Hub>, service: Arc<S>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let connection = serve(hub.clone(), service.clone(), tcp);
        let mut connections = lock(&hub.connections);
        while connections.try_join_next().is_some() {}
        connections.spawn(connection);
    }
}

async fn serve<S: Service>(hub: Arc<Hub>, service: Arc<S>, tcp: TcpStream) {
    let _ = tcp.set_nodelay(true);
    let number = hub.log.connection();
    let answer = service_fn(move |request| exchange::answer(hub.clone(), service.clone(), number, request));
    // What a fault cut off ends here with an error, as it should.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(tcp), answer).await;
}
