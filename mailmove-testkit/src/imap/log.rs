//! What the server saw: every command, and counts.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::capability::Mechanism;
use crate::simulator::{Recent, lock};

/// Commands and counters of one server since it started or was last [`reset`](Log::reset).
#[derive(Debug, Default)]
pub struct Log {
    commands: Recent<LoggedCommand, 50_000>,
    sign_ins: Mutex<BTreeMap<String, SignIns>>,
    connections: AtomicU64,
    pub(super) open: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    appended: AtomicU64,
    fetched: AtomicU64,
    round_trips: AtomicU64,
    faults: AtomicU64,
}

/// A command as it came, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedCommand {
    /// The connection, counted from 1.
    pub connection: u64,
    /// Who had signed in.
    pub user: Option<String>,
    /// The name in capitals, `UID FETCH` for the UID form.
    pub name: String,
    /// The first line up to the first literal, at most 2,000 characters; secrets are `***`.
    pub line: String,
}

/// Attempts to sign in by one mechanism; LOGIN is one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignIns {
    /// Those that were let in.
    pub accepted: u64,
    /// Those that were not.
    pub refused: u64,
}

/// The counts at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Connections accepted.
    pub connections: u64,
    /// Connections open now.
    pub open: u64,
    /// By mechanism: `LOGIN` for the command, `PLAIN`, `XOAUTH2` … for AUTHENTICATE.
    pub sign_ins: BTreeMap<String, SignIns>,
    /// By name, `UID FETCH` beside `FETCH`.
    pub commands: BTreeMap<String, u64>,
    /// Octets received, inside TLS.
    pub bytes_in: u64,
    /// Octets sent, inside TLS.
    pub bytes_out: u64,
    /// Messages stored by APPEND.
    pub appended: u64,
    /// Messages of which a body or a part of one was sent.
    pub fetched: u64,
    /// Times a client waited: input came only after the server had answered everything it had and sent it. With
    /// [`round_trip`](super::ImapServerBuilder::round_trip) set, input that was under way by then is not counted;
    /// without it, a client that pipelines in several writes may be counted too often.
    pub round_trips: u64,
    /// Commands to which a fault happened.
    pub faults: u64,
}

impl Counters {
    /// How often this command came, with or without UID in front.
    pub fn command(&self, name: &str) -> u64 {
        let count = |name: &str| self.commands.get(name).copied().unwrap_or_default();
        count(name) + count(&format!("UID {name}"))
    }

    /// All attempts to sign in, by any mechanism.
    pub fn sign_ins(&self) -> SignIns {
        let add = |sum: SignIns, one: &SignIns| SignIns {
            accepted: sum.accepted + one.accepted,
            refused: sum.refused + one.refused,
        };
        self.sign_ins.values().fold(SignIns::default(), add)
    }
}

impl Log {
    /// The commands in the order in which they came, of very many the last 50,000. What must not have happened is
    /// better asked of [`counters`](Self::counters), which forget nothing.
    pub fn commands(&self) -> Vec<LoggedCommand> {
        self.commands.tell(LoggedCommand::clone)
    }

    /// The lines of these commands, for messages of failed assertions.
    pub fn lines(&self) -> Vec<String> {
        self.commands.tell(|command| command.line.clone())
    }

    /// The counts now.
    pub fn counters(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            connections: read(&self.connections),
            open: read(&self.open),
            sign_ins: lock(&self.sign_ins).clone(),
            commands: self.commands.counts(),
            bytes_in: read(&self.bytes_in),
            bytes_out: read(&self.bytes_out),
            appended: read(&self.appended),
            fetched: read(&self.fetched),
            round_trips: read(&self.round_trips),
            faults: read(&self.faults),
        }
    }

    /// Forgets everything but the connections that are open.
    pub fn reset(&self) {
        self.commands.clear();
        lock(&self.sign_ins).clear();
        let counters = [
            &self.connections,
            &self.bytes_in,
            &self.bytes_out,
            &self.appended,
            &self.fetched,
            &self.round_trips,
            &self.faults,
        ];
        counters.into_iter().for_each(|counter| counter.store(0, Ordering::Relaxed));
    }

    pub(super) fn command(&self, connection: u64, user: Option<&str>, name: &str, line: &[u8]) -> LoggedCommand {
        let line = redacted(user.is_some(), name, &String::from_utf8_lossy(line));
        let command = LoggedCommand { connection, user: user.map(str::to_owned), name: name.to_owned(), line };
        tracing::trace!(connection, line = command.line, "command");
        self.commands.push(name, command.clone());
        command
    }

    /// A new connection's number, from 1.
    pub(super) fn connection(&self) -> u64 {
        self.open.fetch_add(1, Ordering::Relaxed);
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn sign_in(&self, mechanism: Option<Mechanism>, accepted: bool) {
        let mechanism = mechanism.map_or("LOGIN", |mechanism| match mechanism {
            Mechanism::Login => "AUTH=LOGIN",
            other => other.name(),
        });
        let mut sign_ins = lock(&self.sign_ins);
        let entry = sign_ins.entry(mechanism.to_owned()).or_default();
        *(if accepted { &mut entry.accepted } else { &mut entry.refused }) += 1;
    }

    pub(super) fn received(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn appended(&self, messages: usize) {
        self.appended.fetch_add(messages as u64, Ordering::Relaxed);
    }

    pub(super) fn fetched(&self, messages: usize) {
        self.fetched.fetch_add(messages as u64, Ordering::Relaxed);
    }

    pub(super) fn waited(&self) {
        self.round_trips.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }
}

/// The line without passwords, tokens and initial responses. Before the sign-in only well-known commands are trusted to
/// hold none: a password may come astray.
fn redacted(signed_in: bool, name: &str, line: &str) -> String {
    let mut words = line.splitn(4, ' ');
    let harmless = ["CAPABILITY", "NOOP", "ID", "STARTTLS", "LOGOUT", "ENABLE"].contains(&name);
    match (name, words.next(), words.next(), words.next()) {
        ("LOGIN", Some(tag), Some(login), _) => format!("{tag} {login} ***"),
        ("X-MASTERAUTH", ..) => line.to_owned(),
        ("AUTHENTICATE", Some(tag), Some(authenticate), Some(mechanism)) => match words.next() {
            Some(_) => format!("{tag} {authenticate} {mechanism} ***"),
            None => line.to_owned(),
        },
        _ if signed_in || harmless => line.chars().take(2000).collect(),
        _ => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::Log;

    #[test]
    fn secrets_stay_out_of_the_log() {
        let log = Log::default();
        log.command(1, None, "LOGIN", b"a LOGIN alice s3cret");
        log.command(1, None, "LOGIN", b"a LOGIN \"al ice\" \"s3c ret\"");
        log.command(1, None, "AUTHENTICATE", b"a AUTHENTICATE PLAIN czNjcmV0");
        log.command(1, None, "", b"a  LOGIN alice s3cret");
        log.command(1, None, "", b"czNjcmV0");
        assert_eq!(log.lines(), ["a LOGIN ***", "a LOGIN ***", "a AUTHENTICATE PLAIN ***", "***", "***"]);
    }

    #[test]
    fn commands_are_counted_with_and_without_uid() {
        let log = Log::default();
        log.command(1, None, "FETCH", b"a FETCH 1 FLAGS");
        log.command(1, None, "UID FETCH", b"b UID FETCH 1 FLAGS");
        assert_eq!(log.counters().command("FETCH"), 2);
        assert_eq!(log.counters().command("UID FETCH"), 1);
    }
}
