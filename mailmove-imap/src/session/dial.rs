//! Name to address, address to stream.

use std::net::SocketAddr;
use std::time::Duration;

use mailmove_core::{Error, ErrorKind, Result};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The addresses of a host, in the order in which the system gives them.
pub(super) async fn resolve(host: &str, port: u16, limit: Duration) -> Result<Vec<SocketAddr>> {
    let unknown = |why: String| Error::new(ErrorKind::Resolve, format!("the host {host} has no address: {why}"));
    let found = timeout(limit, tokio::net::lookup_host((host, port))).await;
    let found = found.map_err(|_| unknown("the name server does not answer".to_owned()))?;
    let found: Vec<SocketAddr> = found.map_err(|error| unknown(error.to_string()).because(error))?.collect();
    if found.is_empty() { Err(unknown("none at all".to_owned())) } else { Ok(found) }
}

/// The first address that answers.
pub(super) async fn connect(addresses: &[SocketAddr], limit: Duration) -> Result<(TcpStream, SocketAddr)> {
    let mut last = None;
    for address in addresses {
        let error = match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // One command is one write; Nagle would only hold it back behind an answer that is under way.
                let _ = stream.set_nodelay(true);
                return Ok((stream, *address));
            }
            Ok(Err(error)) => Error::new(ErrorKind::Network, format!("cannot connect to {address}: {error}"))
                .remedy("check that the server runs and that the port is right and not blocked")
                .because(error),
            Err(_) => Error::new(ErrorKind::Network, format!("{address} does not answer"))
                .remedy("check the address, the port, and whether something blocks it on the way"),
        };
        last = Some(error);
    }
    Err(last.unwrap_or_else(|| Error::new(ErrorKind::Resolve, "the host has no address")))
}
