//! A client that only knows lines.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::imap::ImapServer;

pub(super) struct Dialogue {
    stream: BufReader<TcpStream>,
    next: u32,
}

impl Dialogue {
    /// Connects and reads the greeting.
    pub(super) async fn connect(server: &ImapServer) -> Self {
        let mut dialogue = Self::raw(server).await;
        let greeting = dialogue.line().await;
        assert!(greeting.starts_with("* OK "), "{greeting}");
        dialogue
    }

    /// Connects and reads nothing.
    pub(super) async fn raw(server: &ImapServer) -> Self {
        let stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream), next: 1 }
    }

    /// The connection; nothing that was read is lost with it, as long as every answer was read.
    pub(super) fn into_stream(self) -> TcpStream {
        self.stream.into_inner()
    }

    pub(super) async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(text.as_ref()).await.unwrap();
    }

    /// The next line without CRLF, literals in it included; empty at the end of the connection.
    pub(super) async fn line(&mut self) -> String {
        let mut line = Vec::new();
        loop {
            let start = line.len();
            self.stream.read_until(b'\n', &mut line).await.unwrap();
            let text = String::from_utf8_lossy(&line[start..]).trim_end().to_owned();
            let length =
                text.strip_suffix('}').and_then(|text| text.rsplit_once('{')).and_then(|(_, n)| n.parse().ok());
            let Some(length) = length else { break };
            let mut literal = vec![0; length];
            self.stream.read_exact(&mut literal).await.unwrap();
            line.extend(literal);
        }
        String::from_utf8_lossy(&line).trim_end_matches("\r\n").to_owned()
    }

    /// Everything until the server closes.
    pub(super) async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).await.unwrap();
        String::from_utf8_lossy(&rest).into_owned()
    }

    /// Sends a command and reads up to its tagged answer, which is the last line, without its tag.
    pub(super) async fn ask(&mut self, command: &str) -> Vec<String> {
        let tag = format!("t{}", self.next);
        self.next += 1;
        self.send(format!("{tag} {command}\r\n")).await;
        self.until(&tag).await
    }

    pub(super) async fn until(&mut self, tag: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await;
            assert!(!line.is_empty(), "the connection ended after {lines:?}");
            match line.strip_prefix(tag).and_then(|rest| rest.strip_prefix(' ')) {
                Some(answer) => {
                    lines.push(answer.to_owned());
                    return lines;
                }
                None => lines.push(line),
            }
        }
    }

    /// Like [`ask`](Self::ask), for a command that must succeed; the untagged lines and the text of the OK.
    pub(super) async fn ok(&mut self, command: &str) -> Vec<String> {
        let lines = self.ask(command).await;
        assert!(lines.last().unwrap().starts_with("OK "), "{command}: {lines:?}");
        lines
    }

    /// For a command that must be refused like this.
    pub(super) async fn refused(&mut self, command: &str, answer: &str) {
        let lines = self.ask(command).await;
        assert!(lines.last().unwrap().starts_with(answer), "{command}: {lines:?}");
    }

    /// Appends a message with a non-synchronizing literal; the tagged answer.
    pub(super) async fn append(&mut self, arguments: &str, message: impl AsRef<[u8]>) -> String {
        let message = message.as_ref();
        self.send(format!("ap APPEND {arguments} {{{}+}}\r\n", message.len())).await;
        self.send(message).await;
        self.send("\r\n").await;
        self.until("ap").await.pop().unwrap()
    }
}
