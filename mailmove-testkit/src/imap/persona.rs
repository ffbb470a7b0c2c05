//! Servers of the field, as far as a migration meets them.
//!
//! A persona is no copy of a product: it has the capabilities, the names, the limits and the refusals that are known of it,
//! and is as strict as the RFCs elsewhere. Where each fact is from stands beside it.

use super::builder::ImapServerBuilder;
use super::capability::Capability::{self, *};
use super::capability::Mechanism;
use super::refusal::Refusal;
use super::server::ImapServer;

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)] // names of products
pub enum Persona {
    Carbonio,
    Courier,
    Cyrus,
    Domino,
    Dovecot,
    ExchangeOnline,
    ExchangeServer,
    Gmail,
    Gmx,
    GroupWise,
    HMailServer,
    ICloud,
    James,
    Kerio,
    MailEnable,
    MailRu,
    NetEase,
    Qq,
    SmarterMail,
    Yahoo,
    Yandex,
    Zimbra,
}

impl Persona {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Carbonio,
        Self::Courier,
        Self::Cyrus,
        Self::Domino,
        Self::Dovecot,
        Self::ExchangeOnline,
        Self::ExchangeServer,
        Self::Gmail,
        Self::Gmx,
        Self::GroupWise,
        Self::HMailServer,
        Self::ICloud,
        Self::James,
        Self::Kerio,
        Self::MailEnable,
        Self::MailRu,
        Self::NetEase,
        Self::Qq,
        Self::SmarterMail,
        Self::Yahoo,
        Self::Yandex,
        Self::Zimbra,
    ];

    /// How many messages of a folder [`Yahoo`](Self::Yahoo) shows without UIDONLY: 10,000 on the real one, few here so
    /// that tests are fast.
    pub const YAHOO_VIEW: usize = 25;

    /// The server's name of a folder: INBOX, or what lies beside it.
    pub fn folder(self, path: &[&str]) -> String {
        let (prefix, delimiter) = match self {
            Self::Courier => ("INBOX.", "."),
            Self::Cyrus | Self::HMailServer | Self::James => ("", "."),
            Self::Domino => ("", "\\"),
            Self::Yandex => ("", "|"),
            _ => ("", "/"),
        };
        match path {
            ["INBOX"] => "INBOX".to_owned(),
            path => format!("{prefix}{}", path.join(delimiter)),
        }
    }

    /// A server of this kind, without users.
    pub fn builder(self) -> ImapServerBuilder {
        match self {
            Self::Carbonio => zimbra(&[SpecialUse])
                .greeting("Carbonio IMAP4rev1 server ready")
                .id(&[("NAME", "Zimbra"), ("VERSION", "24.4.0_ZEXTRAS")]),
            Self::Courier => courier(),
            Self::Cyrus => cyrus(),
            Self::Domino => domino(),
            Self::Dovecot => ImapServer::builder()
                .greeting("Dovecot ready.")
                .id(&[("name", "Dovecot")])
                .wildcard_names()
                .with(Binary)
                .overlapping_answers()
                .modseq_after_select(),
            Self::ExchangeOnline => exchange(&[Id, Unselect, Move, LiteralPlus, Children, Namespace]),
            Self::ExchangeServer => {
                // The limit of 10 MB and the answer to it: imapsync FAQ.Exchange; 10,239 octets a line likewise.
                exchange(&[Namespace, Children, LiteralPlus]).refuse(Refusal::line_over(9_900)).refuse(Refusal::when(
                    |message| {
                        (message.len() > 10 << 20).then(|| "Maximum size of appendable message exceeded".to_owned())
                    },
                ))
            }
            Self::Gmail => gmail(),
            // The old proxy; imapsync FAQ.General.
            Self::Gmx => ImapServer::builder().greeting("IMAP server ready H migmx027").only(&[
                Id,
                Namespace,
                Children,
                UidPlus,
                Quota,
                LiteralPlus,
                Idle,
                Enable,
                Condstore,
            ]),
            Self::GroupWise => {
                // A trusted application: the vendor's knowledge base, 7015223.
                ImapServer::builder()
                    .greeting("GroupWise IMAP4rev1 Server Ready")
                    .mechanisms(&[Mechanism::TrustedApplication])
                    .only(&[Namespace, UidPlus, Idle])
            }
            // Version 4 has no NAMESPACE: imapsync FAQ.hMailServer.
            Self::HMailServer => {
                ImapServer::builder().greeting("IMAPrev1").delimiter('.').only(&[Children, Idle, Quota]).taciturn()
            }
            Self::ICloud => ImapServer::builder().greeting("(2026B15) iscream").advertise("XAPPLEPUSHSERVICE").only(&[
                SaslIr,
                Id,
                Namespace,
                UidPlus,
                Quota,
                Esearch,
                Condstore,
                Unselect,
                Enable,
                LiteralPlus,
            ]),
            // It lost a command behind a literal that it did not invite: apache/james-project pull request 3144.
            Self::James => ImapServer::builder()
                .greeting("JAMES IMAP4rev1 Server server is ready.")
                .delimiter('.')
                .only(&[Namespace, UidPlus, LiteralPlus, Idle, Unselect, Move, Enable, Condstore, Quota, SpecialUse]),
            // The master password: imapsync FAQ.Kerio, kerio_master_login of imap_tools.
            Self::Kerio => ImapServer::builder()
                .greeting("Kerio Connect 9.4.5 IMAP4rev1 server ready")
                .mechanisms(&[Mechanism::Plain, Mechanism::MasterPassword])
                .only(&[Id, Namespace, Children, UidPlus, LiteralPlus, Idle, Quota, Unselect]),
            // Message-ID as identity before 10.31: imapsync FAQ.MailEnable.
            Self::MailEnable => ImapServer::builder()
                .greeting("IMAP4rev1 server ready at MailEnable")
                .only(&[Id, Namespace, Children, UidPlus, Idle])
                .rewrite(received_line),
            Self::MailRu => ImapServer::builder().greeting("Welcome").only(&[
                Id,
                Namespace,
                Children,
                UidPlus,
                Unselect,
                Idle,
                SpecialUse,
                LiteralPlus,
                Xlist,
            ]),
            // Nobody selects before ID.
            Self::NetEase => ImapServer::builder()
                .greeting("Coremail System IMap Server Ready(163com[10774b260cc7a37d26d71b52404dcf5c])")
                .only(&[Id, Idle, Namespace, UidPlus, Xlist]),
            Self::Qq => ImapServer::builder()
                .greeting("QQMail XMIMAP4Server ready")
                .only(&[Id, Namespace, Idle, Xlist, UidPlus]),
            // Message-ID as identity: imapsync FAQ.SmarterMail.
            Self::SmarterMail => ImapServer::builder()
                .greeting("IMAP4rev1 SmarterMail")
                .only(&[Id, Namespace, Children, UidPlus, Idle, Xlist])
                .rewrite(received_line),
            Self::Yahoo => yahoo(),
            // Headers are written anew: imapsync FAQ.Yandex.
            Self::Yandex => ImapServer::builder()
                .greeting("Yandex IMAP4rev1 at vla1.mail.yandex.net")
                .delimiter('|')
                .only(&[Idle, Children, LiteralPlus, Xlist, UidPlus, Enable, Id, Move, Unselect])
                .rewrite(received_line),
            Self::Zimbra => zimbra(&[]),
        }
    }
}

/// Courier 5.0 of Debian, asked by `scripts/interop imap`: bare line ends become CRLF; names with characters beyond U+FFFF
/// are refused and untold in modified UTF-7, and are well behind ENABLE UTF8=ACCEPT.
fn courier() -> ImapServerBuilder {
    ImapServer::builder()
        .greeting(
            "Courier-IMAP ready. Copyright 1998-2023 Double Precision, Inc.  See COPYING for distribution information.",
        )
        .prefix("INBOX.")
        .delimiter('.')
        .only(&[UidPlus, Children, Namespace, Quota, Idle, Enable, Utf8Accept])
        .narrow_names()
        .rewrite(line_ends)
}

/// Every line ends with CRLF, the last one too.
fn line_ends(message: &bytes::Bytes) -> bytes::Bytes {
    let lines = message.strip_suffix(b"\n").unwrap_or(message).split(|byte| *byte == b'\n');
    lines.flat_map(|line| [line.strip_suffix(b"\r").unwrap_or(line), b"\r\n"]).flatten().copied().collect()
}

/// NUL, bare line ends and lines that are no header are refused with these words, 8-bit octets in headers become `X`:
/// imapsync FAQ.APPEND_errors, imap/message.c of Cyrus.
fn cyrus() -> ImapServerBuilder {
    ImapServer::builder()
        .greeting("mail.example.org Cyrus IMAP 3.6.1 server ready")
        .id(&[("name", "Cyrus IMAP"), ("version", "3.6.1")])
        .wildcard_names()
        .delimiter('.')
        .with(ObjectId)
        .with(Binary)
        .munge_headers()
        .refuse(Refusal::nul())
        .refuse(Refusal::bare_lf())
        .refuse(Refusal::bad_header())
        .refuse_names(|name| {
            name.contains(['!', '"', '%', '&', '?', '`', '|']).then(|| "Invalid mailbox name".to_owned())
        })
}

/// Headers are written anew, the delimiter is a backslash: imapsync FAQ.Domino.
fn domino() -> ImapServerBuilder {
    ImapServer::builder()
        .greeting("Domino IMAP4 Server Release 10.0.1 ready")
        .delimiter('\\')
        .only(&[LiteralPlus, UidPlus, Quota, Namespace])
        .rewrite(received_line)
}

/// What was sent is converted and written anew; names neither begin nor end with blanks; `Files` belongs to the server:
/// imapsync FAQ.Exchange and FAQ.Office365. No CONDSTORE, SPECIAL-USE, MULTIAPPEND, QUOTA.
fn exchange(capabilities: &[Capability]) -> ImapServerBuilder {
    let known = [SaslIr, UidPlus, Idle];
    ImapServer::builder()
        .greeting("The Microsoft Exchange IMAP4 service is ready.")
        .mechanisms(&[Mechanism::Plain, Mechanism::XOAuth2])
        .master_first()
        .only(&[&known, capabilities].concat())
        .max_connections_per_user(20)
        .rewrite(received_line)
        .refuse_names(|name| {
            let last = name.rsplit('/').next().unwrap_or_default();
            if last.trim() != last {
                return Some("Invalid folder name".to_owned());
            }
            (name == "Files").then(|| "Folder name is reserved".to_owned())
        })
}

/// Capabilities after sign-in, the size limit and the names it takes: transcripts in the threads of several mail programs,
/// gmail2() of imapsync. 15 connections: the provider's own help pages.
fn gmail() -> ImapServerBuilder {
    ImapServer::builder()
        .greeting("Gimap ready for requests from 192.0.2.1 gmail")
        .only(&[
            Unselect,
            Idle,
            Namespace,
            Quota,
            Id,
            Xlist,
            Children,
            UidPlus,
            Enable,
            Move,
            Condstore,
            Esearch,
            Utf8Accept,
            ListExtended,
            ListStatus,
            LiteralMinus,
            SpecialUse,
            GmailExt,
            SaslIr,
        ])
        .id(&[("name", "GImap"), ("vendor", "Google, Inc.")])
        .append_limit(35_651_584)
        .max_connections_per_user(15)
        .refuse_names(|name| {
            let level = |level: &str| level.trim() != level || level.contains(['\\', '"', '^']);
            name.split('/').any(level).then(|| "[CANNOT] Invalid folder name".to_owned())
        })
}

/// A folder is cut off where the client does not know UIDONLY (rustmailer/bichon issue 271, RFC 9586); a message has to end
/// with a line end (imapsync issue 209).
fn yahoo() -> ImapServerBuilder {
    ImapServer::builder()
        .greeting("IMAP4rev1 imapgate-0.7.68 imap.mail.yahoo.com")
        .only(&[SaslIr, Id, Move, Namespace, Unselect, UidPlus, LiteralPlus, Children, Enable, Condstore, UidOnly])
        .id(&[("vendor", "Yahoo! Inc.")])
        .view_limit(Persona::YAHOO_VIEW)
        .refuse(Refusal::no_final_line_end())
}

/// Capabilities, 10,240 octets a line, names: its source (ImapHandler, LC, MailItem.validateItemName).
fn zimbra(more: &[Capability]) -> ImapServerBuilder {
    let known = [
        Binary,
        Children,
        Condstore,
        Enable,
        Esearch,
        Id,
        Idle,
        ListExtended,
        ListStatus,
        LiteralPlus,
        MultiAppend,
        Namespace,
        Qresync,
        Quota,
        SaslIr,
        UidPlus,
        Unselect,
        Xlist,
    ];
    ImapServer::builder()
        .greeting("IMAP4rev1 proxy server ready")
        .mechanisms(&[Mechanism::Plain, Mechanism::XZimbra])
        .only(&[&known, more].concat())
        .id(&[("NAME", "Zimbra"), ("VERSION", "10.1.0_GA_4633")])
        .max_line(10_240)
        .refuse_names(|name| {
            let level =
                |level: &str| level.trim_end() != level || level.contains([':', '"']) || level.chars().count() > 255;
            name.split('/').any(level).then(|| "CREATE failed: invalid name".to_owned())
        })
}

/// A header field of the server's own above the message: the simplest of all ways to change it.
fn received_line(message: &bytes::Bytes) -> bytes::Bytes {
    [b"X-Stored-By: example.org\r\n", &message[..]].concat().into()
}
