//! Opening, closing, and what an endpoint says about itself.

use mailmove_core::{Capabilities, Route, Side};

use super::check::{check, skip};
use super::{Bench, Harness, Outcome};
use crate::memory::standard_format;

/// [`Connector::verify`](mailmove_core::Connector::verify): every door opens, and nothing is written.
pub async fn every_door_opens_and_nothing_is_written(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let before = bench.endpoint()?.folders().await?;
    for side in [Side::Source, Side::Destination] {
        let mut mailbox = bench.subject.mailbox.clone();
        mailbox.side = side;
        let verification = bench.subject.connector.verify(&mailbox).await;
        check!(verification.mailbox == mailbox, "the verification is about another mailbox");
        check!(!verification.stages.is_empty(), "no door was tried");
        let error = verification.error();
        check!(
            verification.is_ok(),
            "as a {side}, a door stayed shut: {}",
            error.map_or_else(String::new, |e| e.to_string())
        );
    }
    check!(bench.endpoint()?.folders().await? == before, "the verification changed the folders");
    bench.close().await;
    Ok(())
}

/// Names and what `Debug` prints hold no secret.
pub async fn names_and_debug_output_hold_no_secret(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let (connector, endpoint) = (&bench.subject.connector, bench.endpoint()?);
    let texts =
        [connector.name().to_owned(), endpoint.name().to_owned(), format!("{connector:?}"), format!("{endpoint:?}")];
    check!(!texts[0].is_empty() && !texts[1].is_empty(), "a name is empty");
    check!(!texts[..2].concat().contains(char::is_control), "a name is more than one line");
    let leak = bench.subject.secrets.iter().any(|secret| texts.iter().any(|text| text.contains(secret.as_str())));
    check!(!leak, "a secret is printed");
    if bench.subject.secrets.is_empty() {
        skip!("the harness names no secrets");
    }
    Ok(())
}

/// [`Endpoint::capabilities`](mailmove_core::Endpoint::capabilities): fixed once opened, and of a size that work can be
/// done in. Every kind is offered at least in its standard format; a destination may take a kind in its own alone.
pub async fn capabilities_can_be_used_and_stay(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let can = bench.capabilities()?.clone();
    check!(can.batch_items > 0 && can.batch_bytes > 0, "a batch holds nothing");
    check!(can.in_flight > 0 && can.folders > 0 && can.large_folders > 0, "nothing may be in flight");
    check!(can.large_folders <= can.folders, "more large folders than folders side by side");
    let (offers, accepts) = (bench.source().is_ok(), bench.destination().is_ok());
    check!(!offers || !can.offers.is_empty(), "a source offers nothing");
    check!(!accepts || !can.accepts.is_empty(), "a destination accepts nothing");
    for route in &can.offers {
        check!(standard(&can.offers, route), "a {} is not offered in its standard format", route.kind);
    }
    bench.endpoint()?.folders().await?;
    let same: &Capabilities = bench.capabilities()?;
    check!(*same == can, "the capabilities changed while it was open");
    Ok(())
}

/// [`Destination::close`](mailmove_core::Destination::close): what was written stays.
pub async fn what_was_written_is_there_after_closing(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Closing").await?;
    bench.seed(&place, 1..=3).await?;
    bench.destination()?.close().await;
    let again = bench.subject.connector.destination(&bench.subject.mailbox).await?;
    let print = bench.harmless(place.kind, 2)?.fingerprint;
    let found = again.locate(&place.id, &[mailmove_core::Wanted::Like(print)], None).await?;
    check!(found.len() == 1 && found[0].len() == 1, "an item is gone after closing");
    Ok(())
}

/// [`Endpoint::storage`](mailmove_core::Endpoint::storage): what is known grows with what is written.
pub async fn storage_counts_what_is_written(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let before = bench.endpoint()?.storage().await?;
    let place = bench.place("Storage").await?;
    bench.seed(&place, 1..=3).await?;
    let after = bench.endpoint()?.storage().await?;
    match (before.items, after.items, before.used, after.used) {
        (Some(before), Some(after), ..) => check!(after >= before + 3, "{before} items became {after} with 3 more"),
        (_, _, Some(before), Some(after)) => check!(after >= before, "{before} bytes became {after} with 3 items more"),
        _ => skip!("it does not say how full it is"),
    }
    Ok(())
}

fn standard(routes: &[Route], of: &Route) -> bool {
    routes.iter().any(|route| route.kind == of.kind && route.format == standard_format(of.kind))
}
