//! Quota (RFC 9208): one root for the whole mailbox, in units of 1024 bytes.

use super::super::reply::Reply;
use super::super::session::Session;
use super::super::state::{Account, lock};
use super::super::wire::Output;

const ROOT: &str = "User quota";

pub(super) fn root(session: &Session, mailbox: &str, out: &mut Output) -> Reply {
    let Some(user) = &session.user else { return Reply::bad("Sign in first") };
    let account = lock(&user.account);
    let name = session.wire_name(mailbox);
    if account.folder(&name).is_none() {
        return Reply::no("[NONEXISTENT] No such mailbox");
    }
    let spelled = session.spell(&name);
    match account.quota {
        Some(limit) => {
            out.line(format_args!("* QUOTAROOT {spelled} \"{ROOT}\""));
            describe(&account, limit, out);
        }
        None => out.line(format_args!("* QUOTAROOT {spelled}")),
    }
    Reply::ok("Getquotaroot completed")
}

pub(super) fn quota(session: &Session, root: &str, out: &mut Output) -> Reply {
    let Some(user) = &session.user else { return Reply::bad("Sign in first") };
    let account = lock(&user.account);
    match account.quota {
        Some(limit) if root == ROOT => describe(&account, limit, out),
        _ => return Reply::no("[NONEXISTENT] No such quota root"),
    }
    Reply::ok("Getquota completed")
}

fn describe(account: &Account, limit: u64, out: &mut Output) {
    let (used, limit) = (account.used().div_ceil(1024), limit.div_ceil(1024));
    out.line(format_args!("* QUOTA \"{ROOT}\" (STORAGE {used} {limit})"));
}
