//! APPEND: all of its messages, or none.

use bytes::Bytes;
use time::OffsetDateTime;

use super::super::capability::Capability;
use super::super::flags::{self, Flags};
use super::super::parse::Appended;
use super::super::reply::Reply;
use super::super::session::Session;
use super::super::set::compact;
use super::super::settings::{Keywords, Settings};
use super::super::state::{Content, Folder, lock};
use super::super::wire::Gone;
use super::Ended;

pub(super) fn append(session: &Session, mailbox: &str, messages: Vec<Appended>) -> Ended {
    let Some(user) = &session.user else { return Ok(Reply::bad("Sign in first")) };
    let settings = &session.shared.settings;
    let name = session.wire_name(mailbox);
    if messages.iter().any(|message| message.utf8) && !session.utf8 {
        return Ok(Reply::bad("UTF8=ACCEPT was not enabled"));
    }
    if let Some(refused) = messages.iter().find_map(|message| refusal(settings, message)) {
        return Ok(refused);
    }
    let mut account = lock(&user.account);
    let bytes: usize = messages.iter().map(|message| message.bytes.len()).sum();
    let roomy = account.has_room(bytes as u64);
    let Some(folder) = account.folder_mut(&name) else {
        return Ok(Reply::no("[TRYCREATE] No such mailbox"));
    };
    if !roomy {
        return Ok(Reply::no("[OVERQUOTA] Quota exceeded"));
    }
    let validity = folder.uid_validity;
    let now = OffsetDateTime::now_utc();
    let only_first = session.effect.only_first.unwrap_or(usize::MAX);
    let mut contents = Vec::with_capacity(messages.len());
    for message in messages.into_iter().take(only_first) {
        let flags = permitted(settings, folder, Flags::of(&message.flags));
        contents.push(Content {
            bytes: stored(settings, message.bytes),
            flags,
            received: message.received.unwrap_or(now),
            email_id: None,
        });
    }
    let uids = account.append(&name, contents).unwrap_or_default();
    session.shared.log.appended(uids.len());
    if session.effect.only_first.is_some() {
        return Err(Gone);
    }
    if settings.has(Capability::UidPlus) {
        return Ok(Reply::ok(format!("[APPENDUID {validity} {}] Append completed", compact(&uids))));
    }
    Ok(Reply::ok("Append completed"))
}

/// Why this message is not taken.
fn refusal(settings: &Settings, message: &Appended) -> Option<Reply> {
    if settings.append_limit.is_some_and(|limit| message.bytes.len() as u64 > limit) {
        return Some(Reply::no("[TOOBIG] Message is larger than this server allows"));
    }
    let unknown = message.flags.iter().find(|flag| flag.starts_with('\\') && !flags::is_system(flag));
    if let Some(flag) = unknown {
        return Some(Reply::bad(format!("Invalid system flag {flag}")));
    }
    settings.refusals.iter().find_map(|rule| rule.verdict(&message.bytes, message.binary)).map(Reply::no)
}

fn stored(settings: &Settings, bytes: Bytes) -> Bytes {
    settings.rewrites.iter().fold(bytes, |bytes, rewrite| rewrite.0(&bytes))
}

/// The flags a folder can keep; keywords that do not fit are dropped without a word.
pub(super) fn permitted(settings: &Settings, folder: &mut Folder, mut flags: Flags) -> Flags {
    flags.keep_keywords(|keyword| match &settings.keywords {
        Keywords::Only(only) => only.iter().any(|known| known.eq_ignore_ascii_case(keyword)),
        Keywords::Any { limit } => {
            let known = folder.keywords.iter().any(|known| known.eq_ignore_ascii_case(keyword));
            let fits = known || folder.keywords.len() < *limit;
            if fits && !known {
                folder.keywords.insert(keyword.to_owned());
            }
            fits
        }
    });
    flags
}
