//! Every conformance case can fail: for each there is an endpoint with a deliberate mistake that it must notice.
#![allow(clippy::unwrap_used)]

mod destination;
mod mistake;
mod source;
mod wrong;

use std::collections::HashSet;

use mailmove_testkit::conformance::{case_names, run_all};

use mistake::Mistake;
use wrong::WrongHarness;

/// Which case must notice which mistake.
const NOTICED: &[(Mistake, &[&str])] = {
    use Mistake::*;
    &[
        (ShutsADoor, &["every_door_opens_and_nothing_is_written"]),
        (PrintsItsSecret, &["names_and_debug_output_hold_no_secret"]),
        (TakesNoBatch, &["capabilities_can_be_used_and_stay"]),
        (ForgetsWhenClosed, &["what_was_written_is_there_after_closing"]),
        (CountsNothing, &["storage_counts_what_is_written"]),
        (ListsChildrenFirst, &["parents_come_before_children"]),
        (ListsAFolderTwice, &["every_folder_has_an_id_of_its_own"]),
        (ChangesEpochsAtEveryLook, &["two_looks_at_the_tree_are_the_same", "a_new_folder_is_created_once"]),
        (KeepsItsState, &["every_change_gives_a_folder_another_state"]),
        (HoldsItemsEverywhere, &["a_folder_that_holds_only_folders_has_no_kinds"]),
        (HasOneEpoch, &["a_recreated_folder_is_not_the_one_it_was"]),
        (LosesTheLastItem, &["a_listing_names_every_item_twins_included"]),
        (SeesPhantoms, &["an_empty_folder_gives_an_empty_last_page"]),
        (KnowsEveryFeed, &["an_unknown_feed_does_not_exist"]),
        (SeesNoNews, &["a_delta_names_what_was_added", "the_same_cursor_twice_loses_nothing"]),
        (SeesNoFlagChanges, &["a_delta_names_changed_flags"]),
        (HidesRemovals, &["what_was_removed_is_told_or_absent"]),
        (KeepsItsRevisions, &["a_revision_follows_the_bytes_and_not_the_flags"]),
        (RevisesByFlags, &["a_revision_follows_the_bytes_and_not_the_flags"]),
        (EndsTooEarly, &["pages_end_and_lose_nothing"]),
        (TakesExpiredCursors, &["an_expired_cursor_says_so_and_ids_stay"]),
        (IdentifiesByPlace, &["an_identity_survives_a_move"]),
        (KnowsOneLabel, &["an_item_with_labels_is_one_item"]),
        (FoldsIds, &["an_id_in_another_case_is_another_id"]),
        (AnswersTheUnasked, &["an_empty_request_gives_an_empty_answer", "no_questions_are_no_answers"]),
        (AnswersTheUnasked, &["no_folders_asked_for_are_no_folders_made", "an_empty_batch_writes_nothing"]),
        (MixesUpAnswers, &["answers_come_in_the_order_of_the_request", "questions_are_answered_in_their_order"]),
        (SwallowsTheMissing, &["a_missing_item_is_not_found_in_its_place"]),
        (AnswersOnce, &["an_item_asked_for_twice_is_answered_twice"]),
        (RemembersFlags, &["flags_are_those_of_the_moment_of_reading"]),
        (ReadingMarksSeen, &["reading_changes_nothing"]),
        (InventsDigests, &["what_is_read_describes_itself"]),
        (OffersTooMuch, &["every_offered_route_can_be_read"]),
        (IgnoresFormats, &["a_format_that_is_not_offered_is_unsupported"]),
        (CutsBodies, &["a_large_body_needs_no_memory"]),
        (ReadsOneAtATime, &["several_reads_may_be_in_flight"]),
        (AlwaysCreates, &["a_new_folder_is_created_once", "a_folder_asked_for_twice_is_one_folder"]),
        (NeedsParents, &["missing_parents_are_created_as_well"]),
        (EmptiesFolders, &["a_folder_that_exists_is_left_as_it_is"]),
        (IgnoresSubscriptions, &["subscriptions_are_as_asked"]),
        (MakesMailFolders, &["a_folder_for_every_kind"]),
        (ChangesNames, &["odd_names_stay_as_they_are", "a_name_that_cannot_be_fails_nobody_else"]),
        (FailsTogether, &["a_name_that_cannot_be_fails_nobody_else", "a_refused_item_fails_nobody_else"]),
        (IndexesLate, &["what_was_written_is_found_at_once"]),
        (RemembersIds, &["an_id_is_known_while_its_item_is_there"]),
        (NamesOneTwin, &["twins_are_all_named_in_the_order_of_writing"]),
        (TellsTheFlagsOfTheFirst, &["twins_are_told_apart_truly"]),
        (NamesAnItemOnce, &["an_item_is_named_to_every_question"]),
        (IgnoresPositions, &["only_what_lies_behind_the_position_is_named"]),
        (FindsMarksEverywhere, &["a_mark_is_found_again"]),
        (TakesUidsForDigests, &["another_text_is_not_the_same_bytes"]),
        (FindsAnything, &["no_evidence_finds_nothing"]),
        (SearchesNowhere, &["a_missing_folder_cannot_be_searched"]),
        (WritesNowhere, &["a_missing_folder_takes_nothing"]),
        (LosesDates, &["items_keep_bytes_flags_and_date"]),
        (LosesFlags, &["items_keep_bytes_flags_and_date"]),
        (EndsLines, &["nasty_items_are_kept_whole_or_refused"]),
        (MergesTwins, &["twins_stay_two", "nasty_items_are_kept_whole_or_refused"]),
        (TakesUnknownPaths, &["every_accepted_route_can_be_written"]),
        (TellsASmallLimit, &["an_item_beyond_the_limit_is_too_large"]),
        (SetsAllFlags, &["flags_change_by_what_is_asked_alone"]),
        (FlagsTheMissing, &["flags_of_a_missing_item_are_not_found"]),
        (SendsInvitations, &["nobody_gets_mail"]),
        (ReplacesByAppending, &["a_new_version_takes_the_place_of_the_old_one"]),
        (OverwritesOnConflict, &["a_version_that_is_not_expected_is_a_conflict"]),
        (OverwritesOnConflict, &["a_changed_item_is_neither_moved_nor_removed"]),
        (CopiesInsteadOfMoving, &["a_move_takes_the_item_along"]),
        (MovesIntoNothing, &["a_move_to_nowhere_leaves_the_item"]),
        (RemovesTwins, &["a_removal_removes_one_item"]),
        (StoresBackwards, &["a_batch_is_stored_in_its_order"]),
        (LetsLaterCallsPass, &["calls_take_effect_in_the_order_of_their_first_poll"]),
        (TakesHalfABatch, &["a_full_batch_is_taken"]),
        (WritesInPieces, &["a_dropped_write_leaves_whole_items_or_none"]),
    ]
};

#[tokio::test]
async fn every_mistake_is_noticed_by_the_case_that_is_about_it() {
    let mut unnoticed = Vec::new();
    for (mistake, cases) in NOTICED {
        let report = run_all(&WrongHarness(*mistake)).await;
        let broken: HashSet<&str> = report.broken.iter().map(|(case, _)| *case).collect();
        unnoticed.extend(cases.iter().filter(|case| !broken.contains(*case)).map(|case| (mistake, case)));
    }
    assert!(unnoticed.is_empty(), "not noticed: {unnoticed:#?}");
}

#[tokio::test]
async fn without_a_mistake_nothing_is_noticed() {
    let report = run_all(&WrongHarness(Mistake::Nothing)).await;
    assert!(report.is_ok() && report.kept.len() > 70, "{report}");
}

#[test]
fn there_is_a_mistake_for_every_case() {
    let noticing: HashSet<&str> = NOTICED.iter().flat_map(|(_, cases)| *cases).copied().collect();
    let harmless: Vec<&str> = case_names().into_iter().filter(|case| !noticing.contains(case)).collect();
    assert!(harmless.is_empty(), "no mistake makes these cases fail: {harmless:#?}");
}
