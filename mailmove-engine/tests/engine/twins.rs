//! Items of the same bytes stay as many as they were, each as its user left it.

use std::time::Duration;

use mailmove_core::ItemFlags;
use mailmove_engine::FolderMap;
use mailmove_testkit::{Fault, Method, NewItem, Options};

use crate::common::{Pair, options, plain};

fn twin(state: ItemFlags) -> NewItem {
    NewItem::numbered_mail(1_000).state(state)
}

/// Ids, and nothing else by which an item could be known again.
fn bare() -> Options {
    options().with(|options| {
        options.marks = false;
        options.identities = false;
    })
}

/// A pair whose destination holds mail that nobody knows, so that it has to be looked at.
fn beside_a_stranger(destination: Options) -> Pair {
    let pair = Pair::with(options(), destination);
    pair.destination.add(&pair.destination.inbox(), NewItem::numbered_mail(7));
    pair
}

fn copies(pair: &Pair) -> usize {
    pair.destination.items(&pair.destination.inbox()).len() - 1
}

#[tokio::test(start_paused = true)]
async fn what_is_being_written_answers_for_no_twin() {
    for destination in [options, bare, plain] {
        let pair = beside_a_stranger(destination());
        // Eight of them are three windows, of which two are under way at a time.
        for _ in 0..8 {
            pair.source.add(&pair.source.inbox(), twin(ItemFlags::SEEN));
        }
        pair.faults.always(Method::Write, Fault::Slow(Duration::from_millis(50)));
        pair.run().await;
        assert_eq!(copies(&pair), 8);
    }
}

#[tokio::test]
async fn what_answers_for_a_row_without_an_id_answers_for_no_other() {
    for destination in [options, bare, plain] {
        let pair = beside_a_stranger(destination());
        pair.source.add(&pair.source.inbox(), twin(ItemFlags::SEEN));
        pair.run().await;
        pair.destination.add(&pair.destination.inbox(), NewItem::numbered_mail(8));
        pair.source.add(&pair.source.inbox(), twin(ItemFlags::FLAGGED));
        pair.source.add(&pair.source.inbox(), twin(ItemFlags::empty()));
        pair.run().await;
        assert_eq!(copies(&pair), 1 + 3, "a second stranger, and three twins");
    }
}

/// Windows come to be intended in another order than that in which they are sent: which of them arrived, only what
/// stands there can tell.
#[tokio::test]
async fn whichever_of_two_arrived_the_other_is_sent_again_as_it_was() {
    for destination in [bare(), plain()] {
        for lost in 1..=4 {
            let pair = Pair::with(options(), destination.clone());
            for number in 0..3 {
                for state in [ItemFlags::ANSWERED, ItemFlags::SEEN | ItemFlags::FLAGGED] {
                    pair.source.add(&pair.source.inbox(), twin(state));
                    pair.source.add(&pair.source.inbox(), NewItem::numbered_mail(number));
                }
            }
            pair.faults.at(Method::Write, lost, Fault::answer_lost());
            pair.faults.at(Method::Write, lost % 4 + 1, Fault::Half(mailmove_testkit::Rest::Unknown));
            pair.run_and_compare().await;
        }
    }
}

/// Two folders go into one: what one of them writes just now answers for nothing that the other one lost.
#[tokio::test(start_paused = true)]
async fn folders_that_go_into_one_do_not_take_each_others_copies() {
    for destination in [bare(), plain()] {
        for lost in 1..=5 {
            let mut pair = Pair::with(options(), destination.clone());
            pair.rules.map = vec![FolderMap { from: vec!["Work".into()], to: vec!["INBOX".into()] }];
            let work = pair.source.create_folder(&["Work"]);
            for folder in [&pair.source.inbox(), &work] {
                for number in 0..9 {
                    pair.source.add(folder, twin(if number % 2 == 0 { ItemFlags::SEEN } else { ItemFlags::FLAGGED }));
                }
            }
            for nth in 1..40 {
                pair.faults.at(Method::Write, nth, Fault::Slow(Duration::from_millis(30 + nth as u64 % 7 * 40)));
            }
            pair.faults.at(Method::Write, lost, Fault::answer_lost());
            pair.faults.at(Method::Write, lost + 1, Fault::error(mailmove_core::ErrorKind::Network));
            pair.run().await;
            // Without ids nobody can say which of them is one too many: rather twice than not at all.
            let copies = pair.destination.items(&pair.destination.inbox()).len();
            assert!(copies == 18 || copies > 18 && !destination.ids, "{copies}, lost: {lost}");
        }
    }
}
