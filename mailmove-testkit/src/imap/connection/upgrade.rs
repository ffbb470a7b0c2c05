//! Commands behind which the octets are other ones: STARTTLS and COMPRESS.

use async_compression::tokio::bufread::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf, duplex, join, split};

use super::Connection;
use crate::imap::capability::Capability;
use crate::imap::reply::Reply;
use crate::imap::wire::{Gone, Input, Output, Stream};

/// How much is deflated at once.
const CHUNK: usize = 16 * 1024;

impl Connection {
    pub(super) async fn start_tls(&mut self, tag: &str) -> Result<Option<Reply>, Gone> {
        let shared = self.session.shared.clone();
        let Some(identity) = shared.identity.as_ref().filter(|_| !self.session.encrypted) else {
            return Ok(Some(Reply::bad("Unknown command")));
        };
        self.out.line(format_args!("{tag} OK Begin TLS negotiation now"));
        let (reader, writer) = self.take_stream().await?;
        let tls = identity.acceptor.accept(reader.unsplit(writer)).await.map_err(|_| Gone)?;
        self.go_on_with(Box::new(tls));
        self.session.encrypted = true;
        Ok(None)
    }

    /// COMPRESS (RFC 4978): everything behind the OK is deflated, both ways.
    pub(super) async fn compress(&mut self, tag: &str, mechanism: &str) -> Result<Option<Reply>, Gone> {
        if !self.session.shared.settings.has(Capability::CompressDeflate) {
            return Ok(Some(Reply::bad("Unknown command")));
        }
        if self.session.user.is_none() {
            return Ok(Some(Reply::bad("Sign in first")));
        }
        if mechanism != "DEFLATE" {
            return Ok(Some(Reply::no("Unknown mechanism")));
        }
        if std::mem::replace(&mut self.session.compressed, true) {
            return Ok(Some(Reply::no("[COMPRESSIONACTIVE] DEFLATE active via COMPRESS")));
        }
        self.out.line(format_args!("{tag} OK DEFLATE active"));
        let (reader, writer) = self.take_stream().await?;
        let (near, far) = duplex(CHUNK);
        self.session.shared.tasks.spawn_late(deflate(far, writer));
        self.go_on_with(Box::new(join(DeflateDecoder::new(BufReader::new(reader)), near)));
        Ok(None)
    }

    /// Sends what was gathered and takes the stream away.
    async fn take_stream(&mut self) -> Result<(ReadHalf<Stream>, WriteHalf<Stream>), Gone> {
        self.out.send().await?;
        let (input, out) = self.ends(Box::new(tokio::io::empty()));
        let (input, out) = (std::mem::replace(&mut self.input, input), std::mem::replace(&mut self.out, out));
        Ok((input.into_reader(), out.into_writer().ok_or(Gone)?))
    }

    fn go_on_with(&mut self, stream: Stream) {
        (self.input, self.out) = self.ends(stream);
    }

    fn ends(&self, stream: Stream) -> (Input, Output) {
        let shared = &self.session.shared;
        let (reader, writer) = split(stream);
        let input = Input::new(reader, shared.log.clone(), shared.settings.round_trip);
        (input, Output::new(Some(writer), shared.log.clone()))
    }
}

/// Deflates what comes, and writes it at once.
async fn deflate(mut from: DuplexStream, mut to: WriteHalf<Stream>) {
    let mut deflater = Compress::new(Compression::fast(), false);
    let mut chunk = vec![0; CHUNK];
    while let Ok(count @ 1..) = from.read(&mut chunk).await {
        // With so much room nothing is held back at the end of the chunk.
        let mut deflated = Vec::with_capacity(16 * CHUNK);
        let done = deflater.compress_vec(&chunk[..count], &mut deflated, FlushCompress::Sync);
        if done.is_err() || to.write_all(&deflated).await.is_err() || to.flush().await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
