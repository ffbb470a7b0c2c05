//! What is being written into a destination folder just now: it stands there, or will, and answers for nobody else.

use std::collections::HashMap;

use mailmove_core::{Digest, Evidence, Fingerprint, Kind};

use crate::ledger::{Place, Row};

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
    /// With the attempt that began it.
    traces: HashMap<Place, (u32, Vec<Trace>)>,
}

impl UnderWay {
    /// An item is about to be written. The identifier of a mail makes nobody take it for another, unless `streams`.
    pub(crate) fn enter(&mut self, row: &Row, print: &Fingerprint, streams: bool) {
        let Row { place, kind, .. } = row;
        self.leave(place);
        let traces: Vec<Trace> = Trace::of(print)
            .filter(|trace| *kind != Kind::Mail || streams || trace.evidence() != Evidence::Uid)
            .collect();
        for trace in &traces {
            self.places.entry(trace.clone()).or_default().push(place.clone());
        }
        self.traces.insert(place.clone(), (row.attempt, traces));
    }

    /// The ledger says what became of this attempt. Of an item without a known id it counts the bytes, and cannot tell what
    /// else answers to it: that stays, if `nameless`.
    pub(crate) fn recorded(&mut self, place: &Place, attempt: u32, nameless: bool) {
        let Some((begun, traces)) = self.traces.get_mut(place) else { return };
        if *begun != attempt {
            return;
        }
        let (stay, go): (Vec<_>, Vec<_>) =
            std::mem::take(traces).into_iter().partition(|trace| nameless && !matches!(trace, Trace::Digest(_)));
        match stay.is_empty() {
            true => drop(self.traces.remove(place)),
            false => *traces = stay,
        }
        self.take(place, go);
    }

    /// Nothing became of it, or somebody finds out what did.
    pub(crate) fn leave(&mut self, place: &Place) {
        let traces = self.traces.remove(place).map(|(_, traces)| traces);
        self.take(place, traces.unwrap_or_default());
    }

    fn take(&mut self, place: &Place, traces: Vec<Trace>) {
        for trace in traces {
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
    use crate::ledger::{FolderKey, RowState};

    fn row(item: &str, kind: Kind, attempt: u32) -> Row {
        let mut row = Row::new(Place { folder: FolderKey(1), item: item.into() }, kind, RowState::Intended);
        row.attempt = attempt;
        row
    }

    fn print() -> Fingerprint {
        let mut print = Fingerprint::new(Digest::of(b"x"), 1);
        (print.uid, print.key) = (Some("u".to_owned()), Some(Digest::of(b"key")));
        print
    }

    #[test]
    fn what_is_under_way_answers_for_itself_alone_and_only_so_long() {
        let (one, two) = (row("1", Kind::Mail, 1), row("2", Kind::Mail, 1));
        let mut under_way = UnderWay::default();
        let answers =
            |under_way: &UnderWay, own: &Row| under_way.answers_for_another(&own.place, &print(), Evidence::Digest);
        under_way.enter(&one, &print(), false);
        assert!(!answers(&under_way, &one) && answers(&under_way, &two));
        under_way.enter(&one, &print(), false);
        under_way.enter(&two, &print(), false);
        assert!(answers(&under_way, &one));
        under_way.leave(&two.place);
        assert!(!answers(&under_way, &one) && answers(&under_way, &two));
        under_way.recorded(&one.place, 1, false);
        assert!(!answers(&under_way, &two) && under_way.places.is_empty() && under_way.traces.is_empty());
    }

    #[test]
    fn the_end_of_an_attempt_says_nothing_of_the_next() {
        let (first, second, other) = (row("1", Kind::Mail, 1), row("1", Kind::Mail, 2), row("2", Kind::Mail, 1));
        let mut under_way = UnderWay::default();
        under_way.enter(&first, &print(), false);
        under_way.enter(&second, &print(), false);
        under_way.recorded(&first.place, 1, false);
        assert!(under_way.answers_for_another(&other.place, &print(), Evidence::Digest));
    }

    #[test]
    fn without_an_id_what_the_ledger_does_not_count_stays() {
        let (one, two) = (row("1", Kind::Mail, 1), row("2", Kind::Mail, 1));
        let mut under_way = UnderWay::default();
        under_way.enter(&one, &print(), false);
        under_way.recorded(&one.place, 1, true);
        assert!(!under_way.answers_for_another(&two.place, &print(), Evidence::Digest));
        assert!(under_way.answers_for_another(&two.place, &print(), Evidence::Key));
    }

    #[test]
    fn an_identifier_counts_where_it_proves_something() {
        for (kind, streams, counts) in
            [(Kind::Mail, false, false), (Kind::Mail, true, true), (Kind::Event, false, true)]
        {
            let mut under_way = UnderWay::default();
            under_way.enter(&row("1", kind, 1), &print(), streams);
            let other = row("2", kind, 1).place;
            assert_eq!(under_way.answers_for_another(&other, &print(), Evidence::Uid), counts);
        }
    }
}
