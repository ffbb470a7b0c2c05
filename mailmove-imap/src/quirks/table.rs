//! The table. A row says what its source says and nothing that a server tells by itself.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::Duration;

use super::{Impersonation, Quirks, Sign};

fn greeting(text: &'static str) -> Sign {
    Sign::Greeting(Cow::Borrowed(text))
}

fn id(text: &'static str) -> Sign {
    Sign::Id(Cow::Borrowed(text))
}

fn capability(word: &'static str) -> Sign {
    Sign::Capability(Cow::Borrowed(word))
}

fn host(name: &'static str) -> Sign {
    Sign::Host(Cow::Borrowed(name))
}

/// A row without quirks, to be changed.
fn row<const N: usize>(name: &'static str, source: &'static str, signs: [Sign; N]) -> Quirks {
    Quirks { source: Cow::Borrowed(source), signs: signs.to_vec().into(), ..Quirks::new(name) }
}

fn text(text: &'static str) -> Cow<'static, str> {
    Cow::Borrowed(text)
}

/// First match wins.
pub(super) static KNOWN: LazyLock<Vec<Quirks>> = LazyLock::new(|| {
    vec![
        Quirks {
            forbidden: text(""),
            appends_abreast: true,
            ..row(
                "Dovecot",
                "its source: mail-storage.c; itself, 2.3, by scripts/bench imap",
                [greeting("dovecot"), id("dovecot")],
            )
        },
        // mboxname.c names what is allowed; this is the rest of ASCII. 8-bit octets in headers become `X`.
        Quirks {
            rewrites: true,
            munges_headers: true,
            forbidden: text("!\"%&/;<>?[\\]^`{|}"),
            ..row("Cyrus", "its source: mboxname.c, message.c", [greeting("cyrus"), id("cyrus")])
        },
        Quirks {
            trims: true,
            ignores_case: true,
            forbidden: text("%*\\\"^"),
            connections: Some(10),
            // By the provider's help pages; a bit less, since people read their mail meanwhile.
            daily_download: Some(2_400 << 20),
            daily_upload: Some(480 << 20),
            ..row(
                "Gmail",
                "imapsync gmail2(); help pages of the provider (15 connections, of which people's programs need some)",
                [capability("X-GM-EXT-1"), host("imap.gmail.com")],
            )
        },
        // `$MDNSent` becomes a category there. The row of Online comes first, since both greet alike.
        Quirks {
            rewrites: true,
            trims: true,
            ignores_case: true,
            never_sent: vec![text("$MDNSent")].into(),
            connections: Some(4),
            read_receipts: true,
            ..row(
                "Exchange Online",
                "imapsync FAQ.Office365; MailKit issue 1415",
                [host("office365.com"), host("outlook.com")],
            )
        },
        Quirks {
            rewrites: true,
            trims: true,
            ignores_case: true,
            never_sent: vec![text("$MDNSent")].into(),
            ..row("Exchange", "imapsync FAQ.Exchange", [greeting("microsoft exchange")])
        },
        // UIDONLY is switched on where it is offered; without it a folder ends here.
        Quirks {
            view_limit: Some(10_000),
            connections: Some(5),
            ..row(
                "Yahoo",
                "rustmailer/bichon issue 271; RFC 9586; imapsync issue 209",
                [host("mail.yahoo.com"), host("imap.aol.com"), id("yahoo"), greeting("imapgate")],
            )
        },
        row("iCloud", "transcripts of several mail programs", [capability("XAPPLEPUSHSERVICE"), host("mail.me.com")]),
        Quirks {
            rewrites: true,
            ..row("Yandex", "imapsync FAQ.Yandex", [greeting("yandex"), host("yandex.com"), host("yandex.ru")])
        },
        Quirks {
            wants_id: true,
            ..row(
                "Coremail",
                "NetEase help pages: `Unsafe Login` without ID",
                [greeting("coremail"), greeting("netease")],
            )
        },
        Quirks { wants_id: true, ..row("QQ", "transcripts of several mail programs", [greeting("qqmail")]) },
        row("mail.ru", "imap-codec issue 700", [host("mail.ru")]),
        row("GMX", "imapsync FAQ.General", [host("gmx.net"), host("gmx.com"), host("web.de"), greeting("migmx")]),
        // Bare line ends become CRLF, and the last line gets one. In modified UTF-7 it takes no name with a character
        // beyond U+FFFF, and ends the connection where it has one to tell.
        Quirks {
            rewrites: true,
            utf8: true,
            ..row("Courier", "itself, 5.0, by scripts/interop imap", [greeting("courier-imap")])
        },
        // A FETCH of bodies takes a lock on the account; 25 equal commands in a row end the connection. Carbonio is the same.
        Quirks {
            connections: Some(1),
            encodes_twice: true,
            trims: true,
            ignores_case: true,
            longest_name: Some(255),
            forbidden: text("%*:\""),
            ..row(
                "Zimbra",
                "its source: ImapCommandThrottle, LC, MailItem.validateItemName",
                [id("zimbra"), greeting("zimbra"), greeting("carbonio")],
            )
        },
        Quirks {
            rewrites: true,
            ..row("Domino", "imapsync FAQ.Domino; MailKit issue 943", [greeting("domino imap4")])
        },
        Quirks {
            impersonation: Some(Impersonation::TrustedApplication),
            ..row(
                "GroupWise",
                "vendor's knowledge base 7015223; JavaMail, IMAPSaslAuthenticator",
                [greeting("groupwise")],
            )
        },
        // Version 4 has no NAMESPACE, and nothing before its names.
        Quirks { prefix: Some(text("")), ..row("hMailServer", "imapsync FAQ.hMailServer", [greeting("imaprev1")]) },
        Quirks {
            rewrites: true,
            ..row("MailEnable", "imapsync FAQ.MailEnable", [greeting("mailenable"), id("mailenable")])
        },
        Quirks { rewrites: true, ..row("SmarterMail", "imapsync FAQ.SmarterMail", [greeting("smartermail")]) },
        Quirks {
            impersonation: Some(Impersonation::MasterPassword),
            ..row("Kerio", "imapsync FAQ.Kerio; imap_tools, kerio_master_login", [greeting("kerio")])
        },
        Quirks {
            no_pipeline_append: true,
            ..row("James", "apache/james-project pull request 3144", [greeting("james")])
        },
    ]
});

const MINUTE: Duration = Duration::from_secs(60);

/// Texts of providers; codes (RFC 5530) and texts that many have in common stand in the table of errors.
pub(super) const THROTTLES: &[(&str, Duration)] = &[
    // Gmail, when a day's bandwidth is used up: it comes back by the hour.
    ("account exceeded command or bandwidth limits", Duration::from_secs(15 * 60)),
    // Exchange Online, where it names no time.
    ("request is throttled", MINUTE),
    // Yahoo and AOL.
    ("rate limit hit", MINUTE),
    // Zimbra: a connection that was thrown out may come back at once, but slower.
    ("too many requests", Duration::from_secs(30)),
    // Yandex, QQ, NetEase.
    ("too many commands", MINUTE),
    ("login frequency limited", Duration::from_secs(5 * 60)),
];
