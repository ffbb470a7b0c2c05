//! The stream below async-imap until somebody is signed in.
//!
//! - It hands out one line per read, so that nothing is lost in a buffer above when the stream is taken away.
//! - It hands out only the greeting, invitations and the ends of commands, each cut down to its status: whatever else a
//!   server says cannot end the session in the parser above.
//! - It gathers writes until they are flushed: a command is one write.
//! - It puts the secret in the place of a placeholder, so that the log above never sees it.
//! - It notes capabilities and the last status line, which the parser above does not always give.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::stream::Stream;
use crate::wire::{Code, Incoming, Response, Status, StatusLine, Untagged};

/// What stands in a command where the secret goes.
pub(super) const PLACEHOLDER: &str = "mailmove-puts-the-secret-here";
/// No greeting and no answer to a sign-in is longer.
const MAX_LINE: usize = 64 * 1024;

pub(super) struct Gate {
    inner: Option<Stream>,
    input: BytesMut,
    /// A line on its way up.
    ready: BytesMut,
    output: Vec<u8>,
    sent: usize,
    sealed: bool,
    secrets: Vec<(Vec<u8>, Secret)>,
    notes: Notes,
    /// What the server said when it last asked for more.
    challenge: String,
}

/// What goes out in the place of a placeholder.
enum Secret {
    Fixed(Vec<u8>),
    /// Made of the server's challenge.
    Answer(Box<dyn Fn(&str) -> String + Send>),
}

/// What went by.
#[derive(Debug, Default, Clone)]
pub(super) struct Notes {
    /// From wherever they were told last.
    pub(super) capabilities: Option<Vec<String>>,
    /// The greeting, the end of a command, or a BYE.
    pub(super) status: Option<StatusLine>,
    greeted: bool,
}

impl Gate {
    pub(super) fn new(stream: Stream) -> Self {
        Self::around(Some(stream))
    }

    /// A gate to nowhere, to be left in the place of a real one.
    pub(super) fn nowhere() -> Self {
        Self::around(None)
    }

    /// The stream, and what was read from it that nobody took yet.
    pub(super) fn into_parts(self) -> Option<(Stream, BytesMut)> {
        Some((self.inner?, self.input))
    }

    /// From now on this secret goes out where its placeholder is written.
    pub(super) fn hide(&mut self, placeholder: impl Into<Vec<u8>>, secret: impl Into<Vec<u8>>) {
        self.secrets.push((placeholder.into(), Secret::Fixed(secret.into())));
    }

    /// The same for a secret that answers the server's challenge.
    pub(super) fn answer(&mut self, placeholder: impl Into<Vec<u8>>, answer: impl Fn(&str) -> String + Send + 'static) {
        self.secrets.push((placeholder.into(), Secret::Answer(Box::new(answer))));
    }

    pub(super) fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Forgets what the server said it can do: after STARTTLS and after signing in it may be something else.
    pub(super) fn forget_capabilities(&mut self) {
        self.notes.capabilities = None;
    }

    fn around(inner: Option<Stream>) -> Self {
        Self {
            inner,
            input: BytesMut::new(),
            ready: BytesMut::new(),
            output: Vec::new(),
            sent: 0,
            sealed: false,
            secrets: Vec::new(),
            notes: Notes::default(),
            challenge: String::new(),
        }
    }

    /// Notes what a line says, and gives what of it is handed out.
    fn note(&mut self, line: &[u8]) -> Option<Vec<u8>> {
        if let Some(challenge) = line.strip_prefix(b"+") {
            self.challenge = String::from_utf8_lossy(challenge.trim_ascii_start()).into_owned();
            return Some(b"+ \r\n".to_vec());
        }
        let (tag, rest) = match line.iter().position(|byte| *byte == b' ') {
            Some(blank) => line.split_at(blank),
            None => return None,
        };
        // Tags here are async-imap's; ours are numbers.
        let text = if tag == b"*" { line.to_vec() } else { [b"m0", rest].concat() };
        match Incoming::parse(&mut Response { text, literals: Vec::new() }) {
            Incoming::Untagged(Untagged::Capability(names)) => {
                self.notes.capabilities = Some(names);
                None
            }
            // Between commands, only a BYE says something that matters.
            Incoming::Untagged(Untagged::Line(line)) if self.notes.greeted && line.status != Status::Bye => None,
            Incoming::Untagged(Untagged::Line(line)) => {
                self.learn(line);
                let first = !std::mem::replace(&mut self.notes.greeted, true);
                first.then(|| b"* OK hello\r\n".to_vec())
            }
            Incoming::Tagged(_, line) => {
                let status = line.status.as_str().as_bytes();
                let out = [tag, b" ", status, b" done\r\n"].concat();
                self.learn(line);
                Some(out)
            }
            _ => None,
        }
    }

    fn learn(&mut self, line: StatusLine) {
        if let Some(Code::Capability(names)) = &line.code {
            self.notes.capabilities = Some(names.clone());
        }
        self.notes.status = Some(line);
    }

    fn seal(&mut self) {
        for (placeholder, secret) in &self.secrets {
            let Some(at) = memchr::memmem::find(&self.output, placeholder) else { continue };
            let secret = match secret {
                Secret::Fixed(secret) => secret.clone(),
                Secret::Answer(answer) => answer(&self.challenge).into_bytes(),
            };
            self.output.splice(at..at + placeholder.len(), secret);
        }
        self.sealed = true;
    }
}

impl AsyncRead for Gate {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        loop {
            if !gate.ready.is_empty() {
                let count = gate.ready.len().min(out.remaining());
                out.put_slice(&gate.ready.split_to(count));
                return Poll::Ready(Ok(()));
            }
            if let Some(end) = memchr::memchr(b'\n', &gate.input) {
                let line = gate.input.split_to(end + 1);
                if let Some(ready) = gate.note(line.trim_ascii_end()) {
                    gate.ready = ready.as_slice().into();
                }
                continue;
            }
            if gate.input.len() > MAX_LINE {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "a line without end")));
            }
            let Some(inner) = &mut gate.inner else { return Poll::Ready(Ok(())) };
            let mut chunk = [0; 4096];
            let mut read = ReadBuf::new(&mut chunk);
            ready!(Pin::new(inner).poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            gate.input.extend_from_slice(read.filled());
        }
    }
}

impl AsyncWrite for Gate {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().output.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        if !gate.sealed {
            gate.seal();
        }
        let Some(inner) = &mut gate.inner else { return Poll::Ready(Err(io::ErrorKind::NotConnected.into())) };
        while gate.sent < gate.output.len() {
            let count = ready!(Pin::new(&mut *inner).poll_write(cx, &gate.output[gate.sent..]))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            gate.sent += count;
        }
        gate.output.clear();
        (gate.sent, gate.sealed) = (0, false);
        Pin::new(inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().inner {
            Some(inner) => Pin::new(inner).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("open", &self.inner.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn gate() -> (Gate, tokio::io::DuplexStream) {
        let (ours, theirs) = tokio::io::duplex(4096);
        (Gate::new(Stream::Test(ours)), theirs)
    }

    #[tokio::test]
    async fn nothing_beyond_the_line_that_was_read_is_lost() {
        let (mut gate, mut server) = gate();
        server
            .write_all(b"* OK [CAPABILITY IMAP4rev1 ID] hi\r\n* X-ODD (\r\n* OK [ALERT] x\r\nA1 OK in\r\n* 7 EX")
            .await
            .unwrap();
        let mut buffer = [0; 1000];
        let count = gate.read(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..count], b"* OK hello\r\n");
        assert_eq!(gate.notes().capabilities.as_deref().unwrap(), ["IMAP4rev1", "ID"]);
        let count = gate.read(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..count], b"A1 OK done\r\n");
        assert!(gate.notes().status.as_ref().is_some_and(StatusLine::is_ok));
        let (_, rest) = gate.into_parts().unwrap();
        assert_eq!(&rest[..], b"* 7 EX");
    }

    #[tokio::test]
    async fn a_secret_goes_out_in_one_write_in_the_place_of_its_placeholder() {
        let (mut gate, mut server) = gate();
        gate.hide(PLACEHOLDER, "correct horse");
        for part in ["A1 LOGIN ", "\"alice\" \"", PLACEHOLDER, "\"\r\n"] {
            gate.write_all(part.as_bytes()).await.unwrap();
        }
        gate.flush().await.unwrap();
        let mut buffer = [0; 1000];
        let count = server.read(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..count], b"A1 LOGIN \"alice\" \"correct horse\"\r\n");
        assert!(!format!("{gate:?}").contains("horse"));
    }
}
