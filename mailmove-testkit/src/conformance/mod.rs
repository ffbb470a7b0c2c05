//! The behaviour lists of the contract, executed.
//!
//! Each case is a plain `async fn` that opens a fresh mailbox of a [`Harness`], does something with it, and says whether
//! the endpoint kept the contract. A case chooses itself: where the endpoint says that it cannot do something, the cases
//! about it are skipped, with the reason.
//!
//! One line makes a test of each: see [`conformance!`](crate::conformance!).

mod bench;
pub mod change_pages;
pub mod changes;
mod check;
pub mod connector;
pub mod ensure_folders;
pub mod fetch;
pub mod folders;
mod harness;
pub mod locate;
mod memory;
mod run;
pub mod write;
pub mod write_conditions;
pub mod write_order;

pub use bench::{Bench, Listing, Place};
pub use check::{Outcome, Unmet};
pub use harness::{Harness, Subject, User};
pub use memory::MemoryHarness;
pub use run::{Report, assert_kept, case_names, run_all};

/// Makes a test of every conformance case, for one endpoint.
///
/// Give it an expression that makes a [`Harness`](crate::conformance::Harness), and a name for the module of the tests
/// when there is more than one such line in a file.
///
/// ```no_run
/// use mailmove_testkit::conformance::MemoryHarness;
///
/// mailmove_testkit::conformance!(MemoryHarness::default());
/// mailmove_testkit::conformance!(once_more, MemoryHarness::default());
/// ```
#[macro_export]
macro_rules! conformance {
    ($harness:expr $(,)?) => {
        $crate::conformance!(conformance, $harness);
    };
    ($module:ident, $harness:expr $(,)?) => {
        #[cfg(test)]
        mod $module {
            #[allow(unused_imports)]
            use super::*;

            $crate::__conformance_cases!([$crate::__conformance_tests], $harness);
        }
    };
}

/// The list of all cases: the one place where a case is named.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_cases {
    ([$($then:tt)+] $(, $with:expr)?) => {
        $($then)+! {
            ($($with)?)
            connector {
                every_door_opens_and_nothing_is_written,
                names_and_debug_output_hold_no_secret,
                capabilities_can_be_used_and_stay,
                what_was_written_is_there_after_closing,
                storage_counts_what_is_written,
            }
            folders {
                parents_come_before_children,
                every_folder_has_an_id_of_its_own,
                two_looks_at_the_tree_are_the_same,
                every_change_gives_a_folder_another_state,
                a_folder_that_holds_only_folders_has_no_kinds,
                a_recreated_folder_is_not_the_one_it_was,
            }
            changes {
                a_listing_names_every_item_twins_included,
                an_empty_folder_gives_an_empty_last_page,
                an_unknown_feed_does_not_exist,
                a_delta_names_what_was_added,
                a_delta_names_changed_flags,
                what_was_removed_is_told_or_absent,
                the_same_cursor_twice_loses_nothing,
                a_revision_follows_the_bytes_and_not_the_flags,
            }
            change_pages {
                pages_end_and_lose_nothing,
                an_expired_cursor_says_so_and_ids_stay,
                an_identity_survives_a_move,
                an_item_with_labels_is_one_item,
                an_id_in_another_case_is_another_id,
            }
            fetch {
                an_empty_request_gives_an_empty_answer,
                answers_come_in_the_order_of_the_request,
                a_missing_item_is_not_found_in_its_place,
                an_item_asked_for_twice_is_answered_twice,
                flags_are_those_of_the_moment_of_reading,
                reading_changes_nothing,
                what_is_read_describes_itself,
                every_offered_route_can_be_read,
                a_format_that_is_not_offered_is_unsupported,
                a_large_body_needs_no_memory,
                several_reads_may_be_in_flight,
            }
            ensure_folders {
                no_folders_asked_for_are_no_folders_made,
                a_new_folder_is_created_once,
                missing_parents_are_created_as_well,
                a_folder_that_exists_is_left_as_it_is,
                subscriptions_are_as_asked,
                a_folder_asked_for_twice_is_one_folder,
                a_folder_for_every_kind,
                odd_names_stay_as_they_are,
                a_name_that_cannot_be_fails_nobody_else,
            }
            locate {
                no_questions_are_no_answers,
                questions_are_answered_in_their_order,
                what_was_written_is_found_at_once,
                an_id_is_known_while_its_item_is_there,
                twins_are_all_named_in_the_order_of_writing,
                twins_are_told_apart_truly,
                an_item_is_named_to_every_question,
                only_what_lies_behind_the_position_is_named,
                a_mark_is_found_again,
                another_text_is_not_the_same_bytes,
                no_evidence_finds_nothing,
                a_missing_folder_cannot_be_searched,
            }
            write {
                an_empty_batch_writes_nothing,
                a_refused_item_fails_nobody_else,
                a_missing_folder_takes_nothing,
                items_keep_bytes_flags_and_date,
                nasty_items_are_kept_whole_or_refused,
                twins_stay_two,
                every_accepted_route_can_be_written,
                an_item_beyond_the_limit_is_too_large,
                flags_change_by_what_is_asked_alone,
                flags_of_a_missing_item_are_not_found,
                nobody_gets_mail,
            }
            write_conditions {
                a_new_version_takes_the_place_of_the_old_one,
                a_version_that_is_not_expected_is_a_conflict,
                a_move_takes_the_item_along,
                a_move_to_nowhere_leaves_the_item,
                a_changed_item_is_neither_moved_nor_removed,
                a_removal_removes_one_item,
            }
            write_order {
                a_batch_is_stored_in_its_order,
                calls_take_effect_in_the_order_of_their_first_poll,
                a_full_batch_is_taken,
                a_dropped_write_leaves_whole_items_or_none,
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    (($harness:expr) $($group:ident { $($case:ident,)* })*) => {$($(
        #[test]
        #[allow(clippy::print_stdout)]
        fn $case() {
            let harness = $harness;
            let outcome = $crate::conformance::assert_kept(
                stringify!($case),
                $crate::conformance::$group::$case(&harness),
            );
            if let Some(reason) = outcome {
                println!("skipped: {reason}");
            }
        }
    )*)*};
}
