//! A mailbox as people have them: folders in their own language, flags, attachments, a letter that came twice.

use mailmove_testkit::imap::{MailboxHandle, NewMessage};
use time::{Duration, OffsetDateTime};

/// 1 March 2023, 8:15 UTC.
const FIRST: i64 = 1_677_658_500;

/// Fills an empty mailbox; `separator` stands between the names of a path, `prefix` before every folder but the inbox.
pub(crate) fn fill(mailbox: &MailboxHandle, prefix: &str, separator: char) {
    let name = |path: &[&str]| format!("{prefix}{}", path.join(&separator.to_string()));
    let sent = name(&["Gesendet"]);
    let archive = name(&["Archiv"]);
    let projects = name(&["Projekte", "Größe & Gewicht", "📷 Fotos"]);
    for folder in [&sent, &archive, &projects, &name(&["Projekte", "Größe & Gewicht"]), &name(&["Papierkorb"])] {
        mailbox.create_folder(folder).subscribe(folder);
    }
    mailbox.set_special_use(&sent, "\\Sent").set_special_use(&name(&["Papierkorb"]), "\\Trash");
    mailbox.create_folder(&name(&["Leer"]));

    for number in 0..40 {
        let flags: &[&str] = match number % 5 {
            0 => &["\\Seen", "\\Answered"],
            1 => &["\\Seen", "\\Flagged", "$label1"],
            2 => &[],
            _ => &["\\Seen"],
        };
        mailbox.append("INBOX", letter(number, "Ada Öberg <ada@example.org>", flags));
    }
    for number in 40..60 {
        mailbox.append(&sent, letter(number, "Alice <alice@example.org>", &["\\Seen"]));
    }
    for number in 60..75 {
        mailbox.append(&archive, letter(number, "Büro <office@example.org>", &["\\Seen", "Steuer"]));
    }
    for number in 75..81 {
        mailbox.append(&projects, photo(number, 150_000));
    }
    // The same letter twice is legal, and stays twice.
    mailbox.append("INBOX", letter(7, "Ada Öberg <ada@example.org>", &["\\Seen"]));
    mailbox.append("INBOX", letter(7, "Ada Öberg <ada@example.org>", &["\\Seen"]));
    mailbox.append("INBOX", photo(81, 3_000_000));
}

fn letter(number: i64, from: &str, flags: &[&str]) -> NewMessage {
    let at = at(number);
    let text = format!(
        "{}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         Grüße vom {}. Tag,\r\ndies ist Brief {number}.\r\n",
        head(number, from, at),
        at.day()
    );
    NewMessage::new(text).flags(flags).received(at)
}

fn photo(number: i64, size: usize) -> NewMessage {
    let at = at(number);
    let boundary = format!("=_photo_{number}");
    let line = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRof\r\n";
    let text = format!(
        "{}Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n\
         --{boundary}\r\nContent-Type: text/plain\r\n\r\nA photo.\r\n\
         --{boundary}\r\nContent-Type: image/jpeg; name=\"photo.jpg\"\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"photo.jpg\"\r\n\r\n{}--{boundary}--\r\n",
        head(number, "Fotoclub <photos@example.org>", at),
        line.repeat(size / line.len())
    );
    NewMessage::new(text).flags(["\\Seen"]).received(at)
}

fn head(number: i64, from: &str, at: OffsetDateTime) -> String {
    let date = at.format(&time::format_description::well_known::Rfc2822).unwrap_or_default();
    format!(
        "Message-ID: <{number}@example.org>\r\nDate: {date}\r\nFrom: {from}\r\nTo: Alice <alice@example.org>\r\n\
         Subject: Letter {number}\r\nMIME-Version: 1.0\r\n"
    )
}

fn at(number: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(FIRST).unwrap_or(OffsetDateTime::UNIX_EPOCH) + Duration::hours(31 * number)
}
