//! How much of a mailbox's budget work takes.

use mailmove_core::{Forecast, Load};

use crate::budget::Budget;
use crate::capabilities::{BATCH_ITEMS, EXPORT, EXPORT_PLAIN, IMPORT, IMPORT_FOREIGN, VALUE};

/// How long it takes by the budget alone to move all of this.
pub(crate) fn of(budget: &Budget, loads: &[Load]) -> Forecast {
    let (requests, bytes) = loads.iter().map(cost).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    budget.forecast(requests, bytes)
}

/// How many requests a load takes, and how many bytes are sent for it.
fn cost(load: &Load) -> (u64, u64) {
    let Load { via, items, bytes } = load;
    match via {
        // What stands beside each stream, and twenty streams at a time.
        via if *via == EXPORT || *via == EXPORT_PLAIN => (items + items.div_ceil(BATCH_ITEMS as u64), 0),
        // What stands beside the content, and the content.
        via if *via == VALUE => (items * 2, 0),
        via if via.as_str().starts_with("get-") => (*items, 0),
        // The stream, in base64 whatever it is, and by what a listing will know it.
        via if *via == IMPORT || *via == IMPORT_FOREIGN => (items * 2, bytes / 3 * 4),
        // Attachments are in base64 at either end.
        _ => (*items, *bytes),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mailmove_core::Via;

    use super::*;
    use crate::budget::Allowance;
    use crate::capabilities::{CREATE_MESSAGE, GET_EVENT};

    fn load(via: Via, items: u64, bytes: u64) -> Load {
        Load { via, items, bytes }
    }

    #[tokio::test]
    async fn paths_cost_what_their_requests_and_bytes_do() {
        let budget = Budget::new(Allowance::outlook());
        let of = |loads: &[Load]| of(&budget, loads).at_least;
        let ten = Duration::from_secs(600);
        for export in [EXPORT, EXPORT_PLAIN] {
            assert_eq!(cost(&load(export.clone(), 1000, 1 << 40)), (1050, 0));
            assert_eq!(of(&[load(export.clone(), 9_000, 1 << 40)]), Duration::ZERO);
            assert!(of(&[load(export, 10_000, 1 << 40)]) >= ten);
        }
        for import in [IMPORT, IMPORT_FOREIGN] {
            assert_eq!(cost(&load(import, 1000, 3_000)), (2000, 4_000));
        }
        assert!(of(&[load(VALUE, 10_000, 1 << 40)]) >= ten * 2);
        assert!((ten..ten * 2).contains(&of(&[load(CREATE_MESSAGE, 10_000, 0)])));
        // What fits twice does not fit together.
        assert_eq!(of(&[load(GET_EVENT, 9_000, 0)]), Duration::ZERO);
        assert!(of(&[load(GET_EVENT, 9_000, 0), load(CREATE_MESSAGE, 9_000, 0)]) >= ten);
        assert_eq!(of(&[load(CREATE_MESSAGE, 1, 140_000_000)]), Duration::ZERO);
        assert!(of(&[load(IMPORT, 1, 140_000_000), load(IMPORT, 1, 1000)]) >= ten / 2);
    }
}
