//! The passes that move nothing: mail is sent on, administrators give their rights up.

use mailmove_core::{Error, ErrorKind, Forwarding, Mailbox, Result, Side};

use super::item::BatchItem;
use super::server::Server;

/// Sends the source's mail on to the destination. What was before is noted, so that it can be set again.
pub(super) async fn forward(item: &BatchItem, from: &Server) -> Result<Vec<String>> {
    let control = from.forwarding_control().ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, "a forwarding cannot be set here by this library")
            .on(Side::Source)
            .with("server", from.connector.name())
            .remedy("set it by hand at the server, as an alias or a rule that redirects, or give the batch a control for it")
    })?;
    let target = item.destination.address.as_str();
    let before = control.forwardings(&item.source).await?;
    control.forward(&item.source, &[Forwarding::to(target)]).await?;
    let now = control.forwardings(&item.source).await?;
    let Some(there) = now.iter().find(|there| there.target.eq_ignore_ascii_case(target)) else {
        return Err(Error::new(ErrorKind::Protocol, "the server took the forwarding and does not have it")
            .on(Side::Source)
            .with("server", from.connector.name())
            .remedy("set it by hand at the server"));
    };
    let mut notes = vec![format!("mail is sent on to {there}; before, to {}", list(&before))];
    if there.keeps_copy {
        notes
            .push("the source keeps a copy of what it sends on: a full pass from now on moves it a second time".into());
    }
    Ok(notes)
}

/// Gives up the rights at both mailboxes, as far as there is a control for it; the source has to have one or the
/// destination.
pub(super) async fn revoke(item: &BatchItem, servers: [&Server; 2]) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    let mut missing = Vec::new();
    for (server, mailbox) in servers.into_iter().zip([&item.source, &item.destination]) {
        let Some(control) = server.revocation_control() else {
            missing.push(missing_control(server, mailbox));
            continue;
        };
        let told = control.revoke(mailbox).await.map_err(|error| error.on(mailbox.side))?;
        notes.push(format!("access to the {} mailbox was given up: {told}", mailbox.side));
    }
    if notes.is_empty() {
        return Err(missing.swap_remove(0));
    }
    notes.extend(missing.iter().map(ToString::to_string));
    Ok(notes)
}

fn missing_control(server: &Server, mailbox: &Mailbox) -> Error {
    Error::new(ErrorKind::Unsupported, "an administrator's rights cannot be given up here by this library")
        .on(mailbox.side)
        .with("server", server.connector.name())
        .remedy("take them away by hand at the server, if an administrator was let in there")
}

pub(super) fn list(forwardings: &[Forwarding]) -> String {
    match forwardings {
        [] => "nobody".to_owned(),
        all => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}
