//! The listening end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::exchange;
use super::hub::Hub;
use super::message::Service;
use crate::simulator::Site;

/// Listens on a port of the loopback interface, or on a free one for 0.
///
/// The service is made once the address is known.
///
/// # Errors
/// When the port is taken.
pub(crate) async fn listen<S: Service>(
    hub: Arc<Hub<S::Mishap>>,
    port: u16,
    service: impl FnOnce(SocketAddr) -> Arc<S>,
) -> io::Result<Site> {
    Site::listen(port, hub.tasks.clone(), |addr| {
        let service = service(addr);
        move |tcp| serve(hub.clone(), service.clone(), tcp)
    })
    .await
}

async fn serve<S: Service>(hub: Arc<Hub<S::Mishap>>, service: Arc<S>, tcp: TcpStream) {
    let _ = tcp.set_nodelay(true);
    let number = hub.log.connection();
    let answer = service_fn(move |request| exchange::answer(hub.clone(), service.clone(), number, request));
    // What a fault cut off ends here with an error, as it should.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(tcp), answer).await;
}
