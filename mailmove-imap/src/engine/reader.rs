//! The reading half: cuts what arrives into responses and brings them to whom they are for.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use mailmove_core::Error;
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use super::ReadHalf;
use super::table::{Phase, Shared};
use crate::error::{network, protocol, silent};
use crate::wire::{Framer, Incoming, Step};

/// How large a read buffer is. Bodies in the spool are parts of such buffers.
const BUFFER: usize = 256 * 1024;
/// With less room than this in the buffer, the next one is begun.
const LITTLE: usize = 16 * 1024;
/// How long the server may take to hang up after goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// Reads until the connection ends.
pub(super) async fn run(half: ReadHalf, received: BytesMut, idle: Duration, shared: Arc<Shared>) {
    let error = match read_all(half, received, idle, &shared).await {
        Ok(()) => return shared.fail(Error::new(mailmove_core::ErrorKind::Network, "the connection was closed")),
        Err(error) => error,
    };
    shared.fail(error);
}

async fn read_all(mut half: ReadHalf, mut input: BytesMut, idle: Duration, shared: &Shared) -> Result<(), Error> {
    let mut framer = Framer::default();
    let watchdog = tokio::time::sleep(idle);
    tokio::pin!(watchdog);
    let mut goodbye = None;
    let mut phases = shared.phases();
    loop {
        digest(&mut framer, &mut input, shared)?;
        if input.capacity() - input.len() < LITTLE {
            input.reserve(BUFFER);
        }
        tokio::select! {
            biased;
            read = half.read_buf(&mut input) => {
                let count = read.map_err(|error| network(error, "reading"))?;
                if count == 0 {
                    let end = std::io::ErrorKind::UnexpectedEof;
                    return Err(network(std::io::Error::new(end, "the server hung up"), "reading"));
                }
                shared.note_progress();
            }
            () = &mut watchdog => {
                let deadline = goodbye.unwrap_or(shared.last_progress() + idle);
                if Instant::now() >= deadline {
                    if goodbye.is_some() {
                        return Ok(());
                    }
                    // Without a command in flight, silence is no fault.
                    if shared.in_flight() > 0 {
                        return Err(silent(idle));
                    }
                    watchdog.as_mut().reset(Instant::now() + idle);
                } else {
                    watchdog.as_mut().reset(deadline);
                }
            }
            Ok(()) = phases.changed() => match *phases.borrow_and_update() {
                Phase::Open => {}
                Phase::Closing => {
                    let until = Instant::now() + GOODBYE;
                    goodbye = Some(until);
                    watchdog.as_mut().reset(until);
                }
                Phase::Ended => return Ok(()),
            },
        }
    }
}

fn digest(framer: &mut Framer, input: &mut BytesMut, shared: &Shared) -> Result<(), Error> {
    loop {
        match framer.advance(input).map_err(|broken| protocol(broken.as_str()))? {
            Step::Hungry => return Ok(()),
            Step::Literal => {
                let sink = shared.sink(framer.text());
                framer.sink(sink).map_err(|broken| protocol(broken.as_str()))?;
            }
            Step::Response => {
                let response = framer.response();
                let incoming = Incoming::parse(response);
                if matches!(incoming, Incoming::Unreadable) && response.text.is_empty() {
                    // An empty line means nothing.
                    continue;
                }
                shared.dispatch(incoming)?;
            }
        }
    }
}
