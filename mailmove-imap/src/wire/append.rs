//! APPEND (RFC 3501 §6.3.11), of one message or of many (RFC 3502), with the UIDs they got (RFC 4315).

use super::{Before, Chunks, Code, LiteralMode, Operation, Request, StatusLine};

/// A message on its way in.
pub(crate) struct AppendMessage {
    /// Flags as the wire writes them, with blanks between.
    pub(crate) flags: String,
    /// INTERNALDATE in quotes.
    pub(crate) date: Option<String>,
    pub(crate) chunks: Box<dyn Chunks>,
    pub(crate) length: u64,
    /// As a literal8, which may hold NUL (RFC 3516).
    pub(crate) binary: bool,
    /// Said to have UTF-8 in its header (RFC 6855 §4).
    pub(crate) utf8: bool,
}

/// `APPEND mailbox (flags) "date" {n+}`, with more messages behind where the server knows MULTIAPPEND.
pub(crate) struct Append {
    mailbox: Vec<u8>,
    messages: Vec<AppendMessage>,
    mode: LiteralMode,
    count: usize,
    before: Option<Before>,
}

/// The UIDs that the new messages got, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) validity: u32,
    pub(crate) uids: Vec<u32>,
}

impl Append {
    pub(crate) fn new(mailbox: &[u8], messages: Vec<AppendMessage>, mode: LiteralMode) -> Self {
        Self { mailbox: mailbox.to_vec(), count: messages.len(), messages, mode, before: None }
    }

    /// Its last line end is sent only when this is over: what is stored at the end of the command is stored behind it.
    pub(crate) fn behind(self, before: Option<Before>) -> Self {
        Self { before, ..self }
    }
}

impl Operation for Append {
    /// `None`: the server does not tell UIDs, or told a number of them that does not fit.
    type Output = Option<Appended>;

    fn request(&mut self) -> Request {
        let mut request = Request::new("APPEND").quoted(&self.mailbox);
        for message in self.messages.drain(..) {
            // Courier takes `UTF8` only behind a list of flags.
            if !message.flags.is_empty() || message.utf8 {
                request = request.text(" (").text(&message.flags).text(")");
            }
            if let Some(date) = &message.date {
                request = request.text(" ").text(date);
            }
            if message.utf8 {
                request = request.text(" UTF8 (");
            }
            request = request.literal(message.chunks, message.length, self.mode, message.binary || message.utf8);
            if message.utf8 {
                request = request.text(")");
            }
        }
        match self.before.take() {
            Some(before) => request.behind(before),
            None => request,
        }
    }

    fn finish(self, done: StatusLine) -> Result<Self::Output, StatusLine> {
        if !done.is_ok() {
            return Err(done);
        }
        Ok(match done.code {
            Some(Code::AppendUid { validity, uids }) if uids.count() == self.count as u64 => {
                Some(Appended { validity, uids: uids.iter().collect() })
            }
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Incoming;
    use super::super::request::testing::printed;
    use super::super::untagged::testing::incoming;
    use super::*;
    use mailmove_core::Body;

    fn message(text: &'static str, flags: &str, date: Option<&str>) -> AppendMessage {
        let body = Body::unpooled(text);
        AppendMessage {
            flags: flags.to_owned(),
            date: date.map(str::to_owned),
            chunks: Box::new(body.reader()),
            length: body.len(),
            binary: false,
            utf8: false,
        }
    }

    #[test]
    fn a_header_in_utf8_is_announced() {
        let mut wide = message("Subject: \u{e9}\r\n\r\n", "", None);
        wide.utf8 = true;
        let mut append = Append::new(b"INBOX", vec![wide], LiteralMode::Sync);
        let sent = printed(append.request());
        assert_eq!(sent, "APPEND \"INBOX\" () UTF8 (~{15}\r\nSubject: \u{e9}\r\n\r\n)");
    }

    #[test]
    fn many_messages_go_in_one_command_and_get_their_uids_in_order() {
        let messages = vec![message("ab", "\\Seen x", Some("\" 1-Jan-2024 00:00:00 +0000\"")), message("c", "", None)];
        let mut append = Append::new(b"a b", messages, LiteralMode::Plus);
        assert_eq!(
            printed(append.request()),
            "APPEND \"a b\" (\\Seen x) \" 1-Jan-2024 00:00:00 +0000\" {2+}\r\nab {1+}\r\nc"
        );
        let Incoming::Tagged(_, done) = incoming("m1 OK [APPENDUID 7 9,4] done") else { panic!("tagged") };
        assert_eq!(append.finish(done).unwrap(), Some(Appended { validity: 7, uids: vec![9, 4] }));
    }

    #[test]
    fn a_wrong_number_of_uids_is_none_at_all() {
        let Incoming::Tagged(_, done) = incoming("m1 OK [APPENDUID 7 9:10] done") else { panic!("tagged") };
        let append = Append::new(b"a", vec![message("ab", "", None)], LiteralMode::Sync);
        assert_eq!(append.finish(done).unwrap(), None);
    }
}
