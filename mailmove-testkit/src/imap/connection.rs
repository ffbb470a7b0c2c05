//! One connection, from greeting to end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::split;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::command;
use super::fault::{Action, BrokenLiteral, Effect, StopAfter};
use super::log::LoggedCommand;
use super::parse::{self, Command};
use super::reply::Reply;
use super::server::Shared;
use super::session::Session;
use super::settings::Encryption;
use super::state::lock;
use super::wire::{Gone, Input, Line, Output, Stream, delayed};

mod receive;
mod upgrade;

use receive::Request;

/// How long a closed connection is still read from, for the client to take notice.
const LINGER: Duration = Duration::from_secs(2);

/// The octets and what they mean.
pub(super) struct Connection {
    pub(super) session: Session,
    pub(super) input: Input,
    pub(super) out: Output,
    /// Tagged lines of FETCHes that are told after the next one's data.
    held: Vec<String>,
}

/// What is left to do when a command was executed.
#[derive(Default)]
struct Outcome {
    instead: Option<Reply>,
    pretend: Option<Reply>,
    commit_late: Option<Duration>,
    cut: bool,
    mute: bool,
}

/// Serves a connection until its end.
pub(super) async fn serve(shared: Arc<Shared>, tcp: TcpStream) {
    let _open = Open { shared: shared.clone() };
    let number = shared.log.connection();
    // Without it small answers would wait for acknowledgements that wait for more.
    let _ = tcp.set_nodelay(true);
    let round_trip = shared.settings.round_trip;
    let mut stream: Stream = if round_trip.is_zero() { Box::new(tcp) } else { delayed(tcp, round_trip) };
    let encrypted = shared.settings.encryption == Encryption::FromTheStart;
    if let (true, Some(identity)) = (encrypted, &shared.identity) {
        match identity.acceptor.accept(stream).await {
            Ok(tls) => stream = Box::new(tls),
            Err(_) => return,
        }
    }
    let (reader, writer) = split(stream);
    let mut connection = Connection {
        session: Session::new(shared.clone(), number, encrypted),
        input: Input::new(reader, shared.log.clone(), round_trip),
        out: Output::new(Some(writer), shared.log.clone()),
        held: Vec::new(),
    };
    let _ = connection.run().await;
    connection.finish().await;
}

/// Counts an open connection for as long as it lives, however it ends.
struct Open {
    shared: Arc<Shared>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.shared.log.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(user) = &self.session.user
            && let Some(sessions) = lock(&self.session.shared.signed_in).get_mut(&user.name)
        {
            *sessions = sessions.saturating_sub(1);
        }
    }
}

impl Connection {
    async fn run(&mut self) -> Result<(), Gone> {
        self.greet().await?;
        while let Some(request) = self.receive().await? {
            self.handle(request).await?;
        }
        Ok(())
    }

    async fn greet(&mut self) -> Result<(), Gone> {
        let shared = self.session.shared.clone();
        let connect = Request::connect(self.session.connection, &shared.faults);
        self.strike_early(&connect.faults);
        if let Some(refusal) = self.prepare(&connect).await?.instead {
            self.out.line(format_args!("* BYE {}", refusal.text));
            return Err(Gone);
        }
        let settings = &shared.settings;
        let open = shared.log.open.load(Ordering::Relaxed);
        if settings.max_connections.is_some_and(|limit| open > limit as u64) {
            self.out.line(format_args!("* BYE [UNAVAILABLE] Too many connections"));
            self.out.send().await?;
            return Err(Gone);
        }
        if settings.volunteers_capabilities {
            let words = settings.capability_line(false, self.session.encrypted);
            self.out.line(format_args!("* OK [CAPABILITY {words}] {}", settings.greeting));
        } else {
            self.out.line(format_args!("* OK {}", settings.greeting));
        }
        Ok(())
    }

    async fn handle(&mut self, request: Request) -> Result<(), Gone> {
        let outcome = self.prepare(&request).await?;
        let tag = request.head.tag.clone();
        let parsed = match (&outcome.instead, request.refused) {
            (Some(reply), _) => Err(reply.clone()),
            (None, Some(reply)) => Err(reply),
            (None, None) => parse::command(&request.head, &request.frame).map_err(|error| Reply::bad(error.0)),
        };
        if let (Ok(command), Some(after)) = (&parsed, outcome.commit_late) {
            self.commit_late(command.clone(), after);
            return Err(Gone);
        }
        self.out.mute(outcome.mute);
        let is_fetch = matches!(parsed, Ok(Command::Fetch { .. }));
        let is_select = matches!(parsed, Ok(Command::Select { .. }));
        let leaves = matches!(parsed, Ok(Command::Logout));
        self.session.tag.clone_from(&tag);
        let reply = match parsed {
            Ok(command) => self.execute(&tag, command).await?,
            Err(reply) => Some(reply),
        };
        if let Some(reply) = reply {
            self.answer(&tag, outcome.pretend.unwrap_or(reply), is_fetch);
        }
        let settings = &self.session.shared.settings;
        if is_select && settings.modseq_after_select && settings.condstore() {
            command::highest_modseq(&mut self.session, &mut self.out);
        }
        self.session.effect = Effect::default();
        if outcome.cut || leaves {
            return Err(Gone);
        }
        self.restore().await
    }

    /// Executes a command; nothing when it has said its last word itself.
    async fn execute(&mut self, tag: &str, command: Command) -> Result<Option<Reply>, Gone> {
        match command {
            Command::StartTls => self.start_tls(tag).await,
            Command::Compress { mechanism } => self.compress(tag, &mechanism).await,
            Command::Login { user, password } => Ok(Some(self.login(&user, &password))),
            Command::Authenticate { mechanism, initial } => self.authenticate(&mechanism, initial).await.map(Some),
            Command::MasterAuth => self.master_password().await.map(Some),
            Command::SetUser(user) => Ok(Some(self.set_user(&user))),
            Command::Idle => self.idle().await.map(Some),
            other => command::execute(&mut self.session, other, &mut self.out).await.map(Some),
        }
    }

    fn answer(&mut self, tag: &str, reply: Reply, is_fetch: bool) {
        if is_fetch && self.session.shared.settings.answers_overlap && self.input.pending() {
            self.held.push(format!("{tag} {reply}"));
            return;
        }
        for held in self.held.drain(..) {
            self.out.line(format_args!("{held}"));
        }
        self.out.line(format_args!("{tag} {reply}"));
    }

    /// Lets the faults strike that come before the command.
    async fn prepare(&mut self, request: &Request) -> Result<Outcome, Gone> {
        let mut outcome = Outcome::default();
        for action in &request.faults {
            let effect = &mut self.session.effect;
            match action.clone() {
                Action::No(text) => outcome.instead = Some(Reply::no(text)),
                Action::Bad(text) => outcome.instead = Some(Reply::bad(text)),
                Action::PretendOk(text) => outcome.instead = Some(Reply::ok(text)),
                Action::PretendNo(text) => outcome.pretend = Some(Reply::no(text)),
                Action::Bye(text) => {
                    self.out.line(format_args!("* BYE {text}"));
                    self.out.send().await?;
                    return Err(Gone);
                }
                Action::CutBefore => {
                    self.out.send().await?;
                    return Err(Gone);
                }
                Action::CutAfter => (outcome.cut, outcome.mute) = (true, true),
                Action::LoseAnswer => outcome.mute = true,
                Action::HangUp => {
                    self.out.send().await?;
                    self.out.hang_up().await;
                }
                Action::CommitLate(after) => outcome.commit_late = Some(after),
                Action::CutOutput { after } => {
                    self.out.send().await?;
                    self.out.cut_after(Some(after));
                    outcome.cut = true;
                }
                // Were seen to while the command came in.
                Action::CutInput { .. } | Action::Untagged(_) => {}
                Action::Stall => {
                    self.out.send().await?;
                    self.input.linger().await;
                    return Err(Gone);
                }
                Action::Wait(time) => {
                    self.out.send().await?;
                    sleep(time).await;
                }
                Action::Slow { chunk, delay } => {
                    self.out.send().await?;
                    self.out.pace(Some((chunk, delay)));
                }
                Action::Garbage(bytes) => self.out.bytes(&bytes),
                Action::SizeOff(by) => effect.size_off = by,
                Action::ShortenBodies(octets) => effect.bodies = Some(BrokenLiteral { octets, lies: false }),
                Action::TruncateLiterals(octets) => effect.bodies = Some(BrokenLiteral { octets, lies: true }),
                Action::NoAfter { messages, text } => {
                    effect.stop_after = Some(StopAfter { messages, text, bye: false });
                }
                Action::ByeAfter { messages, text } => {
                    effect.stop_after = Some(StopAfter { messages, text, bye: true });
                }
                Action::Half(messages) => {
                    effect.only_first = Some(messages);
                    (outcome.cut, outcome.mute) = (true, true);
                }
                Action::ChangeUidValidity => self.change_uid_validity(request),
            }
        }
        Ok(outcome)
    }

    fn change_uid_validity(&mut self, request: &Request) {
        let named = match parse::command(&request.head, &request.frame) {
            Ok(Command::Select { mailbox, .. } | Command::Status { mailbox, .. } | Command::Append { mailbox, .. }) => {
                Some(self.session.wire_name(&mailbox))
            }
            _ => self.session.selected.as_ref().map(|selected| selected.name.clone()),
        };
        if let (Some(user), Some(name)) = (&self.session.user, named) {
            lock(&user.account).renumber(&name);
        }
    }

    fn commit_late(&self, command: Command, after: Duration) {
        let mut session = self.session.clone();
        let shared = session.shared.clone();
        shared.clone().tasks.spawn_late(async move {
            sleep(after).await;
            let mut out = Output::nowhere(shared.log.clone());
            let _ = command::execute(&mut session, command, &mut out).await;
        });
    }

    /// Ends what a fault had begun for one command.
    async fn restore(&mut self) -> Result<(), Gone> {
        self.out.mute(false);
        if self.out.is_paced() {
            self.out.send().await?;
            self.out.pace(None);
        }
        self.input.cut_after(None);
        self.out.relieve().await
    }

    /// IDLE: tells changes until the client has had enough.
    async fn idle(&mut self) -> Result<Reply, Gone> {
        if !self.session.shared.settings.has(super::Capability::Idle) {
            return Ok(Reply::bad("Unknown command"));
        }
        self.out.line(format_args!("+ idling"));
        loop {
            command::tell_changes(&mut self.session, true, false, &mut self.out).await?;
            self.out.send().await?;
            let done = self.input.line(self.session.shared.settings.max_line, &mut self.out);
            match timeout(Duration::from_millis(20), done).await {
                Err(_) => {}
                Ok(line) => {
                    return match line? {
                        Line::Text(text) if text.eq_ignore_ascii_case(b"DONE") => Ok(Reply::ok("Idle completed")),
                        Line::Text(_) => Ok(Reply::bad("Expected DONE")),
                        Line::TooLong | Line::End => Err(Gone),
                    };
                }
            }
        }
    }

    /// Says what was not said yet, then that no more will come, and waits for the client to close as well.
    async fn finish(&mut self) {
        self.out.mute(false);
        let _ = self.out.send().await;
        self.out.close().await;
        let _ = timeout(LINGER, self.input.linger()).await;
    }

    fn seen(&self, head: &parse::Head, line: &[u8]) -> LoggedCommand {
        self.session.shared.log.command(self.session.connection, self.session.user_name(), &head.name, line)
    }
}
