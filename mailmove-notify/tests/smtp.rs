//! Mails, as a server gets them.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mailmove_core::{ErrorKind, Mailbox, MailboxFlags, Side};
use mailmove_engine::MemoryLedger;
use mailmove_engine::batch::{Batch, BatchJob, Notifier, Pass, REQUEST_SUBJECT, Selection, Server};
use mailmove_notify::{Security, SmtpNotifier, SmtpSettings};
use mailmove_testkit::{MemoryMailbox, NewItem};
use secrecy::ExposeSecret;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail server that takes everything, or refuses every recipient.
struct Sink {
    port: u16,
    mails: Arc<Mutex<Vec<String>>>,
}

impl Sink {
    async fn start(refuses: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let taken = mails.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, refuses, taken.clone()));
            }
        });
        Self { port, mails }
    }

    fn settings(&self) -> SmtpSettings {
        SmtpSettings::new("127.0.0.1", "Migration <move@host.example>")
            .port(self.port)
            .security(Security::DangerPlaintext)
            .timeout(Duration::from_secs(5))
    }
}

async fn serve(stream: TcpStream, refuses: bool, mails: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink\r\n").await.unwrap();
    let (mut line, mut mail, mut data) = (String::new(), String::new(), false);
    while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
        let answer = match line.trim_end() {
            "." if data => {
                data = false;
                mails.lock().unwrap().push(std::mem::take(&mut mail));
                "250 taken\r\n"
            }
            _ if data => {
                mail.push_str(&line);
                ""
            }
            "DATA" => {
                data = true;
                "354 go on\r\n"
            }
            text if text.starts_with("RCPT") && refuses => "550 no such user\r\n",
            text if text.starts_with("QUIT") => "221 bye\r\n",
            _ => "250 fine\r\n",
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
        line.clear();
    }
}

async fn batch(notifier: SmtpNotifier, flags: u32) -> (Batch, String) {
    let old = MemoryMailbox::new();
    old.add(&old.inbox(), NewItem::numbered_mail(1));
    let batch = Batch::on(Arc::new(MemoryLedger::new()))
        .source(Server::new(Arc::new(old)))
        .destination(Server::new(Arc::new(MemoryMailbox::new())))
        .notifier(Arc::new(notifier))
        .administrator("admin@host.example")
        .requests("https://host.example/answer/", Duration::from_secs(3600))
        .open()
        .await
        .unwrap();
    let job =
        BatchJob::new(Mailbox::new(Side::Source, "a@old.example"), Mailbox::new(Side::Destination, "a@new.example"));
    batch.add([job.flags(MailboxFlags::strict(flags).unwrap())]).await.unwrap();
    let started = batch.start(&Selection::All, Pass::Full).await.unwrap();
    batch.run().await.unwrap();
    let key = started.requests.first().map(|request| request.key.expose_secret().to_owned()).unwrap_or_default();
    (batch, key)
}

/// What is left of quoted-printable when its soft line ends and equals signs are undone.
fn plain(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("=3D", "=")
}

#[tokio::test]
async fn a_user_is_asked_by_mail() {
    let sink = Sink::start(false).await;
    let (_, key) = batch(SmtpNotifier::new(sink.settings()).unwrap(), 192).await;
    let mails = sink.mails.lock().unwrap().clone();
    assert_eq!(mails.len(), 1);
    let mail = plain(&mails[0]);
    for words in [
        "From: Migration <move@host.example>\r\n",
        "To: a@old.example\r\n",
        &format!("Subject: {REQUEST_SUBJECT}\r\n"),
        "Auto-Submitted: auto-generated\r\n",
        &format!("https://host.example/answer/{key}"),
    ] {
        assert!(mail.contains(words), "{words} in {mail}");
    }
}

#[tokio::test]
async fn a_question_without_a_page_is_not_mailed() {
    let sink = Sink::start(false).await;
    let batch = Batch::on(Arc::new(MemoryLedger::new()))
        .source(Server::new(Arc::new(MemoryMailbox::new())))
        .destination(Server::new(Arc::new(MemoryMailbox::new())))
        .notifier(Arc::new(SmtpNotifier::new(sink.settings()).unwrap()))
        .open()
        .await
        .unwrap();
    let job =
        BatchJob::new(Mailbox::new(Side::Source, "a@old.example"), Mailbox::new(Side::Destination, "a@new.example"));
    batch.add([job.flags(MailboxFlags::REQUEST_SOURCE)]).await.unwrap();
    batch.start(&Selection::All, Pass::Full).await.unwrap();
    let notes = batch.items().await.remove(0).notes;
    assert!(notes[0].contains("does not know where users answer"), "{notes:?}");
    assert!(sink.mails.lock().unwrap().is_empty());
}

#[tokio::test]
async fn everybody_is_told_of_a_success() {
    let sink = Sink::start(false).await;
    batch(SmtpNotifier::new(sink.settings()).unwrap(), 1 + 4 + 16).await;
    let mails = sink.mails.lock().unwrap().clone();
    let to = |address: &str| mails.iter().any(|mail| mail.contains(&format!("To: {address}\r\n")));
    assert!(mails.len() == 3 && to("admin@host.example") && to("a@old.example") && to("a@new.example"));
    assert!(mails.iter().all(|mail| mail.contains("Subject: The mailbox a@old.example was moved\r\n")), "{mails:?}");
}

#[tokio::test]
async fn a_refused_mail_is_noted_and_the_mailbox_moves() {
    let sink = Sink::start(true).await;
    let (batch, _) = batch(SmtpNotifier::new(sink.settings()).unwrap(), 1).await;
    let item = batch.items().await.remove(0);
    assert_eq!(item.state.as_str(), "completed");
    assert!(item.notes[0].contains("could not be sent") && item.notes[0].contains("550"), "{:?}", item.notes);
}

#[tokio::test]
async fn encryption_that_was_asked_for_is_not_done_without() {
    let sink = Sink::start(false).await;
    for security in [Security::StartTls, Security::Tls] {
        let settings = sink.settings().security(security).timeout(Duration::from_millis(500));
        let (batch, _) = batch(SmtpNotifier::new(settings.login("move", "hunter2")).unwrap(), 1).await;
        let notes = batch.items().await.remove(0).notes;
        assert_eq!(notes.len(), 1, "{security:?}");
        assert!(!notes[0].contains("hunter2"));
    }
    assert!(sink.mails.lock().unwrap().is_empty());
}

#[test]
fn a_sender_that_is_no_address_is_refused_and_nothing_prints_the_password() {
    let error = SmtpNotifier::new(SmtpSettings::new("smtp.example.org", "nobody")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let settings = SmtpSettings::new("smtp.example.org", "a@b.example").login("a", "hunter2");
    assert!(!format!("{settings:?}").contains("hunter2"));
    let notifier: Arc<dyn Notifier> = Arc::new(SmtpNotifier::new(settings).unwrap());
    assert!(!format!("{notifier:?}").contains("hunter2"));
}
