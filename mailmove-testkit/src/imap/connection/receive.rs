//! Receiving one command, literals and all.

use bytes::Bytes;

use super::Connection;
use crate::imap::capability::Capability;
use crate::imap::fault::{Action, Faults};
use crate::imap::log::LoggedCommand;
use crate::imap::parse::{Cursor, Frame, Head, Piece};
use crate::imap::reply::Reply;
use crate::imap::state::lock;
use crate::imap::wire::{Gone, Line};

/// A command and what goes wrong with it.
pub(super) struct Request {
    pub(super) head: Head,
    pub(super) frame: Frame,
    /// The answer, when the command was refused while it came in.
    pub(super) refused: Option<Reply>,
    pub(super) faults: Vec<Action>,
}

/// The announcement of a literal at the end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Announced {
    /// Where in the line it begins.
    at: usize,
    length: u64,
    /// The client does not wait for a permission.
    unasked: bool,
    binary: bool,
}

impl Request {
    /// Not a command: the moment before the greeting, for the faults that strike then.
    pub(super) fn connect(connection: u64, faults: &Faults) -> Self {
        let (name, line) = ("CONNECT".to_owned(), String::new());
        let head = Head { tag: "*".to_owned(), name: name.clone() };
        let faults = faults.decide(&LoggedCommand { connection, user: None, name, line });
        Self { head, frame: Frame::default(), refused: None, faults }
    }
}

impl Connection {
    /// The next command; nothing at the end of the connection.
    pub(super) async fn receive(&mut self) -> Result<Option<Request>, Gone> {
        let limit = self.session.shared.settings.max_line;
        let mut line = loop {
            match self.input.line(limit, &mut self.out).await? {
                Line::Text(text) if text.is_empty() => {}
                Line::Text(text) => break text,
                Line::TooLong => return self.too_long().await,
                Line::End => return Ok(None),
            }
        };
        let head = Head::of(&line);
        let seen = self.seen(&head, &line);
        let faults = self.session.shared.faults.decide(&seen);
        if !faults.is_empty() {
            self.session.shared.log.fault();
        }
        self.strike_early(&faults);
        let mut request = Request { head, frame: Frame::default(), refused: None, faults };
        while let Some(literal) = Announced::of(&line) {
            request.frame.pieces.push(Piece::Text(line.slice(..literal.at)));
            if request.refused.is_none() {
                request.refused = self.refusal(&request, literal);
            }
            match &request.refused {
                // The client waits and has sent nothing: the answer comes instead of the permission.
                Some(_) if !literal.unasked => return Ok(Some(request)),
                Some(_) => self.input.skip(literal.length, &mut self.out).await?,
                None => {
                    if !literal.unasked {
                        self.out.line(format_args!("+ OK"));
                    }
                    let length = usize::try_from(literal.length).map_err(|_| Gone)?;
                    let bytes = self.input.literal(length, !literal.unasked, &mut self.out).await?;
                    request.frame.pieces.push(Piece::Literal { bytes, binary: literal.binary });
                }
            }
            line = match self.input.line(limit, &mut self.out).await? {
                Line::Text(text) => text,
                Line::TooLong => return self.too_long().await,
                Line::End => return Err(Gone),
            };
        }
        request.frame.pieces.push(Piece::Text(line));
        Ok(Some(request))
    }

    /// Lets the faults strike that do not wait for the whole command.
    pub(super) fn strike_early(&mut self, faults: &[Action]) {
        for fault in faults {
            match fault {
                Action::CutInput { after } => self.input.cut_after(Some(*after)),
                Action::Untagged(line) => self.out.line(format_args!("* {line}")),
                _ => {}
            }
        }
    }

    async fn too_long(&mut self) -> Result<Option<Request>, Gone> {
        self.out.line(format_args!("* BYE Command line too long"));
        self.out.send().await?;
        Err(Gone)
    }

    /// Why a literal is not taken, as far as that is known before it comes.
    fn refusal(&self, request: &Request, literal: Announced) -> Option<Reply> {
        let fault = request.faults.iter().find_map(|fault| match fault {
            Action::No(text) => Some(Reply::no(text)),
            Action::Bad(text) => Some(Reply::bad(text)),
            _ => None,
        });
        if fault.is_some() {
            return fault;
        }
        let settings = &self.session.shared.settings;
        let (plus, minus) = (settings.has(Capability::LiteralPlus), settings.has(Capability::LiteralMinus));
        if literal.unasked && !plus && !minus {
            return Some(Reply::bad("Non-synchronizing literals are not supported"));
        }
        if literal.unasked && !plus && literal.length > 4096 {
            return Some(Reply::bad("[TOOBIG] Non-synchronizing literals end at 4096 bytes here"));
        }
        if literal.binary && !settings.has(Capability::Binary) && !self.session.utf8 {
            return Some(Reply::bad("literal8 is not supported"));
        }
        if request.head.name != "APPEND" {
            let too_big = literal.length > settings.max_line as u64;
            return too_big.then(|| Reply::bad("[TOOBIG] Literal too large"));
        }
        let Some(user) = &self.session.user else {
            return Some(Reply::bad("Sign in first"));
        };
        if settings.append_limit.is_some_and(|limit| literal.length > limit) {
            return Some(Reply::no("[TOOBIG] Message is larger than this server allows"));
        }
        let mut cursor = Cursor::new(&request.frame.pieces);
        cursor.skip_head(&request.head);
        // A name that comes as a literal is not known yet; it is looked at when the command is executed.
        let mailbox = cursor.space().and_then(|()| cursor.astring()).ok()?;
        let account = lock(&user.account);
        if account.folder(&self.session.wire_name(&mailbox)).is_none() {
            return Some(Reply::no("[TRYCREATE] No such mailbox"));
        }
        (!account.has_room(literal.length)).then(|| Reply::no("[OVERQUOTA] Quota exceeded"))
    }
}

impl Announced {
    fn of(line: &Bytes) -> Option<Self> {
        let inside = line.strip_suffix(b"}")?;
        let open = inside.iter().rposition(|byte| *byte == b'{')?;
        let (digits, unasked) = match inside[open + 1..].strip_suffix(b"+") {
            Some(digits) => (digits, true),
            None => (&inside[open + 1..], false),
        };
        let digits = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        let length = digits.parse().ok()?;
        let binary = open > 0 && line[open - 1] == b'~';
        Some(Self { at: open - usize::from(binary), length, unasked, binary })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_announced_at_the_end_of_a_line_only() {
        let of = |line: &'static str| Announced::of(&Bytes::from_static(line.as_bytes()));
        assert_eq!(of("a {12}"), Some(Announced { at: 2, length: 12, unasked: false, binary: false }));
        assert_eq!(of("a ~{12+}"), Some(Announced { at: 2, length: 12, unasked: true, binary: true }));
        for line in ["a {12} b", "a {x}", "a {}", "a {-1}", "12}"] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
