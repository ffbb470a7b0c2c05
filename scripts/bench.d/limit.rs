//! The limit: copies a mailbox as fast as two servers allow, without state, without looking for what is there, without care.
//!
//!     limit SOURCE_PORT DESTINATION_PORT USERS PASSWORD CONNECTIONS MODE
//!
//! `USERS` is one name, or `user2..user51` for many; `CONNECTIONS` pairs work side by side; `MODE` says how messages are
//! written: `multi` (MULTIAPPEND), `single` (APPEND with LITERAL+), both without waiting for answers, or `sync` (APPEND that
//! waits for the server's consent and for its answer). Folders are split into ranges that any pair may take.
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, BufWriter, Error, Read, Result, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

const RANGE: usize = 250;
const BATCH_MESSAGES: usize = 100;
const BATCH_BYTES: usize = 1 << 20;

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Multi,
    Single,
    Sync,
}

struct Message {
    /// `(\Seen) "01-Jan-2024 00:00:00 +0000"`
    labels: String,
    body: Vec<u8>,
}

/// Messages of one folder, by its name as it stands on the wire.
struct Batch {
    folder: Arc<str>,
    messages: Vec<Message>,
}

/// Messages `first` to `last` of a folder.
struct Range {
    folder: Arc<str>,
    first: usize,
    last: usize,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, destination, users, password, connections, mode] = &arguments[..] else {
        panic!("usage: limit SOURCE_PORT DESTINATION_PORT USERS PASSWORD CONNECTIONS MODE")
    };
    let (source, destination) = (source.parse().expect("a port"), destination.parse().expect("a port"));
    let connections: usize = connections.parse().expect("a number");
    let mode = match mode.as_str() {
        "multi" => Mode::Multi,
        "single" => Mode::Single,
        "sync" => Mode::Sync,
        other => panic!("no such mode: {other}"),
    };
    let copied = match users.split_once("..") {
        None => copy(source, destination, users, password, connections, mode)?,
        Some((first, last)) => {
            // Many mailboxes: each by one pair, `connections` of them side by side.
            let number =
                |user: &str| user.trim_start_matches(char::is_alphabetic).parse::<usize>().expect("user1..user9");
            let next = Arc::new(AtomicUsize::new(number(first)));
            let last = number(last);
            let workers: Vec<_> = (0..connections)
                .map(|_| {
                    let (next, password) = (next.clone(), password.clone());
                    thread::spawn(move || -> Result<usize> {
                        let mut copied = 0;
                        loop {
                            let user = next.fetch_add(1, Ordering::Relaxed);
                            if user > last {
                                return Ok(copied);
                            }
                            copied += copy(source, destination, &format!("user{user}"), &password, 1, mode)?;
                        }
                    })
                })
                .collect();
            workers.into_iter().map(|worker| worker.join().expect("no panic")).sum::<Result<usize>>()?
        }
    };
    println!("{copied} messages");
    Ok(())
}

/// Copies one mailbox; returns how many messages.
fn copy(source: u16, destination: u16, user: &str, password: &str, connections: usize, mode: Mode) -> Result<usize> {
    let (mut from, mut to) =
        (Connection::open(source, user, password)?, Connection::open(destination, user, password)?);
    let folders = list(&mut from)?;
    let created: Vec<String> = folders
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("INBOX"))
        .map(|(name, _)| to.send(&format!("CREATE {name}")))
        .collect::<Result<_>>()?;
    for tag in created {
        to.finish(&tag)?;
    }
    let mut ranges = VecDeque::new();
    for (folder, count) in folders {
        for first in (1..=count).step_by(RANGE) {
            ranges.push_back(Range { folder: folder.clone(), first, last: count.min(first + RANGE - 1) });
        }
    }
    let ranges = Arc::new(Mutex::new(ranges));
    let mut pairs = vec![(from, to)];
    let others: Vec<_> = (1..connections)
        .map(|_| {
            let (user, password, ranges) = (user.to_owned(), password.to_owned(), ranges.clone());
            thread::spawn(move || {
                let from = Connection::open(source, &user, &password)?;
                let to = Connection::open(destination, &user, &password)?;
                carry(from, to, &ranges, mode)
            })
        })
        .collect();
    let (from, to) = pairs.pop().expect("one pair");
    let mut copied = carry(from, to, &ranges, mode)?;
    for other in others {
        copied += other.join().expect("no panic")?;
    }
    Ok(copied)
}

/// One pair: a reader in this thread, a writer in another.
fn carry(mut from: Connection, to: Connection, ranges: &Mutex<VecDeque<Range>>, mode: Mode) -> Result<usize> {
    let (send, receive) = mpsc::sync_channel::<Batch>(8);
    let writer =
        thread::spawn(
            move || if mode == Mode::Sync { write_one_by_one(to, receive) } else { write(to, receive, mode) },
        );
    // Two ranges are always asked for.
    let mut asked: VecDeque<(Arc<str>, Vec<String>)> = VecDeque::new();
    let mut open: Option<Arc<str>> = None;
    loop {
        while asked.len() < 2 {
            let Some(range) = ranges.lock().expect("lock").pop_front() else { break };
            let mut tags = Vec::new();
            if open.as_ref() != Some(&range.folder) {
                tags.push(from.send(&format!("EXAMINE {}", range.folder))?);
                open = Some(range.folder.clone());
            }
            tags.push(from.send(&format!("FETCH {}:{} (FLAGS INTERNALDATE BODY.PEEK[])", range.first, range.last))?);
            asked.push_back((range.folder, tags));
        }
        let Some((folder, tags)) = asked.pop_front() else { break };
        let mut batch = Batch { folder: folder.clone(), messages: Vec::new() };
        let mut bytes = 0;
        for tag in tags {
            loop {
                let (line, literal) = from.answer()?;
                if line.starts_with(&tag) {
                    ok(&line)?;
                    break;
                }
                let Some(body) = literal.filter(|_| line.contains(" FETCH (")) else { continue };
                let full = bytes + body.len() > BATCH_BYTES || batch.messages.len() == BATCH_MESSAGES;
                if full && !batch.messages.is_empty() {
                    let empty = Batch { folder: folder.clone(), messages: Vec::new() };
                    send.send(std::mem::replace(&mut batch, empty)).map_err(Error::other)?;
                    bytes = 0;
                }
                bytes += body.len();
                batch.messages.push(Message { labels: labels(&line), body });
            }
        }
        if !batch.messages.is_empty() {
            send.send(batch).map_err(Error::other)?;
        }
    }
    drop(send);
    writer.join().expect("no panic")
}

/// Writes without waiting; a thread reads the answers.
fn write(to: Connection, batches: mpsc::Receiver<Batch>, mode: Mode) -> Result<usize> {
    let Connection { reader, writer, .. } = to;
    let (expect, expected) = mpsc::sync_channel::<()>(900);
    let answers = thread::spawn(move || -> Result<()> {
        let mut reader = reader;
        let mut line = String::new();
        while expected.recv().is_ok() {
            loop {
                line.clear();
                if reader.read_line(&mut line)? == 0 {
                    return Err(Error::other("the destination closed the connection"));
                }
                if !line.starts_with('*') {
                    ok(&line)?;
                    break;
                }
            }
        }
        Ok(())
    });
    let mut writer = BufWriter::with_capacity(256 << 10, writer);
    let mut written = 0;
    for batch in batches {
        let mut rest = &batch.messages[..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(if mode == Mode::Multi { rest.len() } else { 1 });
            write!(writer, "w APPEND {}", batch.folder)?;
            for message in now {
                write!(writer, " {} {{{}+}}\r\n", message.labels, message.body.len())?;
                writer.write_all(&message.body)?;
            }
            writer.write_all(b"\r\n")?;
            written += now.len();
            if expect.try_send(()).is_err() {
                writer.flush()?;
                expect.send(()).map_err(Error::other)?;
            }
            rest = later;
        }
        writer.flush()?;
    }
    drop(expect);
    answers.join().expect("no panic")?;
    Ok(written)
}

fn write_one_by_one(mut to: Connection, batches: mpsc::Receiver<Batch>) -> Result<usize> {
    let mut written = 0;
    for batch in batches {
        for message in batch.messages {
            let tag = to.send(&format!("APPEND {} {} {{{}}}", batch.folder, message.labels, message.body.len()))?;
            while !to.answer()?.0.starts_with('+') {}
            to.writer.write_all(&[&message.body[..], b"\r\n"].concat())?;
            to.finish(&tag)?;
            written += 1;
        }
    }
    Ok(written)
}

struct Connection {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    commands: usize,
}

impl Connection {
    fn open(port: u16, user: &str, password: &str) -> Result<Self> {
        let writer = TcpStream::connect(("127.0.0.1", port))?;
        writer.set_nodelay(true)?;
        let reader = BufReader::with_capacity(256 << 10, writer.try_clone()?);
        let mut connection = Self { reader, writer, commands: 0 };
        let tag = connection.send(&format!("LOGIN \"{user}\" \"{password}\""))?;
        connection.finish(&tag)?;
        Ok(connection)
    }

    /// Sends a command; returns its tag with the blank behind it.
    fn send(&mut self, command: &str) -> Result<String> {
        self.commands += 1;
        let tag = format!("a{} ", self.commands);
        self.writer.write_all(format!("{tag}{command}\r\n").as_bytes())?;
        Ok(tag)
    }

    /// The untagged answers of a command, once it succeeded.
    fn finish(&mut self, tag: &str) -> Result<Vec<String>> {
        let mut answers = Vec::new();
        loop {
            let (line, _) = self.answer()?;
            if line.starts_with(tag) {
                ok(&line)?;
                return Ok(answers);
            }
            answers.push(line);
        }
    }

    /// One answer without line end, and its literal, if it has one; it stands as an empty string in the line.
    fn answer(&mut self) -> Result<(String, Option<Vec<u8>>)> {
        let (mut line, mut literal) = (Vec::new(), None);
        loop {
            if self.reader.read_until(b'\n', &mut line)? == 0 {
                return Err(Error::other("the server closed the connection"));
            }
            line.truncate(line.trim_ascii_end().len());
            let size = line.strip_suffix(b"}").and_then(|rest| {
                let digits = rest.rsplit(|byte| *byte == b'{').next()?;
                Some((digits.len() + 2, std::str::from_utf8(digits).ok()?.parse().ok()?))
            });
            let Some((tail, size)) = size else {
                return Ok((String::from_utf8_lossy(&line).into_owned(), literal));
            };
            line.truncate(line.len() - tail);
            let mut body = vec![0; size];
            self.reader.read_exact(&mut body)?;
            literal = Some(body);
        }
    }
}

fn ok(tagged: &str) -> Result<()> {
    match tagged.split(' ').nth(1) {
        Some("OK") => Ok(()),
        _ => Err(Error::other(tagged.trim_end().to_owned())),
    }
}

/// The folders that hold messages, named as on the wire, with their counts.
fn list(connection: &mut Connection) -> Result<Vec<(Arc<str>, usize)>> {
    let tag = connection.send("LIST \"\" \"*\"")?;
    let mut folders = Vec::new();
    for line in connection.finish(&tag)? {
        let Some((attributes, rest)) = line.strip_prefix("* LIST (").and_then(|line| line.split_once(") ")) else {
            continue;
        };
        let lower = attributes.to_ascii_lowercase();
        if !lower.contains("\\noselect") && !lower.contains("\\nonexistent") {
            let (_, name) = rest.split_once(' ').expect("a delimiter and a name");
            folders.push(Arc::<str>::from(name));
        }
    }
    let tags: Vec<String> =
        folders.iter().map(|name| connection.send(&format!("STATUS {name} (MESSAGES)"))).collect::<Result<_>>()?;
    folders
        .into_iter()
        .zip(tags)
        .map(|(name, tag)| {
            let answers = connection.finish(&tag)?;
            let count =
                answers.iter().find_map(|line| line.rsplit_once("(MESSAGES ")?.1.trim_end_matches(')').parse().ok());
            Ok((name, count.ok_or_else(|| Error::other("no count"))?))
        })
        .collect()
}

/// The flags without \Recent and the date of a FETCH answer, as APPEND wants them.
fn labels(line: &str) -> String {
    let between = |start: &str, end: char| -> &str {
        line.split_once(start).and_then(|(_, rest)| rest.split_once(end)).map_or("", |(found, _)| found)
    };
    let flags: Vec<&str> = between("FLAGS (", ')').split_whitespace().filter(|flag| *flag != "\\Recent").collect();
    format!("({}) \"{}\"", flags.join(" "), between("INTERNALDATE \"", '"'))
}
