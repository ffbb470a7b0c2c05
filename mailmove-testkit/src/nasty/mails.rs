use bytes::Bytes;

use super::Nasty;

pub(super) fn harmless(number: u64) -> Bytes {
    format!(
        "Message-ID: <harmless-{number}@example.org>\r\nDate: Mon, 1 Jan 2024 10:00:00 +0100\r\n\
         From: Alice <alice@example.org>\r\nTo: Bob <bob@example.org>\r\nSubject: number {number}\r\n\r\n\
         This is number {number}.\r\n"
    )
    .into()
}

pub(super) fn notes() -> Vec<Nasty> {
    vec![
        Nasty::new("a note without a subject", "Date: Mon, 1 Jan 2024 10:00:00 +0100\r\n\r\nmilk, bread\r\n"),
        Nasty::new("a note in emoji", "Subject: =?utf-8?Q?=F0=9F=93=9D?=\r\n\r\n\u{1f9c0}\u{1f35e}\r\n".to_owned()),
        twin("a note"),
        twin("its twin"),
    ]
}

pub(super) fn all() -> Vec<Nasty> {
    vec![
        twin("a message without Message-ID"),
        twin("its twin"),
        with_id("a message with Message-ID", "one text"),
        with_id("the same again", "one text"),
        with_id("the same Message-ID with another text", "another text"),
        with_id("the same Message-ID with another text of the same length", "ahother text"),
        Nasty::new("8-bit octets in the header", head(b"Subject: caf\xe9 \xfc\xf6\xe4", b"text\r\n")),
        Nasty::new("UTF-8 in the header", head("Subject: \u{1f4e7} gr\u{fc}\u{df}e".as_bytes(), b"text\r\n")),
        Nasty::new("an 8-bit body", head(b"Subject: bytes", &(0x80..=0xff).collect::<Vec<u8>>())),
        Nasty::new("a NUL in the body", head(b"Subject: nul", b"before\0after\r\n")),
        Nasty::new("bare line feeds", "Subject: unix\nFrom: a@example.org\n\none\ntwo\n"),
        Nasty::new("bare carriage returns", head(b"Subject: mac", b"one\rtwo\rthree\r\n")),
        Nasty::new("mixed line ends", head(b"Subject: mixed", b"one\r\ntwo\nthree\r\n")),
        Nasty::new("no line end at the end", head(b"Subject: open", b"no end")),
        Nasty::new("a line of two megabytes", head(b"Subject: long", &vec![b'x'; 2 << 20])),
        Nasty::new("a header of 100 kilobytes", head(&long_header(), b"text\r\n")),
        Nasty::new("nothing at all", ""),
        Nasty::new("a header only", "Subject: header only\r\nFrom: a@example.org\r\n"),
        Nasty::new("a header and the blank line", "Subject: header only\r\nFrom: a@example.org\r\n\r\n"),
        Nasty::new("no header", "\r\nonly a body\r\n"),
        Nasty::new("a mailbox line before the header", head(b"From alice Mon Jan  1 10:00:00 2024", b"text\r\n")),
        Nasty::new("a header line without a colon", head(b"Subject: odd\r\nthis is no header", b"text\r\n")),
        Nasty::new("a folded Message-ID", head(b"Message-ID:\r\n <folded@example.org>", b"text\r\n")),
        Nasty::new("an empty Message-ID", head(b"Message-ID: ", b"text\r\n")),
        Nasty::new("two Message-IDs", head(b"Message-ID: <a@x>\r\nMessage-ID: <b@x>", b"text\r\n")),
        Nasty::new("no valid date", head(b"Date: yesterday, 25:61", b"text\r\n")),
        Nasty::new("lines of dots", head(b"Subject: dots", b".\r\n..\r\n.\r\n")),
        Nasty::new("protocol text", head(b"Subject: {3}", b"{3+}\r\n* BYE\r\n)\r\nA1 OK done\r\n\"\\")),
        Nasty::new("a multipart without its end", multipart()),
    ]
}

fn twin(name: &'static str) -> Nasty {
    Nasty::new(name, head(b"Subject: twins", b"We are two.\r\n"))
}

fn with_id(name: &'static str, text: &str) -> Nasty {
    Nasty::new(name, head(b"Message-ID: <repeated@example.org>\r\nSubject: repeated", text.as_bytes()))
}

fn head(lines: &[u8], body: &[u8]) -> Bytes {
    [b"From: a@example.org\r\n", lines, b"\r\n\r\n", body].concat().into()
}

fn long_header() -> Vec<u8> {
    let mut header = b"References:".to_vec();
    (0..2500).for_each(|n| header.extend(format!("\r\n <reference-number-{n:08}@example.org>").bytes()));
    header
}

fn multipart() -> Bytes {
    head(
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"--=_b\"",
        b"----=_b\r\nContent-Type: text/plain\r\n\r\ntext\r\n----=_b\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC",
    )
}
