//! Which connection takes a call.

use std::time::Duration;

use tokio::time::Instant;

use super::lane::{Lane, Lanes};
use crate::thrift::LITTLE;

/// What a call does with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Opens a folder that needs more than one call.
    ReadLarge,
    /// Opens a folder for one call or two.
    ReadSmall,
    /// Opens no folder.
    Write,
    /// The same, with so much that more of it will come. `abreast`: it may go beside what is under way into the same
    /// folder, because it holds back its end for that.
    WriteLarge { abreast: bool },
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// Take this one.
    Lane(u64),
    /// Open another one and wait for it.
    Grow,
    /// Wait until something changes.
    Wait,
    /// The same, but not beyond the moment at which a connection is nobody's any more.
    WaitUntil(Instant),
    /// The same, for connections that are being replaced, however long it takes.
    Renew,
    /// There is none at all.
    None,
}

/// For how long a large folder keeps its connection between two calls. The caller has two in flight; a pause means that
/// it is done, or waits for the other side.
const KEPT: Duration = Duration::from_millis(30);
/// For how long a folder that was written stays at home where it was.
const HOME: Duration = Duration::from_millis(500);
/// For how long a large folder that was written keeps other large ones away: its next messages may still be on their way
/// from the source.
const NEXT: Duration = Duration::from_millis(100);
/// After how long of waiting a connection is shared after all. One switch of folders then costs less than the wait.
pub(super) const SHARE_AFTER: Duration = Duration::from_millis(500);
/// Up to this round trip one folder is written by several connections: each of its windows waits for an answer to the one
/// before, which on longer ways costs more than is gained.
pub(super) const NEAR: Duration = Duration::from_millis(5);

/// After how long of waiting an outdated connection is used after all by the folder that is busy there: its calls keep their
/// order. What is under way ends sooner, unless something waits for it that waits here.
pub(super) const KEEP_AFTER: Duration = Duration::from_secs(60);
/// The same for other folders, which need not wait for what one large folder has under way.
pub(super) const OTHERS_AFTER: Duration = Duration::from_secs(5);

/// Chooses, for somebody who will move about so many bytes and waited so long already.
pub(super) fn choose(lanes: &mut Lanes, folder: &[u8], what: Use, weight: u64, waited: Duration) -> Choice {
    lanes.sweep();
    let patient = waited < SHARE_AFTER;
    if lanes.lanes.is_empty() && lanes.is_renewing() && waited < KEEP_AFTER {
        return Choice::Renew;
    }
    if lanes.lanes.is_empty() {
        // Opening one more is as good as opening the first, if that is under way.
        return if lanes.is_growing() && patient { Choice::Wait } else { Choice::None };
    }
    let now = Instant::now();
    let at_home = lanes.lanes.iter().find(|lane| lane.calls.contains_key(folder));
    let little = what == Use::ReadSmall && weight < LITTLE;
    let keeps = if at_home.is_some() { KEEP_AFTER } else { OTHERS_AFTER };
    let current = |lane: &&Lane| !lane.outdated || waited >= keeps || little && !patient;
    if what == (Use::WriteLarge { abreast: true }) && lanes.is_near() {
        let free = lanes.lanes.iter().filter(current).filter(|lane| !lane.is_taken(folder, now));
        if let Some(lane) = free.min_by_key(|lane| (lane.weight, !lane.is_home(folder, now))) {
            return Choice::Lane(lane.number);
        }
    }
    // Calls for one folder stay in their order, so they stay together.
    if let Some(lane) = at_home {
        // Who does little may hold a connection to this folder already, and must not wait for itself.
        return if current(&lane) || little { Choice::Lane(lane.number) } else { Choice::Renew };
    }
    if !lanes.lanes.iter().any(|lane| current(&lane)) {
        return if patient && lanes.may_grow() { Choice::Grow } else { Choice::Renew };
    }
    if matches!(what, Use::Write | Use::WriteLarge { .. }) {
        // Whose writes take longest must not share: its folder is the last one to end.
        let key = |lane: &&Lane| (lane.others(folder, now), !lane.is_home(folder, now), lane.weight);
        return match lanes.lanes.iter().filter(current).min_by_key(key) {
            Some(lane) if patient && lanes.is_renewing() && lane.others(folder, now) > 0 => Choice::Wait,
            lane => lane.map_or(Choice::None, |lane| Choice::Lane(lane.number)),
        };
    }
    let free = |lane: &&Lane| current(lane) && !lane.is_kept_from(folder, now);
    if let Some(lane) = lanes.lanes.iter().filter(free).find(|lane| lane.connection.selects(folder)) {
        return Choice::Lane(lane.number);
    }
    if what == Use::ReadLarge {
        if let Some(lane) = lanes.lanes.iter().filter(free).find(|lane| lane.calls.is_empty()) {
            return Choice::Lane(lane.number);
        }
        if patient && lanes.may_grow() {
            return Choice::Grow;
        }
        if patient && lanes.is_growing() {
            return Choice::Wait;
        }
    }
    match lightest(lanes.lanes.iter().filter(free)) {
        Choice::None if patient && lanes.may_grow() => Choice::Grow,
        Choice::None if patient => {
            lanes.lanes.iter().filter_map(Lane::free_at).min().map_or(Choice::Wait, Choice::WaitUntil)
        }
        Choice::None => lightest(lanes.lanes.iter().filter(current)),
        choice => choice,
    }
}

fn lightest<'a>(lanes: impl Iterator<Item = &'a Lane>) -> Choice {
    lanes.min_by_key(|lane| lane.weight).map_or(Choice::None, |lane| Choice::Lane(lane.number))
}

impl Lane {
    /// How many other folders are being written here.
    fn others(&self, folder: &[u8], now: Instant) -> usize {
        let others = self.written.iter().filter(|(name, _)| ***name != *folder);
        others.filter(|(name, written)| self.is_busy_with(name, written.at, HOME, now)).count()
    }

    /// Whether another large folder is being written here.
    fn is_taken(&self, folder: &[u8], now: Instant) -> bool {
        let mut others = self.written.iter().filter(|(name, written)| written.large && ***name != *folder);
        others.any(|(name, written)| self.is_busy_with(name, written.at, NEXT, now))
    }

    /// Whether this folder is being written here.
    fn is_home(&self, folder: &[u8], now: Instant) -> bool {
        self.written.get(folder).is_some_and(|written| self.is_busy_with(folder, written.at, HOME, now))
    }

    fn is_busy_with(&self, folder: &[u8], last: Instant, for_so_long: Duration, now: Instant) -> bool {
        self.calls.contains_key(folder) || now.duration_since(last) < for_so_long
    }

    /// When its owner is gone, unless calls are under way.
    fn free_at(&self) -> Option<Instant> {
        self.owner.as_ref().filter(|(owner, _)| !self.calls.contains_key(owner)).map(|(_, used)| *used + KEPT)
    }

    /// Whether another folder has it to itself.
    fn is_kept_from(&self, folder: &[u8], now: Instant) -> bool {
        self.owner.as_ref().is_some_and(|(owner, used)| {
            **owner != *folder && (self.calls.contains_key(owner) || now.duration_since(*used) < KEPT)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::BytesMut;

    use super::super::lane::Refusal;
    use super::super::together::Together;
    use super::*;
    use crate::config::Compress;
    use crate::engine::Connection;
    use crate::thrift::Thrift;

    fn lanes(count: usize, limit: usize) -> (Lanes, Vec<tokio::io::DuplexStream>) {
        let mut lanes = Lanes::new(limit, Together::new(8), Thrift::new(Compress::Never));
        let servers = (0..count).map(|_| {
            let (ours, theirs) = tokio::io::duplex(64);
            let (read, write) = tokio::io::split(ours);
            lanes.add(Connection::start(Box::new(read), Box::new(write), BytesMut::new(), Duration::from_secs(9)));
            theirs
        });
        let servers = servers.collect();
        (lanes, servers)
    }

    /// Chooses for much.
    fn choose(lanes: &mut Lanes, folder: &[u8], what: Use, waited: Duration) -> Choice {
        super::choose(lanes, folder, what, LITTLE, waited)
    }

    fn name(text: &str) -> Arc<[u8]> {
        text.as_bytes().into()
    }

    fn take(lanes: &mut Lanes, folder: &str, what: Use) -> u64 {
        match choose(lanes, folder.as_bytes(), what, Duration::ZERO) {
            Choice::Lane(number) => {
                lanes.enter(number, &name(folder), 10, what).unwrap();
                number
            }
            other => panic!("{folder}: {other:?}"),
        }
    }

    #[tokio::test]
    async fn a_large_folder_has_its_connection_to_itself_and_small_ones_share() {
        let (mut lanes, _servers) = lanes(2, 2);
        let large = take(&mut lanes, "large", Use::ReadLarge);
        let small = take(&mut lanes, "small", Use::ReadSmall);
        assert_ne!(large, small);
        assert_eq!(take(&mut lanes, "tiny", Use::ReadSmall), small);
        assert_eq!(take(&mut lanes, "large", Use::ReadLarge), large);
    }

    #[tokio::test]
    async fn without_a_free_connection_a_large_folder_asks_for_one_and_waits_only_so_long() {
        let (mut lanes, _servers) = lanes(1, 2);
        take(&mut lanes, "one", Use::ReadLarge);
        assert_eq!(choose(&mut lanes, b"two", Use::ReadLarge, Duration::ZERO), Choice::Grow);
        assert_eq!(lanes.book(2).len(), 1);
        assert_eq!(choose(&mut lanes, b"two", Use::ReadLarge, Duration::ZERO), Choice::Wait);
        assert_eq!(choose(&mut lanes, b"two", Use::ReadSmall, Duration::ZERO), Choice::Wait);
        assert!(matches!(choose(&mut lanes, b"two", Use::ReadLarge, SHARE_AFTER), Choice::Lane(_)));
        assert_eq!(lanes.book(9).len(), 0, "never more than the limit");
    }

    #[tokio::test]
    async fn writes_of_one_folder_stay_together_and_others_go_where_there_is_least_to_do() {
        let (mut lanes, _servers) = lanes(2, 2);
        let one = take(&mut lanes, "a", Use::Write);
        let two = take(&mut lanes, "b", Use::Write);
        assert_ne!(one, two);
        assert_eq!(take(&mut lanes, "a", Use::Write), one);
        lanes.leave(two, b"b", 10);
        assert_eq!(take(&mut lanes, "c", Use::Write), two);
    }

    #[tokio::test(start_paused = true)]
    async fn a_folder_stays_where_it_is_written_and_others_keep_away() {
        let (mut lanes, _servers) = lanes(2, 2);
        let home = take(&mut lanes, "inbox", Use::Write);
        lanes.leave(home, b"inbox", 10);
        let other = take(&mut lanes, "sent", Use::Write);
        assert_ne!(home, other, "between two writes it is still at home");
        lanes.enter(other, &name("sent"), 1, Use::Write).unwrap();
        assert_eq!(take(&mut lanes, "inbox", Use::Write), home);
        lanes.leave(home, b"inbox", 10);
        tokio::time::advance(HOME).await;
        assert_eq!(take(&mut lanes, "drafts", Use::Write), home, "nobody lives there any more");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_large_folder_looks_again_when_its_owner_is_gone() {
        let (mut lanes, _servers) = lanes(1, 1);
        let only = take(&mut lanes, "one", Use::ReadLarge);
        assert_eq!(choose(&mut lanes, b"two", Use::ReadSmall, Duration::ZERO), Choice::Wait, "its call is under way");
        lanes.leave(only, b"one", 10);
        assert_eq!(
            choose(&mut lanes, b"two", Use::ReadSmall, Duration::ZERO),
            Choice::WaitUntil(Instant::now() + KEPT)
        );
        tokio::time::advance(KEPT).await;
        assert_eq!(take(&mut lanes, "two", Use::ReadSmall), only);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_asks_for_a_pause_gets_half_as_many_and_one_more_after_a_while() {
        let (mut lanes, _servers) = lanes(4, 4);
        let busy = take(&mut lanes, "a", Use::Write);
        lanes.halve();
        lanes.halve();
        assert_eq!(lanes.count(), 2, "one pause is told to many calls");
        tokio::time::advance(Duration::from_secs(11)).await;
        lanes.halve();
        assert_eq!(lanes.count(), 1, "nothing that is under way is broken off");
        assert_eq!(take(&mut lanes, "b", Use::Write), busy);
        assert!(lanes.book(4).is_empty(), "not at once");
        tokio::time::advance(Duration::from_secs(11)).await;
        assert_eq!(lanes.book(4).len(), 1);
    }

    #[tokio::test]
    async fn no_further_connection_is_asked_for_when_other_mailboxes_have_them_all() {
        let (mut one, _servers) = lanes(1, 4);
        let others: Vec<_> = (0..7).map(|_| one.together().first()).collect();
        take(&mut one, "a", Use::ReadLarge);
        assert_eq!(choose(&mut one, b"b", Use::ReadLarge, Duration::ZERO), Choice::Wait);
        assert!(one.book(4).is_empty());
        drop(others);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_ended_is_forgotten_and_a_refusal_lowers_the_limit() {
        let (mut lanes, servers) = lanes(1, 4);
        assert_eq!(lanes.book(3).len(), 2);
        lanes.refused(Refusal::Passing);
        assert_eq!(lanes.book(4).len(), 0, "not at once");
        tokio::time::advance(Duration::from_secs(11)).await;
        assert_eq!(lanes.book(3).len(), 1);
        lanes.refused(Refusal::TooMany);
        lanes.refused(Refusal::TooMany);
        tokio::time::advance(Duration::from_secs(11)).await;
        assert_eq!(lanes.book(3).len(), 0, "it rests longer after each");
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(lanes.book(3).len(), 1, "one more is tried, not all");
        lanes.refused(Refusal::Credential);
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(lanes.book(3).len(), 0, "a refused credential is not offered again");
        drop(servers);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(choose(&mut lanes, b"a", Use::Write, Duration::ZERO), Choice::None);
    }
}
