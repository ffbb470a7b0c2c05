//! A line as long as one wishes: every octet arrives half a round trip after it was sent, whatever the bandwidth.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex, split};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::Stream;

const CHUNK: usize = 64 * 1024;
/// Chunks under way in one direction; more than any test keeps in flight.
const IN_FLIGHT: usize = 1024;

/// The far end of a line whose near end is this stream.
pub(crate) fn delayed(stream: impl AsyncRead + AsyncWrite + Send + 'static, round_trip: Duration) -> Stream {
    let (near, far) = duplex(CHUNK);
    let (stream_in, stream_out) = split(stream);
    let (near_in, near_out) = split(near);
    tokio::spawn(carry(stream_in, near_out, round_trip / 2));
    tokio::spawn(carry(near_in, stream_out, round_trip / 2));
    Box::new(far)
}

async fn carry<R, W>(mut from: R, mut to: W, delay: Duration)
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let (send, mut arrive) = mpsc::channel::<(Instant, Bytes)>(IN_FLIGHT);
    let reading = async move {
        loop {
            let mut chunk = BytesMut::with_capacity(CHUNK);
            match from.read_buf(&mut chunk).await {
                Ok(1..) if send.send((Instant::now() + delay, chunk.freeze())).await.is_ok() => {}
                // The end takes its time to arrive like everything else.
                _ => return drop(send.send((Instant::now() + delay, Bytes::new())).await),
            }
        }
    };
    let writing = async move {
        while let Some((at, chunk)) = arrive.recv().await {
            sleep_until(at).await;
            if chunk.is_empty() || to.write_all(&chunk).await.is_err() || to.flush().await.is_err() {
                break;
            }
        }
        let _ = to.shutdown().await;
    };
    tokio::join!(reading, writing);
}
