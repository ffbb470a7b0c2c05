//! What every ledger does, on each ledger there is; and what only a file does.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod crash;
mod file;
mod model;
mod sample;
mod suite;

use mailmove_engine::ledger::{MemoryLedger, SqliteLedger};

macro_rules! on_both {
    ($($case:ident)*) => {
        mod memory {
            use super::*;
            $(#[tokio::test]
            async fn $case() {
                suite::$case(&MemoryLedger::new()).await;
            })*
        }

        mod sqlite {
            use super::*;
            $(#[tokio::test]
            async fn $case() {
                let folder = tempfile::tempdir().unwrap();
                suite::$case(&SqliteLedger::open(folder.path().join("ledger")).unwrap()).await;
            })*
        }
    };
}

on_both! {
    a_claim_holds_job_and_destination_until_it_is_dropped
    each_claim_begins_a_new_run
    a_job_stays_with_its_destination
    a_row_comes_back_as_it_was
    the_last_version_of_a_row_is_the_row
    what_was_recorded_is_there_for_the_next_claim
    a_record_is_applied_whole_or_not_at_all
    nothing_is_recorded_after_a_failed_record
    records_take_effect_in_the_order_of_first_poll
    a_polled_record_takes_effect_without_its_future
    a_forgotten_row_is_gone_from_every_answer
    folder_keys_are_stable_and_in_order
    a_folder_takes_the_place_of_its_former_version
    a_folder_keeps_its_name_and_epoch
    folders_count_what_is_to_be_done
    feeds_come_back_as_they_were
    rows_answer_in_order
    a_scan_goes_through_everything_in_order_and_in_pages
    a_scan_keeps_to_its_selection
    alike_rows_have_the_very_bytes_and_the_same_job
    identical_rows_carry_the_identity_and_have_the_same_job
    no_more_than_a_thousand_rows_are_alike
    an_owner_is_named_with_its_job_and_place
    a_live_owner_goes_before_one_that_is_not
    a_row_owns_its_item_in_one_destination_folder_and_epoch_only
    owned_items_are_counted_once
    anonymous_items_are_counted_by_their_bytes_while_live
    the_summary_closes_over_all_rows
    remarks_count_the_rows_that_make_them
}
