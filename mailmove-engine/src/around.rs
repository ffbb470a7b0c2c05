//! What a plan says of a source beside its items: who else gets its mail, and what stays behind.

use mailmove_core::{Connector, ErrorKind, Forwarding, Mailbox};

use crate::plan::Plan;

/// Looks, and writes it into the plan. What cannot be seen is said to be unknown, and fails nothing.
pub(crate) async fn look(connector: &dyn Connector, mailbox: &Mailbox, plan: &mut Plan) {
    if let Some(control) = connector.forwarding() {
        match control.forwardings(mailbox).await {
            Ok(there) => {
                plan.warnings.extend(warning(&there));
                plan.forwardings = Some(there);
            }
            Err(error) => {
                plan.warnings.push(format!("whether the source sends mail on to somebody is not known: {error}"));
            }
        }
    }
    match connector.inventory(mailbox).await {
        Ok(inventory) => plan.inventory = inventory,
        Err(error) if error.kind() == ErrorKind::Unsupported => {}
        Err(error) => {
            plan.warnings.push(format!("what the source holds beside its items is not known: {error}"));
        }
    }
}

/// What is said of a source that sends mail on.
pub(crate) fn warning(forwardings: &[Forwarding]) -> Option<String> {
    let all: Vec<String> = forwardings.iter().map(ToString::to_string).collect();
    let told = format!("the source sends mail on to {}: what is sent on and moved arrives twice", all.join(", "));
    (!all.is_empty()).then_some(told)
}
