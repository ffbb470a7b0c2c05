use std::time::Duration;

use super::{Dialogue, alice, session};

#[tokio::test]
async fn connections_beyond_the_limit_are_sent_away() {
    let server = alice().max_connections(2).start().await;
    let (_one, _two) = (Dialogue::connect(&server).await, Dialogue::connect(&server).await);
    let mut third = Dialogue::raw(&server).await;
    assert!(third.rest().await.starts_with("* BYE "));
}

#[tokio::test]
async fn sessions_of_one_user_have_a_limit_that_closing_frees() {
    let server = alice().max_connections_per_user(1).start().await;
    let mut one = session(&server).await;
    Dialogue::connect(&server).await.refused("LOGIN alice secret", "NO [LIMIT]").await;
    one.ok("LOGOUT").await;
    assert_eq!(one.rest().await, "");
    drop(one);
    loop {
        // The server notices the end a moment later.
        let answer = Dialogue::connect(&server).await.ask("LOGIN alice secret").await.pop().unwrap();
        if answer.starts_with("OK") {
            break;
        }
    }
}

#[tokio::test]
async fn a_line_too_long_ends_the_connection() {
    let server = alice().max_line(100).start().await;
    let mut client = session(&server).await;
    client.send(format!("a NOOP {}\r\n", "x".repeat(200))).await;
    assert!(client.rest().await.starts_with("* BYE "));
}

#[tokio::test]
async fn a_server_that_is_dropped_is_gone() {
    let server = alice().start().await;
    let mut client = session(&server).await;
    let addr = server.addr();
    drop(server);
    assert_eq!(client.rest().await, "");
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn connections_can_be_cut_and_refused_for_a_while() {
    let server = alice().start().await;
    let mut client = session(&server).await;
    server.accept_connections(false).disconnect_all();
    assert_eq!(client.rest().await, "");
    assert_eq!(Dialogue::raw(&server).await.rest().await, "");
    server.accept_connections(true);
    session(&server).await.ok("NOOP").await;
}

#[tokio::test]
async fn a_long_line_delays_everything_and_counts_only_real_waits() {
    let server = alice().round_trip(Duration::from_millis(80)).start().await;
    let mut client = session(&server).await;
    client.ok("NOOP").await;
    server.log().reset();
    let start = tokio::time::Instant::now();
    client.send("a NOOP\r\n").await;
    client.send("b NOOP\r\n").await;
    client.until("b").await;
    assert!(start.elapsed() >= Duration::from_millis(80));
    client.ok("NOOP").await;
    assert!(start.elapsed() >= Duration::from_millis(160));
    assert_eq!(server.log().counters().round_trips, 2);
}
