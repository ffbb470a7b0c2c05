//! A TCP proxy that makes the other end far away: `delay LISTEN_PORT SERVER_PORT RTT_MS`, all on 127.0.0.1.
//!
//! A connection costs one round trip before its first byte, each direction takes half of one, and no more than WINDOW bytes
//! are under way in a direction. It models neither loss nor slow start.
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

const WINDOW: usize = 4 << 20;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listen, server, rtt] = &arguments[..] else { panic!("usage: delay LISTEN_PORT SERVER_PORT RTT_MS") };
    let server: u16 = server.parse().expect("a port");
    let rtt = Duration::from_secs_f64(rtt.parse::<f64>().expect("milliseconds") / 1000.0);
    let listener = TcpListener::bind(("127.0.0.1", listen.parse().expect("a port"))).expect("listen");
    for client in listener.incoming() {
        let client = client.expect("accept");
        thread::spawn(move || connect(client, server, rtt));
    }
}

fn connect(client: TcpStream, server: u16, rtt: Duration) {
    thread::sleep(rtt);
    let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { return };
    client.set_nodelay(true).expect("nodelay");
    server.set_nodelay(true).expect("nodelay");
    let (client2, server2) = (client.try_clone().expect("clone"), server.try_clone().expect("clone"));
    thread::spawn(move || carry(client, server, rtt / 2));
    carry(server2, client2, rtt / 2);
}

/// Passes bytes on, each a fixed time after it came.
fn carry(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let under_way = Arc::new((Mutex::new(0), Condvar::new()));
    let room = under_way.clone();
    let (send, receive) = mpsc::channel::<(Instant, Vec<u8>)>();
    let sender = thread::spawn(move || {
        for (due, data) in receive {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&data).is_err() {
                break;
            }
            *room.0.lock().expect("lock") -= data.len();
            room.1.notify_one();
        }
        // Whoever waits for room or for data from the other end learns that this direction is over.
        *room.0.lock().expect("lock") = 0;
        room.1.notify_one();
        let _ = to.shutdown(Shutdown::Both);
    });
    let mut buffer = vec![0; 128 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let due = Instant::now() + delay;
        let mut bytes = under_way.0.lock().expect("lock");
        while *bytes > WINDOW {
            bytes = under_way.1.wait(bytes).expect("wait");
        }
        *bytes += length;
        drop(bytes);
        if send.send((due, buffer[..length].to_vec())).is_err() {
            break;
        }
    }
    drop(send);
    let _ = sender.join();
}
