//! Commands of which only the status counts.

use super::{Operation, Request, StatusLine, UidSet, Untagged};

/// A command without data of its own.
pub(crate) struct Command {
    request: Request,
    absorbs: fn(&Untagged) -> bool,
}

impl Command {
    /// `CREATE`, with the folder's role where the server takes one (RFC 6154).
    pub(crate) fn create(name: &[u8], role: Option<&str>) -> Self {
        let request = Request::new("CREATE").quoted(name);
        Self::new(match role {
            Some(role) => request.text(format!(" (USE ({role}))")),
            None => request,
        })
    }

    pub(crate) fn subscribe(name: &[u8]) -> Self {
        Self::new(Request::new("SUBSCRIBE").quoted(name))
    }

    pub(crate) fn unsubscribe(name: &[u8]) -> Self {
        Self::new(Request::new("UNSUBSCRIBE").quoted(name))
    }

    /// `UID STORE set ±FLAGS.SILENT (flags)`.
    pub(crate) fn store(set: &UidSet, add: bool, flags: &str) -> Self {
        let sign = if add { '+' } else { '-' };
        Self::new(Request::new(format!("UID STORE {set} {sign}FLAGS.SILENT ({flags})")))
    }

    /// `UID EXPUNGE set` (RFC 4315): nothing else that is marked goes.
    pub(crate) fn expunge(set: &UidSet) -> Self {
        Self::new(Request::new(format!("UID EXPUNGE {set}")))
    }

    /// `ENABLE` (RFC 5161).
    pub(crate) fn enable(extensions: &str) -> Self {
        let request = Request::new(format!("ENABLE {extensions}"));
        Self { request, absorbs: |data| matches!(data, Untagged::Enabled) }
    }

    /// `ID` (RFC 2971): some servers let nobody in who does not say who they are.
    pub(crate) fn id() -> Self {
        Self::new(Request::new(concat!("ID (\"name\" \"mailmove\" \"version\" \"", env!("CARGO_PKG_VERSION"), "\")")))
    }

    pub(crate) fn logout() -> Self {
        Self::new(Request::new("LOGOUT"))
    }

    fn new(request: Request) -> Self {
        Self { request, absorbs: |_| false }
    }
}

impl Operation for Command {
    type Output = StatusLine;

    fn request(&mut self) -> Request {
        std::mem::take(&mut self.request)
    }

    fn absorb(&mut self, data: Untagged) -> Option<Untagged> {
        Some(data).filter(|data| !(self.absorbs)(data))
    }

    fn finish(self, done: StatusLine) -> Result<StatusLine, StatusLine> {
        if done.is_ok() { Ok(done) } else { Err(done) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::testing::printed;
    use super::*;

    #[test]
    fn commands_are_written_as_the_rfcs_have_them() {
        for (mut command, line) in [
            (Command::create(b"Sent", Some("\\Sent")), "CREATE \"Sent\" (USE (\\Sent))"),
            (Command::store(&UidSet::range(1, 3), false, "\\Seen x"), "UID STORE 1:3 -FLAGS.SILENT (\\Seen x)"),
            (Command::expunge(&UidSet::range(4, 4)), "UID EXPUNGE 4"),
            (Command::enable("QRESYNC"), "ENABLE QRESYNC"),
        ] {
            assert_eq!(printed(command.request()), line);
        }
    }
}
