//! What is done to an item as a whole, whatever it is.

use hyper::StatusCode;
use serde_json::Value;

use super::done;
use crate::graph::call::{Answer, Call};
use crate::graph::refusal::Refusal;
use crate::graph::show;
use crate::http::Reply;

/// Moves an item to where deleted ones go.
pub(super) fn delete(call: &Call<'_>) -> Answer {
    call.with(|mailbox| {
        let key = mailbox.item(call.target.key(0))?.key;
        mailbox.discard_item(key);
        Ok(())
    })?;
    done()
}

/// Removes an item as far as any client can see.
pub(super) fn purge(call: &Call<'_>) -> Answer {
    call.with(|mailbox| {
        let key = mailbox.item(call.target.key(0))?.key;
        mailbox.move_item(key, mailbox.standard("recoverableitemspurges"));
        Ok(())
    })?;
    done()
}

fn destination(call: &Call<'_>) -> Result<String, Refusal> {
    let parameters = call.json()?;
    match call.parameter(&parameters, "destinationId") {
        Some(Value::String(id)) => Ok(id),
        _ => Err(Refusal::bad("ErrorInvalidParameter", "There is no destinationId.")),
    }
}

pub(super) fn relocate(call: &Call<'_>) -> Answer {
    let to = destination(call)?;
    call.with(|mailbox| {
        let key = mailbox.item(call.target.key(0))?.key;
        let to = mailbox.folder(&to)?.key;
        mailbox.move_item(key, to);
        Ok(call.one(StatusCode::CREATED, show::item(call, mailbox, &mailbox.items[&key])?))
    })
}

pub(super) fn copy(call: &Call<'_>) -> Answer {
    let to = destination(call)?;
    call.with(|mailbox| {
        let mut item = mailbox.item(call.target.key(0))?.clone();
        let to = mailbox.folder(&to)?.key;
        item.moves = 0;
        let key = mailbox.insert_item(to, item)?;
        Ok(call.one(StatusCode::CREATED, show::item(call, mailbox, &mailbox.items[&key])?))
    })
}

/// Sends a draft: what no migration does.
pub(super) fn send(call: &Call<'_>) -> Answer {
    call.with(|mailbox| {
        let item = mailbox.item(call.target.key(0))?;
        if !item.draft {
            return Err(Refusal::bad("ErrorInvalidOperation", "Only drafts can be sent."));
        }
        let to = ["toRecipients", "ccRecipients", "bccRecipients"];
        let count = to.iter().filter_map(|list| item.fields.get(*list)?.as_array()).map(Vec::len).sum::<usize>();
        call.shared.hub.log.sent(count as u64);
        let key = item.key;
        mailbox.change_item(key, |item| item.draft = false);
        mailbox.move_item(key, mailbox.standard("sentitems"));
        Ok(())
    })?;
    Ok(Reply::empty(StatusCode::ACCEPTED))
}
