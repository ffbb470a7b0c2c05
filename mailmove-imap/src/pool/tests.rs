//! How connections are replaced that are not as they should be.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::DuplexStream;

use super::choose::{Choice, KEEP_AFTER, OTHERS_AFTER, SHARE_AFTER, Use, choose as choose_for};
use super::lane::{Lanes, Refusal};
use super::together::Together;
use crate::config::Compress;
use crate::engine::Connection;
use crate::thrift::{LITTLE, Thrift};

const LARGE: Use = Use::WriteLarge { abreast: false };

struct World {
    lanes: Lanes,
    thrift: Arc<Thrift>,
    servers: Vec<DuplexStream>,
}

impl World {
    fn new(count: usize, limit: usize) -> Self {
        let thrift = Thrift::new(Compress::Auto);
        let lanes = Lanes::new(limit, Together::new(8), thrift.clone());
        let mut world = Self { lanes, thrift, servers: Vec::new() };
        for _ in 0..count {
            let connection = world.connection();
            world.lanes.add(connection);
        }
        world
    }

    fn connection(&mut self) -> Connection {
        let (ours, theirs) = tokio::io::duplex(64);
        self.servers.push(theirs);
        let (read, write) = tokio::io::split(ours);
        Connection::start(Box::new(read), Box::new(write), BytesMut::new(), Duration::from_secs(9))
    }

    fn deflated(&mut self) -> Connection {
        let mut connection = self.connection();
        connection.deflated = true;
        connection
    }

    /// Chooses for much.
    fn choose(&mut self, folder: &str, what: Use, waited: Duration) -> Choice {
        choose_for(&mut self.lanes, folder.as_bytes(), what, LITTLE, waited)
    }

    /// Chooses for little.
    fn peek(&mut self, folder: &str, waited: Duration) -> Choice {
        choose_for(&mut self.lanes, folder.as_bytes(), Use::ReadSmall, 4096, waited)
    }

    fn take(&mut self, folder: &str, what: Use) -> u64 {
        let Choice::Lane(number) = self.choose(folder, what, Duration::ZERO) else { panic!("{folder} waits") };
        self.lanes.enter(number, &folder.as_bytes().into(), 10, what).unwrap();
        number
    }
}

#[tokio::test]
async fn an_outdated_connection_is_replaced_when_its_calls_are_done() {
    let mut world = World::new(2, 2);
    let (one, two) = (world.take("a", Use::ReadLarge), world.take("b", LARGE));
    world.thrift.decide(true);
    assert!(world.lanes.retire().is_none(), "nothing that is under way is broken off");
    for (folder, what) in [("a", Use::ReadLarge), ("b", Use::Write), ("a", Use::ReadSmall)] {
        assert_eq!(world.choose(folder, what, SHARE_AFTER), Choice::Renew);
    }
    assert_eq!(world.peek("a", Duration::ZERO), Choice::Lane(one), "it may be of those who are waited for");
    world.lanes.leave(one, b"a", 10);
    let place = world.lanes.retire().unwrap();
    assert_eq!(world.choose("b", Use::Write, Duration::ZERO), Choice::Renew, "its order is kept");
    world.lanes.leave(two, b"b", 10);
    assert!(world.lanes.retire().is_none(), "one at a time");
    assert!(world.lanes.book(2).is_empty(), "nor another one beside it");
    assert_eq!(world.choose("a", Use::Write, SHARE_AFTER), Choice::Renew, "it is on its way");
    let renewed = world.deflated();
    world.lanes.opened(renewed, place);
    assert!(world.lanes.retire().is_some(), "the other one");
    assert_eq!(world.choose("a", Use::Write, SHARE_AFTER), Choice::Lane(3));
}

#[tokio::test]
async fn the_only_connection_stays_until_its_replacement_is_open_if_there_may_be_two() {
    let mut world = World::new(1, 2);
    world.thrift.decide(true);
    let place = world.lanes.retire().unwrap();
    assert_eq!(world.lanes.count(), 1);
    assert_eq!(world.choose("a", Use::Write, Duration::ZERO), Choice::Renew);
    let renewed = world.deflated();
    world.lanes.opened(renewed, place);
    assert!(world.lanes.retire().is_none(), "it is no longer needed");
    assert_eq!(world.lanes.count(), 1);
    assert_eq!(world.choose("a", Use::Write, Duration::ZERO), Choice::Lane(2));
}

#[tokio::test]
async fn the_only_connection_is_left_as_it_is_if_there_may_be_no_other() {
    let mut world = World::new(1, 1);
    world.thrift.decide(true);
    assert!(world.lanes.retire().is_none());
    assert_eq!(world.choose("a", Use::Write, Duration::ZERO), Choice::Lane(1), "and nobody waits for that");
}

#[tokio::test(start_paused = true)]
async fn a_refused_replacement_is_the_last_one_and_says_nothing_of_the_limit() {
    for why in [Refusal::TooMany, Refusal::Passing] {
        let mut world = World::new(3, 3);
        world.thrift.decide(true);
        assert!(world.lanes.retire().is_some());
        world.lanes.refused(why);
        assert!(!world.thrift.wants(true));
        world.thrift.decide(true);
        for _ in 0..2 {
            assert!(world.lanes.retire().is_none());
            assert!(matches!(world.choose("a", Use::Write, Duration::ZERO), Choice::Lane(_)));
            tokio::time::advance(Duration::from_secs(11)).await;
        }
        assert_eq!(world.lanes.book(3).len(), 1, "there may be as many as before");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_replaced_while_no_other_could_be_opened() {
    let mut world = World::new(2, 3);
    assert_eq!(world.lanes.book(3).len(), 1);
    world.lanes.refused(Refusal::TooMany);
    world.thrift.decide(true);
    assert!(world.lanes.retire().is_none());
    assert!(matches!(world.choose("a", Use::Write, Duration::ZERO), Choice::Lane(_)), "and nobody waits for that");
    tokio::time::advance(Duration::from_secs(21)).await;
    assert!(world.lanes.retire().is_some());
}

#[tokio::test]
async fn beside_outdated_connections_that_are_busy_there_may_be_room_for_one() {
    let mut world = World::new(1, 2);
    world.take("a", Use::ReadLarge);
    world.thrift.decide(true);
    assert_eq!(world.choose("b", Use::ReadSmall, Duration::ZERO), Choice::Grow);
}

#[tokio::test]
async fn nobody_waits_for_ever_and_who_does_little_hardly_waits() {
    let mut world = World::new(2, 2);
    let busy = world.take("a", LARGE);
    world.take("c", LARGE);
    world.thrift.decide(true);
    assert_eq!(world.peek("b", Duration::ZERO), Choice::Renew);
    assert_eq!(world.peek("b", SHARE_AFTER), Choice::Lane(busy));
    assert_eq!(world.choose("b", Use::Write, SHARE_AFTER), Choice::Renew);
    assert_eq!(world.choose("b", Use::Write, OTHERS_AFTER), Choice::Lane(busy));
    assert_eq!(world.choose("a", LARGE, OTHERS_AFTER), Choice::Renew);
    assert_eq!(world.choose("a", LARGE, KEEP_AFTER), Choice::Lane(busy));
}
