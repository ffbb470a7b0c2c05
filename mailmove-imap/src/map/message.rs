//! Messages.

use mailmove_core::{Body, Fingerprint, Format, Item, ItemId, ItemRef, Kind, Loss, Result};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::wire::FetchData;

/// How much of a body is searched for the end of its header.
const LONGEST_HEADER: usize = 256 * 1024;

/// The UID in an id of ours, which is written in one way only.
pub(crate) fn uid_of(id: &ItemId) -> Option<u32> {
    id.as_str().parse().ok().filter(|uid: &u32| *uid > 0 && uid.to_string() == id.as_str())
}

/// A message as a listing names it.
pub(crate) fn reference(mut data: FetchData, uid: u32, folder: &mailmove_core::FolderId) -> ItemRef {
    let mut item = ItemRef::new(uid.to_string(), folder.clone(), data.size.unwrap_or_default());
    item.flags = data.take_flags();
    item.received = data.date;
    item.identity = data.email_id;
    item
}

/// A whole message.
pub(crate) fn item(mut data: FetchData, origin: ItemId, body: Body) -> Result<Item> {
    let header = header(&body)?;
    let (uid, key) = Fingerprint::mail_key(&header);
    let mut item = Item::new(origin, Kind::Mail, Format::RFC5322, body);
    item.fingerprint.uid = uid;
    item.fingerprint.key = key;
    item.flags = data.take_flags();
    item.received = data.date;
    if item.received.is_none() {
        item.received = date_by_header(&header);
        item.losses.push(Loss::new("received-date", "the server tells no date of arrival; the header's was taken"));
    }
    let odd = data.odd_flags.iter();
    item.losses
        .extend(odd.map(|flag| Loss::new("system-flag", format!("`{flag}` is no flag that mail systems share"))));
    Ok(item)
}

/// When a message arrived by its own account: the topmost `Received`, or else `Date`. For servers that do not say it, or
/// say something that is no date.
pub(crate) fn date_by_header(header: &[u8]) -> Option<OffsetDateTime> {
    let field = |name: &str| {
        let unfolded = unfold(header);
        unfolded.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.trim().eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    };
    let received = field("received").and_then(|value| parse_rfc5322(value.rsplit_once(';')?.1));
    received.or_else(|| parse_rfc5322(&field("date")?))
}

fn unfold(header: &[u8]) -> String {
    String::from_utf8_lossy(header).replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ")
}

/// A date of a header, without the comments that often follow it.
fn parse_rfc5322(text: &str) -> Option<OffsetDateTime> {
    let text = text.split('(').next().unwrap_or_default();
    OffsetDateTime::parse(text.trim(), &Rfc2822).ok()
}

/// The header block, as far as the body has one.
pub(crate) fn header(body: &Body) -> Result<bytes::Bytes> {
    let mut reader = body.reader();
    let Some(first) = reader.next_chunk()? else { return Ok(bytes::Bytes::new()) };
    if let Some(end) = header_end(&first) {
        return Ok(first.slice(..end));
    }
    let mut gathered = first.to_vec();
    while gathered.len() < LONGEST_HEADER {
        let Some(chunk) = reader.next_chunk()? else { break };
        let from = gathered.len().saturating_sub(3);
        gathered.extend_from_slice(&chunk);
        if let Some(end) = header_end(&gathered[from..]) {
            gathered.truncate(from + end);
            break;
        }
    }
    Ok(gathered.into())
}

/// Where the first blank line begins.
fn header_end(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut found) = (0, None);
    while let Some(next) = memchr::memchr(b'\n', &bytes[at..]) {
        let line_end = at + next + 1;
        match &bytes[line_end..] {
            [b'\n', ..] | [b'\r', b'\n', ..] => {
                found = Some(line_end);
                break;
            }
            _ => at = line_end,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailmove_core::Spool;

    #[test]
    fn the_header_ends_at_the_first_blank_line_wherever_the_chunks_end() {
        let text = b"Message-ID: <1@x>\r\nSubject: a\r\n\r\nMessage-ID: <2@x>\r\n\r\n";
        for cut in 1..text.len() {
            let mut writer = Spool::new(1000).writer();
            text.chunks(cut).for_each(|part| writer.write(part).unwrap());
            let body = writer.finish().unwrap();
            assert_eq!(&header(&body).unwrap()[..], b"Message-ID: <1@x>\r\nSubject: a\r\n", "chunks of {cut}");
        }
    }

    #[test]
    fn a_date_is_found_in_the_header_when_nobody_else_tells_it() {
        let received = &b"Received: from a\r\n\tby b; Tue, 2 Jan 2024 10:00:00 +0100 (CET)\r\n"[..];
        let date = &b"Date: Mon, 1 Jan 2024 09:00:00 -0500\r\n"[..];
        let seconds = |header: &[u8]| date_by_header(header).unwrap().unix_timestamp();
        assert_eq!((seconds(&[received, date].concat()), seconds(date)), (1_704_186_000, 1_704_117_600));
        assert_eq!(date_by_header(b"Date: yesterday\r\n"), None);
    }

    #[test]
    fn a_message_without_blank_line_is_all_header() {
        assert_eq!(&header(&Body::unpooled("Subject: a\n")).unwrap()[..], b"Subject: a\n");
        assert!(header(&Body::unpooled("")).unwrap().is_empty());
    }

    #[test]
    fn an_id_of_ours_is_a_uid() {
        assert_eq!(uid_of(&ItemId::from("17")), Some(17));
        for other in ["0", "x", "+17", "017", " 17", "4294967296", ""] {
            assert_eq!(uid_of(&ItemId::from(other)), None);
        }
    }
}
