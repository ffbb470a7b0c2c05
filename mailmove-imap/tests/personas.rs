//! Whole migrations from and to servers as they are in the field.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::{PASSWORD, USER, connector, destination, source};
use mailmove_core::{Connector, ErrorKind, Kind};
use mailmove_engine::{Audit, AuditLevel, MemoryLedger, Migration, Outcome, Report};
use mailmove_imap::{ImapConnector, Quirks, Sign};
use mailmove_testkit::imap::{Capability, ImapServer, ImapServerBuilder, NewMessage, Persona};
use mailmove_testkit::nasty;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

macro_rules! personas {
    ($($test:ident: $persona:ident,)*) => {
        mod from {
            $(#[tokio::test]
            async fn $test() {
                super::everything_comes_from(super::Persona::$persona).await;
            })*
        }

        mod to {
            $(#[tokio::test]
            async fn $test() {
                super::everything_goes_to(super::Persona::$persona).await;
            })*
        }

        #[test]
        fn every_persona_has_its_test() {
            assert_eq!(Persona::ALL.to_vec(), [$(Persona::$persona),*]);
        }
    };
}

personas! {
    carbonio: Carbonio,
    courier: Courier,
    cyrus: Cyrus,
    domino: Domino,
    dovecot: Dovecot,
    exchange_online: ExchangeOnline,
    exchange_server: ExchangeServer,
    gmail: Gmail,
    gmx: Gmx,
    groupwise: GroupWise,
    hmailserver: HMailServer,
    icloud: ICloud,
    james: James,
    kerio: Kerio,
    mailenable: MailEnable,
    mail_ru: MailRu,
    netease: NetEase,
    qq: Qq,
    smartermail: SmarterMail,
    yahoo: Yahoo,
    yandex: Yandex,
    zimbra: Zimbra,
}

/// A migration between two servers, and what it came to.
struct Moved {
    old: ImapServer,
    new: ImapServer,
    report: Report,
    audit: Audit,
}

impl Moved {
    async fn between(old: ImapServer, new: ImapServer) -> Self {
        let ledger = Arc::new(MemoryLedger::new());
        let migration = || {
            Migration::new(Arc::new(connector(&old)), source(), Arc::new(connector(&new)), destination())
                .ledger(ledger.clone())
        };
        let report = migration().run(None).await.unwrap();
        let audit = migration().audit(AuditLevel::Metadata).await.unwrap();
        Self { old, new, report, audit }
    }

    /// Whether the plan named this loss.
    fn foretold(&self, code: &str) -> bool {
        let routes = self.report.plan.iter().flat_map(|plan| &plan.routes);
        routes.flat_map(|route| &route.losses).any(|loss| loss.code == code)
    }

    #[track_caller]
    fn assert_whole(&self) {
        assert!(matches!(self.report.outcome, Outcome::Completed), "{:#?}", self.report);
        assert!(self.audit.is_clean(), "{:#?}", self.audit);
        let count = |server: &ImapServer| server.mailbox(USER).snapshot().messages();
        assert_eq!(count(&self.new), count(&self.old));
    }
}

async fn start(server: ImapServerBuilder) -> ImapServer {
    server.user(USER, PASSWORD).start().await
}

/// Folders, some of them deep or strangely named, and letters in them, strange ones too.
fn fill(server: &ImapServer, name: impl Fn(&[&str]) -> String) {
    let mailbox = server.mailbox(USER);
    let folders: [&[&str]; 5] = [&["INBOX"], &["Work"], &["Work", "2024"], &["Größe"], &["Rock 'n' Roll"]];
    for (number, path) in folders.iter().enumerate() {
        let folder = name(path);
        if number > 0 {
            mailbox.create_folder(&folder).subscribe(&folder);
        }
        for letter in 0..(4 + Persona::YAHOO_VIEW as u32 * u32::from(number == 0)) {
            let flags = [&["\\Seen"][..], &["\\Flagged", "\\Answered"], &[]][letter as usize % 3];
            let text = common::message(100 * number as u32 + letter);
            mailbox.append(&folder, NewMessage::new(text).flags(flags.iter().copied()));
        }
    }
    // Twins are two messages.
    for _ in 0..2 {
        mailbox.append("INBOX", NewMessage::new(common::message(9_999)));
    }
}

async fn everything_comes_from(persona: Persona) {
    let old = start(persona.builder()).await;
    fill(&old, |path| persona.folder(path));
    for sample in nasty::samples(Kind::Mail) {
        old.mailbox(USER).append("INBOX", NewMessage::new(sample.bytes));
    }
    let before = old.mailbox(USER).snapshot();
    let moved = Moved::between(old, start(ImapServer::builder()).await).await;
    moved.assert_whole();
    let differences = before.differences(&moved.new.mailbox(USER).snapshot());
    assert!(differences.is_empty(), "{differences:#?}");
    assert_eq!(moved.old.mailbox(USER).snapshot(), before, "nothing changes at the source");
}

async fn everything_goes_to(persona: Persona) {
    let old = start(ImapServer::builder()).await;
    fill(&old, |path| path.join("/"));
    let moved = Moved::between(old, start(persona.builder()).await).await;
    moved.assert_whole();
    let folders = moved.new.mailbox(USER).folders();
    assert!(folders.contains(&persona.folder(&["Work", "2024"])), "{folders:?}");
}

#[tokio::test]
async fn a_view_that_is_cut_off_is_seen_through_where_the_server_lets_us() {
    let old = start(Persona::Yahoo.builder()).await;
    fill(&old, |path| path.join("/"));
    let count = old.mailbox(USER).count("INBOX");
    assert!(count > Persona::YAHOO_VIEW);
    let moved = Moved::between(old, start(ImapServer::builder()).await).await;
    assert_eq!(moved.new.mailbox(USER).count("INBOX"), count);
    assert!(!moved.foretold("view-limit"));
}

#[tokio::test]
async fn a_view_that_is_cut_off_is_named_where_it_cannot_be_seen_through() {
    let old = start(Persona::Yahoo.builder().without(Capability::UidOnly)).await;
    fill(&old, |path| path.join("/"));
    let moved = Moved::between(old, start(ImapServer::builder()).await).await;
    assert_eq!(moved.new.mailbox(USER).count("INBOX"), Persona::YAHOO_VIEW);
    assert!(moved.foretold("view-limit"));
}

#[tokio::test]
async fn nothing_is_selected_before_the_server_knows_who_we_are() {
    for persona in [Persona::NetEase, Persona::Qq] {
        let old = start(persona.builder()).await;
        fill(&old, |path| path.join("/"));
        let moved = Moved::between(old, start(ImapServer::builder()).await).await;
        let counters = moved.old.log().counters();
        assert!(counters.command("ID") > 0 && counters.command("ID") == counters.sign_ins().accepted, "{persona:?}");
    }
}

#[tokio::test]
async fn a_server_that_loses_what_comes_behind_a_message_gets_one_at_a_time() {
    let old = start(ImapServer::builder()).await;
    fill(&old, |path| path.join("/"));
    let moved = Moved::between(old, start(Persona::James.builder()).await).await;
    moved.assert_whole();
    let lines = moved.new.log().lines();
    let appends: Vec<&String> = lines.iter().filter(|line| line.contains("APPEND")).collect();
    assert!(!appends.is_empty() && appends.iter().all(|line| !line.contains("+}")), "{appends:#?}");
}

#[tokio::test]
async fn a_lock_on_the_account_gets_one_connection() {
    for (persona, connections) in [(Persona::Zimbra, 1), (Persona::Carbonio, 1), (Persona::Dovecot, 4)] {
        let server = start(persona.builder()).await;
        let opened = connector(&server).source(&source()).await.unwrap();
        assert_eq!(opened.capabilities().large_folders, connections, "{persona:?}");
    }
}

#[tokio::test]
async fn a_keyword_that_means_something_else_is_held_back_and_named() {
    let old = start(ImapServer::builder()).await;
    let letter = NewMessage::new(common::message(1)).flags(["\\Seen", "$MDNSent", "Work"]);
    old.mailbox(USER).append("INBOX", letter);
    let moved = Moved::between(old, start(Persona::ExchangeOnline.builder()).await).await;
    assert!(matches!(moved.report.outcome, Outcome::Completed), "{:#?}", moved.report);
    assert!(moved.audit.is_clean(), "{:#?}", moved.audit);
    let flags = moved.new.mailbox(USER).snapshot();
    let flags = format!("{flags:?}");
    assert!(flags.contains("Work") && !flags.contains("MDNSent"), "{flags}");
}

#[tokio::test]
async fn lines_that_are_too_long_are_broken_and_named() {
    let old = start(ImapServer::builder()).await;
    let text = format!("Message-ID: <1@example.org>\r\nSubject: long\r\n\r\n{}\r\n", "x".repeat(20_000));
    old.mailbox(USER).append("INBOX", NewMessage::new(text));
    let moved = Moved::between(old, start(Persona::ExchangeServer.builder()).await).await;
    moved.assert_whole();
    assert!(format!("{:?}", moved.report).contains("long-line-broken"), "{:#?}", moved.report);
}

#[tokio::test]
async fn a_request_for_a_receipt_is_set_aside_where_one_would_be_sent_for_old_mail() {
    let old = start(ImapServer::builder()).await;
    for (number, flags) in [(1, &[][..]), (2, &["\\Seen"])] {
        let text = format!("Disposition-Notification-To: a@example.org\r\n{}", common::message(number));
        old.mailbox(USER).append("INBOX", NewMessage::new(text).flags(flags.iter().copied()));
    }
    // The connector knows the provider by its host; here, by a row that says the same.
    let new = start(Persona::ExchangeOnline.builder()).await;
    let mut quirks = Quirks::new("Exchange Online");
    quirks.signs = vec![Sign::Greeting("microsoft exchange".into())].into();
    (quirks.read_receipts, quirks.rewrites) = (true, true);
    let mut config = common::config(&new);
    config.quirks.push(quirks);
    let to = Arc::new(ImapConnector::new(config, common::provider()));
    let migration = Migration::new(Arc::new(connector(&old)), source(), to, destination());
    let report = migration.run(None).await.unwrap();
    assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
    let stored = format!("{:?}", new.mailbox(USER).snapshot());
    assert_eq!(stored.matches("X-Disposition-Notification-To").count(), 1, "{stored}");
    assert_eq!(stored.matches("Disposition-Notification-To").count(), 2, "{stored}");
    assert!(format!("{report:?}").contains("receipt-request"), "{report:#?}");
}

#[tokio::test]
async fn two_names_that_people_read_alike_stay_two_folders() {
    let old = start(ImapServer::builder()).await;
    old.mailbox(USER).create_folder("cafe").create_raw_folder("&AGMAYQBmAGU-");
    let mut client = tokio::net::TcpStream::connect(old.addr()).await.unwrap();
    let login = format!("1 LOGIN {USER} \"{PASSWORD}\"\r\n");
    let append = |name: &str| format!("2 APPEND {name} {{16+}}\r\nSubject: a\r\n\r\na\r\n\r\n");
    let script = [login, append("cafe"), append("&AGMAYQBmAGU-"), "3 LOGOUT\r\n".to_owned()];
    client.write_all(script.concat().as_bytes()).await.unwrap();
    let mut said = String::new();
    client.read_to_string(&mut said).await.unwrap();
    assert_eq!(said.matches("2 OK").count(), 2, "{said}");
    let moved = Moved::between(old, start(ImapServer::builder()).await).await;
    assert!(matches!(moved.report.outcome, Outcome::Completed), "{:#?}", moved.report);
    assert_eq!(moved.new.mailbox(USER).snapshot().messages(), 2, "{:?}", moved.new.mailbox(USER).folders());
    assert_eq!(moved.new.mailbox(USER).count("cafe"), 1);
}

#[tokio::test]
async fn names_that_a_server_knows_in_utf8_only_come_and_go() {
    let fill = |server: &ImapServer, prefix: &str| {
        for name in ["\u{1f4c1} Rechnungen \u{1f389}", "Größe", "R&D", "Z\u{301}"] {
            let name = format!("{prefix}{name}");
            let wide = format!("Subject: \u{e9}\r\n{}", common::message(1));
            server.mailbox(USER).create_folder(&name).append(&name, NewMessage::new(wide));
        }
    };
    let old = start(Persona::Courier.builder()).await;
    fill(&old, "INBOX.");
    let there = Moved::between(old, start(ImapServer::builder()).await).await;
    there.assert_whole();
    assert!(there.new.mailbox(USER).folders().contains(&"\u{1f4c1} Rechnungen \u{1f389}".to_owned()));
    let back = Moved::between(there.new, start(Persona::Courier.builder()).await).await;
    back.assert_whole();
    assert_eq!(back.new.mailbox(USER).folders(), there.old.mailbox(USER).folders());
    let lines = back.new.log().lines();
    assert!(lines.iter().any(|line| line.contains("APPEND") && line.contains("UTF8 (~{")), "{lines:#?}");
}

/// Names that one server or another cannot have, each beside a look-alike.
const ODD_NAMES: [&str; 12] = [
    "Case",
    "case",
    "100%*",
    "100",
    "a/b",
    "a_b",
    "quote\"d",
    "colon:ed",
    "cafe\u{301}",
    "caf\u{e9}",
    " blank ",
    "blank",
];

#[tokio::test]
async fn names_that_a_server_cannot_have_are_mapped_one_for_one_and_the_plan_tells() {
    for persona in [Persona::Zimbra, Persona::Cyrus, Persona::Gmail, Persona::ExchangeServer, Persona::Dovecot] {
        let old = start(ImapServer::builder().delimiter('.').wildcard_names()).await;
        for (number, name) in ODD_NAMES.iter().enumerate() {
            old.mailbox(USER).create_folder(name).append(name, NewMessage::new(common::message(number as u32)));
        }
        let moved = Moved::between(old, start(persona.builder()).await).await;
        assert!(matches!(moved.report.outcome, Outcome::Completed), "{persona:?}: {:#?}", moved.report);
        let mailbox = moved.new.mailbox(USER);
        let full: Vec<String> = mailbox.folders().into_iter().filter(|name| mailbox.count(name) > 0).collect();
        assert_eq!(full.len(), ODD_NAMES.len(), "{persona:?}: one folder for each, {full:?}");
        let plan = moved.report.plan.as_ref().unwrap();
        let told = plan.folders.iter().filter(|folder| folder.from != folder.to);
        assert!(told.clone().all(|folder| folder.note.is_some()), "{persona:?}: with the reason, {:#?}", plan.folders);
        let lower =
            |names: &[String]| names.iter().map(|name| name.to_lowercase()).collect::<std::collections::HashSet<_>>();
        if matches!(persona, Persona::Zimbra | Persona::Gmail | Persona::ExchangeServer) {
            assert_eq!(lower(&full).len(), full.len(), "{persona:?}: no two differ in case only, {full:?}");
        }
        let back = Moved::between(moved.new, start(ImapServer::builder().delimiter('.').wildcard_names()).await).await;
        assert_eq!(back.new.mailbox(USER).snapshot().messages(), ODD_NAMES.len(), "{persona:?}: and back");
    }
}

#[tokio::test]
async fn names_that_were_encoded_twice_come_as_they_were_meant() {
    let old = start(Persona::Carbonio.builder()).await;
    let mailbox = old.mailbox(USER);
    mailbox.create_raw_folder("Gr&-APYA3w-e").append("Gr&APYA3w-e", NewMessage::new(common::message(1)));
    mailbox.create_raw_folder("R&-D").append("R&D", NewMessage::new(common::message(2)));
    let moved = Moved::between(old, start(ImapServer::builder()).await).await;
    moved.assert_whole();
    let folders = moved.new.mailbox(USER).folders();
    assert!(folders.contains(&"Größe".to_owned()) && folders.contains(&"R&D".to_owned()), "{folders:?}");
}

#[tokio::test]
async fn a_program_adds_rows_of_its_own() {
    let server = start(ImapServer::builder().greeting("Our own server, release 7")).await;
    let mut quirks = Quirks::new("Ours");
    quirks.signs = vec![Sign::Greeting("our own server".into())].into();
    quirks.append_limit = Some(50);
    let mut config = common::config(&server);
    config.quirks.push(quirks);
    let connector = ImapConnector::new(config, common::provider());
    let opened = connector.destination(&destination()).await.unwrap();
    let verdicts = opened.write(&"INBOX".into(), &[common::create(common::message(1))]).await;
    assert_eq!(verdicts[0].as_ref().unwrap_err().kind(), ErrorKind::TooLarge);
}
