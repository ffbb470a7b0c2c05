//! What is being written into a destination folder just now: it stands there, or will, and answers for nobody else.

use std::collections::HashMap;

use mailmove_core::{Digest, Evidence, Fingerprint, Kind};

use crate::ledger::Place;

/// By what an item can be found that carries no mark.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Trace {
    Digest(Digest),
    Uid(String),
    Key(Digest),
}

impl Trace {
    fn of(print: &Fingerprint) -> impl Iterator<Item = Self> {
        let digest = print.digest.map(Trace::Digest);
        digest.into_iter().chain(print.key.map(Trace::Key)).chain(print.uid.clone().map(Trace::Uid))
    }

    fn evidence(&self) -> Evidence {
        match self {
            Trace::Digest(_) => Evidence::Digest,
            Trace::Uid(_) => Evidence::Uid,
            Trace::Key(_) => Evidence::Key,
        }
    }
}

/// The items whose writes are intended and whose rows do not say yet what became of them, by their traces.
#[derive(Debug, Default)]
pub(crate) struct UnderWay {
    places: HashMap<Trace, Vec<Place>>,
    traces: HashMap<Place, Vec<Trace>>,
}

impl UnderWay {
    /// An item is about to be written. The identifier of a mail makes nobody take it for another, unless `streams`.
    pub(crate) fn enter(&mut self, place: &Place, kind: Kind, print: &Fingerprint, streams: bool) {
        self.leave(place);
        let traces: Vec<Trace> = Trace::of(print)
            .filter(|trace| kind != Kind::Mail || streams || trace.evidence() != Evidence::Uid)
            .collect();
        for trace in &traces {
            self.places.entry(trace.clone()).or_default().push(place.clone());
        }
        self.traces.insert(place.clone(), traces);
    }

    /// Its row says what became of it, or nothing did.
    pub(crate) fn leave(&mut self, place: &Place) {
        for trace in self.traces.remove(place).unwrap_or_default() {
            if let Some(places) = self.places.get_mut(&trace) {
                places.retain(|one| one != place);
                if places.is_empty() {
                    self.places.remove(&trace);
                }
            }
        }
    }

    /// Whether what answers to an item by this evidence may be another one that is being written.
    pub(crate) fn answers_for_another(&self, own: &Place, print: &Fingerprint, by: Evidence) -> bool {
        let mut traces = Trace::of(print).filter(|trace| trace.evidence() == by);
        traces.any(|trace| self.places.get(&trace).is_some_and(|places| places.iter().any(|place| place != own)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::FolderKey;

    #[test]
    fn what_is_under_way_answers_for_itself_alone_and_only_so_long() {
        let place = |item: &str| Place { folder: FolderKey(1), item: item.into() };
        let print = Fingerprint::new(Digest::of(b"x"), 1);
        let mut under_way = UnderWay::default();
        let answers =
            |under_way: &UnderWay, own: &str| under_way.answers_for_another(&place(own), &print, Evidence::Digest);
        under_way.enter(&place("1"), Kind::Mail, &print, false);
        assert!(!answers(&under_way, "1") && answers(&under_way, "2"));
        under_way.enter(&place("1"), Kind::Mail, &print, false);
        under_way.enter(&place("2"), Kind::Mail, &print, false);
        assert!(answers(&under_way, "1"));
        under_way.leave(&place("2"));
        assert!(!answers(&under_way, "1") && answers(&under_way, "2"));
        under_way.leave(&place("1"));
        assert!(!answers(&under_way, "2") && under_way.places.is_empty() && under_way.traces.is_empty());
    }

    #[test]
    fn an_identifier_counts_where_it_proves_something() {
        let place = |item: &str| Place { folder: FolderKey(1), item: item.into() };
        let mut print = Fingerprint::new(Digest::of(b"x"), 1);
        print.uid = Some("u".to_owned());
        for (kind, streams, counts) in
            [(Kind::Mail, false, false), (Kind::Mail, true, true), (Kind::Event, false, true)]
        {
            let mut under_way = UnderWay::default();
            under_way.enter(&place("1"), kind, &print, streams);
            assert_eq!(under_way.answers_for_another(&place("2"), &print, Evidence::Uid), counts);
        }
    }
}
