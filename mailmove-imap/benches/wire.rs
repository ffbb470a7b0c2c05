//! What a server sends, cut into responses and understood: a listing, and bodies.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mailmove_imap::fuzzing::{frames, responses};

/// The size of a read.
const READ: usize = 64 * 1024;
const MESSAGES: usize = 1000;

fn wire(criterion: &mut Criterion) {
    let mut listing = String::new();
    for n in 1..=MESSAGES {
        let date = "17-Jul-1996 02:44:25 -0700";
        write!(listing, "* {n} FETCH (UID {} FLAGS (\\Seen $Forwarded) INTERNALDATE \"{date}\" ", n * 3).unwrap();
        write!(listing, "RFC822.SIZE {} MODSEQ ({}))\r\n", n * 1717, 624_140_003 + n).unwrap();
    }
    let body = "Received: from example.org; Mon, 7 Feb 1994 21:52:25 -0800\r\n".repeat(800);
    let mut bodies = String::new();
    for n in 1..=100 {
        write!(bodies, "* {n} FETCH (UID {n} FLAGS () BODY[] {{{}}}\r\n{body})\r\n", body.len()).unwrap();
    }
    let mut group = criterion.benchmark_group("wire");
    for (name, stream, count) in [("listing", &listing, MESSAGES), ("bodies", &bodies, 100)] {
        group.throughput(Throughput::Bytes(stream.len() as u64));
        group.bench_function(format!("framer, {name}"), |bench| {
            bench.iter(|| assert_eq!(frames(stream.as_bytes(), READ).unwrap(), count));
        });
        group.bench_function(format!("framer and tokenizer, {name}"), |bench| {
            bench.iter(|| assert_eq!(responses(stream.as_bytes(), READ).unwrap().len(), count));
        });
    }
    group.finish();
}

criterion_group!(benches, wire);
criterion_main!(benches);
