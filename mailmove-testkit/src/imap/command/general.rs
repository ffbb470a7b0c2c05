//! Commands about the server itself.

use super::super::capability::Capability;
use super::super::reply::Reply;
use super::super::session::{Session, quote};
use super::super::wire::Output;

pub(super) fn capability(session: &Session, out: &mut Output) -> Reply {
    let settings = &session.shared.settings;
    let words = settings.capability_line(session.user.is_some(), session.encrypted);
    out.line(format_args!("* CAPABILITY {words}"));
    Reply::ok("Capability completed")
}

pub(super) fn logout(session: &mut Session, out: &mut Output) -> Reply {
    session.selected = None;
    out.line(format_args!("* BYE Logging out"));
    Reply::ok("Logout completed")
}

pub(super) fn id(session: &Session, out: &mut Output) -> Reply {
    let fields = session.shared.settings.id.iter().map(|(name, value)| format!("{} {}", quote(name), quote(value)));
    let fields = fields.collect::<Vec<_>>().join(" ");
    if fields.is_empty() {
        out.line(format_args!("* ID NIL"));
    } else {
        out.line(format_args!("* ID ({fields})"));
    }
    Reply::ok("Id completed")
}

pub(super) fn enable(session: &mut Session, words: &[String], out: &mut Output) -> Reply {
    if session.user.is_none() || session.selected.is_some() || words.is_empty() {
        return Reply::bad("ENABLE comes between sign-in and SELECT and names capabilities");
    }
    let settings = session.shared.settings.clone();
    let mut enabled = String::new();
    for word in words {
        match word.as_str() {
            "CONDSTORE" if settings.condstore() => session.condstore = true,
            "QRESYNC" if settings.has(Capability::Qresync) => (session.condstore, session.qresync) = (true, true),
            "UIDONLY" if settings.has(Capability::UidOnly) => session.uid_only = true,
            "UTF8=ACCEPT" if settings.has(Capability::Utf8Accept) => session.utf8 = true,
            _ => continue,
        }
        enabled.push(' ');
        enabled.push_str(word);
    }
    out.line(format_args!("* ENABLED{enabled}"));
    Reply::ok("Enable completed")
}

pub(super) fn namespace(session: &Session, out: &mut Output) -> Reply {
    let layout = &session.shared.settings.layout;
    let delimiter = quote(&layout.delimiter.to_string());
    out.line(format_args!("* NAMESPACE (({} {delimiter})) NIL NIL", quote(&layout.prefix)));
    Reply::ok("Namespace completed")
}
