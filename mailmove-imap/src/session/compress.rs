//! COMPRESS=DEFLATE (RFC 4978): for a link that is slower than the processors at its two ends.

use std::io::Cursor;

use async_compression::tokio::bufread::DeflateDecoder;
use bytes::{Bytes, BytesMut};
use mailmove_core::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};

use super::deflate::Deflate;
use super::stream::Stream;
use crate::engine::{ReadHalf, WriteHalf};
use crate::error::{network, protocol};
use crate::thrift::Thrift;

/// How much of what is still compressed is read at once.
const BUFFER: usize = 64 * 1024;
/// The longest line that a server may answer with.
const LINE: usize = 8 * 1024;

/// What a connection is made of from here on.
pub(super) struct Agreed {
    pub(super) deflated: bool,
    pub(super) read: ReadHalf,
    pub(super) write: WriteHalf,
    /// What was read of it already.
    pub(super) received: BytesMut,
}

/// Asks for compression. A server that refuses goes on as before.
pub(super) async fn compress(mut stream: Stream, mut received: BytesMut, thrift: &Thrift) -> Result<Agreed> {
    let asked = async {
        stream.write_all(b"z COMPRESS DEFLATE\r\n").await?;
        stream.flush().await
    };
    asked.await.map_err(|error| network(error, "asking for compression"))?;
    loop {
        while let Some(end) = received.iter().position(|byte| *byte == b'\n') {
            let line = received.split_to(end + 1);
            if let Some(answer) = line.strip_prefix(b"z ") {
                let granted = answer.get(..2).is_some_and(|word| word.eq_ignore_ascii_case(b"OK"));
                tracing::debug!(target: "mailmove::imap", granted, "compression");
                let (read, write) = stream.into_halves();
                if !granted {
                    thrift.give_up();
                    return Ok(Agreed { deflated: false, read, write, received });
                }
                let (read, write) = thrift.wire(read, write);
                let (read, write) = inflated(read, write, received.freeze());
                return Ok(Agreed { deflated: true, read, write, received: BytesMut::new() });
            }
        }
        if received.len() > LINE {
            return Err(protocol("the answer to COMPRESS has no end"));
        }
        let read = stream.read_buf(&mut received).await.map_err(|error| network(error, "asking for compression"))?;
        if read == 0 {
            let end = std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the server hung up");
            return Err(network(end, "asking for compression"));
        }
    }
}

/// From the byte behind the OK on, both ways are deflated.
fn inflated(read: ReadHalf, write: WriteHalf, begun: Bytes) -> (ReadHalf, WriteHalf) {
    let read = Cursor::new(begun.to_vec()).chain(read);
    let read = DeflateDecoder::new(BufReader::with_capacity(BUFFER, read));
    (Box::new(read), Box::new(Deflate::new(write)))
}

#[cfg(test)]
mod tests {
    use async_compression::tokio::write::DeflateEncoder;
    use tokio::io::{AsyncBufReadExt, DuplexStream, duplex};

    use super::*;
    use crate::config::Compress;

    async fn agree(stream: DuplexStream) -> Result<Agreed> {
        compress(Stream::Test(stream), BytesMut::new(), &Thrift::new(Compress::Always)).await
    }

    #[tokio::test]
    async fn what_follows_the_ok_is_deflated_both_ways() {
        let (ours, theirs) = duplex(1 << 16);
        let server = tokio::spawn(async move {
            let (read, mut write) = tokio::io::split(theirs);
            let mut read = BufReader::new(read);
            let mut line = String::new();
            read.read_line(&mut line).await.unwrap();
            assert_eq!(line, "z COMPRESS DEFLATE\r\n");
            write.write_all(b"* OK still here\r\nz OK from now on\r\n").await.unwrap();
            let (mut read, mut write) = (DeflateDecoder::new(read), DeflateEncoder::new(write));
            let mut asked = [0; 9];
            read.read_exact(&mut asked).await.unwrap();
            assert_eq!(&asked, b"m1 NOOP\r\n");
            write.write_all(b"m1 OK done\r\n").await.unwrap();
            write.flush().await.unwrap();
            write
        });
        let Agreed { deflated, mut read, mut write, received } = agree(ours).await.unwrap();
        assert!(deflated && received.is_empty());
        write.write_all(b"m1 NOOP\r\n").await.unwrap();
        write.flush().await.unwrap();
        let mut answer = [0; 12];
        read.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"m1 OK done\r\n");
        drop(server.await.unwrap());
    }

    #[tokio::test]
    async fn a_server_that_refuses_goes_on_as_before() {
        let (ours, mut theirs) = duplex(1 << 16);
        theirs.write_all(b"z NO not today\r\n* OK and more\r\n").await.unwrap();
        let Agreed { deflated, mut read, received, .. } = agree(ours).await.unwrap();
        assert!(!deflated);
        assert_eq!(&received[..], b"* OK and more\r\n");
        theirs.write_all(b"plain").await.unwrap();
        let mut plain = [0; 5];
        read.read_exact(&mut plain).await.unwrap();
        assert_eq!(&plain, b"plain");
    }

    #[tokio::test]
    async fn a_server_that_hangs_up_is_told() {
        let (ours, theirs) = duplex(1 << 16);
        drop(theirs);
        assert!(agree(ours).await.is_err());
    }
}
